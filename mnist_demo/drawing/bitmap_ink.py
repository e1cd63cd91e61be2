"""Extraction of ink from a picture on any paper: separates it from paper, shading, dust and frames.

The paper of a canvas drawing has one colour, taken from the border. A photograph has shading and grain, so its paper
is estimated locally: the picture is reduced to 64 pixels, and a morphological closing (or opening, for bright ink)
removes every feature narrower than a fifth of it. A frame around the digit, or a sheet of paper on another surface, is
recognised as a rectangle and removed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules on first use, so the first page does not wait for them
from PIL import Image

from mnist_demo.drawing.picture_files import check_size
from mnist_demo.drawing.stroke_ink import Pixels
from mnist_demo.errors import ImageError
from mnist_demo.translation import _

# Larger pictures are first reduced to about this many pixels a side, still many times the final size.
WORKING_SIDE = 1000
MIN_CONTRAST = 24 / 255  # between ink and paper; the JPEG noise of an empty sheet is below it
NOISE_FLOOR = 8 / 255
# Minimum ink of a component, as a fraction of the largest one's. The smallest real ones, such as the detached top of
# a 5, have more than 5 %.
SPECK_SHARE = 0.01

# A picture is shaded if a larger share of its pixels is neither paper nor full ink and similar to its neighbours. The
# edges of strokes are steep: nearly all MNIST digits, even enlarged ten times and soft, stay below this share.
SHADE_SHARE = 0.1
FLAT = 0.04  # of the strongest ink, between pixels a 70th of the picture apart
MIN_PHOTOGRAPH_SIDE = 64  # pixels; smaller pictures are drawings or thumbnails, with strokes wide relative to the side
PAPER_SIDE = 64  # pixels of the longer side of the reduced picture in which the paper is estimated
WIDEST_INK = 13  # of those pixels; wider features are shading, or the paper itself
DARKEST_PAPER = 0.1  # lower bound on the paper's brightness: below it, grain would be amplified to ink
MAX_FRAMES = 3  # for example a frame on a sheet on a desk

# Minimum share of its tightest enclosing rectangle that a rectangle fills; an ellipse fills 0.79, a squarish 0 about
# 0.85.
RECTANGLE_SHARE = 0.9
MIN_FRAME_SHARE = 0.25  # of the picture's width and height
MIN_CONTENT_SHARE = 0.15  # of the frame's longer side; a digit is larger, and a speck inside a 0 is smaller
_FRAME_SIDE = 70  # pixels of the longer side of the reduced picture in which frames are searched
_TURNS = np.deg2rad(np.arange(-20, 21, 4))


@dataclass(frozen=True)
class _Frame:
    """The inside of a frame: its `mask` (h, w), and the rows and columns of the mask's bounding box."""

    mask: npt.NDArray[np.bool_]
    rows: slice
    columns: slice


@dataclass(frozen=True, eq=False)
class FoundInk:
    """Ink, float32 (h, w) in [0, 1] with 0 for paper, and its position in the bitmap, `left` and `top`, in pixels.

    A pixel of `ink` covers `factor` × `factor` pixels of the bitmap.
    """

    ink: Pixels
    left: int
    top: int
    factor: int


def extract_ink(bitmap: npt.NDArray[np.uint8]) -> Pixels:
    """Return the ink of a picture: float32 (h, w) in [0, 1], the difference of each pixel from the paper.

    A large picture is reduced, and everything outside a frame or a sheet of paper is cropped. Colour counts as well as
    brightness: red on equally bright green is ink.

    Parameters
    ----------
    bitmap
        uint8 (h, w), (h, w, 3) or (h, w, 4), as `mnist_demo.drawing.image.image_from_bitmap` takes it.

    Raises
    ------
    ImageError
        If the array has another shape or dtype, is far too large, or has nothing drawn on it.
    """
    return locate_ink(bitmap).ink


def locate_ink(bitmap: npt.NDArray[np.uint8]) -> FoundInk:
    """Extract the ink as `extract_ink` does, with the same errors, and return it with its position in the bitmap."""
    layers, factor = _layers(bitmap)
    ink, left, top = _ink_of(layers), 0, 0
    for _frame in range(MAX_FRAMES):
        frame = _find_frame(ink)
        if frame is None:
            break
        mask, part = frame.mask[frame.rows, frame.columns], layers[frame.rows, frame.columns]
        # Everything around the frame becomes paper.
        layers = np.where(mask[..., None], part, np.median(part[mask], axis=0)).astype(np.float32)
        try:
            ink = _ink_of(layers)
        except ImageError:
            break  # the inside is empty: the frame itself is the drawing
        left, top = left + frame.columns.start, top + frame.rows.start
    return FoundInk(ink, left * factor, top * factor, factor)


def erase_specks(ink: Pixels) -> Pixels:
    """Return `ink` (h, w) without connected components below ``SPECK_SHARE`` of the largest: dust and noise."""
    pieces, count = scipy.ndimage.label(ink, structure=np.ones((3, 3)))
    if count == 1:
        return ink
    masses = np.bincount(pieces.ravel(), weights=ink.ravel())  # label 0 is the paper, without ink
    kept = masses >= SPECK_SHARE * masses.max()
    return np.where(kept[pieces], ink, np.float32(0))


def _layers(bitmap: npt.NDArray[np.uint8]) -> tuple[Pixels, int]:
    """Validate a picture; return it as float32 (h, w, channels) in [0, 1], alpha premultiplied, and its reduction."""
    if not isinstance(bitmap, np.ndarray) or bitmap.dtype != np.uint8:
        message = _("A bitmap must be an array of uint8, but is {kind}.")
        raise ImageError(message.format(kind=getattr(bitmap, "dtype", type(bitmap).__name__)))
    if bitmap.ndim not in (2, 3) or (bitmap.ndim == 3 and bitmap.shape[2] not in (3, 4)) or bitmap.size == 0:
        message = _("A bitmap must have the shape (h, w), (h, w, 3) or (h, w, 4), but has {shape}.")
        raise ImageError(message.format(shape=bitmap.shape))
    height, width = bitmap.shape[:2]
    check_size(width, height)
    factor = max(1, max(height, width) // WORKING_SIDE)
    if factor > 1:
        bitmap = np.asarray(Image.fromarray(bitmap).reduce(factor))
    # Each channel is contiguous in memory, because the later steps process one channel at a time.
    planes = np.moveaxis(np.atleast_3d(bitmap), 2, 0).astype(np.float32, order="C")
    layers = np.moveaxis(planes * np.float32(1 / 255), 0, 2)
    # With premultiplied alpha, the hidden colour of a transparent pixel does not matter.
    if layers.shape[2] == 4:
        layers[..., :3] *= layers[..., 3:]
    return layers, factor


def _ink_of(layers: Pixels) -> Pixels:
    """Return the ink (h, w) of a picture (h, w, channels); raise ImageError if nothing is drawn on it."""
    border = np.concatenate([layers[0], layers[-1], layers[1:-1, 0], layers[1:-1, -1]])
    # The median: of 5,000 MNIST digits cropped to their ink, only upright 1s that fill their box are taken for paper.
    paper = np.median(border, axis=0)
    ink = _difference(layers, paper)
    # Grain, and shading across a photograph, show on the border, where there is seldom ink.
    unevenness = 3 * float(np.median(_difference(border, paper)))
    strongest = float(ink.max())
    if (
        strongest >= MIN_CONTRAST
        and min(ink.shape) >= MIN_PHOTOGRAPH_SIDE
        and (unevenness > 2 * NOISE_FLOOR or _shade_share(ink / strongest, NOISE_FLOOR / strongest) > SHADE_SHARE)
    ):
        return _ink_on_uneven_paper(layers)
    ink[ink < max(NOISE_FLOOR, unevenness)] = 0
    if strongest < MIN_CONTRAST or not ink.any():
        raise _nothing_drawn()
    return ink


def _shade_share(ink: Pixels, floor: float) -> float:
    """Return the fraction of pixels that are above `floor`, below full ink, and in a flat neighbourhood."""
    step = max(1, max(ink.shape) // 70)
    sample = ink[::step, ::step]
    middle = sample[:-1, :-1]
    is_flat = (np.abs(middle - sample[1:, 1:]) < FLAT) & (np.abs(sample[1:, :-1] - sample[:-1, 1:]) < FLAT)
    return float((is_flat & (middle > floor) & (middle < 0.8)).mean())


def _difference(layers: Pixels, paper: Pixels) -> Pixels:
    """Return the largest absolute difference over the channels, the last axis: float32 without that axis."""
    difference = np.abs(layers[..., 0] - paper[..., 0])
    for channel in range(1, layers.shape[-1]):
        np.maximum(difference, np.abs(layers[..., channel] - paper[..., channel]), out=difference)
    return np.asarray(difference, np.float32)


def _ink_on_uneven_paper(layers: Pixels) -> Pixels:
    """Return the ink (h, w) of a photograph, stretched so that most of it is 1 and the paper with its grain is 0."""
    height, width, channels = layers.shape
    scale = PAPER_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    planes = [Image.fromarray(np.ascontiguousarray(layers[..., channel])) for channel in range(channels)]
    small = np.stack([np.asarray(plane.resize(size, Image.Resampling.BOX)) for plane in planes], axis=-1)
    # Strokes are narrow, so most of a neighbourhood is paper; its median preserves the edges of shadows.
    grey = small.mean(axis=2)[::2, ::2]
    deviation = grey - scipy.ndimage.median_filter(grey, WIDEST_INK)
    is_dark = np.square(deviation.clip(max=0)).sum() >= np.square(deviation.clip(min=0)).sum()
    fill = scipy.ndimage.grey_closing if is_dark else scipy.ndimage.grey_opening
    # Padded with the edge values: if mirrored, a shadow that crosses the border would become a narrow feature.
    margin = WIDEST_INK
    padded = np.pad(small, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    paper_only = fill(padded, (WIDEST_INK, WIDEST_INK, 1))[margin:-margin, margin:-margin]
    smooth = scipy.ndimage.gaussian_filter(paper_only, (1.5, 1.5, 0))
    enlarged = [
        Image.fromarray(np.ascontiguousarray(smooth[..., channel])).resize((width, height), Image.Resampling.BILINEAR)
        for channel in range(channels)
    ]
    paper = np.stack([np.asarray(plane) for plane in enlarged], axis=-1)
    # In shade, the ratio of ink to paper stays the same; the difference does not.
    ink = ((paper - layers if is_dark else layers - paper) / np.maximum(paper, DARKEST_PAPER)).max(axis=2)
    level = float(np.median(ink))
    grain = 1.48 * float(np.median(np.abs(ink - level)))  # the standard deviation, if normally distributed
    ink = ink - level
    floor = max(4 * grain, NOISE_FLOOR)
    peak = float(np.quantile(ink, 0.998))
    if peak < max(MIN_CONTRAST, 1.5 * floor):
        raise _nothing_drawn()
    full = float(np.median(ink[ink > peak / 2]))
    floor = max(floor, 0.35 * full)
    stretched = np.asarray(((ink - floor) / max(0.9 * full - floor, 1e-3)).clip(0, 1), np.float32)
    if not stretched.any():
        raise _nothing_drawn()
    return stretched


def _find_frame(ink: Pixels) -> _Frame | None:
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
    return _Frame(mask, slice(rows_inside[0], rows_inside[-1] + 1), slice(columns_inside[0], columns_inside[-1] + 1))


def _rectangularity(filled: npt.NDArray[np.bool_]) -> float:
    """Return the fraction of its tightest enclosing rectangle, rotated by up to 20°, that a shape (h, w) fills."""
    edge = np.argwhere(filled & ~scipy.ndimage.binary_erosion(filled)).astype(np.float64)
    along = edge @ np.stack([np.cos(_TURNS), np.sin(_TURNS)])
    across = edge @ np.stack([-np.sin(_TURNS), np.cos(_TURNS)])
    areas = (np.ptp(along, axis=0) + 1) * (np.ptp(across, axis=0) + 1)
    return float(filled.sum() / areas.min())


def _nothing_drawn() -> ImageError:
    return ImageError(_("Nothing is drawn on this picture: it has the same colour nearly everywhere."))
