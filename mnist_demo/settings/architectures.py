"""The registry of models: for each its words, its class, its optimizers, and its traits.

A new model is one class and one `Architecture` here: everything else that tells models apart asks this entry.
The table names classes and does not import them, so that the page can read it before torch is loaded.
"""

import pkgutil
from dataclasses import dataclass
from typing import Any

from mnist_demo.settings.choices import Choice
from mnist_demo.translation import N_


@dataclass(frozen=True, kw_only=True)
class Architecture(Choice):
    """A kind of model that can be chosen.

    Attributes
    ----------
    class_path
        Where the class is, as ``"package.module:Class"``. It has what `models.classifiers.Classifier` asks for; a
        subclass of ``Network`` there has nearly all of it already.
    hyperparameters
        The hyperparameters that this model uses and some others do not. The constructor takes them by these names,
        except those that say how it learns, ``models.classifiers.OF_LEARNING``.
    optimizers
        The names of the optimizers that it can be trained with.
    is_linear
        Its logits are weighted sums of the pixels, with one picture of weights for each digit.
    is_convolutional
        Its first layer consists of small filters that slide over the image.
    is_from_scratch
        It is written without torch's layers: large random weights to begin with, log-softmax and updates by hand,
        which know neither weight decay nor schedules.
    gains_by_second_thread
        It trains much faster on two cores than on one. See `hyperparameters.thread_count` for what was measured.
    gains_by_accelerator
        A step has so much to compute that a graphics card does it sooner than the processor.
    """

    class_path: str
    hyperparameters: tuple[str, ...] = ()
    optimizers: tuple[str, ...] = ("sgd", "momentum", "adam", "adamw")
    is_linear: bool = False
    is_convolutional: bool = False
    is_from_scratch: bool = False
    gains_by_second_thread: bool = False
    gains_by_accelerator: bool = False

    def load_class(self) -> Any:
        """Import and return the class; this loads torch."""
        return pkgutil.resolve_name(self.class_path)


def _convolutional(name: str, title: str, help: str, class_name: str) -> Architecture:
    return Architecture(
        name,
        title,
        help,
        class_path=f"mnist_demo.models.classifiers:{class_name}",
        hyperparameters=("dropout", "label_smoothing", "margin", "precision", "hard_share", "non_digits"),
        is_convolutional=True,
        gains_by_second_thread=True,
        gains_by_accelerator=True,
    )


ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            "scratch-linear",
            N_("Linear, from scratch"),
            N_("Softmax regression by hand: own log-softmax and update."),
            class_path="mnist_demo.models.classifiers:ScratchLinear",
            optimizers=("sgd",),
            is_linear=True,
            is_from_scratch=True,
        ),
        Architecture(
            "linear",
            N_("Linear, with PyTorch"),
            N_("The same 7,850 weights with nn.Module and optim."),
            class_path="mnist_demo.models.classifiers:Linear",
            is_linear=True,
        ),
        Architecture(
            "mlp",
            N_("Multi-layer perceptron"),
            N_("Hidden layers of units between pixels and digits."),
            class_path="mnist_demo.models.classifiers:MLP",
            hyperparameters=("hidden_sizes", "activation", "dropout", "label_smoothing", "non_digits"),
        ),
        _convolutional(
            "convnet",
            N_("Convolutional network"),
            N_("Small filters that slide over the image; 99 % in one epoch."),
            "ConvNet",
        ),
        _convolutional(
            "wide-convnet",
            N_("Wider convolutional network"),
            N_("Four layers of filters, more of them in each; 99.5 % in three epochs."),
            "WideConvNet",
        ),
        _convolutional(
            "deep-convnet",
            N_("Deeper convolutional network"),
            N_("Five layers of filters that look closer; slower, and reads more of what people draw."),
            "DeepConvNet",
        ),
    )
}
