"""The digits in a picture, as the calibrated starter model reads them: one digit or several, or something else.

The ink of a picture can be divided into digits in several ways (`mnist_demo.drawing.pictures_of_digits`): as one digit
in several strokes, or as several digits. The starter model reads all of them, and the way that it believes most is
kept. It judges for every model, as it does for drawings: what it has learned of digits tells them from other drawings
far better than the features of a small model do.
"""

import functools
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from mnist_demo.drawing.image import load_bitmap
from mnist_demo.drawing.pictures_of_digits import FoundDigit, divide
from mnist_demo.models.checkpoints import TrainedClassifier, load_checkpoint
from mnist_demo.rejection.calibration import Calibration, judge
from mnist_demo.rejection.calibration_files import load_starter_calibration
from mnist_demo.settings.presets import STARTER

GAIN = 0.1  # in belief, for which a less likely way to divide the picture is preferred
NO_DIGIT = "?"  # how a number is written where something among its digits is none
# What is not as high as the others is no digit among them, but part of something: the edge of a table.
LOWEST, HIGHEST = 0.5, 1.8
# Of what is about as high as a digit, so much must be one: what stands among letters is a letter.
MIN_DIGIT_SHARE = 0.6
# What stands among digits, at least half of all, is likely to be one too: its score may be so much lower.
LENIENCE = 2.0


@dataclass(frozen=True, eq=False)
class ReadDigit:
    """A digit in a picture: its `box` and its `image` (see `FoundDigit`), and how the starter model reads it.

    `probabilities`, float32 (10,), are calibrated; they hold if `is_digit`.
    """

    box: tuple[int, int, int, int]
    image: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32]
    is_digit: bool

    @property
    def digit(self) -> int:
        """The digit that is most probable."""
        return int(self.probabilities.argmax())


def written_number(found: Sequence[ReadDigit], digits: Iterable[int]) -> str:
    """Return the `digits` that a model reads in a picture in a row; what is none among those that are is ``?``."""
    is_number = any(one.is_digit for one in found)
    return "".join(
        str(digit) if one.is_digit or not is_number else NO_DIGIT for one, digit in zip(found, digits, strict=True)
    )


def read_picture_file(content: bytes) -> list[ReadDigit]:
    """Return the digits in a picture file as `read_picture` does; raise ImageError as it and `load_bitmap` do."""
    return read_picture(load_bitmap(io.BytesIO(content)))


def read_picture(bitmap: npt.NDArray[np.uint8]) -> list[ReadDigit]:
    """Return the digits in a picture in reading order, at least one; if none of them `is_digit`, it shows none.

    Parameters
    ----------
    bitmap
        uint8 (h, w), (h, w, 3) or (h, w, 4), as `mnist_demo.drawing.image.image_from_bitmap` takes it.

    Raises
    ------
    ImageError
        If the array has another shape or dtype, is far too large, or has nothing drawn on it.
    """
    classifier, calibration = _starter()
    best, most = None, -np.inf
    for place, found in enumerate(divide(bitmap)):
        read, belief = _read(found, classifier, calibration)
        if best is None or belief > most + GAIN:
            best, most = read, belief
        if place == 0 and belief > 1 - GAIN:
            break
    assert best is not None
    return _digits_among(best)


@functools.cache
def _starter() -> tuple[TrainedClassifier, Calibration]:
    return load_checkpoint(STARTER), load_starter_calibration()


def _read(
    found: Sequence[FoundDigit], classifier: TrainedClassifier, calibration: Calibration
) -> tuple[list[ReadDigit], float]:
    """Read what was found; return also how far the model believes that all of it are digits, 0 to 1."""
    judgement = judge(classifier, calibration, np.stack([one.image for one in found]))
    are_digits = judgement.is_digit
    if len(found) > 1 and are_digits.mean() >= 0.5:
        are_digits = judgement.score >= calibration.threshold - LENIENCE
    read = [
        ReadDigit(one.box, one.image, probabilities, bool(is_digit))
        for one, probabilities, is_digit in zip(found, judgement.probabilities, are_digits, strict=True)
    ]
    beliefs = judgement.probabilities.max(axis=1) * expit(judgement.score - calibration.threshold)
    # What is large counts more: not every fold of the paper.
    heights = np.array([one.box[3] - one.box[1] for one in found])
    return read, float(np.average(beliefs, weights=heights))


def _digits_among(read: list[ReadDigit]) -> list[ReadDigit]:
    """Drop what is too low or too high beside the digits, and mark all of it if too little of the rest is a digit."""
    heights = np.array([one.box[3] - one.box[1] for one in read])
    is_digit = np.array([one.is_digit for one in read])
    if not is_digit.any():
        return read
    usual = float(np.median(heights[is_digit]))
    kept = [
        one
        for one, height in zip(read, heights, strict=True)
        if one.is_digit or LOWEST * usual <= height <= HIGHEST * usual
    ]
    if np.mean([one.is_digit for one in kept]) < MIN_DIGIT_SHARE:
        return [replace(one, is_digit=False) for one in kept]
    return kept
