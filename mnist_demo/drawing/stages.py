"""The preprocessing of a drawing into the model input, stage by stage, with stages that can be switched off.

::

    drawn  →  crop  →  pen  →  fit  →  centre
    canvas    box of   redrawn  20 × 20,  28 × 28, with
              the ink  with     aspect    the centre of
                       MNIST's  ratio     mass in the
                       width    kept      middle

With all stages on, the last picture equals that of `image_from_strokes`. With all of them off, it is the whole canvas
scaled down, which is what most demos feed to their model.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules on first use, so the first page does not wait for them
from PIL import Image, ImageDraw

from mnist_demo.drawing.stroke_ink import (
    BOX,
    CENTRE,
    PEN_WIDTH,
    SIDE,
    Floats,
    Pen,
    Pixels,
    clean_strokes,
    fit_strokes,
    path_box,
    sweep_pen,
)
from mnist_demo.translation import N_

# name, title and explanation of each stage, marked for translation
_TEXTS = (
    ("drawn", N_("As drawn"), N_("This is the canvas, with your drawing where and as large as you drew it.")),
    ("crop", N_("Cropped"), N_("Only the box around the ink is kept, so it does not matter where you drew.")),
    (
        "pen",
        N_("Pen evened"),
        N_("The strokes are drawn again with a pen as wide as MNIST’s, so neither thick nor thin ink matters."),
    ),
    (
        "fit",
        N_("Fitted"),
        N_("The longer side becomes 20 pixels and the proportions are kept, so it does not matter how large you drew."),
    ),
    (
        "centre",
        N_("Centred"),
        N_("The centre of mass of the ink is moved to the middle of 28 × 28 pixels, and this is what the model sees."),
    ),
)
SWITCHES: tuple[str, ...] = tuple(name for name, _title, _explanation in _TEXTS[1:])  # stages that can be switched off

PICTURE_SIDE = 112  # pixels of the pictures before the last two: four per pixel of the model input
_FINER = 2  # supersampling factor: pictures are drawn this many times as large and averaged, for smooth edges
MIDDLE = (SIDE - 1) / 2  # index of the middle of the image, where a box is centred; pixels have the indices 0 to 27


@dataclass(frozen=True, eq=False)
class Stage:
    """A stage of the preprocessing. `title` and `explanation`, one sentence, are untranslated source texts.

    `image` is float32 (side, side) in [0, 1], ink bright; the side is ``PICTURE_SIDE``, or 28 in the last two stages.
    If a stage is not `enabled`, its picture is that of the stage before it, resampled to 28 × 28 where needed.
    """

    name: str
    title: str
    explanation: str
    image: Pixels
    enabled: bool


@dataclass(frozen=True)
class _Window:
    """A rectangle of the canvas, in canvas pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def longer(self) -> float:
        return max(self.width, self.height)

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2


def prepare_in_stages(
    strokes: Sequence[npt.ArrayLike], canvas_size: int = 280, pen_width: float = 16, off: Collection[str] = ()
) -> list[Stage]:
    """Return the five stages from pen strokes to the model input, with those in `off` disabled. Takes about 4 ms.

    Each switch does one thing:

    - without ``crop``, the later stages work on the whole canvas, so a small drawing stays small;
    - without ``pen``, the ink keeps its thickness on the canvas, relative to the drawing;
    - without ``fit``, the cropped drawing is stretched to 28 × 28 pixels, regardless of its proportions;
    - without ``centre``, the image is centred on the bounding box, not on the centre of mass.

    Parameters
    ----------
    strokes
        Arrays of shape (n_points, 2), canvas pixels, x to the right and y down, as `image_from_strokes` takes them.
        Without any point, all pictures are black.
    canvas_size, pen_width
        Side of the square canvas and width of its round pen, in canvas pixels.
    off
        Names from ``SWITCHES``.

    Raises
    ------
    ImageError
        If a stroke has another shape or is not numeric.
    ValueError
        If a name in `off` is not in ``SWITCHES``.
    """
    if unknown := set(off) - set(SWITCHES):
        raise ValueError(f"no such stage: {', '.join(sorted(unknown))}")
    on = {name: name not in off for name in SWITCHES}
    cleaned = clean_strokes(strokes)
    images = _pictures(cleaned, canvas_size, pen_width, on) if cleaned else _blank_pictures()
    return [
        Stage(name, title, explanation, image, on.get(name, True))
        for (name, title, explanation), image in zip(_TEXTS, images, strict=True)
    ]


def _pictures(strokes: list[Floats], canvas_size: int, pen_width: float, on: dict[str, bool]) -> list[Pixels]:
    canvas = _Window(0, 0, canvas_size, canvas_size)
    cropped = _ink_window(strokes, pen_width) if on["crop"] else canvas
    side = BOX if on["fit"] else SIDE
    if not on["pen"]:
        width, window, pen = pen_width, cropped, Pen(pen_width * side / cropped.longer, 1.0)
    else:
        width = _evened_width(strokes, canvas if not on["crop"] else None, side)
        window = _ink_window(strokes, width) if on["crop"] else canvas
        pen = Pen()
    drawn = _paint(strokes, pen_width, canvas)
    before_pen = _paint(strokes, pen_width, cropped) if on["crop"] else drawn
    before_fit = _paint(strokes, width, window) if on["pen"] else before_pen
    pictures = [_square(drawn), _square(before_pen), _square(before_fit)]
    if on["crop"] and not on["fit"]:
        return [*pictures, *_stretch(before_fit, on["centre"])]
    if on["crop"] and on["pen"]:
        fitted = fit_strokes(strokes)  # exactly as in image_from_strokes
    else:
        fitted = [(stroke - window.middle) * (side / window.longer) + CENTRE for stroke in strokes]
    boxed = sweep_pen([stroke + (MIDDLE - CENTRE) for stroke in fitted], pen, centred=False)
    return [*pictures, boxed, sweep_pen(fitted, pen) if on["centre"] else boxed]


def _blank_pictures() -> list[Pixels]:
    return [np.zeros((side, side), np.float32) for side in (PICTURE_SIDE,) * 3 + (SIDE,) * 2]


def _ink_window(strokes: Sequence[Floats], pen_width: float) -> _Window:
    low, high = path_box(strokes)
    width, height = (high - low + pen_width).tolist()
    return _Window(float(low[0]) - pen_width / 2, float(low[1]) - pen_width / 2, width, height)


def _evened_width(strokes: Sequence[Floats], window: _Window | None, side: float) -> float:
    """Return the pen width on the canvas, in canvas pixels, that becomes MNIST's stroke width in the image.

    `side` is the size in image pixels to which the `window` is scaled; None means the bounding box of the ink.
    """
    if window is not None:
        return PEN_WIDTH * window.longer / side
    low, high = path_box(strokes)
    extent = float((high - low).max())
    return PEN_WIDTH * extent / (side - PEN_WIDTH) if extent >= 1 else PEN_WIDTH  # a dot is not enlarged


def paint_canvas(strokes: Sequence[Floats], canvas_size: int = 280, pen_width: float = 20) -> npt.NDArray[np.uint8]:
    """Return the square canvas with the strokes drawn on it: uint8 (canvas_size, canvas_size), ink bright."""
    picture = _paint(strokes, pen_width, _Window(0, 0, canvas_size, canvas_size), canvas_size)
    return np.asarray(np.rint(picture * 255), np.uint8)


def _paint(strokes: Sequence[Floats], pen_width: float, window: _Window, longer: int = PICTURE_SIDE) -> Pixels:
    """Return the part of the canvas within `window`: float32 (h, w) in [0, 1], the longer side `longer` pixels."""
    scale = longer / window.longer
    size = [max(1, round(side * scale)) for side in (window.width, window.height)]
    picture = Image.new("L", (size[0] * _FINER, size[1] * _FINER))
    pencil = ImageDraw.Draw(picture)
    scale *= _FINER
    radius = pen_width * scale / 2
    for stroke in strokes:
        points = [(x, y) for x, y in ((stroke - (window.left, window.top)) * scale).tolist()]
        if len(points) > 1:
            pencil.line(points, fill=255, width=max(1, round(2 * radius)))
        for x, y in points:  # Pillow’s own curved joints leave cracks in a wide pen
            pencil.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return np.asarray(np.asarray(picture.reduce(_FINER)) / 255, np.float32)


def _square(picture: Pixels) -> Pixels:
    """Return `picture` (h, w) padded to a square of ``PICTURE_SIDE`` pixels, in the middle."""
    padding = [((PICTURE_SIDE - size) // 2, (PICTURE_SIDE - size + 1) // 2) for size in picture.shape]
    return np.pad(picture, padding)


def _stretch(picture: Pixels, centred: bool) -> list[Pixels]:
    """Return `picture` (h, w) stretched to 28 × 28, then the same moved to its centre of mass if `centred`."""
    stretched = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    if not centred or not stretched.any():
        return [stretched, stretched]
    shift = CENTRE - np.asarray(scipy.ndimage.center_of_mass(stretched))
    moved: Pixels = scipy.ndimage.shift(stretched, shift, order=1)
    return [stretched, moved]
