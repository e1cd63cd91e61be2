"""Extraction of ink from a picture on any paper: separates it from paper, shading, dust and frames.

The paper of a canvas drawing has one colour, taken from the border. The paper of a photograph is estimated locally
(`paper`), what is printed on it is removed (`ruling`), and so is what is around a frame or a sheet (`frames`). Ink is
measured by the picture itself: by its strongest ink and by the grain of its paper, not by an absolute contrast.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules on first use, so the first page does not wait for them
from PIL import Image

from mnist_demo.drawing.frames import clear_table, find_frame
from mnist_demo.drawing.paper import PAPER_SIDE, WIDEST_INK, estimate_paper, largest_step
from mnist_demo.drawing.picture_files import check_size
from mnist_demo.drawing.ruling import remove_ruling
from mnist_demo.drawing.stroke_ink import Pixels
from mnist_demo.errors import ImageError, NoDigitError
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
LIGHT_SHARE = 0.1  # of the border, in light, of a picture whose border is in shade
MIN_PHOTOGRAPH_SIDE = 64  # pixels; smaller pictures are drawings or thumbnails, with strokes wide relative to the side
DARKEST_PAPER = 0.02  # lower bound on the paper's brightness: below it, grain would be amplified to ink
SMOOTHED_SIDE = 1000  # a photograph is smoothed over a pixel if it has so many a side, over less if it is smaller
INK_QUANTILE = 0.999  # of the pixels are not the strongest ink
FAINTEST_INK = 0.02  # of the paper's brightness, between paper and ink
REST_OF_SHADOW = 0.12  # of the step in brightness at its edge, which is never followed quite
CLEAR_INK, WEAK_INK = 5.0, 12.0  # times the grain
CORNERS_OF_PRINT = 0.004  # of what is printed, at most, is where a line cuts a corner of the picture, and stays
REST_OF_PRINT = 0.1  # of what is printed on the paper, at most, is seen where it was removed
STROKE_SHARE = 0.03  # of the picture's longer side: a stroke has as many pixels at least
MAX_FRAMES = 3  # for example a frame on a sheet on a desk


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
    layers = clear_table(layers)
    ink, left, top = _ink_of(layers), 0, 0
    for _frame in range(MAX_FRAMES):
        frame = find_frame(ink)
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
    factor = -(-max(height, width) // WORKING_SIDE)
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
    if min(ink.shape) >= MIN_PHOTOGRAPH_SIDE and (
        unevenness > min(2 * NOISE_FLOOR, strongest / 8)
        or (strongest >= MIN_CONTRAST and _shade_share(ink / strongest, NOISE_FLOOR / strongest) > SHADE_SHARE)
        or (strongest >= MIN_CONTRAST and _is_half_in_shade(ink / strongest))
    ):
        return _ink_on_uneven_paper(layers)
    # Whatever range the values have: what a clean picture shows is ink, however faint.
    floor = max(unevenness, min(NOISE_FLOOR, strongest / 8))
    ink[ink < floor] = 0
    if strongest <= 2 * unevenness or not ink.any() or (strongest < MIN_CONTRAST and not _holds_together(ink)):
        raise _nothing_drawn()
    ink /= strongest
    if ink[[0, -1]].any() or ink[:, [0, -1]].any():
        everything = float(ink.sum())
        ink = remove_ruling(ink, floor / strongest)
        if ink.sum() < CORNERS_OF_PRINT * everything:
            raise _nothing_drawn()
    return ink


def _shade_share(ink: Pixels, floor: float) -> float:
    """Return the fraction of pixels that are above `floor`, below full ink, and in a flat neighbourhood."""
    step = max(1, max(ink.shape) // 70)
    sample = ink[::step, ::step]
    middle = sample[:-1, :-1]
    is_flat = (np.abs(middle - sample[1:, 1:]) < FLAT) & (np.abs(sample[1:, :-1] - sample[:-1, 1:]) < FLAT)
    return float((is_flat & (middle > floor) & (middle < 0.8)).mean())


def _is_half_in_shade(ink: Pixels) -> bool:
    """Tell whether an area of the ink that is wider than a stroke reaches the border: light, in a picture in shade."""
    scale = min(PAPER_SIDE / max(ink.shape), 1)
    rows, columns = (np.linspace(0, side - 1, max(2, round(scale * side))).astype(np.int64) for side in ink.shape)
    is_ink = np.pad(np.asarray(ink[np.ix_(rows, columns)] > 0.5, np.uint8), WIDEST_INK, "edge")
    is_wide = scipy.ndimage.grey_opening(is_ink, WIDEST_INK)[WIDEST_INK:-WIDEST_INK, WIDEST_INK:-WIDEST_INK]
    border = np.concatenate([is_wide[0], is_wide[-1], is_wide[:, 0], is_wide[:, -1]])
    return bool(border.mean() > LIGHT_SHARE)


def _difference(layers: Pixels, paper: Pixels) -> Pixels:
    """Return the largest absolute difference over the channels, the last axis: float32 without that axis."""
    difference = np.abs(layers[..., 0] - paper[..., 0])
    for channel in range(1, layers.shape[-1]):
        np.maximum(difference, np.abs(layers[..., channel] - paper[..., channel]), out=difference)
    return np.asarray(difference, np.float32)


def _ink_on_uneven_paper(layers: Pixels) -> Pixels:
    """Return the ink (h, w) of a photograph, stretched so that most of it is 1 and the paper with its grain is 0."""
    ink, noise, step = _difference_from_uneven_paper(layers)
    everything = float(np.quantile(ink[::2, ::2], INK_QUANTILE))
    ink = remove_ruling(ink, float(np.median(noise)))
    peak = float(np.quantile(ink[::2, ::2], INK_QUANTILE))
    if peak < REST_OF_PRINT * everything:
        raise _nothing_drawn()
    if peak < WEAK_INK * float(np.median(noise)):  # pale pencil: its strokes are longer than the grain
        ink, noise = scipy.ndimage.gaussian_filter(ink, 1.0, truncate=2), noise * np.float32(0.5)
        peak = float(np.quantile(ink[::2, ::2], INK_QUANTILE))
    strong = ink > max(peak / 2, 1e-6)
    if peak < max(FAINTEST_INK, CLEAR_INK * float(np.median(noise)), REST_OF_SHADOW * step) or not strong.any():
        raise _nothing_drawn()
    full = float(np.median(ink[strong]))
    floor = np.maximum(2.5 * noise, 0.35 * full)
    stretched = np.asarray(((ink - floor) / np.maximum(0.9 * full - floor, 0.2 * full)).clip(0, 1), np.float32)
    # Faint ink is ink if it continues some that is clear.
    pieces, count = scipy.ndimage.label(stretched, structure=np.ones((3, 3)))
    is_clear = np.zeros(count + 1, bool)
    is_clear[pieces[ink > np.maximum(CLEAR_INK * noise, 0.5 * full)]] = True
    stretched[~is_clear[pieces]] = 0
    if not stretched.any() or (peak < MIN_CONTRAST and not _holds_together(stretched)):
        raise _nothing_drawn()
    return stretched


def _difference_from_uneven_paper(layers: Pixels) -> tuple[Pixels, Pixels, float]:
    """Return how much each pixel of a photograph differs from its paper, a fraction of the paper's brightness.

    The second array, also (h, w), is the standard deviation of the first where there is only the paper's grain.
    The third value is the largest step of the paper's brightness, a fraction of it: the edge of a shadow.
    """
    paper, is_dark = estimate_paper(layers)
    smoothing = max(layers.shape) / SMOOTHED_SIDE
    shape, channels = layers.shape[:2], layers.shape[2]
    mean, strongest = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    darkest = np.full(shape, np.inf, np.float32)
    for channel in range(channels):
        difference = paper[..., channel] - layers[..., channel]
        if not is_dark:
            difference = -difference
        if smoothing > 0.3:
            difference = scipy.ndimage.gaussian_filter(difference, smoothing, truncate=2)
        brightness = np.maximum(paper[..., channel], DARKEST_PAPER)
        difference -= np.median(difference[::3, ::3])
        mean += difference / brightness / np.float32(channels)  # in shade, the ratio of ink to paper stays the same
        # Colours show in one channel, of which only what is clear counts: the mean has less grain.
        difference -= _grain(difference) * CLEAR_INK
        np.maximum(strongest, difference / brightness, out=strongest)
        np.minimum(darkest, brightness, out=darkest)
    # The grain is the same in shade, where its ratio to the paper is larger.
    return np.maximum(mean, strongest), np.float32(_grain(mean * darkest)) / darkest, largest_step(paper)


def _grain(difference: Pixels) -> float:
    """Return the standard deviation of most pixels, if it is normally distributed; strokes do not count."""
    return 1.48 * float(np.median(np.abs(difference[::3, ::3])))


def _holds_together(ink: Pixels) -> bool:
    """Tell whether most of the ink (h, w) is in pieces as large as strokes, not in the dots of noise."""
    pieces, count = scipy.ndimage.label(ink > 0.5 * float(ink.max()), structure=np.ones((3, 3)))
    if not count:
        return False
    areas = np.bincount(pieces.ravel())[1:]
    return bool(areas[areas >= STROKE_SHARE * max(ink.shape)].sum() >= 0.5 * areas.sum())


def _nothing_drawn() -> NoDigitError:
    return NoDigitError(_("Nothing but paper was found in this picture: write large and dark on clear paper."))
