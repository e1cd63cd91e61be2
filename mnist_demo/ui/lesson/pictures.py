"""The lesson's tables of numbers and small pictures as HTML; pure, so that they are tested without a page."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from markupsafe import Markup

from mnist_demo.translation import _, format_decimal, format_percent
from mnist_demo.ui.widgets.pictures import NOTHING, column_heads, data_url_of, overlay_png, picture_html


def pixel_grid_html(pixels: np.ndarray, label: int, row: int, scaled: bool) -> Markup:
    """Return `pixels`, uint8 (28, 28), as a grid of their numbers, dark where there is ink, with one row framed.

    `scaled` shows numbers from 0 to 1 instead of those from 0 to 255. Under the pointer a number grows.
    """
    cell = Markup('<i class="%s" style="--ink:%d%%" title="%s">%s</i>')
    cells = []
    for y, line in enumerate(pixels.tolist()):
        for x, value in enumerate(line):
            shown = format_decimal(value / 255, ".2f").removeprefix("0") if scaled else str(value)
            shown = {".00": "0", "1.00": "1"}.get(shown, shown)
            place = _("row {row}, column {column}: {value} of 255, scaled {scaled}").format(
                row=y, column=x, value=value, scaled=format_decimal(value / 255, ".3f")
            )
            classes = " ".join(["row"] * (y == row) + ["dark"] * (value > 147) + ["zero"] * (value == 0))
            cells.append(cell % (classes, 100 * value // 255, place, shown))
    grid = Markup('<div class="pixel-frame"><div class="pixel-grid" role="img" aria-label="{}">{}</div></div>')
    return grid.format(_("A handwritten {label} as 28 rows of 28 numbers").format(label=label), NOTHING.join(cells))


def product_html(image: np.ndarray, weights: np.ndarray, bias: float, label: int, digit: int) -> Markup:
    """Return image × weights = contributions as three pictures, and the sum with the bias as numbers.

    `image` is float32 (28, 28) in [0, 1], `weights` float32 (28, 28) those of class `digit`.
    """
    products = image * weights
    total = float(products.sum())
    blank = np.zeros_like(image)
    pictures = (
        (_ink(image), _("A handwritten {label}").format(label=label), _("784 pixels, 0 to 1")),
        (
            overlay_png(blank, weights),
            _("The weights of class {digit}").format(digit=digit),
            _("784 weights of class {digit}").format(digit=digit),
        ),
        (overlay_png(image, products), _("The products, pixel by pixel"), _("784 products")),
    )
    figure = Markup("<figure>{}<figcaption>{}</figcaption></figure>")
    figures = [figure.format(picture_html(png, 150, words), caption) for png, words, caption in pictures]
    score = _("sum {total} + bias {bias} = score {score}").format(
        total=signed(total), bias=signed(bias), score=signed(total + bias)
    )
    return Markup('<div class="product">{}<b>×</b>{}<b>=</b>{}<output>{}</output></div>').format(*figures, score)


def scores_html(scores: Sequence[float], label: int, chosen: int) -> Markup:
    """Return the ten scores as bars to the right and left of zero; the largest in bold, the chosen class marked."""
    strongest = max(abs(score) for score in scores) or 1.0
    largest = max(range(10), key=scores.__getitem__)
    row = Markup(
        '<li class="{classes}"><span class="digit">{digit}</span><span class="track">'
        '<span class="bar {sign}" style="{side}:50%;width:{share:.1f}%"></span></span>'
        '<span class="number">{score}</span></li>'
    )
    rows = (
        row.format(
            classes=" ".join(["best"] * (digit == largest) + ["chosen"] * (digit == chosen)),
            digit=digit,
            sign="plus" if score >= 0 else "minus",
            side="left" if score >= 0 else "right",
            share=50 * abs(score) / strongest,
            score=signed(score),
        )
        for digit, score in enumerate(scores)
    )
    words = _("The ten scores of this digit, label {label}").format(label=label)
    return Markup('<ol class="scores" aria-label="{}">{}</ol>').format(words, NOTHING.join(rows))


def softmax_html(columns: Sequence[tuple[str, Sequence[float]]], label: int) -> Markup:
    """Return a table with a row for each of the ten digits and the titled columns of numbers.

    What is no finite number is marked with a sign as well as in colour.
    """
    row = Markup('<tr class="{}"><th scope="row">{}</th>{}</tr>')
    rows = (
        row.format(
            "best" if digit == label else "",
            digit,
            NOTHING.join(_number_cell(numbers[digit]) for _title, numbers in columns),
        )
        for digit in range(10)
    )
    titles = [_("digit"), *(title for title, _numbers in columns)]
    return _numbers_table(_("Ten scores and what softmax makes of them"), column_heads(titles), rows)


def _number_cell(number: float) -> Markup:
    if math.isfinite(number):
        return Markup("<td>{}</td>").format(format_number(number))
    return Markup('<td class="broken">⚠ {}</td>').format(str(number))


def _numbers_table(label: str, head: Markup, rows: Iterable[Markup]) -> Markup:
    table = Markup(
        '<div class="wide"><table class="numbers" aria-label="{}"><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    )
    return table.format(label, head, NOTHING.join(rows))


def costs_html(digits: Sequence[tuple[np.ndarray, int, float]]) -> Markup:
    """Return digits, each (image, label, probability of the label), with what each costs."""
    figure = Markup(
        '<figure><img src="{url}" alt="{words}"><figcaption><b>{label}</b>: {percent}<br>'
        "<strong>{cost}</strong></figcaption></figure>"
    )
    figures = (
        figure.format(
            url=data_url_of(1 - image),
            words=_("A handwritten {label}").format(label=label),
            label=label,
            percent=format_percent(probability, digits=1),
            cost=format_decimal(-math.log(max(probability, 1e-45)), ".3f"),
        )
        for image, label, probability in digits
    )
    return Markup('<div class="costs">{}</div>').format(NOTHING.join(figures))


def pairs_html(pairs: Sequence[tuple[tuple[np.ndarray, int], tuple[np.ndarray, int]]]) -> Markup:
    """Return new digits, each beside the one that is most similar; a digit is (image, label)."""
    figure = Markup(
        '<figure><img src="{url}" alt="{words}"> <img src="{other_url}" alt="{other_words}">'
        "<figcaption>{caption}</figcaption></figure>"
    )
    figures = (
        figure.format(
            url=data_url_of(1 - image),
            words=_("A handwritten {label}").format(label=label),
            other_url=data_url_of(1 - other),
            other_words=_("A handwritten {label}").format(label=other_label),
            caption=_("{label}, read as {guess}").format(label=label, guess=other_label),
        )
        for (image, label), (other, other_label) in pairs
    )
    return Markup('<div class="costs pairs">{}</div>').format(NOTHING.join(figures))


def outcomes_html(caption: str, titles: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Markup:
    """Return a table of figures: column titles, and rows of a name and its cells."""
    row, cell = Markup('<tr><th scope="row">{}</th>{}</tr>'), Markup("<td>{}</td>")
    body = (row.format(name, NOTHING.join(map(cell.format, cells))) for name, cells in rows)
    return _numbers_table(caption, Markup("<td></td>") + column_heads(titles), body)


def format_number(number: float) -> str:
    """Return a number short enough for a table: three decimals, or a power of ten where those would not show it."""
    if number == 0 or 0.001 <= abs(number) < 10_000:
        return format_decimal(number, ",.3f").replace("-", "−")
    return format_decimal(number, ".1e").replace("-", "−")


def signed(number: float) -> str:
    """Return a number with two decimals and its sign, a true minus."""
    return format_decimal(number, "+.2f").replace("-", "−")


def _ink(image: np.ndarray) -> bytes:
    return overlay_png(image / 0.35 * 0.9, np.zeros_like(image))
