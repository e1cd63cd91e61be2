"""Reads digits from UNIPEN files, which record the path of a pen point by point.

UNIPEN (I. Guyon et al., *UNIPEN project of on-line data exchange and recognizer benchmarks*, ICPR 1994) is a text
format: a line that begins with a dot is a statement, every other line is a point. These statements are read::

    .SEGMENT DIGIT 0 ? "8"        a digit begins, and this is its label
    .PEN_DOWN                     a stroke begins
     267  333                     a point: x to the right, y up
    .PEN_UP                       the stroke ends

*Pen-Based Recognition of Handwritten Digits* (E. Alpaydin and F. Alimoglu, UCI Machine Learning Repository, 1998,
https://archive.ics.uci.edu/dataset/81) is published in this format, in the files ``pendigits-orig.*``.
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_demo.errors import DatasetError
from mnist_demo.translation import N_, _

PAD_SIDE = 500.0  # side of the tablet on which those digits were written, in its units: x and y are in 0..PAD_SIDE
MAX_BYTES = 200_000_000  # decompressed; the larger of the two published files has 6 MB

_SEGMENT = re.compile(r'\.SEGMENT\s+DIGIT\b.*"([0-9])"\s*$')


@dataclass(frozen=True, eq=False)
class PenDigit:
    """A written digit: its `label` 0..9 and its `strokes`, float64 (n_points, 2), x to the right and y **down**.

    Coordinates are in units of the tablet, 0 to ``PAD_SIDE``. Points are in the order of writing.
    """

    label: int
    strokes: list[npt.NDArray[np.float64]]


def read_unipen(path: str | Path) -> list[PenDigit]:
    """Return the digits in a UNIPEN file, plain or gzipped, in file order.

    Raises
    ------
    DatasetError
        If the file is missing, damaged, or in another format. The message names the file and, where known, the line.
    """
    digits = list(_parse(Path(path).name, _read_text(Path(path)).splitlines()))
    if not digits:
        message = _("{file} holds no digits in UNIPEN format: no line begins with “.SEGMENT DIGIT”.")
        raise DatasetError(message.format(file=Path(path).name))
    return digits


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"  # the gzip magic number (RFC 1952)
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        message = _("{file} is damaged and cannot be unpacked: fetch it again.")
        raise DatasetError(message.format(file=path.name)) from error
    except OSError as error:
        message = _("The pen strokes in {file} cannot be read ({reason}).")
        raise DatasetError(message.format(file=path, reason=error.strerror or error)) from error
    if len(content) > MAX_BYTES:
        message = _("{file} is larger than {limit} MB, which no file of pen strokes is.")
        raise DatasetError(message.format(file=path.name, limit=MAX_BYTES // 1_000_000))
    return content.decode("latin-1")  # comments may hold names in any encoding; statements and points are ASCII


def _parse(file: str, lines: Iterable[str]) -> Iterator[PenDigit]:
    label: int | None = None
    strokes: list[npt.NDArray[np.float64]] = []
    points: list[tuple[float, float]] | None = None  # None while the pen is up

    def bad(number: int, problem: str) -> DatasetError:
        message = _("{file} is no UNIPEN file of digits, or is damaged: {problem}.")
        return DatasetError(message.format(file=file, problem=_(problem).format(number=number)))

    def lift() -> None:
        nonlocal points
        if points:
            strokes.append(np.array(points) * (1.0, -1.0) + (0.0, PAD_SIDE))
        points = None

    number = 0
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line.startswith(".SEGMENT"):
            segment = _SEGMENT.match(line)
            if segment is None:
                raise bad(number, N_("line {number} does not say which digit follows"))
            lift()
            if label is not None and strokes:
                yield PenDigit(label, strokes)
            label, strokes = int(segment.group(1)), []
        elif line.startswith(".PEN_DOWN"):
            lift()
            points = []
        elif line.startswith(".PEN_UP"):
            lift()
        elif line and not line.startswith(".") and points is not None:
            try:
                x, y = map(float, line.split()[:2])
            except ValueError:
                raise bad(number, N_("line {number} is no point, which is two numbers")) from None
            if not (abs(x) < 1e6 and abs(y) < 1e6):  # NaN fails this too
                raise bad(number, N_("line {number} is a point far outside of any tablet"))
            points.append((x, y))
    if points is not None:
        raise bad(number, N_("line {number} ends the file in the middle of a stroke"))
    if label is not None and strokes:
        yield PenDigit(label, strokes)
