"""``run.json``, the metadata of a saved run; the file is untrusted and validated when it is read."""

import dataclasses
import datetime
import hashlib
import json
import math
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import Any

from mnist_demo import __version__
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.files import Content
from mnist_demo.processes import core_count
from mnist_demo.settings.changes import Change, changes_from_json
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.history import History
from mnist_demo.translation import _, text_from_json, text_to_json

FORMAT, VERSION = "mnist-demo-run", 1
MAX_BYTES = 200_000  # ours have about 2,500 bytes
CURVE_POINTS = 40
STATES = ("running", "paused", "finished", "stopped", "diverged", "failed")
_FILE_NAME = re.compile(r"[a-z][a-z0-9-]*\.[a-z]+")


@dataclass(frozen=True)
class DatasetFacts:
    """The data set that a run was trained on; `digest`, that of `DigitDataset`, identifies it."""

    name: str
    source: str
    digest: str

    @classmethod
    def of(cls, dataset: DigitDataset) -> "DatasetFacts":
        # The full path of a folder is private: other visitors may get a link to the run.
        source = PurePath(dataset.source).name if dataset.name == "folder" else dataset.source
        return cls(dataset.name, source, dataset.digest)


@dataclass(frozen=True)
class RunRecord:
    """One saved run, as described by ``run.json``.

    `owner` identifies the visitor who started it (but is not the visitor's secret), and is empty for a run of the
    command line. `state` is that of the job when it was saved: a run that is ``running`` here but trained by no living
    process was interrupted. `metrics` are numbers such as ``test_accuracy`` (a fraction) and ``step``; `curve` has
    at most 40 test accuracies, for a sparkline. `files` maps every other file to its size in bytes and its SHA-256.
    `changes` are those of its hyperparameters that were made while it went on. `is_repeatable` is False for a run that
    its settings, with these changes, do not reproduce, because it started from another run's weights or was trained on
    drawings.
    """

    id: str
    owner: str
    created: datetime.datetime
    updated: datetime.datetime
    state: str
    hyperparameters: Hyperparameters
    dataset: DatasetFacts
    detail: str = ""
    name: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    curve: tuple[float, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    is_repeatable: bool = True
    changes: tuple[Change, ...] = ()

    @property
    def title(self) -> str:
        """The run's name, or else that of its model."""
        return self.name or self.hyperparameters.model_title

    @property
    def step(self) -> int:
        return int(self.metrics.get("step", 0))

    def as_dict(self) -> dict[str, Any]:
        """Return the content of ``run.json``."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name in ("created", "updated"):
            values[name] = values[name].isoformat(timespec="milliseconds")
        values["figures"] = values.pop("metrics")  # their name in the file format since its first version
        return {
            "format": FORMAT,
            "version": VERSION,
            **values,
            "hyperparameters": self.hyperparameters.as_dict(),
            "dataset": dataclasses.asdict(self.dataset),
            "files": {name: list(facts) for name, facts in self.files.items()},
        }

    def to_json(self) -> bytes:
        about = {**self.as_dict(), "detail": text_to_json(self.detail)}  # in no language
        return json.dumps(about, allow_nan=False, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "RunRecord":
        """Return the record that `to_json` wrote; raise ValueError, with the reason, for any other content."""
        if len(content) > MAX_BYTES:
            raise ValueError(_("run.json is too large"))
        try:
            about: Any = json.loads(content.decode())
            json.dumps(about, ensure_ascii=False).encode()  # fails for half a character, which could not be shown
        except (ValueError, RecursionError) as error:
            raise ValueError(_("run.json is no JSON")) from error
        if not isinstance(about, dict) or (about.pop("format", None), about.pop("version", None)) != (FORMAT, VERSION):
            raise ValueError(_("run.json was not written by this version of this program"))
        try:
            return cls(**_checked(about))
        except (KeyError, TypeError, AttributeError, OverflowError, ValueError) as error:
            raise ValueError(_("run.json does not say what it should")) from error


@dataclass(frozen=True, eq=False)
class RunContent:
    """The content of a run: its history, and the bytes of its checkpoint and training state files, if it has them."""

    history: History
    model: bytes | None = None
    training_state: Content | None = None


def metrics_of(history: History) -> dict[str, float]:
    """Return the newest value of each metric that a list of runs shows; missing or infinite ones are omitted."""
    started, last = history.started, history.epochs[-1] if history.epochs else None
    metrics: dict[str, float | None] = {
        "step": history.step_count,
        "epochs": len(history.epochs),
        "total_steps": history.total_steps if started else None,
        "training_images": started.training_images if started else None,
        "parameter_count": started.parameter_count if started else None,
        "seconds": history.seconds,
        "test_accuracy": history.test_accuracy,
        "test_loss": history.test_loss,
        "train_loss": last.train_loss if last else None,
        "train_accuracy": last.train_accuracy if last else None,
        "validation_loss": last.validation_loss if last else None,
        "validation_accuracy": last.validation_accuracy if last else None,
    }
    return {name: value for name, value in metrics.items() if value is not None and math.isfinite(value)}


def curve_of(history: History) -> tuple[float, ...]:
    """Return at most 40 test accuracies, evenly sampled from before training to now, with the first and the newest."""
    return tuple(point.value for point in history.measured_points("test_accuracy", CURVE_POINTS))


def now() -> datetime.datetime:
    """Return the current time in UTC, to the millisecond, the precision of ``run.json``."""
    return _to_millisecond(datetime.datetime.now(datetime.UTC))


def versions_here() -> dict[str, str]:
    """Return the versions of the packages that a run's metrics depend on."""
    versions = {"mnist-demo": __version__, "python": platform.python_version()}
    for package in ("torch", "numpy"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def machine_here() -> dict[str, str]:
    """Return the kind of this machine, without anything that identifies its owner."""
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": str(core_count()),
        "all_cores": str(os.cpu_count() or 0),
    }


def digest_files(files: Mapping[str, bytes]) -> dict[str, tuple[int, str]]:
    """Return the size in bytes and the hexadecimal SHA-256 of every file."""
    return {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in files.items()}


def _checked(about: dict[str, Any]) -> dict[str, Any]:
    """Validate the values of a record and convert them to their types.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError, OverflowError
        If a value is missing or invalid; `RunRecord.from_json` translates them.
    """
    texts = ("id", "owner", "state", "name")
    if not all(isinstance(about[name], str) for name in texts) or about["state"] not in STATES:
        raise TypeError("texts")
    metrics, curve = about["figures"], about["curve"]
    if not all(_is_number(value) for value in [*metrics.values(), *curve]) or len(curve) > CURVE_POINTS + 1:
        raise TypeError("numbers")
    files = about["files"]
    for name, (size, digest) in files.items():
        if not _FILE_NAME.fullmatch(name) or not isinstance(size, int) or not isinstance(digest, str):
            raise TypeError("files")
    if not isinstance(about["is_repeatable"], bool):
        raise TypeError("is_repeatable")
    return {
        **{name: value for name, value in about.items() if name != "figures"},
        "metrics": metrics,
        # Up to version 0.1 it was a text in the language of that moment.
        "detail": text_from_json(about["detail"]),
        "created": _moment(about["created"]),
        "updated": _moment(about["updated"]),
        "hyperparameters": Hyperparameters.from_dict(about["hyperparameters"]),
        # A run that was saved before settings could be changed on the way has none.
        "changes": changes_from_json(about.get("changes", [])),
        "dataset": DatasetFacts(**{name: str(text) for name, text in about["dataset"].items()}),
        "curve": tuple(curve),
        "files": {name: (size, digest) for name, (size, digest) in files.items()},
        **{part: {str(name): str(text) for name, text in about[part].items()} for part in ("versions", "machine")},
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _moment(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise TypeError("a moment without its time zone")
    return _to_millisecond(moment)


def _to_millisecond(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
