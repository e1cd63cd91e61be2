"""The HTML of the page “Class”; pure, so that it is tested without a page."""

from collections.abc import Mapping, Sequence

import numpy as np
import segno
from markupsafe import Markup

from mnist_demo.classes.store import shown_code
from mnist_demo.jobs.messages import STATE_WORDS
from mnist_demo.translation import _, format_percent, ngettext
from mnist_demo.ui.class_.runs import Pupil
from mnist_demo.ui.widgets.pictures import NOTHING, column_heads, data_url_of

# Middle tones that can be seen on a light page and on a dark one; neighbours differ for colour-blind eyes too.
COLOURS = ("#1a85d6", "#de5c0c", "#12916f", "#a55fd0", "#b8860b", "#d6457f", "#7c8b9f", "#8b6f3e")
DASHES = ("solid", "dashed", "dotted")


def style_of(place: int) -> tuple[str, str]:
    """Return colour and dashes of the line of who joined at that place: the same whoever joins later."""
    return COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]


def qr_code(link: str) -> str:
    """Return the QR code of a link as the data: URL of a picture, dark on light with its quiet zone."""
    return segno.make(link, error="m", micro=False).png_data_uri(scale=8, border=3, dark="#0b1f1c", light="#ffffff")


def join_html(link: str, code: str, picture: str) -> Markup:
    """Return how to join, for the projector: the QR code in `picture`, the link, and the code, large."""
    band = Markup(
        '<div class="class-join"><img src="{picture}" alt="{alternative}"><div><p>{how}</p><p class="link">{link}</p>'
        '<p>{or_code}</p><p class="code">{code}</p></div></div>'
    )
    return band.format(
        picture=picture,
        alternative=_("QR code of the link"),
        how=_("Open this link, or photograph the code"),
        link=link,
        or_code=_("or type on the page “Class”"),
        code=shown_code(code),
    )


def pupils_html(everybody: Sequence[Pupil]) -> Markup:
    """Return a table of the pupils: who is here, what her newest run is and how well it reads."""
    head = column_heads([_("Pupil"), _("Model"), _("Test images"), _("Class’s handwriting")])
    row = Markup(
        '<tr><th scope="row"><span class="here {here}" title="{word}">{dot}</span>{swatch}{name}</th>'
        '<td class="model">{model}<small>{state}</small></td><td>{accuracy}</td><td>{handwriting}</td></tr>'
    )
    rows = []
    for pupil in everybody:
        colour, dashes = style_of(pupil.place)
        swatch = Markup('<span class="swatch" style="border-top: 3px {} {}"></span>').format(dashes, colour)
        run = pupil.run
        rows.append(
            row.format(
                here="yes" if pupil.is_here else "no",
                word=_("is here") if pupil.is_here else _("is not here"),
                dot="●" if pupil.is_here else "○",
                swatch=swatch if run and run.points else NOTHING,
                name=pupil.nickname,
                model=run.model if run else "–",
                state=_state(pupil),
                accuracy=_percent(run.accuracy if run else None, 2),
                handwriting=_percent(pupil.on_handwriting, 0),
            )
        )
    return _table("pupils").format(head, NOTHING.join(rows))


def _table(kind: str) -> Markup:
    table = Markup(
        '<div class="scrolls"><table class="{}"><thead><tr>{{}}</tr></thead><tbody>{{}}</tbody></table></div>'
    )
    return table.format(kind)


def _state(pupil: Pupil) -> str:
    run = pupil.run
    if run is None:
        return _("no run yet")
    if run.state == "queued" and run.before:
        return ngettext("waits, {count} run ahead", "waits, {count} runs ahead", run.before).format(count=run.before)
    word = _(STATE_WORDS[run.state])  # type: ignore[index]
    if run.state in ("running", "paused"):
        return _("{state}, {percent}").format(state=word, percent=format_percent(run.progress, digits=0))
    return word


def _percent(share: float | None, digits: int) -> str:
    return "–" if share is None else format_percent(share, digits=digits)


def offered_html(offered: Sequence[tuple[str, str, np.ndarray, int]], with_buttons: bool = False) -> Markup:
    """Return drawings that pupils show the class, large: (key, nickname, image, label) each.

    With buttons, each has one of its key as ``data-value``; see `mnist_demo.ui.widgets.clickable`.
    """
    figure = Markup('<figure><img src="{}" alt="{}"><figcaption>{} {}</figcaption></figure>')
    button = Markup('<button type="button" data-value="{}" title="{words}" aria-label="{words}">✕</button>')
    figures = (
        figure.format(
            data_url_of(1 - image),
            _("{label} by {nickname}").format(label=label, nickname=nickname),
            _("{label} by {nickname}").format(label=label, nickname=nickname),
            button.format(key, words=_("Hide it")) if with_buttons else NOTHING,
        )
        for key, nickname, image, label in offered
    )
    return Markup('<div class="offered">{}</div>').format(NOTHING.join(figures))


def handwriting_html(
    writers: Sequence[tuple[str, Mapping[str, tuple[int, np.ndarray]]]], read: Mapping[str, int], selected: str
) -> Markup:
    """Return the handwriting of a class: a line for each writer, a column for each digit, drawings as buttons.

    Parameters
    ----------
    writers
        Nickname and drawings of each: label and image, float32 (28, 28) in [0, 1], by the drawing's name, which is
        the button's ``data-value``; see `mnist_demo.ui.widgets.clickable`.
    read
        Which digit a model reads in each drawing, by name: misread ones have a dashed frame, and that digit below.
    selected
        The name of the one that is looked at.
    """
    button = Markup(
        '<button type="button" class="%s" data-value="%s" aria-pressed="%s" title="%s"><img src="%s" alt="%s">%s'
        "</button>"
    )
    guess = Markup('<span aria-hidden="true">%d</span>')
    rows = []
    for nickname, drawings in writers:
        cells: list[list[Markup]] = [[] for _digit in range(10)]
        wrong_count = 0
        for name, (label, image) in drawings.items():
            wrong = read.get(name, label) != label
            wrong_count += wrong
            words = _("{label} by {nickname}").format(label=label, nickname=nickname)
            if wrong:
                words = _("{label} by {nickname}, misread as {guess}").format(
                    label=label, nickname=nickname, guess=read[name]
                )
            mark = guess % read[name] if wrong else NOTHING
            pressed = "true" if name == selected else "false"
            kind = "wrong" if wrong else ""
            cells[label].append(button % (kind, name, pressed, words, data_url_of(1 - image), words, mark))
        known = any(name in read for name in drawings)
        misread = _("{wrong} of {count}").format(wrong=wrong_count, count=len(drawings)) if known else "–"
        columns = NOTHING.join(Markup("<td>{}</td>").format(NOTHING.join(cell)) for cell in cells)
        rows.append(Markup('<tr><th scope="row">{}</th>{}<td>{}</td></tr>').format(nickname, columns, misread))
    head = column_heads([_("Writer"), *map(str, range(10)), _("Misread")])
    return _table("handwriting").format(head, NOTHING.join(rows))


def gain_html(rows: Sequence[tuple[str, float | None, float | None]], heads: tuple[str, str]) -> Markup:
    """Return what training on the handwriting gave and cost: (title, share before, share now) each, below `heads`."""
    row = Markup('<tr><th scope="row">{}</th><td>{}</td><td><b>{}</b></td></tr>')
    lines = NOTHING.join(row.format(title, _percent(before, 1), _percent(now, 1)) for title, before, now in rows)
    head = column_heads([_("Read correctly"), *heads])
    return _table("figures gain").format(head, lines)
