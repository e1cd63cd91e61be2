"""A run's history as TensorBoard's event files.

TensorBoard overlays what has the same tag in several folders, so train, test and validation have a folder each, with
the tags ``loss`` and ``accuracy``; training adds ``learning_rate``, and the settings as a text. Steps count updates.
"""

import io
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from mnist_demo.errors import ExportError
from mnist_demo.exports.exported_run import ExportedRun, require
from mnist_demo.training.events import Event, Step
from mnist_demo.training.history_files import events_of
from mnist_demo.translation import _

Part = Literal["train", "test", "validation"]
# TensorBoard takes any file for one of its own whose name has "tfevents" in it.
FILE_NAME = "events.out.tfevents.mnist-demo"
VERSION = "brain.Event:2"  # what the first record of an event file says


def build_event_files(run: ExportedRun) -> bytes:
    """Return a zip with the folders ``train``, ``test`` and, if some images were held out, ``validation``.

    Every step and every epoch is there. The wall times end now and are as far apart as training took, evaluation and
    pauses left out, so that TensorBoard's relative time is the training time.

    Raises
    ------
    ExportError
        When the package tensorboardX is missing, or there is no folder for temporary files, through which it writes.
    """
    proto = require("tensorboardX.proto.event_pb2")
    summary = require("tensorboardX.summary")
    record_writer = require("tensorboardX.record_writer")
    begun = time.time() - run.history.seconds
    settings = "\n".join(f"    {name}: {value}" for name, value in run.hyperparameters.as_dict().items())
    records = defaultdict(list)
    records["train"].append(proto.Event(wall_time=begun, summary=summary.text("settings", settings)))
    for group, step, seconds, values in _points(events_of(run.history)):
        event = proto.Event(wall_time=begun + seconds, step=step)
        for tag, value in values.items():
            event.summary.value.add(tag=tag, simple_value=value)
        records[group].append(event)

    content = io.BytesIO()
    try:
        scratch = tempfile.TemporaryDirectory()
    except OSError as error:
        message = _("This file is made in a folder for temporary files, and none can be written: set TMPDIR to one.")
        raise ExportError(message) from error
    with scratch as folder, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, events in records.items():
            path = Path(folder, part)
            writer = record_writer.RecordWriter(str(path))
            for event in [proto.Event(wall_time=begun, file_version=VERSION), *events]:
                writer.write(event.SerializeToString())
            writer.close()
            archive.write(path, f"{part}/{FILE_NAME}")
    return content.getvalue()


def _points(events: Iterable[Event]) -> Iterator[tuple[Part, int, float, dict[str, float]]]:
    """Yield the points to draw: their part, step, seconds of training, and values by tag."""
    seconds = 0.0
    for event in events:
        seconds = getattr(event, "seconds", seconds)
        if isinstance(event, Step):
            values = {"loss": event.train_loss, "accuracy": event.train_accuracy, "learning_rate": event.learning_rate}
            yield "train", event.step, seconds, values
            continue
        measured: tuple[Part, ...] = ("test", "validation")
        for part in measured:
            values = {tag: getattr(event, f"{part}_{tag}", None) for tag in ("loss", "accuracy")}  # type: ignore[misc]
            if None not in values.values():
                yield part, getattr(event, "step", 0), seconds, values
