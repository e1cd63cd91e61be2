"""The store of saved runs: one atomically written folder per run, under ``MNIST_DEMO_HOME`` or with the system's data.

::

    runs/4f1c…/
        run.json              name, hyperparameters, data set, versions, machine and metrics
        history.csv           every step and every epoch (`mnist_demo.training.history_files`)
        model.safetensors     the weights, an ordinary checkpoint; missing if the run has diverged
        training.safetensors  the state needed to continue bit for bit; not for every run

Folders are untrusted: sizes are checked when runs are listed, digests when a run is opened. A damaged folder is
skipped, with a warning in the log.
"""

import dataclasses
import functools
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import FileLock

from mnist_demo.errors import HistoryFileError, RunError
from mnist_demo.files import mapped
from mnist_demo.saved_runs.folders import FolderStore, is_name
from mnist_demo.saved_runs.places import limit_from_environment, runs_folder
from mnist_demo.saved_runs.records import RunContent, RunRecord, digest_files, now
from mnist_demo.training.history import History
from mnist_demo.training.history_files import history_from_csv, history_to_csv
from mnist_demo.translation import _

RECORD, HISTORY, MODEL, TRAINING = "run.json", "history.csv", "model.safetensors", "training.safetensors"
DELETED_SECONDS = 24 * 60 * 60  # how long a deleted run can be restored, unless its space is needed earlier
MAX_NAME = 80
_logger = logging.getLogger(__name__)


class RunStore:
    """All saved runs of this machine's user. Safe for several threads and processes at once.

    Parameters
    ----------
    folder
        The folder of the runs; None means `mnist_demo.saved_runs.places.runs_folder`.
    limit_bytes
        The size limit of all runs together; None means ``MNIST_DEMO_RUNS_MB``, or 500 MB.

    Raises
    ------
    RunError
        If ``MNIST_DEMO_RUNS_MB`` is not a positive number.
    """

    def __init__(self, folder: Path | None = None, limit_bytes: int | None = None) -> None:
        self.folder = folder or runs_folder()
        self.limit_bytes = limit_from_environment() if limit_bytes is None else limit_bytes
        self._folders = FolderStore(self.folder)
        self._read: dict[str, tuple[tuple[int, int], RunRecord | None]] = {}

    def runs(self, owner: str | None = None) -> list[RunRecord]:
        """Return the runs of `owner`, or with None all runs, the newest first; damaged runs are skipped.

        Raises
        ------
        RunError
            If the folder cannot be read.
        """
        try:
            records = {name: self._record(name) for name in self._folders.names()}
        except OSError as error:
            raise self._cannot_read(error) from error
        for gone in set(self._read) - records.keys():
            self._read.pop(gone, None)
        found = [record for record in records.values() if record is not None and owner in (None, record.owner)]
        return sorted(found, key=lambda record: (record.created, record.id), reverse=True)

    def find(self, run_id: str) -> RunRecord | None:
        """Return the run with that id, whoever owns it, or None if there is none or it is damaged."""
        try:
            return self._record(run_id) if self._folders.find(run_id) else None
        except OSError as error:
            raise self._cannot_read(error) from error

    def get(self, run_id: str) -> RunRecord:
        """Return the run with that id; raise RunError if there is none."""
        record = self.find(run_id)
        if record is None:
            message = _("There is no saved run “{id}”; “runs list” shows those that there are.")
            raise RunError(message.format(id=run_id[:80]))
        return record

    def load(self, run_id: str) -> tuple[RunRecord, RunContent]:
        """Return a run's record and content, both from the same save.

        Raises
        ------
        RunError
            If there is no such run, or one of its files is damaged.
        """
        self.get(run_id)
        try:
            files = self._folders.read(run_id)
        except OSError as error:
            raise self._cannot_read(error) from error
        if files is None:
            return self.get(run_id), RunContent(History())  # removed in the meantime: get raises RunError
        try:
            record = RunRecord.from_json(files.pop(RECORD, b""))
            if digest_files(files) != record.files:
                raise ValueError(_("a file is missing, or has changed"))
            history = history_from_csv(files[HISTORY])
        except (ValueError, KeyError, HistoryFileError) as error:
            message = _("The saved run “{id}” is damaged and cannot be opened: {reason}.")
            reason = _("its history cannot be read") if isinstance(error, HistoryFileError) else error
            raise RunError(message.format(id=run_id, reason=reason)) from error
        return record, RunContent(history, files.get(MODEL), files.get(TRAINING))

    def save(self, record: RunRecord, content: RunContent) -> list[RunRecord]:
        """Save a run, replacing its previous save but keeping its name, owner and time of creation.

        Returns the runs that were removed to make room: the oldest ones without a name. A run that has been deleted in
        the meantime is not written.

        Raises
        ------
        RunError
            If the run cannot be written; the previous save is then unchanged.
        """
        files = {HISTORY: history_to_csv(content.history)}
        if content.model is not None:
            files[MODEL] = content.model
        if content.training_state is not None:
            files[TRAINING] = mapped(content.training_state)
        record = dataclasses.replace(record, updated=now(), files=digest_files(files))

        def last(old: Path | None) -> dict[str, bytes]:
            previous = self._record(record.id) if old else None
            if previous is None:
                return {RECORD: record.to_json()}
            updated = dataclasses.replace(record, name=previous.name, created=previous.created, owner=previous.owner)
            return {RECORD: updated.to_json()}

        try:
            removed = self._make_room(record.id, sum(map(len, files.values())) + len(record.to_json()))
            self._folders.write(record.id, files, last)
        except OSError as error:
            message = _("The run cannot be saved in {folder} ({reason}); free some room there, and save it again.")
            raise RunError(message.format(folder=self.folder, reason=_reason(error))) from error
        return removed

    def rename(self, run_id: str, name: str) -> str:
        """Set a run's name, or remove it if `name` is empty; return the name as saved: 80 printable characters at most.

        Raises
        ------
        RunError
            If there is no such run, or it cannot be changed.
        """
        name = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:MAX_NAME].strip()

        def change(content: bytes) -> bytes:
            return dataclasses.replace(RunRecord.from_json(content), name=name).to_json()

        self.get(run_id)
        self._change(lambda: self._folders.change_file(run_id, RECORD, change))
        return name

    def delete(self, run_id: str) -> None:
        """Delete a run; `undelete` can restore it for a day. Raises RunError as `rename` does."""
        self.get(run_id)
        self._change(lambda: self._folders.remove(run_id))

    def undelete(self, run_id: str) -> bool:
        """Restore a deleted run; return False if it has been permanently removed."""
        try:
            return self._folders.bring_back(run_id)
        except OSError as error:
            raise self._cannot_change(error) from error

    def owner(self, run_id: str) -> str | None:
        """Return whose run that is, deleted or damaged or not; None where there is none, or that cannot be told."""
        try:
            return (self.find(run_id) or RunRecord.from_json(self._folders.peek(run_id, RECORD))).owner
        except (OSError, ValueError):
            return None

    def all_of(self, owner: str) -> set[str]:
        """Return the ids of all runs of `owner`, deleted and damaged ones too. Raises RunError as `runs` does."""
        try:
            known = {*self._folders.names(), *self._folders.removed()}
        except OSError as error:
            raise self._cannot_read(error) from error
        return {run_id for run_id in known if self.owner(run_id) == owner}

    def destroy(self, run_ids: Iterable[str]) -> None:
        """Permanently remove runs: who still trains one cannot save it any more. Raises RunError as `rename` does."""
        for run_id in filter(is_name, run_ids):
            self._change(functools.partial(self._folders.destroy, run_id, for_good=True))

    def size(self, run_id: str) -> int:
        """Return the size of a run in bytes, deleted or not; 0 if there is none."""
        return self._folders.size(run_id) if is_name(run_id) else 0

    def used_bytes(self) -> int:
        """Return the size of all runs together in bytes, without deleted ones."""
        try:
            return sum(self._folders.size(name) for name in self._folders.names())
        except OSError as error:
            raise self._cannot_read(error) from error

    def claim(self, run_id: str) -> FileLock | None:
        """Mark a run as trained by this process, until `give_up` or its end; return None if another process does."""
        return self._folders.claim(run_id)

    def give_up(self, claim: FileLock) -> None:
        """Release a claim: this process no longer trains the run."""
        self._folders.give_up(claim)

    def is_trained_now(self, run_id: str, follows: bool = False) -> bool:
        """Return whether a living process trains that run; it keeps the run for who `follows`."""
        return is_name(run_id) and self._folders.is_claimed(run_id, follows)

    def _record(self, name: str) -> RunRecord | None:
        """Return the record in ``run.json``, cached by time and size; log a warning and return None if damaged."""
        folder = self.folder / name
        try:
            status = (folder / RECORD).stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if name in self._read and self._read[name][0] == stamp:
                return self._read[name][1]
        except OSError:
            stamp = (0, 0)
        record: RunRecord | None = None
        try:
            candidate = RunRecord.from_json((folder / RECORD).read_bytes())
            if candidate.id != name:
                raise ValueError("run.json is that of another run")
            for file, (size, _digest) in candidate.files.items():
                if (folder / file).stat().st_size != size:
                    raise ValueError(f"{file} is not of the size that run.json says")
            record = candidate
        except (OSError, ValueError) as error:
            if folder.is_dir():
                _logger.warning("The saved run in %s is damaged and is left out: %s.", folder, _reason(error))
        self._read[name] = (stamp, record)
        return record

    def _make_room(self, run_id: str, needed: int) -> list[RunRecord]:
        """Free `needed` bytes for run `run_id`: remove deleted runs, then the oldest runs without a name; return these.

        Raises RunError, with no run removed that is not deleted, if that does not free enough.
        """
        moment = now().timestamp()
        for name, since in self._folders.removed().items():
            if name != run_id and moment - since > DELETED_SECONDS:
                self._folders.destroy(name)
        others = [record for record in self.runs() if record.id != run_id]
        sizes = {record.id: self._folders.size(record.id) for record in others}
        deleted_sizes = {name: self._folders.size(name) for name in self._folders.removed()}
        free = self.limit_bytes - needed - sum(sizes.values()) - sum(deleted_sizes.values())
        for name, size in deleted_sizes.items():
            if free >= 0:
                break
            if name != run_id and size:  # an empty one holds the place of a run that is not to be saved again
                self._folders.destroy(name)
                free += size
        to_remove = []
        for record in sorted(others, key=lambda record: (record.updated, record.id)):
            if free >= 0:
                break
            if not record.name and not self.is_trained_now(record.id):
                to_remove.append(record)
                free += sizes[record.id]
        if free < 0:
            message = _(
                "The run cannot be saved: it takes {needed:.1f} MB, and the runs that have a name leave less of the "
                "{limit:,.0f} MB for all; delete some, or raise MNIST_DEMO_RUNS_MB."
            )
            raise RunError(message.format(needed=needed / 1e6, limit=self.limit_bytes / 1e6))
        for record in to_remove:
            self._folders.destroy(record.id)
        return to_remove

    def _change(self, change: Callable[[], object]) -> None:
        try:
            change()
        except (OSError, ValueError) as error:
            raise self._cannot_change(error) from error

    def _cannot_change(self, error: Exception) -> RunError:
        message = _("The saved runs in {folder} cannot be changed ({reason}); look who may write there.")
        return RunError(message.format(folder=self.folder, reason=_reason(error)))

    def _cannot_read(self, error: OSError) -> RunError:
        message = _("The saved runs in {folder} cannot be read ({reason}); look who may read there.")
        return RunError(message.format(folder=self.folder, reason=_reason(error)))


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error.args[0] if error.args else error)
