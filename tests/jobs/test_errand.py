"""Short computations for a visitor: in a process that is ended, on a core that is given back."""

import io
import multiprocessing
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest

from mnist_demo import processes
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import ImageError, JobError
from mnist_demo.jobs.errand import core, run_errand
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.rejection.pictures import read_picture_file
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.translation import current_language
from tests.exports.exported_runs import in_korean
from tests.waiting import PATIENCE, wait_until


@pytest.fixture
def one_core() -> Iterator[JobRegistry]:
    registry = JobRegistry(slots=1)
    yield registry
    registry.close()


def test_errand_answers_or_raises_as_its_function_does(one_core: JobRegistry) -> None:
    assert run_errand(one_core, "hers", sum, (1, 2), seconds=PATIENCE) == 3
    with pytest.raises(ImageError):
        run_errand(one_core, "hers", read_picture_file, b"no picture", seconds=PATIENCE)
    with pytest.raises(JobError, match="fault in this program"):
        run_errand(one_core, "hers", io.BytesIO, "no bytes", seconds=PATIENCE)


def test_errand_whose_pipe_breaks_does_not_say_that_no_process_was_started(
    one_core: JobRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(_connection: Connection, _timeout: float) -> bool:
        raise OSError("the handle is invalid")

    monkeypatch.setattr(Connection, "poll", break_off)
    with pytest.raises(JobError, match="fault in this program"):
        run_errand(one_core, "hers", time.sleep, 600, seconds=600)


def test_errand_and_run_without_a_folder_for_temporary_files_say_so_without_naming_any(
    one_core: JobRegistry, monkeypatch: pytest.MonkeyPatch, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    monkeypatch.setattr(processes, "process_context", processes._make_context.__wrapped__)  # which found one before
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    monkeypatch.setattr(os, "access", lambda *_asked, **_more: False)
    reason = "no folder for temporary files can be written; TMPDIR can name one."
    with pytest.raises(JobError, match=f"no process could be started for it: {reason}$"):
        run_errand(one_core, "me", len, [1], seconds=30)
    job = one_core.start(Assignment(quick, builtin))
    assert job.wait(30) == "failed"
    assert job.detail == f"The training process could not be started: {reason}"


def test_errand_speaks_the_language_of_who_asked_for_it(one_core: JobRegistry) -> None:
    def ask() -> tuple[str, str]:
        language: str = run_errand(one_core, "hers", current_language, seconds=PATIENCE)
        with pytest.raises(ImageError) as refused:
            run_errand(one_core, "hers", read_picture_file, b"no picture", seconds=PATIENCE)
        return language, str(refused.value)

    assert ask()[0] == "en"
    language, sentence = in_korean(ask)
    assert language == "ko"
    assert re.search("[가-힣]", sentence)


def test_errand_ends_with_its_time_and_with_its_visitor(one_core: JobRegistry) -> None:
    is_here, before = threading.Event(), multiprocessing.active_children()  # of other tests
    is_here.set()
    threading.Timer(0.5, is_here.clear).start()
    with pytest.raises(JobError, match="takes too long"):
        run_errand(one_core, "hers", time.sleep, 600, seconds=0.2)
    with pytest.raises(JobError):
        run_errand(one_core, "hers", time.sleep, 600, seconds=600, is_wanted=is_here.is_set)
    assert set(multiprocessing.active_children()) <= set(before)
    with core(one_core, "another"), pytest.raises(JobError, match="Nobody is waiting"):
        run_errand(one_core, "hers", time.sleep, 600, seconds=600, is_wanted=is_here.is_set)  # it was in the queue


def test_errand_takes_a_core_from_a_long_run_and_gives_it_back(
    one_core: JobRegistry, endless: Hyperparameters, builtin: DigitDataset
) -> None:
    long = one_core.start(Assignment(endless, builtin), visitor="hers")
    wait_until(lambda: long.history.step_count > 0)
    with core(one_core, "hers"):
        assert long.state == "queued"
        done = long.history.step_count
    wait_until(lambda: long.history.step_count > done)
