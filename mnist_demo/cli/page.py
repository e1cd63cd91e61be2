"""``mnist-demo page``: open the page in the browser."""

import argparse
import os
import runpy
import sys
import tempfile
from pathlib import Path

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
    try:
        Path.home()
    except RuntimeError:  # a user without one, as in many a container: Streamlit does not begin without
        os.environ["HOME"] = tempfile.gettempdir()
    sys.argv = ["streamlit", "run", str(page_script()), *arguments.further]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0


def page_script() -> Path:
    """Return the page's entry; Streamlit reads the configuration in the folder ``.streamlit`` beside it.

    An installed package has both in a folder of its own (see ``force-include`` in pyproject.toml); in a checkout they
    lie beside the package.
    """
    installed = PACKAGE / "page" / "app.py"
    return installed if installed.exists() else PACKAGE.parent / "app.py"
