"""Digits drawn as strokes and as pictures, and measures to compare the images made of them."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Strokes = list[npt.NDArray[np.float64]]
Bitmap = npt.NDArray[np.uint8]


def four() -> Strokes:
    """A 4 in two strokes on a canvas of 280 pixels."""
    return [
        np.array([[130.0, 50.0], [80.0, 150.0], [200.0, 150.0]]),
        np.array([[170.0, 90.0], [165.0, 160.0], [160.0, 230.0]]),
    ]


def circle() -> Strokes:
    angles = np.linspace(0, 2 * np.pi, 60)
    return [np.stack([140 + 60 * np.cos(angles), 140 + 90 * np.sin(angles)], axis=1)]


def face() -> Strokes:
    eyes = [stroke * 0.15 + place for stroke in circle() for place in ([95, 95], [145, 95])]
    return [*circle(), *eyes, np.array([[115.0, 175.0], [140.0, 190.0], [165.0, 175.0]])]


def draw(strokes: Strokes, size: int = 280, pen: float = 20.0) -> Bitmap:
    """Draw strokes of a 280-pixel canvas with Pillow, bright on black, anti-aliased, on `size` × `size` pixels."""
    enlargement = 4 * size / 280
    picture = Image.new("L", (4 * size, 4 * size))
    pencil, radius = ImageDraw.Draw(picture), pen * enlargement / 2
    for stroke in strokes:
        points = [(float(x) * enlargement, float(y) * enlargement) for x, y in stroke]
        for begin, end in pairwise(points):
            pencil.line([begin, end], fill=255, width=round(2 * radius))
        for x, y in points:
            pencil.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return np.asarray(picture.reduce(4))


def centre_of_mass(image: npt.NDArray[np.float32]) -> tuple[float, float]:
    rows, columns = np.mgrid[0:28, 0:28]
    return float(np.average(columns, weights=image)), float(np.average(rows, weights=image))


def box(image: npt.NDArray[np.float32], brightness: float) -> tuple[int, int]:
    """Return width and height of the bounding box of the pixels brighter than `brightness`."""
    rows, columns = np.nonzero(image > brightness)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def difference(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Return the fraction of the ink that is not in the same place in both images."""
    return float(np.abs(one - other).sum() / one.sum())
