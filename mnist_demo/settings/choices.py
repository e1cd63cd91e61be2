"""The options of the fields of kind ``choice``, but for the models, which have a registry of their own."""

from dataclasses import dataclass

from mnist_demo.translation import N_


@dataclass(frozen=True)
class Choice:
    """One value of a ``choice`` field: its `name` in commands and URLs, and its `title` and `help` for people.

    `title` and `help` are source texts: translate them when shown.
    """

    name: str
    title: str
    help: str


OPTIMIZER_CHOICES = (
    Choice("sgd", N_("SGD"), N_("Weights move against the gradient, times the learning rate.")),
    Choice("momentum", N_("SGD with momentum"), N_("Keeps part of the last move, so steps add up along a valley.")),
    Choice("adam", N_("Adam"), N_("A step size for each weight, from its recent gradients.")),
    Choice("adamw", N_("AdamW"), N_("Adam with weight decay kept apart from the gradient.")),
)
ACTIVATION_CHOICES = (
    Choice("relu", N_("ReLU"), N_("0 for a sum below zero, else the sum itself: fast, and used by most networks.")),
    Choice("tanh", N_("Tanh"), N_("Bends every sum into the range from −1 to 1; where it is flat, little is learned.")),
    Choice("gelu", N_("GELU"), N_("A ReLU with a soft bend, used in language models.")),
    Choice("none", N_("None"), N_("The sum as it is: then all layers together are one linear model.")),
)

PRECISION_CHOICES = (
    Choice("float32", N_("32 bits"), N_("Numbers of about seven digits, as in all other computations.")),
    Choice(
        "bfloat16",
        N_("16 bits"),
        N_("Numbers of two or three digits (bfloat16): quick on processors that support them."),
    ),
)
