"""``mnist-demo page``: open the page in the browser."""

import argparse
import contextlib
import os
import runpy
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from mnist_demo.files import own_folder
from mnist_demo.translation import _

PACKAGE = Path(__file__).parents[1]


def add_page_arguments(parser: argparse.ArgumentParser) -> None:
    """Let all arguments of ``page`` through to Streamlit."""
    parser.usage = _("%(prog)s [-h] [STREAMLIT OPTIONS]")
    parser.epilog = _(
        "All options of “streamlit run” can be given, such as --server.port 8600 or --server.headless true."
    )
    parser.set_defaults(takes_any_options=True)


def run_page(arguments: argparse.Namespace) -> int:
    """Serve the page until the process is stopped, as ``python -m streamlit run`` does, in this process."""
    sys.argv = ["streamlit", "run", str(page_script()), *arguments.further]
    with _home():
        runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0


@contextlib.contextmanager
def _home() -> Iterator[None]:
    """Give a user without a home, as in many a container, one for as long as the page is served.

    Streamlit does not begin without, nor with one that is a file, and obeys the ``.streamlit/config.toml`` in it. So it
    is a new folder that nobody else can write to. What visitors make is kept where the other commands look for it.
    """
    try:
        has_home = not Path.home().exists() or Path.home().is_dir()  # one that is not there yet will do
    except RuntimeError:
        has_home = False
    if not has_home:
        kept = own_folder(platformdirs.user_data_path)
        with tempfile.TemporaryDirectory(prefix="mnist-demo-", ignore_cleanup_errors=True) as home:
            os.environ |= {"HOME": home, "MNIST_DEMO_HOME": str(kept)}
            yield
    else:
        yield


def page_script() -> Path:
    """Return the page's entry; Streamlit reads the configuration in the folder ``.streamlit`` beside it.

    An installed package has both in a folder of its own (see ``force-include`` in pyproject.toml); in a checkout they
    lie beside the package.
    """
    installed = PACKAGE / "page" / "app.py"
    return installed if installed.exists() else PACKAGE.parent / "app.py"
