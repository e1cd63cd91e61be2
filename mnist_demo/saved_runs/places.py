"""The folders of what is kept on the disk, runs, classes and what else visitors made, and size limits."""

import os
from pathlib import Path

import platformdirs

from mnist_demo.errors import RunError
from mnist_demo.files import own_folder
from mnist_demo.translation import _

RUNS, VISITORS, CLASSES = "runs", "visitors", "classes"
LIMIT_VARIABLE = "MNIST_DEMO_RUNS_MB"
VISITORS_LIMIT_VARIABLE = "MNIST_DEMO_VISITORS_MB"
DEFAULT_LIMIT_MB = 500.0


def runs_folder() -> Path:
    """Return the folder of saved runs; it may not exist yet."""
    return _home() / RUNS


def visitors_folder() -> Path:
    """Return the folder of what else is kept for visitors; it may not exist yet."""
    return _home() / VISITORS


def classes_folder() -> Path:
    """Return the folder of classes; it may not exist yet."""
    return _home() / CLASSES


def _home() -> Path:
    return own_folder(platformdirs.user_data_path)


def limit_from_environment(variable: str = LIMIT_VARIABLE) -> int:
    """Return the size limit that `variable` sets, in bytes; raise RunError if it is not a positive number."""
    text = os.environ.get(variable) or str(DEFAULT_LIMIT_MB)
    try:
        megabytes = float(text)
    except ValueError:
        megabytes = 0.0
    if not 0 < megabytes < 1e9:
        message = _("{name} must be a number of megabytes above 0, but is “{value}”.")
        raise RunError(message.format(name=variable, value=text[:60]))
    return int(megabytes * 1e6)
