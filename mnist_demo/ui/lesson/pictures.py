"""The lesson's tables of numbers and small pictures as HTML; pure, so that they are tested without a page."""

import html
import math
from collections.abc import Sequence

import numpy as np

from mnist_demo.translation import _
from mnist_demo.ui.widgets.pictures import data_url_of, format_percent, overlay_png, picture_html


def pixel_grid_html(pixels: np.ndarray, label: int, row: int, scaled: bool) -> str:
    """Return `pixels`, uint8 (28, 28), as a grid of their numbers, dark where there is ink, with one row framed.

    `scaled` shows numbers from 0 to 1 instead of those from 0 to 255. Under the pointer a number grows.
    """
    cells = []
    for y, line in enumerate(pixels.tolist()):
        for x, value in enumerate(line):
            shown = f"{value / 255:.2f}".removeprefix("0") if scaled else str(value)
            shown = {".00": "0", "1.00": "1"}.get(shown, shown)
            place = _("row {row}, column {column}: {value} of 255, scaled {scaled}").format(
                row=y, column=x, value=value, scaled=f"{value / 255:.3f}"
            )
            ink = 100 * value // 255
            classes = " ".join(["row"] * (y == row) + ["dark"] * (value > 110) + ["zero"] * (value == 0))
            words = html.escape(place)
            cells.append(f'<i class="{classes}" style="--ink:{ink}%" title="{words}">{shown}</i>')
    alternative = html.escape(_("A handwritten {label} as 28 rows of 28 numbers").format(label=label))
    return f'<div class="pixel-grid" role="img" aria-label="{alternative}">{"".join(cells)}</div>'


def product_html(image: np.ndarray, weights: np.ndarray, bias: float, label: int, digit: int) -> str:
    """Return image × weights = contributions as three pictures, and the sum with the bias as numbers.

    `image` is float32 (28, 28) in [0, 1], `weights` float32 (28, 28) those of class `digit`.
    """
    products = image * weights
    total = float(products.sum())
    blank = np.zeros_like(image)
    pictures = (
        (picture_html(_ink(image), 150, _("A handwritten {label}").format(label=label)), _("784 pixels, 0 to 1")),
        (
            picture_html(overlay_png(blank, weights), 150, _("The weights of class {digit}").format(digit=digit)),
            _("784 weights of class {digit}").format(digit=digit),
        ),
        (
            picture_html(overlay_png(image, products), 150, _("The products, pixel by pixel")),
            _("784 products"),
        ),
    )
    figures = [
        f"<figure>{picture}<figcaption>{html.escape(words)}</figcaption></figure>" for picture, words in pictures
    ]
    signs = [f"<b>{sign}</b>" for sign in ("×", "=")]
    score = _("sum {total} + bias {bias} = score {score}").format(
        total=signed(total), bias=signed(bias), score=signed(total + bias)
    )
    return (
        f'<div class="product">{figures[0]}{signs[0]}{figures[1]}{signs[1]}{figures[2]}'
        f"<output>{html.escape(score)}</output></div>"
    )


def scores_html(scores: Sequence[float], label: int, chosen: int) -> str:
    """Return the ten scores as bars to the right and left of zero; the largest in bold, the chosen class marked."""
    strongest = max(abs(score) for score in scores) or 1.0
    largest = max(range(10), key=scores.__getitem__)
    rows = []
    for digit, score in enumerate(scores):
        share = 50 * abs(score) / strongest
        side = f"left:50%;width:{share:.1f}%" if score >= 0 else f"right:50%;width:{share:.1f}%"
        classes = " ".join(["best"] * (digit == largest) + ["chosen"] * (digit == chosen))
        rows.append(
            f'<li class="{classes}"><span class="digit">{digit}</span><span class="track"><span class="bar '
            f'{"plus" if score >= 0 else "minus"}" style="{side}"></span></span>'
            f'<span class="number">{signed(score)}</span></li>'
        )
    words = html.escape(_("The ten scores of this {label}").format(label=label))
    return f'<ol class="scores" aria-label="{words}">{"".join(rows)}</ol>'


def softmax_html(columns: Sequence[tuple[str, Sequence[float]]], label: int) -> str:
    """Return a table with a row for each of the ten digits and the titled columns of numbers.

    What is no finite number is marked with a sign as well as in colour.
    """
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title, _numbers in columns)
    rows = []
    for digit in range(10):
        cells = "".join(_number_cell(numbers[digit]) for _title, numbers in columns)
        rows.append(f'<tr class="{"best" if digit == label else ""}"><th scope="row">{digit}</th>{cells}</tr>')
    words = html.escape(_("Ten scores and what softmax makes of them"))
    head = f'<thead><tr><th scope="col">{html.escape(_("digit"))}</th>{head}</tr></thead>'
    table = f'<table class="numbers" aria-label="{words}">{head}<tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="wide">{table}</div>'


def _number_cell(number: float) -> str:
    if math.isfinite(number):
        return f"<td>{format_number(number)}</td>"
    return f'<td class="broken">⚠ {html.escape(str(number))}</td>'


def costs_html(digits: Sequence[tuple[np.ndarray, int, float]]) -> str:
    """Return digits, each (image, label, probability of the label), with what each costs."""
    figures = []
    for image, label, probability in digits:
        words = html.escape(_("A handwritten {label}").format(label=label))
        cost = -math.log(max(probability, 1e-45))
        percent = html.escape(format_percent(probability, digits=1))
        figures.append(
            f'<figure><img src="{data_url_of(1 - image)}" alt="{words}"><figcaption><b>{label}</b>: {percent}<br>'
            f"<strong>{cost:.3f}</strong></figcaption></figure>"
        )
    return f'<div class="costs">{"".join(figures)}</div>'


def outcomes_html(caption: str, titles: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return a table of figures: column titles, and rows of a name and its cells."""
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in titles)
    body = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th>{"".join(f"<td>{html.escape(cell)}</td>" for cell in cells)}</tr>'
        for name, cells in rows
    )
    return (
        f'<div class="wide"><table class="numbers" aria-label="{html.escape(caption)}"><thead><tr><td></td>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def format_number(number: float) -> str:
    """Return a number short enough for a table: three decimals, or a power of ten where those would not show it."""
    if number == 0 or 0.001 <= abs(number) < 10_000:
        return f"{number:.3f}".replace("-", "−")
    return f"{number:.1e}".replace("-", "−")


def signed(number: float) -> str:
    """Return a number with two decimals and its sign, a true minus."""
    return f"{number:+.2f}".replace("-", "−")


def _ink(image: np.ndarray) -> bytes:
    return overlay_png(image / 0.35 * 0.9, np.zeros_like(image))
