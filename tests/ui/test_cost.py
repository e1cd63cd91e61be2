"""The line beneath Start, through Streamlit's AppTest."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from mnist_demo.cost import CostEstimate
from mnist_demo.hyperparameters import Hyperparameters
from mnist_demo.ui.panels.cost import describe_cost, format_duration


def test_page_says_what_the_run_will_cost_once_it_is_measured(page: AppTest) -> None:
    deadline = time.monotonic() + 30
    while not any("Linear, with PyTorch, 5 epochs: " in caption.value for caption in page.sidebar.caption):
        assert time.monotonic() < deadline
        time.sleep(0.1)
        page.run()
    page.sidebar.number_input(key="epochs").set_value(1.5).run()
    assert not page.exception


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.3, "less than a second"),
        (3.4, "about 3 s"),
        (42.6, "about 43 s"),
        (100, "about 2 min"),
        (3600, "about 60 min"),
        (90_000, "about 25 h"),
    ],
)
def test_format_duration_gives_at_most_two_digits(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


def test_describe_cost_says_why_there_is_no_estimate() -> None:
    chosen = Hyperparameters(epochs=1)
    assert describe_cost(chosen, CostEstimate(40.0, False)) == "Linear, with PyTorch, 1 epoch: about 40 s here."
    assert describe_cost(chosen, CostEstimate(None, True)).startswith("Measuring")
    assert "when no run is computing" in describe_cost(chosen, CostEstimate(None, False))
