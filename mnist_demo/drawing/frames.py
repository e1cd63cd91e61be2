"""Frames around a drawing, and sheets of paper on something else: what of a picture is to be read.

A frame, and a box or sheet of another colour, are recognised in the ink as rectangles. A sheet on a dark table is
recognised by its brightness before the paper is estimated, whatever its light.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules on first use, so the first page does not wait for them
from PIL import Image

from mnist_demo.drawing.stroke_ink import Pixels

# Minimum share of its tightest enclosing rectangle that a rectangle fills; an ellipse fills 0.79, a squarish 0 about
# 0.85.
RECTANGLE_SHARE = 0.9
MIN_FRAME_SHARE = 0.25  # of the picture's width and height
MIN_CONTENT_SHARE = 0.15  # of the frame's longer side; a digit is larger, and a speck inside a 0 is smaller
_FRAME_SIDE = 70  # pixels of the longer side of the reduced picture in which frames are searched
_TURNS = np.deg2rad(np.arange(-20, 21))  # so fine, since a row of digits is on a long sheet

# Pixels of the longer side of the reduced picture in which a sheet is searched, or twice those of the shorter.
_SHEET_SIDE = 128
WIDEST_INK_ON_SHEET = 25  # of those pixels
TABLE_BRIGHTNESS = 0.6  # of the sheet's, at most; a shadow is not so dark, or it reaches over several sides
MIN_FILLED_SHARE = 0.75  # of a sheet; a frame, or a squarish 0, is filled less
MIN_SHEET_SHARE, MAX_SHEET_SHARE = 0.2, 0.93  # of the picture


@dataclass(frozen=True)
class Frame:
    """The inside of a frame: its `mask` (h, w), and the rows and columns of the mask's bounding box."""

    mask: npt.NDArray[np.bool_]
    rows: slice
    columns: slice


def find_frame(ink: Pixels) -> Frame | None:
    """Return the inside of the largest component of `ink` (h, w) if it is a rectangle with content, else None.

    The rectangle may be an outline (a frame) or filled (a sheet of paper).
    """
    step = -(-max(ink.shape) // _FRAME_SIDE)
    height, width = (-(-side // step) for side in ink.shape)
    padded = np.zeros((height * step, width * step), np.float32)
    padded[: ink.shape[0], : ink.shape[1]] = ink
    # The maximum of each block keeps a thin frame closed; the minimum keeps thin strokes open as holes in a sheet.
    strongest, weakest = (
        choose.reduce(choose.reduce(padded.reshape(height, step, -1), axis=1).reshape(height, width, step), axis=2)
        for choose in (np.maximum, np.minimum)
    )
    limit = 0.5 * float(strongest.max())
    pieces, count = scipy.ndimage.label(strongest > limit, structure=np.ones((3, 3)))
    if count == 0:
        return None
    boxes = scipy.ndimage.find_objects(pieces)
    sizes = [(box[0].stop - box[0].start, box[1].stop - box[1].start) for box in boxes]
    number = max(range(count), key=lambda index: sizes[index][0] * sizes[index][1])
    box, (rows, columns) = boxes[number], sizes[number]
    if rows < MIN_FRAME_SHARE * height or columns < MIN_FRAME_SHARE * width or min(rows, columns) < 8:
        return None
    piece = pieces[box] == number + 1
    # A rectangle rotated by 20° fills half of its bounding box.
    filled = scipy.ndimage.binary_fill_holes(piece)
    if filled.sum() < 0.5 * filled.size or _rectangularity(filled) < RECTANGLE_SHARE:
        return None
    holes = filled & ~piece
    if holes.sum() >= 0.5 * filled.sum():  # a frame: other components are its content
        content, inside = holes & (pieces[box] > 0), scipy.ndimage.binary_erosion(holes, np.ones((3, 3)))
    else:  # a sheet, or a filled box: its content shows as holes
        inside = scipy.ndimage.binary_erosion(filled, np.ones((3, 3)))
        content = inside & (weakest[box] < limit)
        if content.sum() > 0.5 * filled.sum():
            return None
    labels, count = scipy.ndimage.label(content, structure=np.ones((3, 3)))
    extents = [max(part.stop - part.start for part in box) for box in scipy.ndimage.find_objects(labels)]
    if not count or max(extents) < MIN_CONTENT_SHARE * max(rows, columns) or not inside.any():
        return None
    mask = np.zeros((height, width), bool)
    mask[box] = inside
    mask = mask.repeat(step, axis=0).repeat(step, axis=1)[: ink.shape[0], : ink.shape[1]]
    rows_inside, columns_inside = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Frame(mask, slice(rows_inside[0], rows_inside[-1] + 1), slice(columns_inside[0], columns_inside[-1] + 1))


def _rectangularity(filled: npt.NDArray[np.bool_]) -> float:
    """Return the fraction of its tightest enclosing rectangle, rotated by up to 20°, that a shape (h, w) fills."""
    edge = np.argwhere(filled & ~scipy.ndimage.binary_erosion(filled)).astype(np.float64)
    along = edge @ np.stack([np.cos(_TURNS), np.sin(_TURNS)])
    across = edge @ np.stack([-np.sin(_TURNS), np.cos(_TURNS)])
    areas = (np.ptp(along, axis=0) + 1) * (np.ptp(across, axis=0) + 1)
    return float(filled.sum() / areas.min())


def clear_table(layers: Pixels) -> Pixels:
    """Return a picture (h, w, channels) with paper where a dark table is seen around a sheet, else the same picture."""
    height, width, channels = layers.shape
    factor = min(max(_SHEET_SIDE / max(height, width), _SHEET_SIDE / 2 / min(height, width)), 1.0)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if min(*size, height, width) < 40:
        return layers
    planes = [Image.fromarray(np.ascontiguousarray(layers[..., channel])) for channel in range(channels)]
    small = np.stack([np.asarray(plane.resize(size, Image.Resampling.BOX)) for plane in planes], axis=-1)
    margin = WIDEST_INK_ON_SHEET
    padded = np.pad(small, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    paper = scipy.ndimage.grey_closing(padded, (margin, margin, 1))[margin:-margin, margin:-margin]
    grey = paper.mean(axis=2)
    threshold = _between_the_classes(grey)
    is_bright = grey > threshold
    pieces, count = scipy.ndimage.label(is_bright)
    if not count:
        return layers
    outline = pieces == 1 + int(np.bincount(pieces.ravel())[1:].argmax())
    piece = scipy.ndimage.binary_fill_holes(outline)
    # Bright strokes on black, side by side, are closed, too.
    is_paper = small.mean(axis=2)[piece] > threshold
    if outline.sum() < MIN_FILLED_SHARE * piece.sum() or is_paper.mean() < MIN_FILLED_SHARE:
        return layers
    share = float(piece.mean())
    sides = sum(bool(side.mean() > 0.1) for side in (piece[0], piece[-1], piece[:, 0], piece[:, -1]))
    if not MIN_SHEET_SHARE < share < MAX_SHEET_SHARE or sides > 1 or _rectangularity(piece) < RECTANGLE_SHARE - 0.02:
        return layers
    if np.median(grey[~piece]) > TABLE_BRIGHTNESS * np.median(grey[piece]):
        return layers
    inside = scipy.ndimage.binary_erosion(piece, np.ones((3, 3)), iterations=2)
    if not inside.any():
        return layers
    rows, columns = scipy.ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    nearest = paper[rows, columns]
    mask = np.asarray(Image.fromarray(inside).resize((width, height), Image.Resampling.NEAREST))
    outside = np.stack(
        [
            np.asarray(
                Image.fromarray(np.ascontiguousarray(nearest[..., channel])).resize(
                    (width, height), Image.Resampling.BILINEAR
                )
            )
            for channel in range(channels)
        ],
        axis=-1,
    )
    return np.where(mask[..., None], layers, outside)


def _between_the_classes(values: Pixels) -> float:
    """Return the threshold that parts `values` best in two (N. Otsu, *A Threshold Selection Method*, 1979)."""
    counts, edges = np.histogram(values, 64)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * middles)
    means = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(edges[1:-1][int((below * above * (means[0] - means[1]) ** 2).argmax())])
