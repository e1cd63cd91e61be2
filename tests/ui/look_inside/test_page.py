"""The page "Look inside" through Streamlit's AppTest: quick, without a browser. Clicks on pictures are in tests/e2e."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mnist_demo.jobs.job import Job
from mnist_demo.ui.resources import analyst, job_registry
from tests.ui.conftest import page_alone

PATIENCE = 60


@pytest.fixture
def inside(_own_server: None) -> Iterator[AppTest]:
    opened = AppTest.from_string(page_alone("look_inside"), default_timeout=60)
    opened.query_params["speed"] = "full"
    opened.run()
    assert not opened.exception
    yield opened
    analyst().close()


def html_of(page: AppTest) -> str:
    """Return all HTML on the page, that in clickable elements too."""
    texts = [str(getattr(text, "value", "")) for text in page.get("html")]
    texts += [element.proto.json for element in page.get("bidi_component")]
    return " ".join(texts)


def text_of(page: AppTest) -> str:
    return " ".join(str(element.value) for element in [*page.header, *page.caption, *page.markdown])


def choose(page: AppTest, key: str, value: str) -> AppTest:
    page.segmented_control(key=key).set_value(value)
    return page.run()


def wait_for(page: AppTest, condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, text_of(page)
        time.sleep(0.1)
        page.run()
        assert not page.exception


def trained_run(page: AppTest, model: str) -> Job:
    page.selectbox(key="model").select(model)
    page.number_input(key="epochs").set_value(1)
    page.number_input(key="training-size").set_value(500)
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    assert job.wait(PATIENCE) == "finished"
    page.run()
    assert not page.exception
    return job


def test_before_any_run_the_page_looks_inside_the_starter_model(inside: AppTest) -> None:
    assert "Inside the starter model" in text_of(inside)
    assert "24 filters of the first layer" in html_of(inside)
    assert "Convolution: what each filter found" in html_of(inside)
    assert "Test image 0" in text_of(inside)
    assert "A filter slides over the image" in text_of(inside)
    assert "filter-places" in html_of(inside)


@pytest.mark.parametrize(
    ("model", "weights", "layer"),
    [
        ("linear", "Weights for 3: blue above zero", "Weight × input, for each digit"),
        ("mlp", "filters of the first layer", "Hidden layer: how strongly each unit answers"),
    ],
)
def test_a_run_shows_its_own_weights_and_layers(inside: AppTest, model: str, weights: str, layer: str) -> None:
    trained_run(inside, model)
    assert "Inside your run of" in text_of(inside)
    assert weights in html_of(inside)
    assert layer in html_of(inside)


def test_confusion_matrix_and_galleries_appear_when_they_have_been_computed(inside: AppTest) -> None:
    job = trained_run(inside, "linear")
    choose(inside, "look-at", "confusion")
    wait_for(inside, lambda: "images read correctly" in text_of(inside))
    assert job.history.test_accuracy is not None
    assert f"{100 * job.history.test_accuracy:.2f} % of 360 images" in text_of(inside)
    assert len(re.findall(r'class=\\"(?:right|wrong)\\"', html_of(inside))) == 100
    assert "class-figures" in html_of(inside)

    choose(inside, "look-at", "mistakes")
    wrong = round(360 * (1 - job.history.test_accuracy))
    assert f"{wrong} of 360 are misread." in text_of(inside)
    assert len(re.findall(r"data-value=", html_of(inside))) == min(50, wrong)
    choose(inside, "mistake-kind", "hardest")
    assert "test-" in html_of(inside)
    choose(inside, "mistake-kind", "training")
    wait_for(inside, lambda: "1,437 images read correctly" in text_of(inside))
    assert "train-" in html_of(inside)


def test_every_view_of_the_data_is_drawn_and_only_the_one_that_is_open_is_computed(inside: AppTest) -> None:
    choose(inside, "look-at", "data")
    assert "Training images of the digit 0" in html_of(inside)
    choose(inside, "explorer-view", "augmentation")
    assert "Random variant 11" in html_of(inside)
    assert analyst().answers_kept == 0
    choose(inside, "explorer-view", "means")
    wait_for(inside, lambda: "The mean of all training images of the digit 7" in html_of(inside))
    choose(inside, "explorer-view", "intensities")
    assert "of all pixels are 0" in text_of(inside)
    assert analyst().answers_kept == 1
