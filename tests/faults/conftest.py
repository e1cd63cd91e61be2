"""A real server for the tests in this folder, whose visitors speak its protocol and need no browser."""

from collections.abc import Iterator

import pytest

from tests.browser.server import PageServer, serve_builtin_digits


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """The page on the built-in digits, shared by the tests; no test may have made it complain."""
    with serve_builtin_digits(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def cases(pytestconfig: pytest.Config) -> int:
    """How many bad inputs of a kind are tried: a hundred of all together, or as many as ``--cases`` says."""
    return int(pytestconfig.getoption("--cases"))
