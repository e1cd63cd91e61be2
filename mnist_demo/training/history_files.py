"""A run's history as CSV: every event a line, so that a spreadsheet or pandas can draw what the page draws.

Nothing is lost: `history_from_csv` gives back the very numbers. A line has a value where its event has one:

========================================  =======================================================================
column                                    what it holds
========================================  =======================================================================
event                                     started, step, changed, evaluation, epoch, diverged or stopped
step, epoch                               counted from 1; 0 before training; of a change, how many were through then
train_loss, train_accuracy                of a step: its batch, before the update; of an epoch: the mean of its images
test_loss, test_accuracy                  measured on all test images
validation_loss, validation_accuracy      the same on the images held out, where there are any
learning_rate                             of the step
images                                    how many the step learned from
seconds                                   training time so far, evaluation and pauses left out
steps_per_epoch … parameter_count         of the whole run, in the line of ``started``
optimizer                                 in the line of ``diverged``
setting, value                            in the line of ``changed``: what the steps after this one were made with
========================================  =======================================================================

Accuracies are fractions, losses mean cross-entropy.

>>> history = History()
>>> history.append(Started(1, 1, 60_000, 7850, 2.3, 0.1, None, None))
>>> history_from_csv(history_to_csv(history)).started == history.started
True
"""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_demo.errors import HistoryFileError
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.values import check_value
from mnist_demo.training.events import Changed, Diverged, Epoch, Evaluated, Event, Started, Step, Stopped
from mnist_demo.training.history import History
from mnist_demo.translation import _

if TYPE_CHECKING:
    import pyarrow as pa

EVENTS: dict[str, type[Event]] = {
    "started": Started,
    "step": Step,
    "changed": Changed,
    "evaluation": Evaluated,
    "epoch": Epoch,
    "diverged": Diverged,
    "stopped": Stopped,
}
_NAMES = {kind: name for name, kind in EVENTS.items()}
# What most people look for comes first; every field of every event is among them, which a test watches.
COLUMNS = (
    "event",
    "step",
    "epoch",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "images",
    "seconds",
    "steps_per_epoch",
    "total_steps",
    "training_images",
    "parameter_count",
    "optimizer",
    "setting",
    "value",
)
# A run that was saved before settings could be changed on the way lacks the last two.
_OLDER_COLUMNS = COLUMNS[:-2]
_WHOLE = {"step", "images", "steps_per_epoch", "total_steps", "training_images", "parameter_count"}
_TEXTS = {"event", "optimizer", "setting"}
# A number of epochs is whole but in the line of a change.
_COLUMN_TYPES = {name: "int64" if name in _WHOLE else "string" if name in _TEXTS else "float64" for name in COLUMNS}
# A history keeps these; the epoch follows from the step.
_STEP_NUMBERS = tuple(name for name in Step._fields if name != "epoch")


def history_to_csv(history: History) -> bytes:
    """Return `history` in UTF-8, a header and one line for each event, in the order in which they came.

    A run that is still going may be written: what comes meanwhile is left out.
    """
    content = io.BytesIO()
    text = io.TextIOWrapper(content, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    # From the end to the beginning: another thread may append meanwhile, and whatever is there has its forerunners.
    last = [event for event in (history.diverged, history.stopped) if event is not None]
    between, count, started = _between_steps(history), history.step_count, history.started
    if started is not None:
        writer.writerow(_line(started, step=0, epoch=0))
        steps = _step_table(history, count)
        written = 0
        for event in between:
            _write_steps(steps[written : event.step], content)
            writer.writerow(_line(event))
            written = event.step
        _write_steps(steps[written:], content)
        writer.writerows(map(_line, last))
    return content.getvalue()


def _line(event: Event, **more: int) -> list[object]:
    values = {"event": _NAMES[type(event)], **vars(event), **more}
    # Python writes the shortest text that reads back as the same number.
    return ["" if (value := values.get(name)) is None else value for name in COLUMNS]


def _between_steps(history: History) -> list[Evaluated | Epoch | Changed]:
    """Return what happened between steps, in its order: a step's model is measured before a setting is changed."""
    events: list[Evaluated | Epoch | Changed] = [*history.measured_in_run(), *history.changes]
    return sorted(events, key=lambda event: event.step)


def _step_table(history: History, count: int) -> "pa.Table":
    """Return the lines of the first `count` steps. A long run has very many, and its server other things to do.

    Arrow writes the same numbers as Python would, in a fifth of the time, and lets others compute meanwhile.
    """
    import pyarrow as pa  # not above: most of what imports this writes nothing

    # Slices are copies: an array whose memory is lent cannot grow.
    numbers = {name: np.frombuffer(history.steps[name][:count]) for name in _STEP_NUMBERS}
    columns = {
        **{name: pa.array(column) for name, column in numbers.items()},
        "event": pa.repeat(_NAMES[Step], count),
        "step": pa.array(numbers["step"].astype(np.int64)),
        "epoch": pa.array(np.searchsorted([epoch.step for epoch in history.epochs], numbers["step"]) + 1),
        "images": pa.array(numbers["images"].astype(np.int64)),
    }
    return pa.table({name: columns.get(name, pa.nulls(count, pa.string())) for name in COLUMNS})


def _write_steps(steps: "pa.Table", content: io.BytesIO) -> None:
    import pyarrow as pa
    from pyarrow.csv import WriteOptions, write_csv

    lines = pa.BufferOutputStream()  # not `content`: Arrow would need the interpreter for every thousand lines
    write_csv(steps, lines, WriteOptions(include_header=False, quoting_style="none"))
    content.write(lines.getvalue())


def history_from_csv(content: bytes) -> History:
    """Return the history that `history_to_csv` wrote.

    Raises
    ------
    HistoryFileError
        When it is damaged or something else.
    """
    import pyarrow as pa
    from pyarrow.csv import ConvertOptions, ParseOptions, open_csv

    history = History()
    # Arrow reads a long run in a twentieth of the time that Python takes, and lets others compute meanwhile.
    conversion = ConvertOptions(
        column_types={name: pa.type_for_alias(kind) for name, kind in _COLUMN_TYPES.items()},
        null_values=[""],
        strings_can_be_null=True,
    )
    try:
        lines = open_csv(
            pa.BufferReader(content),
            parse_options=ParseOptions(quote_char=False),  # nothing that is written needs quotes
            convert_options=conversion,
        )
        if tuple(lines.schema.names) not in (COLUMNS, _OLDER_COLUMNS):
            raise ValueError("other columns")
        for block in lines:
            _append_lines(history, block)
    except (ValueError, KeyError, OverflowError) as error:  # ValueError is what Arrow raises too
        message = _("This is not the history of a run that this program wrote, or it is damaged; save the run again.")
        raise HistoryFileError(message) from error
    return history


def _append_lines(history: History, lines: "pa.RecordBatch") -> None:
    """Append the events of these lines; raise ValueError or KeyError where they cannot be the next ones."""
    import pyarrow.compute as pc

    begin, is_step = 0, pc.equal(lines["event"], _NAMES[Step]).fill_null(False)
    others = np.flatnonzero(~is_step.to_numpy(zero_copy_only=False))
    for place, line in zip(others.tolist(), lines.take(others).to_pylist(), strict=True):
        _append_steps(history, lines.slice(begin, place - begin))
        event = _event_from(line)
        _check_place(event, history)
        history.append(event)
        begin = place + 1
    _append_steps(history, lines.slice(begin))


def _append_steps(history: History, lines: "pa.RecordBatch") -> None:
    count, done = len(lines), history.step_count
    if count == 0:
        return
    if any(lines[name].null_count for name in Step._fields):
        raise ValueError("a value is missing")
    lines["epoch"].cast("int64")  # raises ValueError for what is no whole number
    has_ended = history.diverged is not None or history.stopped is not None
    in_order = np.array_equal(lines["step"].to_numpy(), np.arange(done + 1, done + count + 1))
    if history.started is None or has_ended or not in_order:
        raise ValueError("not in order")
    for name in _STEP_NUMBERS:
        history.steps[name].frombytes(lines[name].to_numpy().astype(np.float64).view(np.uint8))


def events_of(history: History) -> Iterator[Event]:
    """Yield the events that `history` was made of, in their order."""
    # From the end to the beginning: another thread may append meanwhile, and whatever is there has its forerunners.
    last = [event for event in (history.diverged, history.stopped) if event is not None]
    between, count, started = _between_steps(history), history.step_count, history.started
    if started is None:
        return
    yield started
    epoch = 1
    for values in zip(*(history.steps[name][:count] for name in _STEP_NUMBERS), strict=True):
        numbers: dict[str, Any] = dict(zip(_STEP_NUMBERS, values, strict=True))
        step = numbers["step"] = int(numbers["step"])
        numbers["images"] = int(numbers["images"])
        while between and between[0].step < step:
            event = between.pop(0)
            epoch += isinstance(event, Epoch)
            yield event
        yield Step(epoch=epoch, **numbers)
    yield from [*between, *last]


def _event_from(line: dict[str, Any]) -> Event:
    """Return the event of a line that is no step; raise ValueError or KeyError where it is none."""
    kind = EVENTS[line["event"]]
    return kind(**{name: _value(line[name], form) for name, form in kind.__annotations__.items()})


def _value(value: Any, kind: Any) -> Any:
    if value is None and kind != float | None:
        raise ValueError("a value is missing")
    if kind is int and value != int(value):
        raise ValueError("no whole number")
    return int(value) if kind is int else value


def _check_place(event: Event, history: History) -> None:
    """Raise ValueError unless `event` can be the next one of `history`."""
    begun, ended = history.started is not None, history.diverged is not None or history.stopped is not None
    done = history.step_count
    match event:
        case Started():
            fits = not begun and 0 < event.steps_per_epoch <= event.total_steps
        case Epoch() | Evaluated():
            fits = begun and event.step == done
        case Changed():
            check_value(event.setting, event.value)
            fits = begun and event.step == done and FIELDS[event.setting].changeable and 0 <= event.epoch <= done
        case Diverged():
            # The step whose loss is no number is never made.
            fits = begun and event.step in (done, done + 1) and event.optimizer in FIELDS["optimizer"].choice_names
        case Stopped():
            fits = begun and event.step <= done
    if ended or not fits:
        raise ValueError("not in order")
