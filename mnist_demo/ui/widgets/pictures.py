"""Digits and probabilities as pictures and HTML; pure, so that they are tested without a page."""

import base64
import functools
import html
import io

import numpy as np
from PIL import Image

from mnist_demo.translation import _


def format_percent(fraction: float, digits: int) -> str:
    """Return a fraction as a percentage with so many decimals."""
    return _("{percent} %").format(percent=f"{100 * fraction:.{digits}f}")


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


def picture_html(png: bytes, width: int, alternative: str) -> str:
    """Return a picture, `width` CSS pixels wide, as part of the page: a file may be gone when it is asked for."""
    return f'<img class="digit-picture" src="{data_url(png)}" width="{width}" alt="{html.escape(alternative)}">'


def bars_html(probabilities: np.ndarray | None) -> str:
    """Return the probabilities of the ten digits, float32 (10,), as a list of bars; empty bars for None."""
    values = np.zeros(10) if probabilities is None else probabilities
    best = None if probabilities is None else int(values.argmax())
    rows = []
    for digit, value in enumerate(values):
        shown = "–" if probabilities is None else format_percent(float(value), digits=1)
        rows.append(
            f'<li class="{"best" if digit == best else ""}"><span class="digit">{digit}</span>'
            f'<span class="track"><span class="fill" style="width:{value:.2%}"></span></span>'
            f'<span class="percent">{html.escape(shown)}</span></li>'
        )
    label = html.escape(_("Probability of each digit"))
    return f'<ol class="digit-bars" aria-label="{label}">{"".join(rows)}</ol>'


def samples_html(
    images: np.ndarray, labels: np.ndarray, predicted: np.ndarray | None, values: list[str] | None = None
) -> str:
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
    figures = []
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        guess = None if predicted is None else int(predicted[index])
        wrong = guess is not None and guess != label
        if guess is None:
            alternative, caption = _("A handwritten {label}").format(label=label), f"<b>{label}</b>"
        elif wrong:
            alternative = _("A handwritten {label}, misread as {guess}").format(label=label, guess=guess)
            caption = f'<b>{label}</b> <span class="guess">✗ {guess}</span>'
        else:
            alternative = _("A handwritten {label}, read correctly").format(label=label)
            caption = f'<b>{label}</b> <span class="guess">✓ {guess}</span>'
        words = html.escape(alternative)
        picture = f'<img src="{data_url_of(1 - image)}" alt="{words}" title="{words}">'
        if values is not None:
            picture = f'<button type="button" data-value="{html.escape(values[index])}">{picture}</button>'
        figures.append(
            f'<figure class="{"wrong" if wrong else ""}">{picture}<figcaption>{caption}</figcaption></figure>'
        )
    return f'<div class="digit-grid">{"".join(figures)}</div>'


def readings_html(readings: list[tuple[str, int, float]]) -> str:
    """Return a table of who reads what: (title, digit, probability) each; who disagrees with the first has a ≠."""
    rows = []
    for title, digit, probability in readings:
        differs = digit != readings[0][1]
        mark = f'<span title="{html.escape(_("reads another digit"))}">≠</span> ' if differs else ""
        rows.append(
            f'<tr class="{"differs" if differs else ""}"><th scope="row">{html.escape(title)}</th>'
            f"<td>{mark}<b>{digit}</b></td><td>{html.escape(format_percent(probability, digits=1))}</td></tr>"
        )
    caption = html.escape(_("The same drawing, read by"))
    return f'<table class="readings"><caption>{caption}</caption>{"".join(rows)}</table>'


def stages_html(stages: list[tuple[str, str, np.ndarray, bool]]) -> str:
    """Return small pictures in a row, each with its title and sentence: (title, explanation, image, enabled)."""
    figures = []
    for title, explanation, image, enabled in stages:
        shown = title if enabled else _("{title} (off)").format(title=title)
        figures.append(
            f'<figure class="{"" if enabled else "off"}"><img src="{data_url_of(image)}" alt="{html.escape(title)}">'
            f"<figcaption><b>{html.escape(shown)}</b> {html.escape(explanation)}</figcaption></figure>"
        )
    return f'<div class="stages">{"".join(figures)}</div>'


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


def metrics_html(figures: list[tuple[str, str]]) -> str:
    """Return figures beside each other: (title, value) each."""
    items = (f"<div><dt>{html.escape(title)}</dt><dd>{html.escape(value)}</dd></div>" for title, value in figures)
    return f'<dl class="run-figures">{"".join(items)}</dl>'


def digit_choice_html(question: str, read: int) -> str:
    """Return a button for each digit, the one that was read marked; see `mnist_demo.ui.widgets.clickable`."""
    buttons = (
        f'<button type="button" data-value="{digit}" class="{"read" if digit == read else ""}">{digit}</button>'
        for digit in range(10)
    )
    return f'<fieldset class="digit-choice"><legend>{html.escape(question)}</legend>{"".join(buttons)}</fieldset>'


def shares_html(caption: str, shares: list[tuple[str, float]]) -> str:
    """Return a table of titles and fractions, as percentages."""
    rows = (
        f'<tr><th scope="row">{html.escape(title)}</th><td>{html.escape(format_percent(share, digits=0))}</td></tr>'
        for title, share in shares
    )
    return f'<table class="readings"><caption>{html.escape(caption)}</caption>{"".join(rows)}</table>'


def found_digits_html(images: list[np.ndarray], probabilities: list[np.ndarray]) -> str:
    """Return digits found in a picture, (28, 28) each, with what is read in each of them: float32 (10,) each."""
    figures = []
    for image, shares in zip(images, probabilities, strict=True):
        digit, percent = int(shares.argmax()), format_percent(float(shares.max()), digits=0)
        words = html.escape(_("Read as {digit}").format(digit=digit))
        figures.append(
            f'<figure><img src="{data_url_of(1 - image)}" alt="{words}" title="{words}">'
            f"<figcaption><b>{digit}</b> {html.escape(percent)}</figcaption></figure>"
        )
    return f'<div class="digit-grid">{"".join(figures)}</div>'


def logits_html(logits: np.ndarray) -> str:
    """Return the ten logits, float32 (10,), as bars to the right of zero or to the left of it."""
    strongest = max(float(np.abs(logits).max()), 1e-12)
    best = int(logits.argmax())
    rows = []
    for digit, value in enumerate(map(float, logits)):
        share = 50 * abs(value) / strongest
        side = f"left:50%;width:{share:.1f}%" if value >= 0 else f"right:50%;width:{share:.1f}%"
        rows.append(
            f'<li class="{"best" if digit == best else ""}"><span class="digit">{digit}</span>'
            f'<span class="track zero"><span class="fill {"above" if value >= 0 else "below"}" style="{side}"></span>'
            f'</span><span class="percent">{value:+.1f}</span></li>'
        )
    return f'<ol class="digit-bars" aria-label="{html.escape(_("Logit of each digit"))}">{"".join(rows)}</ol>'


def gallery_html(images: list[tuple[str, np.ndarray, str, str, bool]], selected: str | None, title: str) -> str:
    """Return images as buttons, dark ink on light: (value, image, caption, text alternative, whether misread) each."""
    buttons = []
    for value, image, caption, words, wrong in images:
        pressed = "true" if value == selected else "false"
        buttons.append(
            f'<button type="button" class="{"wrong" if wrong else ""}" data-value="{html.escape(value)}" '
            f'aria-pressed="{pressed}" title="{html.escape(words)}"><img src="{data_url_of(1 - image)}" '
            f'alt="{html.escape(words)}"><span aria-hidden="true">{html.escape(caption)}</span></button>'
        )
    return f'<div class="gallery" role="group" aria-label="{html.escape(title)}">{"".join(buttons)}</div>'
