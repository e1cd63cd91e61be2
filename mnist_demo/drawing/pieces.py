"""Connected pieces of ink: which of them belong to one digit, and the lines that digits stand in."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # loads its submodules on first use, so the first page does not wait for them

from mnist_demo.drawing.stroke_ink import Pixels

MAX_PIECES = 100  # in one picture; if there are more, the largest are kept
MAX_PAIRS = 500  # of pieces near each other; more are a texture, not the strokes of digits

# In units of the picture's typical digit height, except the overlap.
SPECK_SIDE = 0.2  # a piece smaller than this in width and height is dust, or a full stop
MIN_DETAIL = 0.07  # … unless it is so large and lies within another piece, such as the eyes of a face
LOOSE_HEIGHT = 0.6  # a lower piece may be a stroke of a digit nearby, such as the top of a 5
MAX_GAP_ABOVE = 0.3  # between a loose stroke and the digit below or above it
MAX_GAP_BESIDE = 0.12  # between a loose stroke and a digit to its left or right, such as the open side of a 4
MAX_HEIGHT = 1.4  # of a joined digit
MIN_OVERLAP = 0.3  # horizontal overlap with the digit below or above, as a fraction of the narrower one's width
MAX_GAP_OF_ONE = 0.5  # between the strokes of a drawing that is one digit, of the larger stroke's longer side
MAX_PEN_RATIO = 3.0  # between the stroke widths of pieces of one digit


@dataclass(frozen=True, eq=False)
class Piece:
    """One or several joined connected components: their labels, and their bounding box in pixels of the ink.

    `pen` is the stroke width of the largest of them, in pixels, roughly.
    """

    numbers: tuple[int, ...]
    left: int
    top: int
    right: int
    bottom: int
    pen: float

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def longer(self) -> int:
        return max(self.bottom - self.top, self.right - self.left)

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.right, self.bottom

    def join(self, other: "Piece") -> "Piece":
        return Piece(
            self.numbers + other.numbers,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            max(self, other, key=lambda piece: piece.longer).pen,
        )

    def encloses(self, other: "Piece") -> bool:
        """Tell whether the box of `other` lies within this one's."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


def find_pieces(ink: Pixels, min_ink: float) -> tuple[npt.NDArray[np.int32], list[Piece]]:
    """Return the connected components of ink above `min_ink`: their labels (h, w), 0 for none, and the larger of them.

    Dust is left out.
    """
    numbered, count = scipy.ndimage.label(ink > min_ink, structure=np.ones((3, 3)))
    if not count:
        return numbered, []
    # The largest alone are looked at: a picture of noise has a hundred thousand.
    areas = np.bincount(numbered.ravel())[1:]
    largest = np.argsort(-areas, kind="stable")[:MAX_PIECES]
    new_numbers = np.zeros(count + 1, np.int32)
    new_numbers[np.sort(largest) + 1] = np.arange(1, len(largest) + 1)
    numbered, areas = new_numbers[numbered], areas[np.sort(largest)]
    is_ink = numbered > 0
    # A stroke is about as long as half of its outline.
    edges = np.bincount(numbered[is_ink & ~scipy.ndimage.binary_erosion(is_ink)], minlength=len(largest) + 1)[1:]
    pens = 2 * areas / np.maximum(edges, 1)
    pieces = [
        Piece((place + 1,), columns.start, rows.start, columns.stop, rows.stop, float(pens[place]))
        for place, (rows, columns) in enumerate(scipy.ndimage.find_objects(numbered))
    ]
    usual = usual_height(pieces)
    large = [piece for piece in pieces if piece.longer >= SPECK_SIDE * usual]
    small = [piece for piece in pieces if MIN_DETAIL * usual <= piece.longer < SPECK_SIDE * usual]
    inside = [piece for piece in small if any(other.encloses(piece) and _same_pen(other, piece) for other in large)]
    return numbered, large + inside


def usual_height(pieces: list[Piece]) -> float:
    """Return the typical digit height in pixels, a median that ignores pieces much lower than the tallest."""
    heights = np.array([piece.height for piece in pieces])
    sides = np.array([piece.longer for piece in pieces])
    tall = heights[heights >= 0.4 * heights.max()]
    # For a single dash, such as a 1 that lies on its side or part of a broken digit, the length is the height.
    return float(np.median(tall)) if heights.max() >= 0.4 * sides.max() else float(sides.max())


def join_loose(pieces: list[Piece], usual: float) -> list[Piece]:
    """Join pieces that are too low to be a digit with the digit that they belong to, the nearest pair first."""
    pieces = list(pieces)
    boxes = np.array([piece.box for piece in pieces])
    apart = np.maximum(boxes[:, None, :2], boxes[None, :, :2]) - np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    is_near = apart.max(axis=2) <= max(MAX_GAP_ABOVE, MAX_GAP_BESIDE) * usual
    pairs = [(pieces[one], pieces[other]) for one, other in np.argwhere(np.triu(is_near, 1)).tolist()]
    if len(pairs) > MAX_PAIRS:
        return pieces
    nearest = {pair: distance for pair in pairs if (distance := _distance(*pair, usual)) is not None}
    while nearest:
        one, other = min(nearest, key=lambda pair: nearest[pair])
        joined = one.join(other)
        pieces = [piece for piece in pieces if piece not in (one, other)]
        nearest = {pair: gap for pair, gap in nearest.items() if one not in pair and other not in pair}
        nearest |= {
            (piece, joined): distance for piece in pieces if (distance := _distance(piece, joined, usual)) is not None
        }
        pieces.append(joined)
    return pieces


def join_all(pieces: list[Piece]) -> list[Piece]:
    """Return the largest piece joined with all that are not far from it: the picture is that of one digit."""
    rest = sorted(pieces, key=lambda piece: piece.longer, reverse=True)
    whole = rest.pop(0)
    while True:
        limit = MAX_GAP_OF_ONE * whole.longer
        near = [piece for piece in rest if max(_gaps(whole, piece)) <= limit and _same_pen(whole, piece)]
        if not near:
            return [whole]
        for piece in near:
            whole = whole.join(piece)
            rest.remove(piece)


def _same_pen(one: Piece, other: Piece) -> bool:
    return 1 / MAX_PEN_RATIO <= one.pen / other.pen <= MAX_PEN_RATIO


def _gaps(one: Piece, other: Piece) -> tuple[int, int]:
    """Return the gaps between the boxes of two pieces, beside and above each other, in pixels; below 0 they overlap."""
    return max(one.left, other.left) - min(one.right, other.right), max(one.top, other.top) - min(
        one.bottom, other.bottom
    )


def _distance(one: Piece, other: Piece, usual: float) -> float | None:
    """Return the gap between two pieces of one digit, in units of `usual`, or None if they are two digits."""
    if one.encloses(other) or other.encloses(one):
        return 0.0
    low = min(one, other, key=lambda piece: piece.height)
    joined = one.join(other)
    if low.height > LOOSE_HEIGHT * usual or joined.height > MAX_HEIGHT * usual or not _same_pen(one, other):
        return None
    beside, above = (gap / usual for gap in _gaps(one, other))
    narrower = min(one.right - one.left, other.right - other.left) / usual
    if -beside >= MIN_OVERLAP * narrower:
        return max(above, 0.0) if above <= MAX_GAP_ABOVE else None
    return max(above, beside, 0.0) if max(above, beside) <= MAX_GAP_BESIDE else None


def sort_lines(digits: list[Piece]) -> list[list[Piece]]:
    """Group digits into lines: a digit continues a line if its middle is within the height of the line's last one."""
    lines: list[list[Piece]] = []
    # From left to right, which allows lines to slope.
    for digit in sorted(digits, key=lambda digit: digit.left):
        middle = (digit.top + digit.bottom) / 2
        near = [line for line in lines if line[-1].top <= middle < line[-1].bottom]
        if near:
            min(near, key=lambda line: abs(line[-1].top + line[-1].bottom - 2 * middle)).append(digit)
        else:
            lines.append([digit])
    return sorted(lines, key=lambda line: float(np.mean([digit.top + digit.bottom for digit in line])))
