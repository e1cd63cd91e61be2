"""Labelled drawings: pen strokes with the intended digit, collected for export and for fine-tuning a model.

A collection is one JSON file, UTF-8, at most 5 MB::

    {"format": "mnist-demo-drawings", "version": 1,
     "drawings": [{"label": 3, "strokes": [[[101.5, 60], [103, 58.25], …], …]}, …]}

The file holds strokes, not pictures: preprocessing them again gives the same image, and a later version of this program
may preprocess them better. A file is validated as a whole before anything in it is used.
"""

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.drawing.stroke_ink import clean_strokes
from mnist_demo.errors import DrawingFileError, ImageError
from mnist_demo.translation import _

FORMAT, VERSION = "mnist-demo-drawings", 1
MAX_FILE_BYTES = 5_000_000
MAX_DRAWINGS = 1000
# Of a drawing, and of all together: more, nobody has drawn by hand, and their images would take seconds to compute.
MAX_STROKES, MAX_STROKES_IN_ALL = 200, 10_000
MAX_COORDINATE = 1e6  # pixels, the bound that clean_strokes clips to
DECIMALS = 2  # of a coordinate in pixels


@dataclass(frozen=True, eq=False)
class LabelledDrawing:
    """Pen strokes, float arrays (n_points, 2) in canvas pixels, y down, and their `label`, the intended digit 0..9.

    Raises
    ------
    DrawingFileError
        If the label is not a digit, a stroke has another shape, or no stroke has a finite point.
    """

    strokes: tuple[npt.NDArray[np.float64], ...]
    label: int

    def __post_init__(self) -> None:
        if isinstance(self.label, bool) or not isinstance(self.label, int | np.integer) or not 0 <= self.label <= 9:
            message = _("The label of a drawing must be a whole number from 0 to 9, but is “{label}”.")
            raise DrawingFileError(message.format(label=str(self.label)[:60]))
        try:
            strokes = clean_strokes(self.strokes)
        except ImageError as error:
            raise DrawingFileError(str(error)) from error
        if not strokes:
            raise DrawingFileError(_("Nothing is drawn, so there is nothing to save."))
        object.__setattr__(self, "label", int(self.label))
        object.__setattr__(self, "strokes", tuple(strokes))

    @functools.cached_property
    def json(self) -> str:
        """The drawing's entry in a file; coordinates are rounded to a hundredth of a pixel."""
        entry = {"label": self.label, "strokes": [stroke.round(DECIMALS).tolist() for stroke in self.strokes]}
        return json.dumps(entry, separators=(",", ":"), allow_nan=False)

    @functools.cached_property
    def image(self) -> npt.NDArray[np.float32]:
        """The model input, float32 (28, 28) in [0, 1]."""
        return image_from_strokes(self.strokes)


@dataclass(frozen=True, eq=False)
class DrawingCollection:
    """The labelled drawings of a session, oldest first. Immutable: `with_drawing` returns a new collection.

    Raises
    ------
    DrawingFileError
        If there are more than 1,000 drawings.
    """

    drawings: tuple[LabelledDrawing, ...] = ()

    def __post_init__(self) -> None:
        if len(self.drawings) > MAX_DRAWINGS:
            message = _(
                "At most {limit:,} drawings can be saved here, but there are {count:,}: save yours as a file, then "
                "delete them to make room."
            )
            raise DrawingFileError(message.format(limit=MAX_DRAWINGS, count=len(self.drawings)))

    def __len__(self) -> int:
        return len(self.drawings)

    def with_drawing(self, drawing: LabelledDrawing) -> "DrawingCollection":
        return DrawingCollection((*self.drawings, drawing))

    def without_drawing(self, index: int) -> "DrawingCollection":
        return DrawingCollection(self.drawings[:index] + self.drawings[index + 1 :])

    def united_with(self, other: "DrawingCollection") -> "DrawingCollection":
        """Return the union without duplicates, because a file may be opened twice or hold drawings that are here."""
        united = {drawing.json: drawing for drawing in self.drawings}
        for drawing in other.drawings:
            united.setdefault(drawing.json, drawing)
        return DrawingCollection(tuple(united.values()))

    def images(self) -> npt.NDArray[np.float32]:
        """Return the model inputs, float32 (n, 28, 28) in [0, 1]; each takes 0.5 ms once and is then cached."""
        return np.array([drawing.image for drawing in self.drawings], np.float32).reshape(-1, 28, 28)

    def labels(self) -> npt.NDArray[np.int64]:
        return np.array([drawing.label for drawing in self.drawings], np.int64)

    def to_bytes(self) -> bytes:
        """Return the content of a file; coordinates are rounded to a hundredth of a pixel.

        Raises
        ------
        DrawingFileError
            If the file would be larger, or have more strokes, than `from_bytes` accepts.
        """
        _check_strokes(sum(len(drawing.strokes) for drawing in self.drawings))
        drawings = ",".join(drawing.json for drawing in self.drawings)
        content = f'{{"format":"{FORMAT}","version":{VERSION},"drawings":[{drawings}]}}'.encode()
        _check_size(content)
        return content

    @classmethod
    def from_bytes(cls, content: bytes) -> "DrawingCollection":
        """Return the collection in a file that `to_bytes` wrote. Untrusted files are safe to read.

        Raises
        ------
        DrawingFileError
            If any part of the file is invalid; no drawing is loaded then.
        """
        _check_size(content)
        try:
            about: Any = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
        # RecursionError: brackets nested ten thousand deep. UnicodeDecodeError and JSONDecodeError are ValueErrors.
        except (ValueError, RecursionError) as error:
            raise DrawingFileError(_("This is not a file of drawings, or it is damaged: it is no JSON.")) from error
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise DrawingFileError(_("This file was not written by this program’s export of drawings."))
        if type(about.get("version")) is not int or about["version"] != VERSION:
            raise DrawingFileError(_("This file of drawings was written by another version of this program."))
        drawings = about.get("drawings")
        if set(about) != {"format", "version", "drawings"} or not isinstance(drawings, list):
            raise DrawingFileError(_("This file of drawings is damaged: it does not hold a list of drawings alone."))
        if len(drawings) > MAX_DRAWINGS:
            message = _("This file holds {count:,} drawings, but at most {limit:,} are taken.")
            raise DrawingFileError(message.format(count=len(drawings), limit=MAX_DRAWINGS))
        read, strokes = [], 0
        for number, drawing in enumerate(drawings, 1):
            read.append(_read_drawing(number, drawing))
            strokes += len(read[-1].strokes)
            _check_strokes(strokes)
        return cls(tuple(read))


def _read_drawing(number: int, drawing: Any) -> LabelledDrawing:
    if not isinstance(drawing, dict) or set(drawing) != {"label", "strokes"}:
        message = _("Drawing {number} of this file is damaged: it must have a label and strokes, and nothing else.")
        raise DrawingFileError(message.format(number=number))
    strokes = drawing["strokes"]
    if not isinstance(strokes, list) or not all(_is_stroke(stroke) for stroke in strokes):
        message = _("Drawing {number} of this file is damaged: strokes must be lists of points, two numbers each.")
        raise DrawingFileError(message.format(number=number))
    if len(strokes) > MAX_STROKES:
        message = _("Drawing {number} of this file has {count:,} strokes, but at most {limit:,} are taken.")
        raise DrawingFileError(message.format(number=number, count=len(strokes), limit=MAX_STROKES))
    try:
        return LabelledDrawing(tuple(np.array(stroke, np.float64) for stroke in strokes), drawing["label"])
    except DrawingFileError as error:
        message = _("Drawing {number} of this file is damaged. {reason}")
        raise DrawingFileError(message.format(number=number, reason=error)) from error


def _is_stroke(stroke: Any) -> bool:
    return isinstance(stroke, list) and all(
        isinstance(point, list) and len(point) == 2 and all(_is_coordinate(number) for number in point)
        for point in stroke
    )


def _is_coordinate(number: Any) -> bool:
    # The bounds come before isfinite, which overflows on an integer of 400 digits, and that is valid JSON.
    return type(number) in (int, float) and -MAX_COORDINATE <= number <= MAX_COORDINATE and math.isfinite(number)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # Python parses NaN and Infinity, which are not valid JSON


def _check_strokes(count: int) -> None:
    if count > MAX_STROKES_IN_ALL:
        message = _("Drawings have at most {limit:,} strokes in all, but these have {count:,}.")
        raise DrawingFileError(message.format(limit=MAX_STROKES_IN_ALL, count=count))


def _check_size(content: Sequence[int]) -> None:
    if len(content) > MAX_FILE_BYTES:
        message = _("A file of drawings has at most {limit} MB, but this one has {size:.1f} MB.")
        raise DrawingFileError(message.format(limit=MAX_FILE_BYTES // 1_000_000, size=len(content) / 1e6))
