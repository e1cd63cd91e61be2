"""``mnist-demo classify``: the digit or the digits in each of several pictures."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_demo.cli.common import BAD_INPUT, add_checkpoint, tell, to_json
from mnist_demo.errors import ImageError
from mnist_demo.settings.presets import STARTER
from mnist_demo.translation import _, format_percent

if TYPE_CHECKING:
    from mnist_demo.rejection.pictures import ReadDigit

NO_DIGIT = "?"


def add_classify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of ``classify``."""
    add_checkpoint(parser)
    text = _("a picture of one digit or several (PNG, JPEG, HEIC, …), or a folder of such pictures")
    parser.add_argument("images", nargs="+", metavar=_("IMAGE"), help=text)
    parser.add_argument("--json", action="store_true", help=_("print one JSON object a line for each picture"))


def run_classify(arguments: argparse.Namespace) -> int:
    """Print the predicted digits and all probabilities for each picture; a bad picture does not end it.

    The starter model finds the digits and says whether they are any; where another model is asked, it reads beside it.
    """
    import numpy as np

    from mnist_demo.drawing.image import load_bitmap
    from mnist_demo.models.checkpoints import load_checkpoint
    from mnist_demo.rejection.pictures import read_picture

    classifier = load_checkpoint(arguments.checkpoint)
    with_starter = arguments.checkpoint != STARTER
    status = 0
    for file, problem in _files(arguments.images):
        try:
            if problem:
                raise problem
            found = read_picture(load_bitmap(file))
        except ImageError as error:
            tell(_("{file}: {reason}").format(file=file, reason=error))
            status = BAD_INPUT
            continue
        rows = classifier.predict_probabilities(np.stack([one.image for one in found])).tolist()
        if arguments.json:
            print(to_json(_as_dict(file, found, rows, with_starter)))
        else:
            print(_as_sentence(file, found, rows, with_starter))
            for row in rows:
                print("".join(f"{digit:>5}: {format_percent(share, 1)}" for digit, share in enumerate(row)))
    return status


def _files(names: Sequence[str]) -> Iterator[tuple[str, ImageError | None]]:
    """Yield the files that are named, and those in the folders that are; with the error for a folder without any."""
    from mnist_demo.drawing.image import pictures_in

    for name in names:
        if not Path(name).is_dir():
            yield name, None
            continue
        try:
            yield from ((str(path), None) for path in pictures_in(name))
        except ImageError as error:
            yield name, error


def _as_dict(
    file: str, found: Sequence["ReadDigit"], rows: Sequence[Sequence[float]], with_starter: bool
) -> dict[str, Any]:
    """Return what is printed as JSON: of the whole picture, of its first digit, and of all of them."""
    digits = []
    for one, row in zip(found, rows, strict=True):
        digit = {"predicted_digit": row.index(max(row)), "probability": max(row), "probabilities": list(row)}
        if with_starter:
            digit |= {"starter_digit": one.digit, "starter_probability": float(one.probabilities.max())}
        digits.append({**digit, "is_digit": one.is_digit, "box": list(one.box)})
    is_digit = any(one.is_digit for one in found)
    return {"file": file, **digits[0], "is_digit": is_digit, "number": _number(found, rows), "digits": digits}


def _as_sentence(file: str, found: Sequence["ReadDigit"], rows: Sequence[Sequence[float]], with_starter: bool) -> str:
    starter = [one.probabilities.tolist() for one in found]
    values = {"file": file, "read": _answer(found, rows), "starter": _answer(found, starter)}
    if not any(one.is_digit for one in found):
        if with_starter:
            text = _("{file}: this is not a digit; the closest is {read}, or {starter} by the starter model")
        else:
            text = _("{file}: this is not a digit; the closest is {read}")
    elif with_starter:
        text = _("{file}: {read}; the starter model reads {starter}")
    else:
        text = _("{file}: {read}")
    return text.format(**values)


def _answer(found: Sequence["ReadDigit"], rows: Sequence[Sequence[float]]) -> str:
    """Return the digits, and the probability of the least certain of them."""
    percent = format_percent(min(map(max, rows)), 1)
    if len(rows) == 1:
        return _("{number} ({percent})").format(number=_number(found, rows), percent=percent)
    return _("{number} (lowest: {percent})").format(number=_number(found, rows), percent=percent)


def _number(found: Sequence["ReadDigit"], rows: Sequence[Sequence[float]]) -> str:
    """Return the digits in a row; what is none among those that are is a question mark."""
    is_number = any(one.is_digit for one in found)
    digits = (str(row.index(max(row))) for row in rows)
    return "".join(
        digit if one.is_digit or not is_number else NO_DIGIT for one, digit in zip(found, digits, strict=True)
    )
