"""The hyperparameters by name: their kinds, their bounds, the words for them, and the check of a value.

``FIELDS`` is the only place that knows the bounds; the page, the URL and the command line all read it.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from mnist_demo.errors import HyperparameterError
from mnist_demo.settings.architectures import ARCHITECTURES
from mnist_demo.settings.choices import ACTIVATION_CHOICES, OPTIMIZER_CHOICES, PRECISION_CHOICES, Choice
from mnist_demo.translation import N_, _, format_decimal, format_list

Kind = Literal["choice", "integer", "number", "switch", "sizes"]


@dataclass(frozen=True)
class Field:
    """One hyperparameter: its kind, its inclusive bounds, and the words for it.

    `optional` fields may be None, written ``all``; `changeable` ones can be changed while a run goes on. `title` and
    `help` are source texts: translate them when shown.
    """

    kind: Kind
    title: str
    help: str
    minimum: float = -math.inf
    maximum: float = math.inf
    step: float = 1
    choices: Collection[Choice] = ()
    optional: bool = False
    changeable: bool = False

    @property
    def choice_names(self) -> tuple[str, ...]:
        return tuple(choice.name for choice in self.choices)


# Where people customarily start, by optimizer.
CUSTOMARY_LEARNING_RATES = {"sgd": 0.1, "momentum": 0.01, "adam": 0.001, "adamw": 0.001}

FIELDS: dict[str, Field] = {
    "model": Field("choice", N_("Model"), N_("What is trained."), choices=ARCHITECTURES.values()),
    "optimizer": Field(
        "choice", N_("Optimizer"), N_("How a gradient becomes a change of the weights."), choices=OPTIMIZER_CHOICES
    ),
    "learning_rate": Field(
        "number",
        N_("Learning rate"),
        N_(
            "How far one step goes. Too small: nothing happens. Too large: the loss jumps around (try 50) or "
            "explodes (try 50 with a weight decay of 0.1)."
        ),
        minimum=1e-9,
        maximum=1e30,  # absurd on purpose: a learner may see a run diverge, and float32 has to overflow for that
        step=0.01,
        changeable=True,
    ),
    "one_cycle": Field(
        "switch",
        N_("One-cycle schedule"),
        N_("The learning rate rises to the value above during the first part of training, then falls to almost zero."),
    ),
    "batch_size": Field(
        "integer", N_("Batch size"), N_("How many images each step learns from."), 1, 10_000, changeable=True
    ),
    "epochs": Field("integer", N_("Epochs"), N_("How many times training goes through all training images."), 1, 1000),
    "momentum": Field(
        "number", N_("Momentum"), N_("The part of the last move that SGD with momentum keeps."), 0, 0.999, step=0.01
    ),
    "weight_decay": Field(
        "number",
        N_("Weight decay"),
        N_("Pulls every weight towards zero a little at each step."),
        0,
        1,
        step=0.0001,
        changeable=True,
    ),
    "hidden_sizes": Field(
        "sizes",
        N_("Hidden layers"),
        N_("Units in each hidden layer of the multi-layer perceptron, such as 128 or 256, 64."),
        minimum=1,
        maximum=2048,
    ),
    "activation": Field(
        "choice",
        N_("Activation"),
        N_(
            "What a hidden unit makes of its weighted sum. Without a bend, sums of sums are sums again, and the "
            "network can do no more than the linear model."
        ),
        choices=ACTIVATION_CHOICES,
    ),
    "dropout": Field(
        "number",
        N_("Dropout"),
        N_("The share of hidden units that is switched off at random in each step (networks only)."),
        minimum=0,
        maximum=0.9,
        step=0.05,
        changeable=True,
    ),
    "label_smoothing": Field(
        "number",
        N_("Label smoothing"),
        N_(
            "The part of each label that is spread evenly over all ten digits, so that the network does not become "
            "too sure (networks only)."
        ),
        minimum=0,
        maximum=0.9,
        step=0.05,
        changeable=True,
    ),
    "margin": Field(
        "switch",
        N_("Margin"),
        N_("A margin of zeros around the image; without one, training is quicker (convolutional networks only)."),
    ),
    "precision": Field(
        "choice",
        N_("Precision"),
        N_(
            "How exactly convolutions compute while they learn. With 16 bits training is up to twice as quick on "
            "processors that have instructions for it, and very slow on others (convolutional networks only)."
        ),
        choices=PRECISION_CHOICES,
    ),
    "shuffle": Field("switch", N_("Shuffle"), N_("A new random order of the training images in every epoch.")),
    "augmentation": Field(
        "switch",
        N_("Affine augmentation"),
        N_("Turns, shifts, scales and slants each training image a little, differently each time."),
    ),
    "pen_variation": Field(
        "switch",
        N_("Random pens"),
        N_("Makes the strokes of each training image a little thicker or thinner, differently each time."),
    ),
    "synthetic_digits": Field(
        "integer",
        N_("Synthetic digits"),
        N_(
            "How many digits drawn by the program are added to the training images, such as a 1 with a flag or a 7 "
            "with a bar."
        ),
        minimum=0,
        maximum=60_000,
        step=1000,
    ),
    "builtin_copies": Field(
        "integer",
        N_("Copies of the built-in digits"),
        N_(
            "How many times scikit-learn’s 1,437 training digits, in other people’s handwriting, are added to the "
            "training images."
        ),
        minimum=0,
        maximum=40,
    ),
    "training_size": Field(
        "integer",
        N_("Training images"),
        N_("How many of the training images are used: all of them unless a number is given."),
        minimum=10,
        maximum=60_000,
        step=1000,
        optional=True,
    ),
    "validation_size": Field(
        "integer",
        N_("Held out for validation"),
        N_("Training images that are not trained on but measured after every epoch, as test images are."),
        minimum=0,
        maximum=30_000,
        step=1000,
    ),
    "seed": Field(
        "integer", N_("Seed"), N_("The same seed and settings give the same run, number for number."), 0, 2**31 - 1
    ),
}
MAX_HIDDEN_LAYERS = 5


def check_value(name: str, value: Any) -> Any:
    """Return `value` of hyperparameter `name` in its own type, or raise HyperparameterError saying what was expected.

    Lists become tuples and whole floats integers, as JSON and widgets deliver them; nothing else is converted.
    """
    field = FIELDS[name]
    if value is None and field.optional:
        return None
    if field.kind == "choice" and value in field.choice_names:
        return value
    if field.kind == "switch" and isinstance(value, bool):
        return value
    if field.kind == "sizes" and _are_sizes_within(field, value):
        return tuple(int(size) for size in value)
    if field.kind == "integer" and _is_whole_within(field, value):
        return int(value)
    if field.kind == "number" and _is_number_within(field, value):
        return float(value)
    raise _error(name, value)


def parse_value(name: str, text: str) -> Any:
    """Return the value that `text`, from a URL, a command or a text field, means for hyperparameter `name`.

    Raises
    ------
    HyperparameterError
        When the text is not of the field's kind or out of its bounds.
    """
    field = FIELDS[name]
    text = text.strip()
    if field.optional and text.lower() in ("", "all"):
        return None
    try:
        value: Any = text
        if field.kind == "switch":
            value = _SWITCH_WORDS.get(text.lower())
        elif field.kind == "sizes":
            value = [int(size) for size in text.replace("-", ",").split(",")]
        elif field.kind == "integer":
            value = int(text)
        elif field.kind == "number":
            value = float(text)
        return check_value(name, value)
    except ValueError:  # HyperparameterError is one too; here the text as it was given is shown
        raise _error(name, text) from None


_SWITCH_WORDS = {
    "true": True,
    "on": True,
    "yes": True,
    "1": True,
    "false": False,
    "off": False,
    "no": False,
    "0": False,
}


def _is_number_within(field: Field, value: Any) -> bool:
    # A NaN, which compares as false, is not within; True is a number to Python, but not to a person.
    return isinstance(value, int | float) and not isinstance(value, bool) and field.minimum <= value <= field.maximum


def _is_whole_within(field: Field, value: Any) -> bool:
    return _is_number_within(field, value) and value == int(value)


def _are_sizes_within(field: Field, value: Any) -> bool:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_HIDDEN_LAYERS:
        return False
    return all(_is_whole_within(field, size) for size in value)


# Whole sentences, so that each can be translated as one.
_EXPECTATIONS: dict[Kind, str] = {
    "choice": N_("{title} must be one of {choices}, but is {value}."),
    "switch": N_("{title} must be on or off, but is {value}."),
    "sizes": N_(
        "{title} must be 1 to {layers} whole numbers from {minimum} to {maximum}, with commas between them, but is "
        "{value}."
    ),
    "integer": N_("{title} must be a whole number from {minimum} to {maximum}, but is {value}."),
    "number": N_("{title} must be a number from {minimum} to {maximum}, but is {value}."),
}


def _error(name: str, value: Any) -> HyperparameterError:
    field = FIELDS[name]
    sentence = _(_EXPECTATIONS[field.kind])
    if field.kind == "integer" and field.optional:
        sentence = _("{title} must be a whole number from {minimum} to {maximum}, or all, but is {value}.")
    message = sentence.format(
        title=_(field.title),
        choices=format_list(field.choice_names),
        layers=MAX_HIDDEN_LAYERS,
        minimum=format_decimal(field.minimum, ",.10g"),
        maximum=format_decimal(field.maximum, ",.10g"),
        value=_("empty") if value is None or value == "" else f"“{shorten(value)}”",
    )
    return HyperparameterError(message, name)


def shorten(value: Any) -> str:
    """Return `value` as text of at most 60 characters on one line: a pasted page must not become a page of error."""
    text = f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"
