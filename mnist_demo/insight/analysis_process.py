"""The process that analyses models and datasets: both of its ends."""

import contextlib
import importlib
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Literal

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import JobError, MnistDemoError
from mnist_demo.files import Content
from mnist_demo.insight.analysis import Analysis, analyse
from mnist_demo.insight.data_statistics import DatasetStatistics, compute_statistics
from mnist_demo.processes import ANALYSIS_NICENESS, ChildProcess, give_way, kill
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.translation import _

Subject = Literal["test", "training", "statistics"]
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 240.0  # the largest model on all training images takes about 50
Found = Analysis | DatasetStatistics | None


@dataclass(frozen=True, eq=False)
class Question:
    """What is to be analysed: `weights` (safetensors, None for "statistics") after `step` steps of `model_id`.

    `subject` says on what: the test images, the training images, or, without a model, the dataset itself.
    `is_learning` says that newer weights will follow by themselves. `visitor` is whoever asks, for a turn of her own,
    and `is_wanted` is asked while that and the answer are waited for: when she has left, nobody waits any more.
    """

    subject: Subject
    dataset: DigitDataset
    model_id: str = ""
    step: int = 0
    weights: Content | None = None
    hyperparameters: Hyperparameters | None = None
    is_learning: bool = False
    visitor: str = ""
    is_wanted: Callable[[], bool] = lambda: True

    @property
    def key(self) -> tuple[str, str, str]:
        return self.subject, self.model_id, self.dataset.digest


@dataclass(frozen=True, eq=False)
class Finding:
    """What was found; or None, and a sentence for people that says why not."""

    found: Found
    problem: str = ""


@dataclass(frozen=True, eq=False)
class _Task:
    """A question on its way. The dataset goes over once: all of MNIST, where it is not a mapped file, has 55 MB."""

    subject: Subject
    weights: Content | None
    hyperparameters: Hyperparameters | None
    new_dataset: DigitDataset | None


@dataclass(frozen=True)
class _Ready:
    """The process has loaded its libraries."""


class AnalysisProcess:
    """A process that finds what is asked; started at once, so that its libraries load beside the page.

    One that has died is replaced when it is next needed. All but `stop` is for one thread.
    """

    def __init__(self) -> None:
        self.process: BaseProcess | None = None  # the newest one
        self._child: ChildProcess | None = None
        self._is_stopped = False
        self._is_ready = False
        self._digest: str | None = None  # of the dataset that the process has
        with contextlib.suppress(OSError):
            self._start()

    def __enter__(self) -> "AnalysisProcess":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._is_stopped = True
        self._end()

    def stop(self) -> None:
        """End the process, which has nothing to lose, for good; whoever waits for it gets an answer at once."""
        self._is_stopped = True
        if self.process is not None:
            kill(self.process)

    def wait_until_ready(self) -> None:
        """Wait until the process has loaded its libraries; one that has died is started again first."""
        with contextlib.suppress(EOFError, OSError):
            child = self._child or self._start()
            if not self._is_ready:
                self._is_ready = isinstance(child.connection.recv(), _Ready)

    def find(self, question: Question) -> Finding:
        """Return what was found, or why nothing; waits until it is there, or raises JobError when it is not wanted."""
        for _attempt in range(2):  # the first process may have died long ago
            if self._is_stopped:
                break
            try:
                self.wait_until_ready()
                if self._child is None or not self._is_ready:
                    raise EOFError
                dataset = None if question.dataset.digest == self._digest else question.dataset
                task = _Task(question.subject, question.weights, question.hyperparameters, dataset)
                self._child.connection.send(task)
                left = PATIENCE_SECONDS
                while not self._child.connection.poll(LOOK_SECONDS):
                    left -= LOOK_SECONDS
                    if left <= 0:
                        self._end()
                        return Finding(None, _("The analysis took too long, and was ended."))
                    if not question.is_wanted():
                        self._end()
                        raise JobError(_("Nobody is waiting for this any more."))
                finding: Finding = self._child.connection.recv()
            except (EOFError, OSError):
                self._end()
                continue
            self._digest = question.dataset.digest
            return finding
        return Finding(None, _("The analysis ended unexpectedly; choose the view again to retry."))

    def _start(self) -> ChildProcess:
        self._digest, self._is_ready = None, False
        self._child = ChildProcess(answer_questions, name="analysis")
        self.process = self._child.process
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


def answer_questions(connection: Connection) -> None:
    """The other end: answer over `connection` until it is closed. Runs in the process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the server says what to do about it
    give_way(ANALYSIS_NICENESS)
    # Before the first question: they take a second to load.
    import torch

    importlib.import_module("sklearn.metrics")
    torch.set_num_threads(1)  # for one core alone is its turn
    dataset: DigitDataset | None = None
    with contextlib.suppress(EOFError, OSError):
        connection.send(_Ready())
        while True:
            task: _Task = connection.recv()
            dataset = task.new_dataset or dataset
            assert dataset is not None
            connection.send(_find(task, dataset))


def _find(task: _Task, dataset: DigitDataset) -> Finding:
    try:
        if task.subject == "statistics":
            return Finding(compute_statistics(dataset))
        from mnist_demo.models.checkpoints import classifier_from_bytes

        assert task.weights is not None
        assert task.hyperparameters is not None
        classifier = classifier_from_bytes(bytes(task.weights), task.hyperparameters)
        if task.subject == "test":
            return Finding(analyse(classifier, dataset.test_pixels, dataset.test_labels))
        return Finding(analyse(classifier, dataset.train_pixels, dataset.train_labels))
    except MnistDemoError as error:
        return Finding(None, str(error))
    except MemoryError:
        return Finding(None, _("There was not enough memory for the analysis."))
    except Exception as error:
        traceback.print_exc()
        message = _("The analysis failed because of a fault in this program ({error}); training is not affected.")
        return Finding(None, message.format(error=f"{type(error).__name__}: {error}"))
