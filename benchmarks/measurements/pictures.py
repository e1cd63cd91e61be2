"""The reading of pictures of digits, and the refusal of pictures of something else, by condition.

The digits are drawn with the pen strokes of a file, on paper of several kinds, in several lights and by cameras of
several kinds: see `benchmarks.drivers.photographs`. Each picture is a file, read as the page and ``classify`` read it.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.drivers.photographs import Floats, Scene, odd_range, photograph, side_by_side, soft_thumbnail
from benchmarks.measurements.drawings import one_thread
from mnist_demo.data.non_digits import TESTING_KINDS, draw_strokes
from mnist_demo.drawing.image import load_bitmap
from mnist_demo.drawing.unipen import PenDigit, read_unipen
from mnist_demo.errors import ImageError
from mnist_demo.rejection.pictures import NO_DIGIT, read_picture
from mnist_demo.translation import N_, _

PICTURES = 40  # of each condition
SEED = 0

Strokes = Sequence[Floats]
Generator = np.random.Generator
Render = Callable[[Strokes, Generator], bytes]
Answer = tuple[str, bool]  # the digits read, and whether the picture was refused: none of them is a digit


@dataclass(frozen=True)
class PictureFigure:
    """Of `count` pictures of one condition, the fractions `accuracy` (None where there is no digit) and `refused`."""

    condition: str
    accuracy: float | None
    refused: float
    count: int

    def as_dict(self) -> dict[str, Any]:
        """Return the figure for a line of JSON; the condition is in English, so that scripts can rely on it."""
        accuracy = {} if self.accuracy is None else {"accuracy": self.accuracy}
        return {"condition": self.condition, **accuracy, "refused": self.refused, "pictures": self.count}

    def as_text(self) -> str:
        read = "–" if self.accuracy is None else f"{100 * self.accuracy:.1f} %"
        refused = _("{percent} % refused").format(percent=f"{100 * self.refused:.1f}")
        return f"{_(self.condition):<56}{read:>9}{refused:>20}"


def _photographed(**scene: Any) -> Render:
    return lambda strokes, random: photograph(strokes, Scene(**scene), random)


def _by_a_phone(strokes: Strokes, random: Generator) -> bytes:
    scene = Scene(side=(1100, 1300), quality=70, orientation=int(random.choice([3, 6, 8])))
    return photograph(strokes, scene, random)


_PLAIN = _photographed()
_PENCIL = _photographed(pens=["black"], strength=(0.15, 0.35), width=(0.02, 0.035))
_SHADED_PENCIL = _photographed(pens=["black"], strength=(0.4, 0.6), width=(0.025, 0.04), falls="shadow")
_SQUARES = _photographed(ruling="squares")
ONE_DIGIT: dict[str, Render] = {
    N_("a paint program’s picture"): _photographed(
        pens=["black"], paper=(1, 1, 1), light=(1, 1), falls="evenly", grain=(0, 0), quality=None, side=(200, 500)
    ),
    N_("soft, 28 × 28 pixels"): soft_thumbnail,
    N_("another range or depth of values"): odd_range,
    N_("marker on plain paper"): _PLAIN,
    N_("coloured pens"): _photographed(pens=["red", "green", "orange", "violet", "turquoise", "pink"]),
    N_("pale pencil"): _PENCIL,
    N_("evenly dim"): _photographed(light=(0.08, 0.2), falls="evenly", grain=(0.002, 0.006)),
    N_("edge of a shadow"): _photographed(falls="shadow"),
    N_("pencil, edge of a shadow"): _SHADED_PENCIL,
    N_("flash"): _photographed(falls="flash", light=(0.9, 1.1)),
    N_("blurred"): _photographed(blur=(0.006, 0.012)),
    N_("JPEG at quality 20"): _photographed(quality=20),
    N_("strong blue squares"): _SQUARES,
    N_("faint grey squares"): _photographed(ruling="faint squares"),
    N_("lines"): _photographed(ruling="lines"),
    N_("pencil on squares"): _photographed(
        pens=["black"], strength=(0.5, 0.7), width=(0.025, 0.04), ruling="faint squares"
    ),
    N_("sheet on a dark table"): _photographed(on_table=True, width=(0.05, 0.1)),
    N_("chalk on a blackboard"): _photographed(paper=(0.14, 0.2, 0.16), pens=["white"], strength=(0.7, 0.95)),
    N_("turned photograph of a telephone"): _by_a_phone,
}
SEVERAL_DIGITS: dict[str, Render] = {
    N_("marker on plain paper"): _PLAIN,
    N_("pale pencil"): _PENCIL,
    N_("edge of a shadow"): _photographed(falls="shadow"),
    N_("pencil, edge of a shadow"): _SHADED_PENCIL,
    N_("strong blue squares"): _SQUARES,
    N_("lines"): _photographed(ruling="lines"),
    N_("sheet on a dark table"): _photographed(on_table=True),
    N_("JPEG at quality 20"): _photographed(quality=20),
}
TWO_ROWS: dict[str, Render] = {N_("two rows"): _PLAIN}
_LETTERS = [kind for kind in TESTING_KINDS if kind.startswith("letter")]  # with which nothing was fitted


def measure_pictures(path: str, limit: int | None = None, seed: int = SEED) -> Iterator[PictureFigure]:
    """Yield the figures of all conditions: one digit, several, and no digit, `limit` pictures (default 40) of each.

    Parameters
    ----------
    path
        A UNIPEN file, packed with gzip or not.

    Raises
    ------
    DatasetError
        When the file is missing, damaged or of another kind; before anything is measured.
    """
    digits, count = read_unipen(path), limit or PICTURES
    cases = list(_cases(digits))
    with one_thread(), tqdm(total=len(cases) * count, disable=None, leave=False, unit=_(" pictures")) as bar:
        for condition, make in cases:
            right, refused, has_digits = 0, 0, False
            for number in range(count):
                truth, file = make(np.random.default_rng([seed, number, *condition.encode()]))
                read, is_refused = answer(file)
                right, refused, has_digits = right + (read == truth), refused + is_refused, bool(truth)
                bar.update()
            bar.clear()
            yield PictureFigure(condition, right / count if has_digits else None, refused / count, count)


def answer(file: bytes) -> Answer:
    """Read a picture file as the page and ``classify`` do: a digit that they call none is a question mark."""
    try:
        found = read_picture(load_bitmap(io.BytesIO(file)))
    except ImageError:
        return "", True
    read = "".join(str(one.digit) if one.is_digit else NO_DIGIT for one in found)
    return read, not any(one.is_digit for one in found)


def _cases(digits: Sequence[PenDigit]) -> Iterator[tuple[str, Callable[[Generator], tuple[str, bytes]]]]:
    """Yield each condition with what makes a picture of it: the digits that are on it, and its file."""

    def drawn(random: Generator, count: int) -> list[PenDigit]:
        return [digits[place] for place in random.integers(len(digits), size=count)]

    def one(render: Render) -> Callable[[Generator], tuple[str, bytes]]:
        def make(random: Generator) -> tuple[str, bytes]:
            (digit,) = drawn(random, 1)
            return str(digit.label), render(digit.strokes, random)

        return make

    def several(render: Render, rows: int = 1) -> Callable[[Generator], tuple[str, bytes]]:
        def make(random: Generator) -> tuple[str, bytes]:
            chosen = drawn(random, rows * int(random.integers(2, 6)))
            strokes = side_by_side([digit.strokes for digit in chosen], random, rows)
            return "".join(str(digit.label) for digit in chosen), render(strokes, random)

        return make

    def other(draw: Callable[[Generator], Strokes], render: Render) -> Callable[[Generator], tuple[str, bytes]]:
        return lambda random: ("", render(draw(random), random))

    for text, render in ONE_DIGIT.items():
        yield f"one digit: {text}", one(render)
    for text, render in SEVERAL_DIGITS.items():
        yield f"several digits: {text}", several(render)
    for text, render in TWO_ROWS.items():
        yield f"several digits: {text}", several(render, 2)
    for text, draw in NO_DIGITS.items():
        yield f"no digit: {text}", other(draw, _PLAIN)
    for text, render in EMPTY.items():
        yield f"no digit: {text}", other(lambda _random: [], render)


def _letter(random: Generator) -> Strokes:
    return draw_strokes(str(random.choice(_LETTERS)), random)


def _word(random: Generator) -> Strokes:
    return side_by_side([_letter(random) for _place in range(int(random.integers(3, 7)))], random)


def _shape(random: Generator) -> Strokes:
    kinds = [kind for kind in TESTING_KINDS if not kind.startswith("letter") and kind != "dot"]
    return draw_strokes(str(random.choice(kinds)), random)


def _ellipse(x: float, y: float, width: float, height: float, begin: float = 0, end: float = 360) -> Floats:
    angles = np.radians(np.linspace(begin, end, 50))
    return np.stack([x + width * np.cos(angles), y + height * np.sin(angles)], axis=1)


def _face(random: Generator) -> Strokes:
    eye, mouth = random.uniform(0.06, 0.12), random.uniform(0.15, 0.3)
    face = [_ellipse(0.5, 0.5, 0.5, random.uniform(0.5, 0.65)), _ellipse(0.5, 0.6, mouth, mouth, 20, 160)]
    face += [_ellipse(x, 0.35, eye, eye) for x in (0.3, 0.7)]
    return face + ([np.array([[0.5, 0.4], [0.45, 0.55], [0.52, 0.55]])] if random.random() < 0.5 else [])


def axes_of_a_plot(random: Generator) -> Strokes:
    ticks = np.linspace(0.15, 0.9, int(random.integers(3, 7)))
    axes = [np.array([[0.0, 1.0], [1.3, 1.0]]), np.array([[0.0, 1.0], [0.0, 0.0]])]
    axes += [np.array([[1.3 * x, 0.97], [1.3 * x, 1.03]]) for x in ticks]
    axes += [np.array([[-0.03, y], [0.03, y]]) for y in ticks]
    along = np.linspace(0.05, 1.2, 60)
    curve = 0.5 + 0.3 * np.sin(along * random.uniform(2, 9) + random.uniform(0, 6)) * random.uniform(0.4, 1)
    return [*axes, np.stack([along, curve], axis=1)]


NO_DIGITS: dict[str, Callable[[Generator], Strokes]] = {
    N_("a letter"): _letter,
    N_("a word"): _word,
    N_("a shape or a scribble"): _shape,
    N_("a face"): _face,
    N_("axes of a plot"): axes_of_a_plot,
}
EMPTY: dict[str, Render] = {
    N_("empty paper"): _PLAIN,
    N_("empty paper, edge of a shadow"): _photographed(falls="shadow"),
    N_("empty paper with squares"): _SQUARES,
    N_("empty sheet on a dark table"): _photographed(on_table=True),
}
