"""Named sets of hyperparameters."""

from dataclasses import dataclass

from mnist_demo.devices import quick_precision
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.translation import N_


@dataclass(frozen=True)
class Preset:
    """A named set of hyperparameters; `title` and `help` are source texts: translate them when shown."""

    title: str
    help: str
    hyperparameters: Hyperparameters


_TUTORIAL = Hyperparameters(shuffle=False)
# What the convolutional ones share. How precisely they compute is this machine's: a run's own settings say it.
_CONVNET = Hyperparameters(model="convnet", optimizer="adamw", one_cycle=True, precision=quick_precision())
_HARD = _CONVNET.replace(weight_decay=0.1, label_smoothing=0.2, augmentation=True, hard_share=0.35)
STARTER = "starter"  # the preset, and the model that comes with this program
PRESETS: dict[str, Preset] = {
    "tutorial-pytorch": Preset(
        N_("Tutorial with PyTorch"),
        N_(
            "The tutorial’s second half: nn.Module and optim.SGD, images in the order of the file. About 91 % on MNIST."
        ),
        _TUTORIAL,
    ),
    "tutorial-scratch": Preset(
        N_("Tutorial from scratch"),
        N_("The tutorial’s first half: own log-softmax, loss and updates from random weights. About 89 % on MNIST."),
        _TUTORIAL.replace(model="scratch-linear"),
    ),
    "small-network": Preset(
        N_("A small network"),
        N_("One hidden layer of 128 units between pixels and digits. About 97 % on MNIST."),
        Hyperparameters(model="mlp", optimizer="adam", learning_rate=0.001),
    ),
    "convnet-in-seconds": Preset(
        N_("99 % in seconds"),
        N_("A convolutional network that reads 99 of 100 test images after one epoch."),
        _CONVNET.replace(
            model="convnet",
            learning_rate=0.03,
            batch_size=240,  # of 60,000 images none is left over: another size would be made ready for
            epochs=1,
            weight_decay=0.01,
            label_smoothing=0.05,
            margin=False,
        ),
    ),
    "convnet-in-ten-seconds": Preset(
        N_("99.5 % in ten seconds"),
        N_("A wider network, label smoothing and augmentation; after the first of three epochs, only hard images."),
        _HARD.replace(model="wide-convnet", learning_rate=0.015, batch_size=256, epochs=3, margin=False),
    ),
    "convnet-in-a-minute": Preset(
        N_("99.7 % in a minute"),
        N_("The same methods and a deeper network, for eight epochs: about 99.7 % on MNIST."),
        _HARD.replace(model="deep-convnet", learning_rate=0.01, batch_size=128, epochs=8),
    ),
    STARTER: Preset(
        N_("The starter model"),
        N_("How the model that comes with this page was trained, in minutes: about 99.5 % on MNIST, good at drawings."),
        _CONVNET.replace(
            model="deep-convnet",
            learning_rate=0.01,
            batch_size=128,
            epochs=8,
            weight_decay=0.05,
            label_smoothing=0.1,
            augmentation=True,
            pen_variation=True,
            synthetic_digits=30_000,
            builtin_copies=6,
            non_digits=12_000,
        ),
    ),
}
DEFAULT_PRESET = "tutorial-pytorch"
# What presets were called before: links and commands that say so are obeyed.
FORMER_NAMES = {"convnet-in-half-a-minute": "convnet-in-ten-seconds"}


def preset_of(hyperparameters: Hyperparameters) -> str | None:
    """Return the name of the preset that `hyperparameters` are, or None when they are somebody's own."""
    return next((name for name, preset in PRESETS.items() if preset.hyperparameters == hyperparameters), None)
