"""Things that a server makes once, and of which it keeps no more than it has room for."""

import threading
from concurrent.futures import ThreadPoolExecutor

import streamlit as st

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment, Weights
from mnist_demo.models.checkpoints import weights_to_bytes
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui.resources import job_registry
from mnist_demo.ui.server.models import MAX_CLASSIFIER_BYTES, classifier_with, classifiers
from mnist_demo.ui.server.once import once
from mnist_demo.ui.server.sized_cache import SizedCache


def test_what_is_made_once_is_made_once_however_many_ask_at_a_time() -> None:
    made, together = [], threading.Barrier(4)

    @once
    def things() -> list[object]:
        made.append(object())
        return made

    def ask() -> list[object]:
        together.wait()
        return things()

    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(ask) for _thread in range(4)]
        assert all(answer.result() is made for answer in answers)
    assert len(made) == 1


def test_registry_of_runs_survives_that_all_caches_are_cleared() -> None:
    registry = job_registry()
    st.cache_resource.clear()
    st.cache_data.clear()
    assert job_registry() is registry


def test_cache_keeps_what_was_used_last_within_its_bytes() -> None:
    cache = SizedCache[bytes](10, len)
    for name in "abcd":
        cache.get(name, lambda name=name: name.encode() * 4)  # type: ignore[misc]
    assert cache.size == 8
    assert cache.get("c", lambda: b"new") == b"cccc"
    assert cache.get("a", lambda: b"new") == b"new"
    assert cache.get("large", lambda: bytes(99)) == bytes(99)
    assert cache.size == 99
    assert cache.get("c", lambda: b"new") == b"new"


def test_models_of_the_largest_network_take_no_more_room_however_many_steps_are_looked_at(
    builtin: DigitDataset,
) -> None:
    large = Hyperparameters(model="mlp", hidden_sizes=(2048,) * 3)
    job = Job(Assignment(large, builtin))
    content = weights_to_bytes(build_model(large))
    for step in range(6):
        assert classifier_with(Weights(step, content), job) is not None
    assert 0 < classifiers().size <= MAX_CLASSIFIER_BYTES
