"""A run's history as CSV and back."""

import io
import math
from typing import get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import HistoryFileError
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Diverged, Event, Started, Step, Stopped
from mnist_demo.training.history import History
from mnist_demo.training.history_files import COLUMNS, EVENTS, events_of, history_from_csv, history_to_csv
from mnist_demo.training.loop import train


def run(hyperparameters: Hyperparameters, builtin: DigitDataset) -> list[Event]:
    return list(train(build_model(hyperparameters), hyperparameters, builtin))


def as_history(events: list[Event]) -> History:
    history = History()
    for event in events:
        history.append(event)
    return history


@pytest.fixture(scope="module")
def events(builtin: DigitDataset) -> list[Event]:
    return run(Hyperparameters(batch_size=400, epochs=3, validation_size=100), builtin)


def test_history_written_and_read_is_the_same_event_for_event(events: list[Event]) -> None:
    read = history_from_csv(history_to_csv(as_history(events)))

    assert list(events_of(read)) == events


def test_every_number_of_a_step_reads_back_as_it_was() -> None:
    rng = np.random.default_rng(0)
    losses = [0.0, 5e-324, 1e-5, 0.1 + 0.2, 1 / 3, 2.0, 1e22, 1.7976931348623157e308, *rng.exponential(size=1000)]
    history = History()
    history.append(Started(10, 2000, 60_000, 7850, 2.3, 0.1, None, None))
    for step, loss in enumerate(losses, 1):
        history.append(Step(step, (step - 1) // 10 + 1, float(loss), float(loss), float(loss), 100, float(loss)))

    read = history_from_csv(history_to_csv(history))

    assert read.steps == history.steps


def test_history_written_twice_is_the_same_file(events: list[Event]) -> None:
    written = history_to_csv(as_history(events))

    assert history_to_csv(history_from_csv(written)) == written


def test_history_without_validation_reads_back_as_none(quick: Hyperparameters, builtin: DigitDataset) -> None:
    read = history_from_csv(history_to_csv(as_history(run(quick, builtin))))

    assert [epoch.validation_loss for epoch in read.epochs] == [None, None]


def test_history_of_a_run_that_diverged_ends_with_its_last_event(builtin: DigitDataset) -> None:
    events = run(Hyperparameters(model="mlp", learning_rate=1e30), builtin)
    assert isinstance(events[-1], Diverged)

    read = history_from_csv(history_to_csv(as_history(events)))

    assert list(events_of(read)) == events
    assert read.diverged is not None
    assert "learning rate 1e+30" in read.diverged.message


def test_history_of_a_run_stopped_within_an_epoch_keeps_its_last_metrics(events: list[Event]) -> None:
    stopped = [*events[:7], Stopped(5, test_loss=math.inf, test_accuracy=0.1)]

    assert list(events_of(history_from_csv(history_to_csv(as_history(stopped))))) == stopped


def test_history_of_a_run_that_has_not_begun_is_a_header(events: list[Event]) -> None:
    written = history_to_csv(History())

    assert written.decode().splitlines() == [",".join(COLUMNS)]
    assert history_from_csv(written).started is None


def test_columns_have_a_place_for_every_field_of_every_event() -> None:
    fields = {name for kind in get_args(Event) for name in get_type_hints(kind)}

    assert set(EVENTS.values()) == set(get_args(Event))
    assert fields | {"event"} == set(COLUMNS)


def test_csv_read_by_pandas_has_a_row_for_each_step_and_measurement(events: list[Event]) -> None:
    table = pd.read_csv(io.BytesIO(history_to_csv(as_history(events))))

    steps = [event for event in events if isinstance(event, Step)]
    rows = table[table.event == "step"]
    assert rows.train_loss.tolist() == [step.train_loss for step in steps]
    assert rows.epoch.tolist() == [step.epoch for step in steps]
    assert table.event.value_counts().to_dict() == {"step": 12, "evaluation": 2, "epoch": 3, "started": 1}


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: b"",
        lambda lines: b"\x89PNG\r\n\x1a\n\x00\x00",
        lambda lines: b"a,b\n1,2\n",
        lambda lines: b"\n".join(lines)[:-9],
        lambda lines: b"\n".join(lines[:3] + lines[4:]),
        lambda lines: b"\n".join([lines[0], *lines[2:]]),
        lambda lines: b"\n".join([*lines, lines[1]]),
        lambda lines: b"\n".join(lines).replace(b"step,2", b"step,two"),
        lambda lines: b"\n".join(lines).replace(b"\nstep,", b"\nhop,"),
        lambda lines: b"\n".join(lines) + b'\n"never closed',
        lambda lines: b"\n".join(lines).replace(b"\nstep,2,1", b"\nstep,2,"),
        lambda lines: b"\n".join(lines).replace(b"\nstep,2,1", b"\nstep,2,1.5"),
        lambda lines: b"\n".join([*lines, b"stopped,12,,,,0.5,0.5" + 12 * b",", lines[2]]),
        lambda lines: b"\n".join([*lines, b"stopped,12,,,,0.5," + 12 * b","]),
        lambda lines: b"\n".join([*lines, b"diverged,13,4" + 6 * b"," + b",0.5" + 6 * b"," + b",magic"]),
    ],
)  # fmt: skip
def test_file_that_is_no_history_is_refused_with_one_sentence(events: list[Event], damage) -> None:  # type: ignore[no-untyped-def]
    lines = history_to_csv(as_history(events)).splitlines()

    with pytest.raises(HistoryFileError, match="not the history of a run that this program wrote"):
        history_from_csv(damage(lines))
