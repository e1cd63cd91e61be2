"""``python -m mnist_demo``, run in the process of the test."""

import contextvars
from collections.abc import Callable

import pytest

from mnist_demo.cli.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; return its exit status, stdout and stderr."""

    def run_main(*arguments: object) -> tuple[int, str, str]:
        # In a context of its own: the language of the command is not that of the tests after it.
        status = contextvars.copy_context().run(main, [str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run_main
