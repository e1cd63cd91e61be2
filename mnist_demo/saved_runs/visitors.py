"""The folders of visitors, beside their runs: labelled drawings, opened models, and small values by name.

Every visitor has a folder, called by what stands for her in saved runs::

    visitors/OWNER/drawings/TIME-DIGEST    the drawings that were kept with one click, or came from one file
    visitors/OWNER/models/TIME-DIGEST      a model that was opened
    visitors/OWNER/preferences.json …      small values by name, see `VisitorStore.keep_values`

A file on a shelf, ``drawings`` or ``models``, is written whole and never changed: two tabs of a visitor add to it and
overwrite nothing. What does not have its digest, or means nothing, is set aside as ``.damaged-…``.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from mnist_demo.errors import KeepingError, MnistDemoError
from mnist_demo.files import remove_unfinished, sizes_below, unfinished_name, write_whole
from mnist_demo.saved_runs.folders import LOCK_SECONDS, is_name
from mnist_demo.saved_runs.places import VISITORS_LIMIT_VARIABLE, limit_from_environment, visitors_folder
from mnist_demo.translation import N_, _

# Values are a language, a place in the lesson, its guesses: a few hundred bytes.
MAX_VALUES_BYTES = 20_000
# Where there is no room left, those make room who have not come for so long, the longest absent first.
ABSENT_SECONDS = 30 * 24 * 60 * 60
COUNT_AGAIN_SECONDS = 60.0
DAMAGED_PREFIX = ".damaged-"
DAMAGED = N_("Some of what was kept for you is damaged on the server’s disk and is left out. All the rest is here.")
_NAME = re.compile(r"\d{20}-[0-9a-f]{32}")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Shelf:
    """One kind of files of a visitor: the name of its folder, and how much of it is kept for each visitor."""

    name: str
    max_files: int
    max_bytes: int


DRAWINGS = Shelf("drawings", max_files=1000, max_bytes=5_200_000)  # a collection of drawings is a file of 5 MB at most
MODELS = Shelf("models", max_files=6, max_bytes=60_000_000)


class VisitorStore:
    """What is kept for all visitors of this machine. Safe for several threads and processes at once.

    Parameters
    ----------
    folder
        Where the visitors' folders are; None means `mnist_demo.saved_runs.places.visitors_folder`.
    limit_bytes
        The size limit of all visitors together; None means ``MNIST_DEMO_VISITORS_MB``, or 500 MB.

    Raises
    ------
    RunError
        If ``MNIST_DEMO_VISITORS_MB`` is not a positive number.
    """

    def __init__(self, folder: Path | None = None, limit_bytes: int | None = None) -> None:
        self.folder = folder or visitors_folder()
        self.limit_bytes = limit_from_environment(VISITORS_LIMIT_VARIABLE) if limit_bytes is None else limit_bytes
        self._counted: tuple[float, int] | None = None

    def load(
        self, owner: str, shelf: Shelf, known: Mapping[str, Item | None], parse: Callable[[bytes], Item]
    ) -> tuple[dict[str, Item | None], str]:
        """Return what is on a shelf of `owner`, the oldest first, and a sentence where something is damaged.

        It is what `parse` makes of each file, by the file's name, or what is in `known` under that name already; None
        stands for a file that is damaged, which `parse` says by a MnistDemoError.
        """
        items: dict[str, Item | None] = {}
        problem = ""
        for name in self._names(owner, shelf):
            if name in known:
                items[name] = known[name]
                continue
            path = self._place(owner) / shelf.name / name
            try:
                content = path.read_bytes()
                if hashlib.sha256(content).hexdigest()[:32] != name.rpartition("-")[2]:
                    raise KeepingError(_(DAMAGED))
                items[name] = parse(content)
            except FileNotFoundError:
                continue  # another tab has just removed it
            except OSError as error:
                items[name], problem = None, _cannot_read(error)
            except MnistDemoError:
                items[name], problem = None, _(DAMAGED)
                _set_aside(path)
        return items, problem

    def add(self, owner: str, shelf: Shelf, content: bytes) -> str:
        """Put a file on a shelf of `owner`; return its name.

        Raises
        ------
        KeepingError
            If it cannot be written, or there is no room for it: on the shelf, or on this machine.
        """
        name = f"{time.time_ns():020d}-{hashlib.sha256(content).hexdigest()[:32]}"
        try:
            sizes = sizes_below(self._place(owner) / shelf.name)
            if len(sizes) >= shelf.max_files or sum(sizes) + len(content) > shelf.max_bytes:
                message = _(
                    "At most {count:,} of these, {megabytes} MB in all, are kept for each visitor. What you made is "
                    "here until you close this page; to keep it, delete others first."
                )
                raise KeepingError(message.format(count=shelf.max_files, megabytes=shelf.max_bytes // 1_000_000))
            self._make_room(owner, len(content))
            write_whole(self._place(owner) / shelf.name / name, content)
        except OSError as error:
            raise _cannot_keep(_reason(error)) from error
        return name

    def remove(self, owner: str, shelf: Shelf, names: list[str] | None = None) -> None:
        """Remove files from a shelf of `owner`, all with None, damaged ones too.

        Raises
        ------
        KeepingError
            If the disk refuses.
        """
        folder = self._place(owner) / shelf.name
        with _deleting():
            for name in names or ():
                (folder / name).unlink(missing_ok=True)
            if names is None and folder.exists():
                shutil.rmtree(folder)

    def read_values(self, owner: str, name: str) -> dict[str, Any]:
        """Return the values of `owner` that are kept together as `name`; none where nothing is kept.

        Raises
        ------
        KeepingError
            If the file is damaged; it is set aside, so that the next call finds nothing.
        """
        path = self._values_path(owner, name)
        try:
            values = json.loads(path.read_bytes())
            if not isinstance(values, dict):
                raise ValueError("not an object")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise KeepingError(_cannot_read(error)) from error
        except (ValueError, RecursionError) as error:
            _set_aside(path)
            raise KeepingError(_(DAMAGED)) from error
        return values

    def keep_values(self, owner: str, name: str, changes: Mapping[str, Any]) -> None:
        """Keep `changes`, whose values JSON knows, among the values of `owner` called `name`; the others stay.

        Raises
        ------
        KeepingError
            If they cannot be written, or become too many.
        """
        try:
            with self._locked():
                with contextlib.suppress(KeepingError):  # what was damaged before is set aside
                    changes = {**self.read_values(owner, name), **changes}
                content = json.dumps(changes).encode()
                if len(content) > MAX_VALUES_BYTES:
                    message = _("At most {limit:,} bytes of this kind are kept for each visitor, and this is more.")
                    raise KeepingError(message.format(limit=MAX_VALUES_BYTES))
                self._make_room(owner, len(content))
                write_whole(self._values_path(owner, name), content)
        except OSError as error:
            raise _cannot_keep(_reason(error)) from error

    def forget_values(self, owner: str, name: str) -> None:
        """Delete the values of `owner` called `name`; raise KeepingError if the disk refuses."""
        with _deleting():
            self._values_path(owner, name).unlink(missing_ok=True)

    def size(self, owner: str) -> int:
        """Return how many bytes are kept for `owner`, damaged files included."""
        return sum(sizes_below(self._place(owner)))

    def note_visit(self, owner: str) -> None:
        """Remember that `owner` is here again: nothing of hers makes room for others for a while."""
        with contextlib.suppress(OSError):
            os.utime(self._place(owner))

    def forget(self, owner: str) -> None:
        """Delete all that is kept for `owner`; raise KeepingError if the disk refuses."""
        gone = self.folder / unfinished_name()
        with _deleting():
            with contextlib.suppress(FileNotFoundError):
                self._place(owner).rename(gone)  # all at once, whatever happens while it is deleted
            if gone.exists():
                shutil.rmtree(gone)
        self._counted = None

    def _place(self, owner: str) -> Path:
        if not is_name(owner):
            raise ValueError(f"not what stands for a visitor: {owner[:80]!r}")
        return self.folder / owner

    def _values_path(self, owner: str, name: str) -> Path:
        return self._place(owner) / f"{name}.json"

    def _names(self, owner: str, shelf: Shelf) -> list[str]:
        try:
            return sorted(filter(_NAME.fullmatch, os.listdir(self._place(owner) / shelf.name)))  # noqa: PTH208  names
        except OSError:
            return []

    def _make_room(self, owner: str, needed: int) -> None:
        """Delete what is kept for visitors who have long been away, if `needed` bytes do not fit otherwise.

        Raises KeepingError, and deletes nothing, if that does not help.
        """
        moment = time.monotonic()
        if self._counted is None or moment - self._counted[0] > COUNT_AGAIN_SECONDS:
            remove_unfinished(self.folder)
            self._counted = moment, sum(sizes_below(self.folder))
        too_much = self._counted[1] + needed - self.limit_bytes
        if too_much > 0:
            absent, freed = [], 0
            others = [(path.stat().st_mtime, path) for path in self.folder.iterdir() if is_name(path.name)]
            for last_seen, path in sorted(others):
                if freed < too_much and path.name != owner and time.time() - last_seen > ABSENT_SECONDS:
                    absent.append(path)
                    freed += sum(sizes_below(path))
            if freed < too_much:
                raise KeepingError(
                    _(
                        "This server has no room left to keep what visitors make: what you made is here until you "
                        "close this page."
                    )
                )
            for path in absent:
                self.forget(path.name)
            self._counted = moment, sum(sizes_below(self.folder))
        self._counted = self._counted[0], self._counted[1] + needed

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / ".lock", timeout=LOCK_SECONDS, poll_interval=0.005):
                yield
        except Timeout as error:
            raise TimeoutError("the folder is locked by another process") from error


def _set_aside(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.replace(path.with_name(f"{DAMAGED_PREFIX}{path.name}"))


@contextlib.contextmanager
def _deleting() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = _("What is kept for you could not be deleted ({reason}): try again, or ask whoever runs this server.")
        raise KeepingError(message.format(reason=_reason(error))) from error


def _cannot_keep(reason: str) -> KeepingError:
    message = _("The server could not keep what you made ({reason}). It is here until you close this page.")
    return KeepingError(message.format(reason=reason))


def _cannot_read(error: OSError) -> str:
    message = _("Some of what is kept for you cannot be read at the moment ({reason}): open the page again later.")
    return message.format(reason=_reason(error))


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
