"""The digits in use, where they come from, and the way to MNIST while they are not MNIST."""

from pathlib import Path

import streamlit as st

from mnist_demo.data.dataset import MNIST, DigitDataset
from mnist_demo.errors import DatasetError
from mnist_demo.translation import _, format_decimal, translated
from mnist_demo.ui import keys, state
from mnist_demo.ui.resources import builtin_dataset, cached_mnist, dataset_doubt, first_dataset, mnist_download
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 1.0


def prepare_dataset() -> None:
    """Give a new session the digits that the server starts with; begin to fetch MNIST beside it if it is wanted."""
    if state.has_dataset():
        return
    try:
        first = first_dataset()
    except DatasetError as error:
        state.note_data_problem(str(error))
        state.choose_dataset(builtin_dataset())
        return
    # MNIST may have arrived since the server started.
    arrived = cached_mnist() if first.fetch_mnist else None
    state.choose_dataset(arrived or first.dataset)
    if first.fetch_mnist and arrived is None and mnist_download().state == "idle":
        mnist_download().start()


@st.fragment
def render_data_source() -> None:
    """Draw one line about the digits in use and, when they are not MNIST, how to get it."""
    download, dataset = mnist_download(), state.current_dataset()
    is_coming = download.state == "running"  # asked before whether it is there: it may arrive in between
    with st.container(key=keys.DATA_SOURCE, horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            _describe(dataset), width="stretch", help=escape_markdown(download.error) if download.error else None
        )
        if dataset.name != "builtin":
            _render_doubt(dataset)
            return
        if cached_mnist() is not None:
            st.button(
                _("Switch to MNIST, which is here now"),
                key=keys.SWITCH_TO_MNIST,
                type="primary",
                icon=":material/swap_horiz:",
                on_click=_switch_to_mnist,
            )
        elif is_coming:
            progress = download.progress
            stage = progress.stage if progress else _("Looking for MNIST")
            st.progress((progress.fraction or 0.0) if progress else 0.0, text=stage, width=280)
            render_pulse(REFRESH_SECONDS, keys.DOWNLOAD_PULSE)
        else:
            st.button(
                _("Try MNIST again") if download.state == "failed" else _("Get MNIST (11 MB)"),
                key=keys.FETCH_MNIST,
                icon=":material/download:",
                on_click=download.start,
            )


def _render_doubt(dataset: DigitDataset) -> None:
    """Say that somebody's digits do not stand as MNIST's do, as soon as that is known."""
    if dataset.name != "folder" or dataset.digest == MNIST.train_sha256:
        return
    doubt = dataset_doubt(dataset)
    if not doubt.done():
        render_pulse(REFRESH_SECONDS, keys.DOWNLOAD_PULSE)
    elif doubt.result():
        st.warning(escape_markdown(translated(doubt.result())), icon=":material/rotate_left:")


def _switch_to_mnist() -> None:
    dataset = cached_mnist()
    if dataset is not None:
        state.choose_dataset(dataset)


def _describe(dataset: DigitDataset) -> str:
    counts = {"training": format_decimal(len(dataset.train_labels)), "test": format_decimal(len(dataset.test_labels))}
    if dataset.name == "builtin":
        if state.data_problem():
            text = _(
                "**Built-in digits** are used instead of yours ({training} training and {test} test images): {problem}"
            )
            return text.format(problem=escape_markdown(state.data_problem()), **counts)
        if mnist_download().state == "failed":
            text = _("**Built-in digits**: {training} training and {test} test images. MNIST could not be fetched.")
            return text.format(**counts)
        return _(
            "**Built-in digits**: {training} training and {test} test images of 8 × 8 pixels, enlarged. They need no "
            "network, but are fewer and easier than MNIST’s."
        ).format(**counts)
    # A visitor need not know where on the server a folder is.
    source = escape_markdown(dataset.source)
    if dataset.name == "folder":
        source = _("the folder “{name}”").format(name=escape_markdown(Path(dataset.source).name))
    if dataset.digest == MNIST.train_sha256:
        return _("**MNIST**: {training} training and {test} test images, from {source}.").format(
            source=source, **counts
        )
    return _("**Digits** from {source}: {training} training and {test} test images.").format(source=source, **counts)
