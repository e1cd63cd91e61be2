"""The hyperparameters by name: their kinds, their bounds, and the words for them.

``FIELDS`` is the only place that knows the bounds; the page, the URL and the command line all read it.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from mnist_demo.settings.architectures import ARCHITECTURES
from mnist_demo.settings.choices import ACTIVATION_CHOICES, OPTIMIZER_CHOICES, PRECISION_CHOICES, Choice
from mnist_demo.translation import N_

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
    "hard_share": Field(
        "number",
        N_("Share of hard images"),
        N_(
            "After the first epoch, only this share of the training images is learned from, those with the highest "
            "loss, again and again: most of the others are read correctly by then (convolutional networks only)."
        ),
        minimum=0.05,
        maximum=1,
        step=0.05,
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
    "non_digits": Field(
        "integer",
        N_("Drawings that are no digit"),
        N_(
            "How many letters, shapes and scribbles drawn by the program are added to the training images, of which "
            "the model learns to be unsure: every digit is to be as probable as any other (neural networks only)."
        ),
        minimum=0,
        maximum=60_000,
        step=1000,
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
