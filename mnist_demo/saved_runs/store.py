"""Saved runs: a folder for each, written all or not, under ``MNIST_DEMO_HOME`` (else the platform's data folder).

::

    runs/4f1c…/
        run.json              what was trained, how, on what, by which versions on which machine, how well; its name
        history.csv           every step and every epoch (`mnist_demo.training.history_files`)
        model.safetensors     the weights, a checkpoint like any other; not for a run that has diverged
        training.safetensors  all that is needed to go on bit for bit; not for every run

Nothing of a folder is believed before it has been checked: sizes when runs are listed, digests when one is opened. A
folder that is damaged is left out, and the log says so in a sentence.
"""

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from mnist_demo.errors import HistoryFileError, RunError
from mnist_demo.saved_runs.folders import FolderStore, is_name
from mnist_demo.saved_runs.places import limit_from_environment, runs_folder
from mnist_demo.saved_runs.records import RunRecord, digest_files, now
from mnist_demo.training.history import History
from mnist_demo.training.history_files import history_from_csv, history_to_csv
from mnist_demo.translation import _

RECORD, HISTORY, MODEL, TRAINING = "run.json", "history.csv", "model.safetensors", "training.safetensors"
# For so long a deleted run can be brought back, if the room is not needed.
DELETED_SECONDS = 24 * 60 * 60
MAX_NAME = 80

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class RunContent:
    """What a run has learned and how: its history, its checkpoint, and its training state, both as files' bytes."""

    history: History
    model: bytes | None = None
    training_state: bytes | None = None


class RunStore:
    """All saved runs of this machine's user. Safe for threads and for several processes at once.

    Parameters
    ----------
    folder
        Where the runs are; None means the one that the environment names.
    limit_bytes
        All runs together take no more; None means what ``MNIST_DEMO_RUNS_MB`` says, or 500 MB.

    Raises
    ------
    RunError
        When ``MNIST_DEMO_RUNS_MB`` is no positive number.
    """

    def __init__(self, folder: Path | None = None, limit_bytes: int | None = None) -> None:
        self.folder = folder or runs_folder()
        self.limit_bytes = limit_from_environment() if limit_bytes is None else limit_bytes
        self._folders = FolderStore(self.folder)
        self._read: dict[str, tuple[tuple[int, int], RunRecord | None]] = {}

    def runs(self, owner: str | None = None) -> list[RunRecord]:
        """Return the runs of `owner`, or all, the newest first; those that are damaged are left out.

        Raises
        ------
        RunError
            When the folder cannot be read.
        """
        try:
            records = [self._record(name) for name in self._folders.names()]
        except OSError as error:
            raise self._cannot_read(error) from error
        found = [record for record in records if record is not None and owner in (None, record.owner)]
        return sorted(found, key=lambda record: (record.created, record.id), reverse=True)

    def find(self, run_id: str) -> RunRecord | None:
        """Return the run with that id, whoever owns it, or None where there is none or it is damaged."""
        try:
            return self._record(run_id) if self._folders.find(run_id) else None
        except OSError as error:
            raise self._cannot_read(error) from error

    def get(self, run_id: str) -> RunRecord:
        """Return the run with that id; raise RunError where there is none."""
        record = self.find(run_id)
        if record is None:
            message = _("There is no saved run “{id}”; “runs list” shows those that there are.")
            raise RunError(message.format(id=run_id[:80]))
        return record

    def load(self, run_id: str) -> tuple[RunRecord, RunContent]:
        """Return a run with all that belongs to it, as it was saved together.

        Raises
        ------
        RunError
            When there is none, or a file of it is damaged.
        """
        self.get(run_id)
        try:
            files = self._folders.read(run_id)
        except OSError as error:
            raise self._cannot_read(error) from error
        if files is None:
            return self.get(run_id), RunContent(History())  # removed at this moment: get says so
        try:
            record = RunRecord.from_json(files.pop(RECORD, b""))
            if digest_files(files) != record.files:
                raise ValueError("a file is missing, or has changed")
            history = history_from_csv(files[HISTORY])
        except (ValueError, KeyError, HistoryFileError) as error:
            message = _("The saved run “{id}” is damaged and cannot be opened: {reason}.")
            raise RunError(message.format(id=run_id, reason=str(error).rstrip("."))) from error
        return record, RunContent(history, files.get(MODEL), files.get(TRAINING))

    def save(self, record: RunRecord, content: RunContent) -> list[RunRecord]:
        """Write a run, in the place of what was saved of it before; its name and when it was made stay.

        Returns the runs that were removed to make room for it: the oldest ones without a name. A run that has been
        deleted meanwhile is not written.

        Raises
        ------
        RunError
            When it cannot be written; then what was saved before is untouched.
        """
        files = {HISTORY: history_to_csv(content.history)}
        if content.model is not None:
            files[MODEL] = content.model
        if content.training_state is not None:
            files[TRAINING] = content.training_state
        record = dataclasses.replace(record, updated=now(), files=digest_files(files))

        def last(old: Path | None) -> dict[str, bytes]:
            before = self._record(record.id) if old else None
            if before is None:
                return {RECORD: record.to_json()}
            kept = dataclasses.replace(record, name=before.name, created=before.created, owner=before.owner)
            return {RECORD: kept.to_json()}

        try:
            removed = self._make_room(record.id, sum(map(len, files.values())) + len(record.to_json()))
            self._folders.write(record.id, files, last)
        except OSError as error:
            message = _("The run cannot be saved in {folder} ({reason}); free some room there, and save it again.")
            raise RunError(message.format(folder=self.folder, reason=_reason(error))) from error
        return removed

    def rename(self, run_id: str, name: str) -> str:
        """Give a run a name, or take it away with an empty one; return the name as it was kept."""
        name = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:MAX_NAME].strip()

        def change(content: bytes) -> bytes:
            return dataclasses.replace(RunRecord.from_json(content), name=name).to_json()

        self.get(run_id)
        self._change(lambda: self._folders.change_file(run_id, RECORD, change))
        return name

    def delete(self, run_id: str) -> None:
        """Remove a run; for a day `undelete` brings it back."""
        self.get(run_id)
        self._change(lambda: self._folders.remove(run_id))

    def undelete(self, run_id: str) -> bool:
        """Bring a deleted run back; return False when it is gone for good."""
        try:
            return self._folders.bring_back(run_id)
        except OSError as error:
            raise self._cannot_change(error) from error

    def destroy(self, run_id: str) -> None:
        """Remove a run for good."""
        self.get(run_id)
        self._change(lambda: self._folders.destroy(run_id))

    def size(self, run_id: str) -> int:
        """Return how many bytes a run takes."""
        return self._folders.size(run_id) if is_name(run_id) else 0

    def used_bytes(self) -> int:
        """Return how many bytes all runs take together, without those that were deleted."""
        try:
            return sum(self._folders.size(name) for name in self._folders.names())
        except OSError as error:
            raise self._cannot_read(error) from error

    def claim(self, run_id: str) -> FileLock | None:
        """Say that this process trains that run, until `give_up` or its end; None while another one does."""
        return self._folders.claim(run_id)

    def give_up(self, claim: FileLock) -> None:
        """Say that this process does not train the run any more that it had claimed."""
        self._folders.give_up(claim)

    def is_trained_now(self, run_id: str) -> bool:
        """Tell whether a living process trains that run."""
        return is_name(run_id) and self._folders.is_claimed(run_id)

    def _record(self, name: str) -> RunRecord | None:
        """Return what ``run.json`` says, or None, having logged why, when the folder is damaged."""
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
            found = RunRecord.from_json((folder / RECORD).read_bytes())
            if found.id != name:
                raise ValueError("run.json is that of another run")
            for file, (size, _digest) in found.files.items():
                if (folder / file).stat().st_size != size:
                    raise ValueError(f"{file} is not of the size that run.json says")
            record = found
        except (OSError, ValueError) as error:
            if folder.is_dir():
                _logger.warning("The saved run in %s is damaged and is left out: %s.", folder, _reason(error))
        self._read[name] = (stamp, record)
        return record

    def _make_room(self, run_id: str, needed: int) -> list[RunRecord]:
        """Remove the oldest runs without a name until `needed` bytes are free; return them."""
        deleted = self._folders.removed()
        moment = now().timestamp()
        for name, since in deleted.items():
            if is_name(name) and name != run_id and moment - since > DELETED_SECONDS:
                self._folders.destroy(name)
        others = [record for record in self.runs() if record.id != run_id]
        sizes = {record.id: self._folders.size(record.id) for record in others}
        graves = {name: self._folders.size(name) for name in self._folders.removed() if is_name(name)}
        free = self.limit_bytes - needed - sum(sizes.values()) - sum(graves.values())
        for name, size in graves.items():
            if free >= 0:
                break
            if name != run_id:
                self._folders.destroy(name)
                free += size
        doomed = []
        for record in sorted(others, key=lambda record: (record.updated, record.id)):
            if free >= 0:
                break
            if not record.name and not self.is_trained_now(record.id):
                doomed.append(record)
                free += sizes[record.id]
        if free < 0:
            message = _(
                "The run cannot be saved: it takes {needed:.1f} MB, and the runs that have a name leave less of the "
                "{limit:,.0f} MB for all; delete some, or raise MNIST_DEMO_RUNS_MB."
            )
            raise RunError(message.format(needed=needed / 1e6, limit=self.limit_bytes / 1e6))
        for record in doomed:
            self._folders.destroy(record.id)
        return doomed

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
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
