"""Weights and activations as pictures, alone or many in a grid; pure, so that they are tested without a page.

Blue is above zero and vermilion below in every picture, white is zero: colour-blind eyes tell them apart, and the
pictures are the same in the light and in the dark theme.
"""

import io
import math

import numpy as np
from markupsafe import Markup
from PIL import Image

from mnist_demo.ui.widgets.pictures import AGAINST_COLOUR, FOR_COLOUR, NOTHING, data_url, titled_picture

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


def mosaic_html(maps: np.ndarray, strongest: float, columns: int, alternative: str) -> Markup:
    """Return a mosaic as wide as it needs to be, and no wider than the page lets it."""
    picture = Markup('<img class="mosaic" src="{url}" alt="{words}" title="{words}">')
    return picture.format(url=data_url(mosaic_png(maps, strongest, columns)), words=alternative)


def digit_images_html(pictures: list[tuple[bytes, str, str]]) -> Markup:
    """Return pictures in a grid, each (PNG, caption, text alternative)."""
    figure = Markup("<figure>{}<figcaption>{}</figcaption></figure>")
    figures = (figure.format(titled_picture(data_url(png), words), caption) for png, caption, words in pictures)
    return Markup('<div class="weight-grid">{}</div>').format(NOTHING.join(figures))
