"""Digits and probabilities as pictures and HTML; pure, so that they are tested without a page.

HTML is always `markupsafe.Markup`: what ``format`` or ``%`` puts into it is escaped unless it is `Markup` itself.
``%`` takes half as long, and is used where a page draws much, or often.
"""

import base64
import functools
import io
from collections.abc import Iterable, Sequence

import numpy as np
from markupsafe import Markup
from PIL import Image

from mnist_demo.translation import _, format_decimal, format_percent

NOTHING = Markup()  # and what puts pieces of HTML together: NOTHING.join(pieces)


def png_of(image: np.ndarray) -> bytes:
    """Return `image`, float32 (28, 28) in [0, 1] with bright ink, as a PNG of as many pixels."""
    return _png(np.round(image * 255).astype(np.uint8))


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def data_url_of(image: np.ndarray) -> str:
    """Return the picture of `image` as a data: URL."""
    pixels = np.round(image * 255).astype(np.uint8)
    return _data_url_of(pixels.tobytes(), pixels.shape)


@functools.lru_cache(maxsize=1024)  # a page that refreshes shows the same digits each time
def _data_url_of(pixels: bytes, shape: tuple[int, ...]) -> str:
    return data_url(_png(np.frombuffer(pixels, np.uint8).reshape(shape)))


def data_url_of_pixels(pixels: np.ndarray) -> str:
    """Return uint8 `pixels` (h, w), (h, w, 3) or (h, w, 4, the last one opacity) as the data: URL of a picture."""
    return data_url(_png(pixels))


def data_url(png: bytes) -> str:
    """Return a PNG as a data: URL."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def picture_html(png: bytes, width: int, alternative: str) -> Markup:
    """Return a picture, `width` CSS pixels wide, as part of the page: a file may be gone when it is asked for."""
    picture = Markup('<img class="digit-picture" src="{url}" width="{width}" alt="{alternative}">')
    return picture.format(url=data_url(png), width=width, alternative=alternative)


def bars_html(probabilities: np.ndarray | None) -> Markup:
    """Return the probabilities of the ten digits, float32 (10,), as a list of bars; empty bars for None."""
    values = np.zeros(10) if probabilities is None else probabilities
    best = None if probabilities is None else int(values.argmax())
    bar = Markup(
        '<li class="%s"><span class="digit">%d</span><span class="track"><span class="fill" style="width:%.2f%%">'
        '</span></span><span class="percent">%s</span></li>'
    )
    bars = []
    for digit, value in enumerate(map(float, values)):
        shown = "–" if probabilities is None else format_percent(value, digits=1)
        bars.append(bar % ("best" if digit == best else "", digit, 100 * value, shown))
    return digit_bars(_("Probability of each digit"), bars)


def digit_bars(label: str, bars: Iterable[Markup]) -> Markup:
    """Return a list of `bars`, one for each digit."""
    return Markup('<ol class="digit-bars" aria-label="{}">{}</ol>').format(label, NOTHING.join(bars))


def samples_html(
    images: np.ndarray, labels: np.ndarray, predicted: np.ndarray | None, values: list[str] | None = None
) -> Markup:
    """Return sample digits, dark ink on light, each with its label and, where there is one, the model's prediction.

    Parameters
    ----------
    images, labels
        float32 (n, 28, 28) in [0, 1], bright ink, and int64 (n,).
    predicted
        int64 (n,), or None before there is a model. A mistake has a cross and a dashed frame besides its colour.
    values
        Where they are given, every image is a button of that ``data-value``; see `mnist_demo.ui.widgets.clickable`.
    """
    answer = Markup(' <span class="guess">%s %d</span>')
    figure = Markup('<figure class="%s">%s<figcaption><b>%d</b>%s</figcaption></figure>')
    figures = []
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        guess = None if predicted is None else int(predicted[index])
        wrong = guess is not None and guess != label
        if guess is None:
            words, mark = _("A handwritten {label}"), NOTHING
        elif wrong:
            words, mark = (
                _("A handwritten {label}, misread as {guess}"),
                answer % ("✗", guess),
            )
        else:
            words, mark = _("A handwritten {label}, read correctly"), answer % ("✓", guess)
        picture = titled_picture(data_url_of(1 - image), words.format(label=label, guess=guess))
        if values is not None:
            picture = Markup('<button type="button" data-value="%s">%s</button>') % (values[index], picture)
        figures.append(figure % ("wrong" if wrong else "", picture, label, mark))
    return Markup('<div class="digit-grid">{}</div>').format(NOTHING.join(figures))


def titled_picture(url: str, words: str) -> Markup:
    """Return the picture at `url` with `words` as its text alternative, which the pointer shows too."""
    return Markup('<img src="%s" alt="%s" title="%s">') % (url, words, words)


def column_heads(titles: Iterable[str]) -> Markup:
    """Return the head cells of a table's columns."""
    return NOTHING.join(map(Markup('<th scope="col">{}</th>').format, titles))


def readings_html(readings: Sequence[tuple[str, int | str, float]], caption: str) -> Markup:
    """Return a table of readings, (title, digit, probability) each; those that differ from the first have a ≠.

    The `caption` says what is read.
    """
    row = Markup('<tr class="{}"><th scope="row">{}</th><td>{}<b>{}</b></td><td>{}</td></tr>')
    mark = Markup('<span title="{}">≠</span> ').format(_("reads another digit"))
    rows = []
    for title, digit, probability in readings:
        differs = digit != readings[0][1]
        percent = format_percent(probability, digits=1)
        rows.append(row.format("differs" if differs else "", title, mark if differs else "", digit, percent))
    return _readings_table(caption, rows)


def _readings_table(caption: str, rows: Iterable[Markup]) -> Markup:
    table = Markup('<table class="readings"><caption>{}</caption>{}</table>')
    return table.format(caption, NOTHING.join(rows))


def stages_html(stages: list[tuple[str, str, np.ndarray, bool]]) -> Markup:
    """Return small pictures in a row, each with its title and sentence: (title, explanation, image, enabled)."""
    figure = Markup(
        '<figure class="{kind}"><img src="{url}" alt="{title}">'
        "<figcaption><b>{shown}</b> {explanation}</figcaption></figure>"
    )
    figures = (
        figure.format(
            kind="" if enabled else "off",
            url=data_url_of(image),
            title=title,
            shown=title if enabled else _("{title} (off)").format(title=title),
            explanation=explanation,
        )
        for title, explanation, image, enabled in stages
    )
    return Markup('<div class="stages">{}</div>').format(NOTHING.join(figures))


# Okabe and Ito's blue and vermilion, which colour-blind eyes tell apart (https://jfly.uni-koeln.de/color/).
FOR_COLOUR, AGAINST_COLOUR = (0, 114, 178), (213, 94, 0)


def overlay_png(image: np.ndarray, contributions: np.ndarray) -> bytes:
    """Return `image` as grey ink on paper, with `contributions` (28, 28) over it: blue where positive, else orange."""
    paper = np.repeat((255 * (1 - 0.35 * image))[..., None], 3, axis=2)
    strongest = max(float(np.abs(contributions).max()), 1e-12)
    # The square root shows the weaker ones too.
    opacity = np.sqrt(np.abs(contributions) / strongest)[..., None]
    colour = np.where(contributions[..., None] > 0, FOR_COLOUR, AGAINST_COLOUR)
    return _png(np.round(paper * (1 - opacity) + colour * opacity).astype(np.uint8))


def metrics_html(metrics: list[tuple[str, str]], note: str = "") -> Markup:
    """Return metrics beside each other: (title, value) each; a `note` is put beside the title of the last."""
    item, noted = Markup("<div><dt>{}</dt><dd>{}</dd>{}</div>"), Markup('<dd class="note">{}</dd>')
    notes = [NOTHING] * (len(metrics) - 1) + [noted.format(note) if note else NOTHING]
    items = NOTHING.join(item.format(*metric, beside) for metric, beside in zip(metrics, notes, strict=True))
    return Markup('<dl class="run-figures">{}</dl>').format(items)


def digit_choice_html(question: str, read: int) -> Markup:
    """Return a button for each digit, the one that was read marked; see `mnist_demo.ui.widgets.clickable`."""
    button = Markup('<button type="button" data-value="%d" class="%s">%d</button>')
    buttons = NOTHING.join(button % (digit, "read" if digit == read else "", digit) for digit in range(10))
    return Markup('<fieldset class="digit-choice"><legend>{}</legend>{}</fieldset>').format(question, buttons)


def shares_html(caption: str, shares: list[tuple[str, float]]) -> Markup:
    """Return a table of titles and fractions, as percentages."""
    row = Markup('<tr><th scope="row">{}</th><td>{}</td></tr>')
    return _readings_table(caption, (row.format(title, format_percent(share, digits=0)) for title, share in shares))


def found_digits_html(images: list[np.ndarray], probabilities: list[np.ndarray], is_digit: list[bool]) -> Markup:
    """Return what was found in a picture, (28, 28) each, with what is read in it: float32 (10,) each.

    What is no digit is marked.
    """
    figure = Markup('<figure class="{}">{}<figcaption><b>{}</b> {}</figcaption></figure>')
    figures = []
    for image, shares, is_one in zip(images, probabilities, is_digit, strict=True):
        digit, percent = int(shares.argmax()), format_percent(float(shares.max()), digits=0)
        if is_one:
            words, kind, shown = _("Read as {digit}").format(digit=digit), "", percent
        else:
            words = _("This is not a digit; the closest is {digit}.").format(digit=digit)
            kind, shown = "doubted", _("no digit?")
        picture = titled_picture(data_url_of(1 - image), words)
        figures.append(figure.format(kind, picture, digit, shown))
    return Markup('<div class="digit-grid">{}</div>').format(NOTHING.join(figures))


def logits_html(logits: np.ndarray) -> Markup:
    """Return the ten logits, float32 (10,), as bars to the right of zero or to the left of it."""
    strongest = max(float(np.abs(logits).max()), 1e-12)
    best = int(logits.argmax())
    bar = Markup(
        '<li class="{kind}"><span class="digit">{digit}</span>'
        '<span class="track zero"><span class="fill {sign}" style="{side}:50%;width:{share:.1f}%"></span></span>'
        '<span class="percent">{score}</span></li>'
    )
    bars = (
        bar.format(
            kind="best" if digit == best else "",
            digit=digit,
            sign="above" if value >= 0 else "below",
            side="left" if value >= 0 else "right",
            share=50 * abs(value) / strongest,
            score=format_decimal(value, "+.1f").replace("-", "−"),
        )
        for digit, value in enumerate(map(float, logits))
    )
    return digit_bars(_("Logit of each digit"), bars)


def gallery_html(images: list[tuple[str, np.ndarray, str, str, bool]], selected: str | None, title: str) -> Markup:
    """Return images as buttons, dark ink on light: (value, image, caption, text alternative, whether misread) each."""
    button = Markup(
        '<button type="button" class="{kind}" data-value="{value}" aria-pressed="{pressed}" title="{words}">'
        '<img src="{url}" alt="{words}"><span aria-hidden="true">{caption}</span></button>'
    )
    buttons = (
        button.format(
            kind="wrong" if wrong else "",
            value=value,
            pressed="true" if value == selected else "false",
            words=words,
            url=data_url_of(1 - image),
            caption=caption,
        )
        for value, image, caption, words, wrong in images
    )
    return Markup('<div class="gallery" role="group" aria-label="{}">{}</div>').format(title, NOTHING.join(buttons))
