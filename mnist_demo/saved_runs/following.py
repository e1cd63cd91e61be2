"""A run that another process trains, such as another page server with the same folder: followed by what that saves."""

import contextlib
import time

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import RunError
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.observed_run import JobSnapshot
from mnist_demo.saved_runs.records import RunContent, RunRecord
from mnist_demo.saved_runs.reopening import snapshot_of
from mnist_demo.saved_runs.store import RunStore

# A saved point comes every few seconds; to ask for it is to look at the time of a file.
LOOK_SECONDS = 1.0


class FollowedJob(Job):
    """A run that another process trains or has trained. It takes no commands, and no core of this machine."""

    def __init__(self, record: RunRecord, content: RunContent, dataset: DigitDataset, store: RunStore) -> None:
        super().__init__(Assignment(record.hyperparameters, dataset), job_id=record.id)
        self._store = store
        self._updated, self._looked = record.updated, time.monotonic()
        self._show(snapshot_of(record, content, is_trained=True))

    @property
    def is_elsewhere(self) -> bool:
        return not self.has_ended

    @property
    def cores_used(self) -> int:
        return 0

    def look(self) -> None:
        """Take what was saved since, and whether it has ended; asked again within a second, do nothing."""
        with self._changed:
            if self.has_ended or time.monotonic() - self._looked < LOOK_SECONDS:
                return
            self._looked = time.monotonic()
        with contextlib.suppress(RunError):  # a disk that is away; or deleted: what was seen until now stays
            # In this order: the server that has trained it gives up its claim when its end is saved.
            is_trained = self._store.is_trained_now(self.id, follows=True)
            record = self._store.find(self.id)
            if record is None or (is_trained and record.updated == self._updated):
                return
            record, content = self._store.load(self.id)
            self._updated = record.updated
            self._show(snapshot_of(record, content, is_trained))

    def _show(self, snapshot: JobSnapshot) -> None:
        with self._changed:
            self._history, self._weights = snapshot.history, snapshot.weights
            self._training_state, self._device = snapshot.training_state, snapshot.device
            self._become(snapshot.state, snapshot.detail)
