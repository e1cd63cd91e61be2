"""Weights, activations, confusion matrices and galleries as HTML; pure, so that they are tested without a page.

Blue is above zero and vermilion below in every picture, white is zero: colour-blind eyes tell them apart, and the
pictures are the same in the light and in the dark theme.
"""

import html
import io
import math
from typing import Any

import numpy as np
from PIL import Image

from mnist_demo.translation import _
from mnist_demo.ui.pictures import AGAINST_COLOUR, FOR_COLOUR, data_url, data_url_of, format_percent

SHADES = 30  # on either side of zero: more are not told apart, and a palette keeps the picture small
GAP = 2  # pixels between the pictures of a mosaic
MAP_SIDE, UNIT_SIDE = 28, 10  # pixels: how large a filter or map, or a single unit, is drawn in a mosaic


def _palette() -> np.ndarray:
    """Return the colours, uint8 (2 × SHADES + 2, 3): from vermilion over white to blue; the last is the gap."""
    strength = np.abs(np.linspace(-1, 1, 2 * SHADES + 1))[:, None]
    ends = np.where(np.arange(2 * SHADES + 1)[:, None] >= SHADES, FOR_COLOUR, AGAINST_COLOUR)
    colours = 255 * (1 - strength) + ends * strength
    palette = np.round(np.vstack([colours, np.zeros(3)])).astype(np.uint8)
    return np.asarray(palette, np.uint8)


PALETTE = _palette()
GAP_INDEX = len(PALETTE) - 1


def full_colour(values: np.ndarray) -> float:
    """Return what size of `values` is to have the full colour: all but the largest half percent are smaller.

    One weight that stands out would otherwise make all others pale.
    """
    return float(np.quantile(np.abs(np.nan_to_num(values)), 0.995))


def _shades(values: np.ndarray, strongest: float) -> np.ndarray:
    share = np.clip(np.nan_to_num(values) / max(strongest, 1e-12), -1, 1)
    shades: np.ndarray = np.round(share * SHADES + SHADES).astype(np.uint8)
    return shades


def _palette_png(indices: np.ndarray) -> bytes:
    height, width = indices.shape
    picture = Image.frombytes("P", (width, height), np.ascontiguousarray(indices).tobytes())
    picture.putpalette(PALETTE.ravel().tolist())
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", transparency=GAP_INDEX)
    return buffer.getvalue()


def diverging_png(values: np.ndarray, strongest: float) -> bytes:
    """Return `values` (h, w) as a PNG of as many pixels: blue above zero, vermilion below, full at ±`strongest`."""
    return _palette_png(_shades(values, strongest))


def mosaic_png(maps: np.ndarray, strongest: float, columns: int) -> bytes:
    """Return `maps` (n, h, w), each enlarged to about the same size, as one PNG with transparent gaps between them."""
    n, height, width = maps.shape
    factor = max(1, (UNIT_SIDE if height == 1 else MAP_SIDE) // height)
    cell = np.full((n, height * factor + GAP, width * factor + GAP), GAP_INDEX, np.uint8)
    cell[:, :-GAP, :-GAP] = _shades(maps, strongest).repeat(factor, axis=1).repeat(factor, axis=2)
    rows = math.ceil(n / columns)
    missing = np.full((rows * columns - n, *cell.shape[1:]), GAP_INDEX, np.uint8)
    grid = np.concatenate([cell, missing]).reshape(rows, columns, *cell.shape[1:])
    return _palette_png(grid.swapaxes(1, 2).reshape(rows * cell.shape[1], columns * cell.shape[2])[:-GAP, :-GAP])


def mosaic_html(maps: np.ndarray, strongest: float, columns: int, alternative: str) -> str:
    """Return a mosaic as wide as it needs to be, and no wider than the page lets it."""
    url, words = data_url(mosaic_png(maps, strongest, columns)), html.escape(alternative)
    return f'<img class="mosaic" src="{url}" alt="{words}" title="{words}">'


def digit_images_html(pictures: list[tuple[bytes, str, str]]) -> str:
    """Return pictures in a grid, each (PNG, caption, text alternative)."""
    figures = (
        f'<figure><img src="{data_url(png)}" alt="{html.escape(words)}" title="{html.escape(words)}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        for png, caption, words in pictures
    )
    return f'<div class="weight-grid">{"".join(figures)}</div>'


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


def confusion_html(confusion: np.ndarray, as_shares: bool, selected: tuple[int, int] | None) -> str:
    """Return the confusion matrix, counts (10, 10) by label and predicted digit, as a table of buttons.

    A button's value is ``label-predicted``. Shares are those of the row: of all images of that digit.
    """
    totals = np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    shares = confusion / totals
    mistakes = np.where(np.eye(len(confusion), dtype=bool), 0, shares)
    worst = max(float(mistakes.max()), 1e-12)
    head = "".join(f'<th scope="col">{digit}</th>' for digit in range(len(confusion)))
    body = []
    for label, row in enumerate(confusion):
        cells = []
        for predicted, count in enumerate(map(int, row)):
            right = label == predicted
            share = float(shares[label, predicted])
            # Among mistakes the square root shows the rarer ones too.
            strength = share if right else math.sqrt(share / worst)
            shown = (f"{100 * share:.1f}" if as_shares else f"{count:,}") if count else "·"
            words = _("{label} read as {predicted}: {count} images, {share} of that digit").format(
                label=label, predicted=predicted, count=count, share=format_percent(share, digits=1)
            )
            kind = "right" if right else "wrong"
            pressed = "true" if (label, predicted) == selected else "false"
            cells.append(
                f'<td><button type="button" class="{kind}" data-value="{label}-{predicted}" '
                f'style="--strength:{55 * strength:.0f}%" aria-pressed="{pressed}" '
                f'aria-label="{html.escape(words)}" title="{html.escape(words)}">{shown}</button></td>'
            )
        body.append(f'<tr><th scope="row">{label}</th>{"".join(cells)}</tr>')
    caption = html.escape(_("Rows: the label. Columns: what the model reads."))
    return (
        f'<table class="confusion"><caption>{caption}</caption><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


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


def class_figures_html(precision: np.ndarray, recall: np.ndarray, f1: np.ndarray, counts: np.ndarray) -> str:
    """Return precision, recall and F1 (fractions) and the number of images of each digit, (10,) each, as a table."""
    titles = (_("Digit"), _("Precision"), _("Recall"), _("F1"), _("Images"))
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in titles)
    worst = int(f1.argmin())
    rows = []
    for digit, count in enumerate(map(int, counts)):
        figures = "".join(
            f"<td>{html.escape(format_percent(float(of_class[digit]), digits=1))}</td>"
            for of_class in (precision, recall, f1)
        )
        mark = f' <span title="{html.escape(_("the lowest F1"))}">▼</span>' if digit == worst else ""
        rows.append(f'<tr><th scope="row">{digit}{mark}</th>{figures}<td>{count:,}</td></tr>')
    return f'<table class="class-figures"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def counts_html(train: np.ndarray, test: np.ndarray) -> str:
    """Return how many training and test images of each digit there are, (10,) each, as bars with numbers."""
    most = max(1, int(train.max()))
    rows = "".join(
        f'<li><span class="digit">{digit}</span><span class="track"><span class="fill" '
        f'style="width:{100 * count / most:.1f}%"></span></span>'
        f'<span class="percent wide">{count:,} + {tested:,}</span></li>'
        for digit, (count, tested) in enumerate(zip(map(int, train), map(int, test), strict=True))
    )
    label = html.escape(_("Training and test images of each digit"))
    return f'<ol class="digit-bars" aria-label="{label}">{rows}</ol>'


def intensity_chart(counts: np.ndarray, bins: int = 32) -> dict[str, Any]:
    """Return the ECharts option of a histogram of pixel values: `counts` (256,), drawn in `bins` bars."""
    width = len(counts) // bins
    heights = counts.reshape(bins, width).sum(axis=1)
    names = [f"{begin}–{begin + width - 1}" for begin in range(0, len(counts), width)]
    return {
        "animation": False,
        "grid": {"left": 8, "right": 8, "top": 12, "bottom": 28, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "category",
            "data": names,
            "name": _("pixel value"),
            "nameLocation": "middle",
            "nameGap": 26,
        },
        # A logarithm has no zero: an empty bar stands on the axis.
        "yAxis": {"type": "log", "min": 1},
        "series": [{"type": "bar", "name": _("pixels"), "data": [max(1, int(h)) for h in heights], "barWidth": "92%"}],
    }
