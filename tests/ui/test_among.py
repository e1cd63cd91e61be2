"""Where the page is reached, and what it says of the server: links, the camera, and sentences with paths in them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.ui import link_state
from mnist_demo.ui.resources import dataset_doubt, first_dataset, run_keeper
from tests.data.small_digits import write_folder
from tests.ui.actions import open_page, press_start, texts, the_job

pytestmark = pytest.mark.usefixtures("_own_server")


@pytest.mark.parametrize(
    ("seen", "first_page", "is_secure"),
    [
        ("http://localhost:8501", "http://localhost:8501/", True),
        ("http://127.0.0.1:8501/lesson", "http://127.0.0.1:8501/", True),
        ("http://192.168.1.20:8501/course/digits", "http://192.168.1.20:8501/course/digits/", False),
        ("https://example.org/course/digits/look-inside", "https://example.org/course/digits/", True),
    ],
)
def test_links_keep_the_path_and_scheme_that_the_page_is_reached_by(
    monkeypatch: pytest.MonkeyPatch, seen: str, first_page: str, is_secure: bool
) -> None:
    monkeypatch.setattr(link_state, "_visible_address", lambda: seen)
    assert link_state.page_address() == first_page
    assert link_state.is_secure() == is_secure


def test_page_without_https_says_why_it_cannot_copy_or_photograph_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_state, "_visible_address", lambda: "http://class.lan:8501/digits")
    page = open_page()
    page.button(key="share-settings").click().run()
    assert page.code[-1].value.startswith("http://class.lan:8501/digits/?preset=")
    assert "Select the text, and copy it with Ctrl+C" in texts(page)
    assert any(".stCode button" in html.proto.body for html in page.get("html"))
    page.toggle(key="share-frame").set_value(True).run()
    line = page.code[-1].value
    assert line.startswith('<iframe src="http://class.lan:8501/digits/?only=draw&amp;embed=true')
    page.toggle(key="use-camera").set_value(True).run()
    assert "The camera cannot be used here" in texts(page)
    assert not page.get("camera_input")


def test_visitor_reads_no_path_of_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "private"
    place.mkdir()
    (place / "home").write_text("a file where a folder should be")
    monkeypatch.setenv("MNIST_DEMO_HOME", str(place / "home"))
    monkeypatch.setenv("MNIST_DEMO_DATA", str(place / "digits"))
    st.cache_resource.clear()
    page = open_page(epochs="1")
    assert "There is no folder digits;" in texts(page)
    press_start(page)
    the_job().wait(60)
    assert run_keeper().flush()
    assert str(place) in run_keeper().problem(the_job().id)  # whoever runs the server reads the whole
    page.run()
    assert "The run cannot be saved in runs (" in texts(page)
    assert "private" not in texts(page) + "".join(str(page.get(kind)) for kind in ("tooltip", "warning", "error"))


def test_digits_that_seem_to_be_transposed_are_used_and_the_page_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, builtin: DigitDataset
) -> None:
    swapped = np.ascontiguousarray(builtin.test_pixels.swapaxes(1, 2))
    folder = write_folder(tmp_path / "mine", dataclasses.replace(builtin, test_pixels=swapped))
    monkeypatch.setenv("MNIST_DEMO_DATA", str(folder))
    page = open_page()
    assert "transposed" in dataset_doubt(first_dataset().dataset).result(120)
    page.run()
    assert "they seem to be transposed. They are used as they are." in texts(page)
