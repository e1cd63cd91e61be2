"""All hyperparameters of a run as one checked value, and what follows from the model among them."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_demo.errors import HyperparameterError
from mnist_demo.processes import core_count
from mnist_demo.settings.architectures import ARCHITECTURES, Architecture
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.values import check_value, shorten
from mnist_demo.translation import _, format_decimal, format_list


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """Everything that decides how a run goes, checked against ``FIELDS`` when made.

    The defaults are those of the tutorial with PyTorch, so that ``Hyperparameters()`` is what a first visitor gets.

    Raises
    ------
    HyperparameterError
        When a value is of the wrong type, out of its bounds, or does not go with another one.
    """

    model: str = "linear"
    optimizer: str = "sgd"
    learning_rate: float = 0.5
    one_cycle: bool = False
    batch_size: int = 100
    epochs: int = 5
    momentum: float = 0.9
    weight_decay: float = 0.0
    hidden_sizes: tuple[int, ...] = (128,)
    activation: str = "relu"
    dropout: float = 0.0
    label_smoothing: float = 0.0
    margin: bool = True
    precision: str = "float32"
    shuffle: bool = True
    augmentation: bool = False
    pen_variation: bool = False
    hard_share: float = 1.0
    synthetic_digits: int = 0
    builtin_copies: int = 0
    non_digits: int = 0
    training_size: int | None = None
    validation_size: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in FIELDS:
            object.__setattr__(self, name, check_value(name, getattr(self, name)))
        cannot_optimize = self.optimizer not in self.architecture.optimizers
        if self.architecture.is_from_scratch and (cannot_optimize or self.weight_decay or self.one_cycle):
            raise HyperparameterError(
                _(
                    "The from-scratch model updates its weights by hand with plain SGD: choose optimizer SGD without "
                    "weight decay or one-cycle schedule, or the model “Linear, with PyTorch”."
                ),
                "optimizer",
            )
        if cannot_optimize:
            message = _("The model “{model}” cannot be trained with this optimizer: choose one of {optimizers}.")
            choices = format_list(self.architecture.optimizers)
            raise HyperparameterError(message.format(model=self.model_title, optimizers=choices), "optimizer")

        if self.learned_non_digits and self.uses("hard_share") and self.hard_share < 1:
            raise HyperparameterError(
                _(
                    "The model stays unsure of drawings that are no digit, so they would always be the hardest images: "
                    "set either “{hard_share}” to 1 or “{non_digits}” to 0."
                ).format(hard_share=_(FIELDS["hard_share"].title), non_digits=_(FIELDS["non_digits"].title)),
                "non_digits",
            )

    def replace(self, **changes: Any) -> "Hyperparameters":
        """Return a copy with some values changed, checked again."""
        return dataclasses.replace(self, **changes)

    def split_sizes(self, available: int) -> tuple[int, int]:
        """Return how many of `available` training images are trained on, and how many are held out for validation.

        The first are taken from the beginning of the training set, the held-out ones from its end.

        Raises
        ------
        HyperparameterError
            When more images are asked for than there are.
        """
        training = available - self.validation_size if self.training_size is None else self.training_size
        if training < 1 or training + self.validation_size > available:
            raise HyperparameterError(
                _(
                    "This data set has {available} training images. Training ({training}) and validation "
                    "({held_out}) together need more: lower one of them."
                ).format(
                    available=format_decimal(available),
                    training=_("all others") if self.training_size is None else format_decimal(self.training_size),
                    held_out=format_decimal(self.validation_size),
                ),
                "training_size",
            )
        return training, self.validation_size

    def as_dict(self) -> dict[str, Any]:
        """Return the values by name, as JSON can hold them."""
        return {**dataclasses.asdict(self), "hidden_sizes": list(self.hidden_sizes)}

    @property
    def architecture(self) -> Architecture:
        """The registry's entry of the model."""
        return ARCHITECTURES[self.model]

    @property
    def model_title(self) -> str:
        """The name of the model for people."""
        return _(self.architecture.title)

    def uses(self, name: str) -> bool:
        """Return whether hyperparameter `name` makes any difference with this model and this optimizer."""
        if name == "momentum":
            return self.optimizer == "momentum"
        used_by_some = any(name in architecture.hyperparameters for architecture in ARCHITECTURES.values())
        return name in self.architecture.hyperparameters or not used_by_some

    @property
    def learned_non_digits(self) -> int:
        """About how many drawings that are no digit are learned from: none by a model that cannot."""
        return self.non_digits if self.uses("non_digits") else 0

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Hyperparameters":
        """Return the hyperparameters that ``as_dict`` gave; raise HyperparameterError for an unknown name or value."""
        for name in values:
            if name not in FIELDS:
                raise HyperparameterError(
                    _("“{name}” is not a hyperparameter; choose from {names}.").format(
                        name=shorten(name), names=format_list(FIELDS)
                    ),
                    name,
                )
        return cls(**values)


def thread_count(hyperparameters: Hyperparameters) -> int:
    """Return how many threads a run computes with at most: a function of the settings and the machine alone.

    Convnets compute half of each batch in a second thread as long as there is a core for it; their numbers do not
    depend on that. The linear models lose with a second thread (their matrices are too small to share out), and an MLP
    would gain 1.25 times, but only on a machine that does nothing else: less than a second run has of that core.
    """
    return min(2, core_count()) if hyperparameters.architecture.gains_by_second_thread else 1
