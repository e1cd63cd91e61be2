"""``mnist-demo train``: train a model, print a line for each epoch, and save what comes of it."""

import argparse
import contextlib
import dataclasses
import functools
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mnist_demo.cli.common import (
    BAD_INPUT,
    INTERRUPTED,
    NO_READER,
    add_data_and_json,
    add_device,
    discard_output,
    load_digits,
    tell,
    to_json,
)
from mnist_demo.devices import choose_device
from mnist_demo.errors import HyperparameterError, MnistDemoError, RunError
from mnist_demo.insight.comparison import format_change
from mnist_demo.processes import keep_freed_memory, let_threads_sleep
from mnist_demo.second_thread import compute_with
from mnist_demo.settings.changes import Change, parse_change
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.settings.links import parameter_of
from mnist_demo.settings.presets import DEFAULT_PRESET, FORMER_NAMES, PRESETS
from mnist_demo.settings.values import parse_value
from mnist_demo.training.events import Changed, Diverged, Epoch, Started, Step, Stopped
from mnist_demo.training.history import History
from mnist_demo.translation import N_, _, format_decimal, format_percent, ngettext, padded

if TYPE_CHECKING:
    from mnist_demo.data.dataset import DigitDataset
    from mnist_demo.training.state import TrainingState

# A column's title, the metric of an epoch in it, and how that is written.
COLUMNS: dict[str, tuple[str, Callable[[Any], str]]] = {
    N_("Epoch"): ("epoch", str),
    N_("Train loss"): ("train_loss", lambda loss: format_decimal(loss, ".4g")),
    N_("Test loss"): ("test_loss", lambda loss: format_decimal(loss, ".4g")),
    N_("Test accuracy"): ("test_accuracy", lambda accuracy: format_percent(accuracy, 2)),
    N_("Validation"): ("validation_accuracy", lambda accuracy: format_percent(accuracy, 2)),
    N_("Seconds"): ("seconds", lambda seconds: format_decimal(seconds, ".2f")),
}
COLUMN_WIDTH = 15


def add_train_arguments(train: argparse.ArgumentParser) -> None:
    """Add the flags of ``train``: one for each hyperparameter, and those that say what becomes of the model."""
    train.epilog = _(
        "Exit status: 0, 2 for bad input or when training diverged, 130 after Ctrl-C (the model is saved)."
    )
    train.add_argument(
        "--preset",
        type=lambda name: FORMER_NAMES.get(name, name),
        choices=tuple(PRESETS),
        default=DEFAULT_PRESET,
        help=_("the hyperparameters to begin with (default: {name})").format(name=DEFAULT_PRESET),
    )
    hyperparameters = train.add_argument_group(_("hyperparameters"), _("Each overrides the value of the preset."))
    for name in FIELDS:
        _add_hyperparameter(hyperparameters, name)
    train.add_argument(
        "--change",
        dest="changes",
        metavar=_("STEP:SETTING=VALUE"),
        type=_parse_change,
        action="append",
        default=[],
        help=_("change a setting after that step, such as 500:learning-rate=0.05; may be given several times"),
    )
    train.add_argument(
        "--output", metavar=_("FOLDER"), help=_("save the trained model in this folder, as model.safetensors")
    )
    train.add_argument(
        "--no-keep", action="store_true", help=_("do not save the run: neither “runs list” nor the page will show it")
    )
    add_device(train)
    add_data_and_json(train, _("print one JSON object a line for each epoch"))


def run_train(arguments: argparse.Namespace) -> int:
    """Train, print a line for each epoch, and keep or save the run as the flags say."""
    given = {name: value for name, value in vars(arguments).items() if name in FIELDS}
    hyperparameters = PRESETS[arguments.preset].hyperparameters.replace(**given)
    let_threads_sleep()
    keep_freed_memory()
    from tqdm import tqdm

    from mnist_demo.models.checkpoints import prepare_output, save_checkpoint
    from mnist_demo.models.classifiers import build_model
    from mnist_demo.training.loop import evaluate_on_test, train

    if arguments.output == "":
        raise MnistDemoError(_("--output must name a folder, but is empty."))
    device = choose_device(arguments.device, hyperparameters.architecture.gains_by_accelerator)
    output = prepare_output(arguments.output) if arguments.output else None
    dataset = load_digits(arguments.data)
    compute_with(thread_count(hyperparameters))
    model = build_model(hyperparameters)
    columns = dict(COLUMNS)
    if not hyperparameters.validation_size:
        del columns["Validation"]
    status, last, history = 0, None, History()
    changes: list[dict[str, Any]] = []  # since the last epoch
    training = train(model, hyperparameters, dataset, device=device, changes=arguments.changes)
    try:
        with tqdm(disable=None, leave=False, unit=f" {_('steps')}") as bar, between_steps() as check_interruption:
            for event in training:
                history.append(event)
                check_interruption()
                match event:
                    case Started():
                        bar.clear()
                        if not arguments.json:
                            print(_table_line(_(title) for title in columns))
                        bar.reset(event.total_steps)
                    case Step():
                        last = event
                        bar.update()
                    case Epoch():
                        bar.clear()
                        metrics = dataclasses.asdict(event)
                        if changes:
                            metrics["changes"] = changes
                            changes = []
                        cells = (write(metrics[name]) for name, write in columns.values())
                        print(to_json(metrics) if arguments.json else _table_line(cells))
                    case Changed():
                        bar.clear()
                        tell(_("From here on: {change}.").format(change=format_change(event)))
                        changes.append({"step": event.step, "setting": event.setting, "value": event.value})
                    case Diverged():
                        bar.close()
                        tell(event.message)
                        return BAD_INPUT
    except (KeyboardInterrupt, BrokenPipeError) as interruption:
        if last is None:
            raise
        if isinstance(interruption, BrokenPipeError):
            discard_output()
        status = INTERRUPTED if isinstance(interruption, KeyboardInterrupt) else NO_READER
        tell(_("Stopped after step {step}.").format(step=format_decimal(last.step)))
    if status and last:
        history.append(Stopped(last.step, *evaluate_on_test(model, dataset)))
    if last and not arguments.no_keep:
        _keep(hyperparameters, dataset, history, "stopped" if status else "finished", training.state(), device)
    if output and last:
        test_loss, test_accuracy = evaluate_on_test(model, dataset)
        metrics = {"step": last.step, "seconds": last.seconds, "test_loss": test_loss, "test_accuracy": test_accuracy}
        save_checkpoint(output, model, hyperparameters, dataset, metrics)
        tell(_("The model is saved as {path}.").format(path=output))
    return status


def _keep(
    hyperparameters: Hyperparameters,
    dataset: "DigitDataset",
    history: History,
    state: str,
    training_state: "TrainingState",
    device: str,
) -> None:
    """Save the run where the page finds it; say in one line where that is, or why it could not be saved."""
    from mnist_demo.jobs.observed_run import new_job_id
    from mnist_demo.saved_runs.records import DatasetFacts, now
    from mnist_demo.saved_runs.snapshots import Snapshot
    from mnist_demo.saved_runs.store import RunStore

    facts, threads = DatasetFacts.of(dataset), thread_count(hyperparameters)
    saved = training_state.to_bytes()
    snapshot = Snapshot(new_job_id(), state, "", hyperparameters, facts, threads, history, None, saved, device)
    try:
        removed = RunStore().save(*snapshot.saved(owner="", created=now()))
    except RunError as error:
        tell(str(error))
        return
    if removed:
        message = ngettext(
            "{count} older run without a name was removed to make room.",
            "{count} older runs without a name were removed to make room.",
            len(removed),
        )
        tell(message.format(count=len(removed)))
    if sys.stderr.isatty():
        tell(_("The run is saved as {id}: see “runs show {id}”.").format(id=snapshot.job_id))


@contextlib.contextmanager
def between_steps() -> Iterator[Callable[[], None]]:
    """Hold back Ctrl-C until the yielded function is called: a run interrupted inside a step could not be resumed.

    A second Ctrl-C takes effect at once.
    """
    pressed = False

    def keep(number: int, frame: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    # Only the main thread may set a signal handler, and only there does Ctrl-C arrive.
    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = signal.signal(signal.SIGINT, keep)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


def _add_hyperparameter(group: "argparse._ArgumentGroup", name: str) -> None:
    field = FIELDS[name]
    flag = "--" + parameter_of(name)
    text = _(field.help).replace("%", "%%")
    # SUPPRESS: only what is given stands in the arguments, and overrides the preset.
    if field.kind == "switch":
        group.add_argument(flag, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text)
        return
    number = "N|all" if field.optional else "N"
    metavars = {"choice": "{" + ",".join(field.choice_names) + "}", "integer": number, "number": "X", "sizes": "N,N"}
    group.add_argument(
        flag, type=functools.partial(_parse, name), metavar=metavars[field.kind], default=argparse.SUPPRESS, help=text
    )


def _parse(name: str, text: str) -> Any:
    try:
        return parse_value(name, text)
    except HyperparameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parse_change(text: str) -> Change:
    try:
        return parse_change(text)
    except HyperparameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _table_line(cells: Iterable[str]) -> str:
    return "".join(padded(cell, COLUMN_WIDTH, before=True) for cell in cells)
