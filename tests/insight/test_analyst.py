"""The analyst with its real process: what it answers, how often, and what happens when it dies.

One process for all tests, since it loads libraries for a second; each test asks about models of its own.
"""

import contextlib
import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.insight.analysis import Analysis, analyse
from mnist_demo.insight.analysis_process import Question
from mnist_demo.insight.analyst import REST, Analyst
from mnist_demo.insight.data_statistics import DatasetStatistics, compute_statistics
from mnist_demo.jobs.errand import core
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.checkpoints import TrainedClassifier, weights_to_bytes
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.waiting import Clock, wait_until

CHOSEN = Hyperparameters(model="linear")
PATIENCE = 60


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def analyst(clock: Clock) -> Iterator[Analyst]:
    at_work = Analyst(clock=clock)
    yield at_work
    at_work.close()


def ask_about(dataset: DigitDataset, seed: int, step: int = 0, is_learning: bool = False) -> Question:
    weights = weights_to_bytes(build_model(Hyperparameters(model="linear", seed=seed)))
    return Question("test", dataset, f"model {seed}", step, weights, CHOSEN, is_learning)


def test_answer_is_not_there_at_once_and_is_then_that_of_the_model(analyst: Analyst, builtin: DigitDataset) -> None:
    question = ask_about(builtin, 0, step=7)
    assert analyst.ask(question) is None
    answer = analyst.wait(question, PATIENCE)
    assert answer is not None
    assert answer.step == 7
    assert isinstance(answer.found, Analysis)
    expected = analyse(TrainedClassifier(build_model(CHOSEN), CHOSEN), builtin.test_pixels, builtin.test_labels)
    assert answer.found.probabilities == pytest.approx(expected.probabilities, abs=1e-6)
    assert analyst.ask(question) is answer


def test_each_subject_has_an_answer_of_its_own(analyst: Analyst, builtin: DigitDataset) -> None:
    about_test = ask_about(builtin, 1)
    about_training = Question("training", builtin, "model 1", 0, about_test.weights, CHOSEN)
    about_dataset = Question("statistics", builtin)
    for question in (about_test, about_training, about_dataset):
        analyst.ask(question)
    trained, tested = analyst.wait(about_training, PATIENCE), analyst.wait(about_test, PATIENCE)
    counted = analyst.wait(about_dataset, PATIENCE)
    assert trained is not None
    assert tested is not None
    assert counted is not None
    assert isinstance(trained.found, Analysis)
    assert isinstance(tested.found, Analysis)
    assert (len(trained.found.labels), len(tested.found.labels)) == (1437, 360)
    assert isinstance(counted.found, DatasetStatistics)
    assert np.array_equal(counted.found.means, compute_statistics(builtin).means)


def test_a_learning_model_is_analysed_again_only_after_a_rest(
    analyst: Analyst, clock: Clock, builtin: DigitDataset
) -> None:
    first = analyst.wait(ask_about(builtin, 2, step=1, is_learning=True), PATIENCE)
    assert first is not None
    object.__setattr__(first, "seconds", 2.0)  # the clock of this test stood still
    clock.now += 2.0 * REST - 1
    newer = ask_about(builtin, 2, step=2, is_learning=True)
    assert analyst.wait(newer, 0.3) is first
    clock.now += 2
    again = analyst.wait(newer, PATIENCE)
    assert again is not None
    assert again.step == 2


def test_a_model_that_has_stopped_learning_is_analysed_at_once(analyst: Analyst, builtin: DigitDataset) -> None:
    first = analyst.wait(ask_about(builtin, 3, step=1, is_learning=True), PATIENCE)
    assert first is not None
    object.__setattr__(first, "seconds", 1000.0)
    last = analyst.wait(ask_about(builtin, 3, step=2), PATIENCE)
    assert last is not None
    assert last.step == 2


def test_weights_that_do_not_fit_are_a_sentence_and_the_analyst_goes_on(
    analyst: Analyst, builtin: DigitDataset
) -> None:
    bad = Question("test", builtin, "bad", 0, b"no weights", CHOSEN)
    analyst.ask(bad)
    answer = None
    for _attempt in range(PATIENCE * 10):
        if (answer := analyst.ask(bad)) is not None:
            break
        time.sleep(0.1)
    assert answer is not None
    assert answer.found is None
    assert "damaged" in answer.problem
    assert analyst.wait(ask_about(builtin, 4), PATIENCE) is not None


def test_a_process_that_died_is_replaced(analyst: Analyst, builtin: DigitDataset) -> None:
    assert analyst.wait(ask_about(builtin, 5), PATIENCE) is not None
    at_work = analyst.process
    assert at_work is not None
    assert at_work.process is not None
    at_work.process.kill()
    at_work.process.join(10)
    answer = analyst.wait(ask_about(builtin, 6), PATIENCE)
    assert answer is not None
    assert isinstance(answer.found, Analysis)


def test_an_analysis_takes_a_core_for_its_visitor_and_waits_no_longer_than_she_does(builtin: DigitDataset) -> None:
    registry = JobRegistry(slots=1)
    cores: list[str] = []

    @contextlib.contextmanager
    def take_core(visitor: str, is_wanted: Callable[[], bool]) -> Iterator[None]:
        cores.append(f"{visitor} waits")
        with core(registry, visitor, is_wanted):
            yield
        cores.append(f"{visitor} has done")

    analyst = Analyst(take_core=take_core)
    mine = dataclasses.replace(ask_about(builtin, 7), visitor="me")
    with core(registry, "somebody else"):
        assert analyst.ask(mine) is None
        wait_until(lambda: cores == ["me waits"])
        assert analyst.wait(mine, 0.3) is None
    assert analyst.wait(mine, PATIENCE) is not None
    assert cores == ["me waits", "me has done"]

    cores.clear()
    with core(registry, "somebody else"):
        gone = dataclasses.replace(ask_about(builtin, 8), visitor="gone", is_wanted=lambda: not cores)
        assert analyst.ask(gone) is None
        wait_until(lambda: cores == ["gone waits"])
        assert analyst.ask(dataclasses.replace(ask_about(builtin, 9), visitor="me")) is None
        wait_until(lambda: cores == ["gone waits", "me waits"])
        analyst.close()
    registry.close()
    assert cores == ["gone waits", "me waits"]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="has no way to stop a process for a while")
def test_an_analysis_that_has_begun_ends_with_its_visitor(builtin: DigitDataset) -> None:
    analyst, is_here = Analyst(), threading.Event()
    is_here.set()
    assert analyst.wait(Question("statistics", builtin), PATIENCE) is not None
    assert analyst.process is not None
    at_work = analyst.process.process
    assert at_work is not None
    assert at_work.pid is not None
    os.kill(at_work.pid, signal.SIGSTOP)  # as one that takes minutes
    gone = dataclasses.replace(ask_about(builtin, 10), is_wanted=is_here.is_set)
    assert analyst.wait(gone, 0.3) is None
    assert at_work.is_alive()
    is_here.clear()
    at_work.join(PATIENCE)
    assert not at_work.is_alive()
    assert analyst.wait(ask_about(builtin, 11), PATIENCE) is not None
    analyst.close()


def test_the_process_ends_when_nothing_has_been_asked_for_a_while(builtin: DigitDataset) -> None:
    analyst = Analyst(idle_seconds=0.3)
    assert analyst.wait(ask_about(builtin, 5), PATIENCE) is not None
    at_work = analyst.process
    assert at_work is not None
    assert at_work.process is not None
    at_work.process.join(20)
    assert not at_work.process.is_alive()
    assert analyst.wait(ask_about(builtin, 6), PATIENCE) is not None
    analyst.close()


def test_newer_weights_of_a_learning_model_do_not_queue_behind_its_first_analysis(
    analyst: Analyst, clock: Clock, builtin: DigitDataset
) -> None:
    steps: list[int] = []
    clock.tick = 1.0  # an analysis takes a second, and the next is due when somebody has looked 20 times
    for step in range(1, PATIENCE * 20):
        answer = analyst.ask(ask_about(builtin, 7, step=step, is_learning=True))
        if answer is not None:
            steps.append(answer.step)
        if len(steps) >= 10:
            break
        time.sleep(0.05)
    clock.tick = 0.0
    assert set(steps) == {steps[0]}
