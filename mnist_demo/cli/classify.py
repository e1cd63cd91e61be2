"""``mnist-demo classify``: the digit or the digits in each of several pictures."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_demo.cli.common import BAD_INPUT, add_checkpoint, tell, to_json
from mnist_demo.errors import ImageError, NoDigitError
from mnist_demo.settings.presets import STARTER
from mnist_demo.translation import _, format_percent

if TYPE_CHECKING:
    from mnist_demo.rejection.pictures import ReadDigit


def add_classify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of ``classify``."""
    add_checkpoint(parser)
    text = _("a picture of one digit or several (PNG, JPEG, HEIC, …), or a folder of such pictures")
    parser.add_argument("images", nargs="+", metavar=_("IMAGE"), help=text)
    parser.add_argument("--json", action="store_true", help=_("print one JSON object a line for each picture"))
    parser.epilog = _(
        "With --json, every picture that can be read has a line with file, predicted_digit, probability, probabilities "
        "(of all ten digits), is_digit, number (all digits in a row) and digits (each of them; none on empty paper). "
        "Look at is_digit first: where it is false, as for letters or empty paper, predicted_digit is only the closest."
    )


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
        except NoDigitError as error:
            found, problem = [], error
        except ImageError as error:
            tell(_("{file}: {reason}").format(file=file, reason=error))
            status = BAD_INPUT
            continue
        # A script finds the same keys for every picture: of empty paper, how the model reads an image without ink.
        images = [one.image for one in found] or [np.zeros((28, 28), np.float32)]
        rows = classifier.predict_probabilities(np.stack(images)).tolist()
        if arguments.json:
            print(to_json(_as_dict(file, found, rows, with_starter)))
        elif problem:
            print(_("{file}: no digit. {reason}").format(file=file, reason=problem))
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
    """Return what is printed as JSON: of the whole picture, of its first digit, and of all of them.

    Where none was `found`, it is what the model makes of an image without ink, the only one of `rows`.
    """
    read = [
        {"predicted_digit": row.index(max(row)), "probability": max(row), "probabilities": list(row)} for row in rows
    ]
    digits = []
    for one, digit in zip(found, read, strict=bool(found)):
        if with_starter:
            digit |= {"starter_digit": one.digit, "starter_probability": float(one.probabilities.max())}
        digits.append({**digit, "is_digit": one.is_digit, "box": list(one.box)})
    is_digit = any(one.is_digit for one in found)
    number = _number(found, rows) if found else ""
    return {"file": file, **(digits or read)[0], "is_digit": is_digit, "number": number, "digits": digits}


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
    from mnist_demo.rejection.pictures import written_number

    return written_number(found, (row.index(max(row)) for row in rows))
