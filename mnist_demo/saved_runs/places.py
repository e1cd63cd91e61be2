"""The folder of saved runs and its size limit, read from the environment."""

import os
from pathlib import Path

import platformdirs

from mnist_demo.errors import RunError
from mnist_demo.translation import _

FOLDER = "runs"
LIMIT_VARIABLE = "MNIST_DEMO_RUNS_MB"
DEFAULT_LIMIT_MB = 500.0


def runs_folder() -> Path:
    """Return the folder of saved runs; it may not exist yet."""
    home = os.environ.get("MNIST_DEMO_HOME")
    if home:
        return Path(home).expanduser().absolute() / FOLDER
    return platformdirs.user_data_path("mnist-demo", appauthor=False) / FOLDER


def limit_from_environment() -> int:
    """Return the size limit of all runs in bytes; raise RunError if ``MNIST_DEMO_RUNS_MB`` is not a positive number."""
    text = os.environ.get(LIMIT_VARIABLE) or str(DEFAULT_LIMIT_MB)
    try:
        megabytes = float(text)
    except ValueError:
        megabytes = 0.0
    if not 0 < megabytes < 1e9:
        message = _("{name} must be a number of megabytes above 0, but is “{value}”.")
        raise RunError(message.format(name=LIMIT_VARIABLE, value=text[:60]))
    return int(megabytes * 1e6)
