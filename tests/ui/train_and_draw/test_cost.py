"""The line beneath Start, through Streamlit's AppTest."""

import contextlib
import time

import pytest
from streamlit.testing.v1 import AppTest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs import estimator as estimator_module
from mnist_demo.jobs.errand import core
from mnist_demo.jobs.estimator import CostEstimate, CostEstimator
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.ui.resources import cost_estimator, job_registry
from mnist_demo.ui.train_and_draw import cost, settings
from mnist_demo.ui.train_and_draw.cost import describe_cost
from tests.waiting import wait_until


def test_page_says_what_the_run_will_cost_once_it_is_measured(page: AppTest) -> None:
    deadline = time.monotonic() + 30
    while not any("Linear, with PyTorch, 5 epochs: " in caption.value for caption in page.caption):
        assert time.monotonic() < deadline
        time.sleep(0.1)
        page.run()
    page.number_input(key="epochs").set_value(1.5).run()
    assert not page.exception


def test_cost_is_asked_for_the_device_on_which_the_run_will_compute(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def ask(*arguments: object) -> CostEstimate:
        asked.append(arguments[-1])
        return CostEstimate(None, False)

    for module in (cost, settings):
        monkeypatch.setattr(module, "known_devices", lambda: ("cuda", "cpu"))
    monkeypatch.setattr(CostEstimator, "ask", ask)
    page.selectbox(key="preset").select("convnet-in-seconds").run()
    assert asked[-1:] == ["cuda"]
    page.selectbox(key="preset").select("tutorial-pytorch").run()
    assert asked[-1:] == ["cpu"]
    # Like everything in the form, the device counts from when the form is sent.
    page.selectbox(key="device").select("cuda")
    page.button(key="share-settings").click().run()
    assert asked[-1:] == ["cuda"]


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
def test_describe_cost_gives_at_most_two_digits_of_the_time(seconds: float, words: str) -> None:
    said = describe_cost(Hyperparameters(epochs=2), CostEstimate(seconds, False))
    assert said == f"Linear, with PyTorch, 2 epochs: {words} here, at full speed."


def test_describe_cost_says_why_there_is_no_estimate() -> None:
    hyperparameters = Hyperparameters(epochs=1)
    assert (
        describe_cost(hyperparameters, CostEstimate(40.0, False))
        == "Linear, with PyTorch, 1 epoch: about 40 s here, at full speed."
    )
    assert describe_cost(hyperparameters, CostEstimate(None, True)).startswith("Measuring")
    assert "when no run is training" in describe_cost(hyperparameters, CostEstimate(None, False))


@pytest.mark.usefixtures("_own_server")
def test_what_a_run_will_cost_is_measured_when_its_cores_are_free_and_not_once_nobody_asks(
    builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimator_module, "QUIET_SECONDS", 0)
    registry, estimator, convnet = job_registry(), cost_estimator(), Hyperparameters(model="convnet")
    with contextlib.ExitStack() as others:
        for number in range(registry.slots):
            others.enter_context(core(registry, f"another {number}"))
        assert estimator.ask(convnet, builtin).is_coming
        wait_until(lambda: [waiting.cores_used for waiting in registry._queue()] == [thread_count(convnet)])
        assert estimator.ask(convnet, builtin).seconds is None
        monkeypatch.setattr(estimator_module, "WANTED_SECONDS", 0)
        wait_until(lambda: not registry._queue())
    monkeypatch.setattr(estimator_module, "WANTED_SECONDS", 10)
    wait_until(lambda: estimator.ask(convnet, builtin).seconds is not None)
