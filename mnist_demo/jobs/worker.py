"""The other end of a job: runs in a process of its own, trains, obeys commands between two steps, and reports."""

import dataclasses
import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection

from mnist_demo.devices import choose_device
from mnist_demo.errors import MnistDemoError, is_lack_of_memory
from mnist_demo.files import keep
from mnist_demo.jobs.messages import (
    Assignment,
    ChangeSetting,
    Command,
    DeviceChosen,
    DoStep,
    Ended,
    Pause,
    Paused,
    Progressed,
    Report,
    Rest,
    Resume,
    SetSpeed,
    StateSaved,
    StepWatched,
    Stop,
    Weights,
    send_report,
)
from mnist_demo.models.checkpoints import classifier_from_bytes, weights_to_bytes
from mnist_demo.models.classifiers import build_model
from mnist_demo.processes import TRAINING_NICENESS, give_way, keep_freed_memory
from mnist_demo.second_thread import compute_with
from mnist_demo.training.events import Changed, Diverged, Epoch, Event, Started, Step, Stopped
from mnist_demo.training.history import History
from mnist_demo.training.loop import Training, evaluate_on_test, train
from mnist_demo.training.slow_motion import SlowMotion
from mnist_demo.training.state import TrainingState
from mnist_demo.translation import _

OBEY_SECONDS = 0.01
REPORT_SECONDS = 0.1
# About as long as the page needs from hearing of a stroke to its answer; and how long training then goes on at least:
# no longer, for some people lift the pen three times a second.
REST_SECONDS, WORK_SECONDS = 0.12, 0.18
# Weights go out about as often as the page refreshes, but never take more than a thirtieth of the time.
WEIGHTS_SECONDS = 0.3
WEIGHTS_SHARE = 30
# All that a run needs to go on goes out less often: it may be a hundred megabytes, and ends up on a disk.
EPOCH_SAVE_SECONDS = 3.0
SAVE_SECONDS = 10.0
SAVE_SHARE = 30


class _StopRequestedError(Exception):
    pass


def run_worker(connection: Connection, assignment: Assignment) -> None:
    """Train until done or told to stop; end quietly when the other side of `connection` is gone."""
    # Ctrl-C in the server's terminal reaches every process; the server says what is to be done about it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    give_way(TRAINING_NICENESS)
    keep_freed_memory()
    compute_with(assignment.threads)
    try:
        Worker(connection, assignment).run()
    except (EOFError, OSError):
        sys.exit(0)


class Worker:
    """Drives one run, and is the only one that talks over `connection`."""

    def __init__(self, connection: Connection, assignment: Assignment) -> None:
        self.connection = connection
        self.assignment = assignment
        self.hyperparameters = assignment.hyperparameters
        self.model = build_model(self.hyperparameters)
        self.slow_motion = SlowMotion()
        self.training: Training | None = None
        self.unsent: list[Event] = []
        self.step = 0
        self.paused = False
        self.next_obey = self.next_report = self.next_weights = self.next_rest = 0.0
        self.saved_point = time.perf_counter()
        self.saving_seconds = 0.0

    def run(self) -> None:
        ended = Ended("finished")
        try:
            self.training = self._begin()
            for event in self.training:
                self._note(event)
                if isinstance(event, Diverged):
                    ended = Ended("diverged", event.message)
                self._exchange(event)
        except _StopRequestedError:
            ended = Ended("stopped")
            if self.step:
                self.unsent.append(Stopped(self.step, *evaluate_on_test(self.model, self.assignment.dataset)))
        except MnistDemoError as error:
            ended = Ended("failed", str(error))
        except (EOFError, OSError):
            raise
        except Exception as error:
            ended = _failed(error)
        self._report()
        try:
            self._send_weights()
            if self.training is not None and ended.state in ("finished", "stopped"):
                ended = dataclasses.replace(ended, training_state=keep(self._state_bytes()))
        except (EOFError, OSError):
            raise
        except Exception as error:  # those that it sent before are its last ones
            ended = _failed(error)
        self._send(ended)

    def _begin(self) -> Training:
        hyperparameters, weights = self.hyperparameters, self.assignment.initial_weights
        resume_from = None
        if self.assignment.resume_from is not None:
            resume_from = TrainingState.from_bytes(self.assignment.resume_from)
            self.step = resume_from.progress.step
        elif weights is not None:
            self.model.load_state_dict(classifier_from_bytes(bytes(weights), hyperparameters).model.state_dict())
        device = choose_device(self.assignment.device, hyperparameters.architecture.gains_by_accelerator)
        self._send(DeviceChosen(device))
        dataset, extra = self.assignment.dataset, self.assignment.extra
        changes = self.assignment.changes
        return train(self.model, hyperparameters, dataset, extra, self.slow_motion, resume_from, device, changes)

    def _note(self, event: Event) -> None:
        self.unsent.append(event)
        if isinstance(event, Started | Changed) and self.training is not None:
            self.slow_motion.steps_left = self.training.steps_to_come
        elif isinstance(event, Step):
            self.step = event.step
            self.slow_motion.note_step()
            detail = self.slow_motion.take_detail()
            if detail is not None:
                self._send(StepWatched(detail))

    def _exchange(self, event: Event) -> None:
        """Report and obey what is due after `event`; while paused, wait here until told to go on."""
        # An evaluation and the end of an epoch belong to the step before, and the end of the run to its last epoch; a
        # change to the next step, the first that is made with it.
        in_between = (
            (isinstance(event, Step) and self.training is not None and self.training.evaluates_next)
            or isinstance(event, Changed)
            or (isinstance(event, Epoch) and event.epoch == self.hyperparameters.epochs)
            or isinstance(event, Diverged)
        )  # fmt: skip
        now = time.perf_counter()
        if now >= self.next_report or isinstance(event, Started):
            self._report()
        if now >= self.next_weights:
            self._send_weights()
        if in_between:
            return
        self._save_now_and_then(event, now)
        if self.paused:
            self._tell_paused()
            self._obey()
        elif now >= self.next_obey or self.slow_motion.seconds_to_wait():
            self._obey()

    def _obey(self) -> None:
        """Carry out what has been commanded; return when the next event is wanted."""
        while self.paused or self.connection.poll(self.slow_motion.seconds_to_wait()):
            command: Command = self.connection.recv()
            match command:
                case Stop():
                    raise _StopRequestedError
                case Pause() if not self.paused:
                    self.paused = True
                    self._tell_paused()
                case Resume():
                    self.paused = False
                    self.slow_motion.set_speed(self.slow_motion.speed)
                case DoStep() if self.paused:
                    self.slow_motion.watch_next_step()
                    return
                case Rest():
                    self._rest()
                case SetSpeed(speed):
                    self.slow_motion.set_speed(speed)
                case ChangeSetting(name, value) if self.training is not None:
                    self.training.change(name, value)
        self.next_obey = time.perf_counter() + OBEY_SECONDS

    def _rest(self) -> None:
        """Compute nothing for a moment. However many ask for it, training keeps three fifths of its time."""
        if time.perf_counter() >= self.next_rest:
            time.sleep(REST_SECONDS)
            self.next_rest = time.perf_counter() + WORK_SECONDS

    def _send(self, report: Report) -> None:
        send_report(self.connection, report)

    def _tell_paused(self) -> None:
        self._report()
        self._send_weights()
        self._send_state()
        self._send(Paused())

    def _report(self) -> None:
        if self.unsent:
            self._send(Progressed(History.of(self.unsent)))
            self.unsent = []
        self.next_report = time.perf_counter() + REPORT_SECONDS

    def _send_weights(self) -> None:
        began = time.perf_counter()
        self._send(Weights(self.step, weights_to_bytes(self.model)))
        took = time.perf_counter() - began
        self.next_weights = began + max(WEIGHTS_SECONDS, WEIGHTS_SHARE * took)

    def _save_now_and_then(self, event: Event, now: float) -> None:
        least = EPOCH_SAVE_SECONDS if isinstance(event, Epoch) else SAVE_SECONDS
        if isinstance(event, Epoch | Step) and now - self.saved_point >= max(least, SAVE_SHARE * self.saving_seconds):
            self._send_state()

    def _send_state(self) -> None:
        self._report()  # a saved point without the steps before it could not be shown
        began = time.perf_counter()
        self._send(StateSaved(keep(self._state_bytes())))
        self.saved_point = time.perf_counter()
        self.saving_seconds = self.saved_point - began

    def _state_bytes(self) -> bytes:
        assert self.training is not None
        return self.training.state().to_bytes()


def _failed(error: Exception) -> Ended:
    """Return the end of a run that failed with `error`, in a sentence for people."""
    if is_lack_of_memory(error):
        detail = _("There was not enough memory to train: choose a smaller batch size or smaller hidden layers.")
    else:
        traceback.print_exception(error)
        detail = _("Training failed because of a fault in this program ({error}); starting again is safe.")
    return Ended("failed", detail.format(error=f"{type(error).__name__}: {error}"))
