"""``mnist-demo classify``: the digit in each of several pictures."""

import argparse

from mnist_demo.cli.common import BAD_INPUT, add_checkpoint, tell, to_json
from mnist_demo.errors import ImageError
from mnist_demo.translation import _, format_percent


def add_classify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of ``classify``."""
    add_checkpoint(parser)
    parser.add_argument("images", nargs="+", metavar=_("IMAGE"), help=_("a picture of one digit (PNG, JPEG, …)"))
    parser.add_argument("--json", action="store_true", help=_("print one JSON object a line for each picture"))


def run_classify(arguments: argparse.Namespace) -> int:
    """Print the predicted digit and all probabilities for each picture; a bad picture does not end it."""
    from mnist_demo.drawing.image import image_from_bitmap, load_bitmap
    from mnist_demo.models.checkpoints import load_checkpoint

    classifier = load_checkpoint(arguments.checkpoint)
    status = 0
    for file in arguments.images:
        try:
            image = image_from_bitmap(load_bitmap(file))
        except ImageError as error:
            tell(_("{file}: {reason}").format(file=file, reason=error))
            status = BAD_INPUT
            continue
        probabilities = classifier.predict_probabilities(image[None])[0].tolist()
        digit = probabilities.index(max(probabilities))
        if arguments.json:
            answer = {"file": file, "predicted_digit": digit, "probability": probabilities[digit]}
            print(to_json({**answer, "probabilities": probabilities}))
        else:
            shares = "".join(f"{digit:>5}: {format_percent(share, 1)}" for digit, share in enumerate(probabilities))
            print(f"{file}: {digit} ({format_percent(probabilities[digit], 1)})\n{shares}")
    return status
