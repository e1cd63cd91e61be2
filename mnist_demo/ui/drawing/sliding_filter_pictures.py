"""The pictures of a filter that slides over an image, as HTML; pure, so that they are tested without a page."""

import numpy as np
from markupsafe import Markup

from mnist_demo.translation import _
from mnist_demo.ui.widgets.mosaics import diverging_png
from mnist_demo.ui.widgets.pictures import NOTHING, data_url, png_of


def maps_html(maps: np.ndarray, strongest: float, chosen: int) -> Markup:
    """Return the maps of a layer, (n, h, w), as buttons, the chosen one pressed; a button's value is its number."""
    button = Markup(
        '<button type="button" data-value="%d" aria-pressed="%s" aria-label="%s" title="%s">'
        '<img src="%s" alt=""></button>'
    )
    buttons = []
    for number, values in enumerate(maps):
        words = _("Filter {number}").format(number=number + 1)
        pressed = "true" if number == chosen else "false"
        buttons.append(button % (number, pressed, words, words, data_url(diverging_png(values, strongest))))
    group = Markup('<div class="filter-maps" role="group" aria-label="{}">{}</div>')
    return group.format(_("The map of each filter"), NOTHING.join(buttons))


def places_html(values: np.ndarray, strongest: float, chosen: tuple[int, int]) -> Markup:
    """Return one map, (h, w) of numbers from 0 up, as a grid of buttons, whose values are ``row-column``."""
    height, width = values.shape
    button = Markup(
        '<button type="button" data-value="%d-%d" aria-pressed="%s" style="--strength:%.0f%%" aria-label="%s"></button>'
    )
    buttons = []
    for row in range(height):
        for column in range(width):
            value = float(values[row, column])
            words = _("row {row}, column {column}: {value}").format(
                row=row + 1, column=column + 1, value=short_number(value)
            )
            pressed = "true" if (row, column) == chosen else "false"
            strength = 100 * min(1.0, value / max(strongest, 1e-12))
            buttons.append(button % (row, column, pressed, strength, words))
    grid = Markup('<div class="filter-places" role="group" style="--columns:{}" aria-label="{}">{}</div>')
    return grid.format(width, _("The places of the map"), NOTHING.join(buttons))


def framed_html(seen: np.ndarray, is_image: bool, frame: tuple[int, int, int], alternative: str) -> Markup:
    """Return what a filter lies over, (h, w), with a frame where it lies: the frame's (row, column, side) in pixels.

    An image is in [0, 1], bright ink, and shown as ink on paper; anything else in blue above zero and vermilion below.
    """
    png = png_of(1 - seen) if is_image else diverging_png(seen, float(np.abs(seen).max()))
    row, column, side = frame
    height, width = seen.shape
    box = ";".join(
        f"{name}:{100 * value:.2f}%"
        for name, value in (
            ("top", row / height),
            ("left", column / width),
            ("height", side / height),
            ("width", side / width),
        )
    )
    picture = Markup('<div class="filter-seen"><img src="{}" alt="{}"><span style="{}"></span></div>')
    return picture.format(data_url(png), alternative, box)


def patch_html(patch: np.ndarray, weights: np.ndarray) -> Markup:
    """Return patch × filter = products as three grids of numbers, from (k, k) each."""
    grids = (
        (_("patch"), patch),
        (_("filter"), weights),
        (_("products"), patch * weights),
    )
    figure = Markup("<figure><figcaption>{}</figcaption>{}</figure>")
    figures = [figure.format(title, _numbers_grid(title, numbers)) for title, numbers in grids]
    return Markup('<div class="filter-product">{}<b>×</b>{}<b>=</b>{}</div>').format(*figures)


def _numbers_grid(title: str, numbers: np.ndarray) -> Markup:
    strongest = max(float(np.abs(numbers).max()), 1e-12)
    cell = Markup('<td class="%s" style="--strength:%.0f%%">%s</td>')
    rows = NOTHING.join(
        Markup("<tr>{}</tr>").format(
            NOTHING.join(
                cell % ("above" if number > 0 else "below", 70 * abs(number) / strongest, short_number(number))
                for number in line
            )
        )
        for line in numbers.tolist()
    )
    return Markup('<table class="filter-numbers" aria-label="{}"><tbody>{}</tbody></table>').format(title, rows)


def short_number(number: float) -> str:
    """Return a number with two decimals and a true minus; what rounds to zero has no sign."""
    shown = f"{number:.2f}"
    return "0" if float(shown) == 0 else shown.replace("-", "−")
