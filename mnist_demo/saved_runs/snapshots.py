"""A run at one moment, and what of it is saved."""

from dataclasses import dataclass
from datetime import datetime

from mnist_demo.errors import CheckpointError
from mnist_demo.files import Content
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Weights
from mnist_demo.saved_runs.records import (
    DatasetFacts,
    RunContent,
    RunRecord,
    curve_of,
    machine_here,
    metrics_of,
    versions_here,
)
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.history import History
from mnist_demo.training.state import TrainingState, read_progress


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A run at one moment; nothing of it changes any more."""

    job_id: str
    state: str
    detail: str
    hyperparameters: Hyperparameters
    dataset: DatasetFacts
    threads: int
    history: History
    weights: Weights | None
    training_state: Content | None
    device: str = "cpu"

    @classmethod
    def of(cls, job: Job) -> "Snapshot":
        """Copy what `job` is now."""
        now = job.snapshot()
        history, training_state = now.history, now.training_state
        if training_state is not None and now.state != "diverged":
            progress = read_progress(training_state)
            # A worker that was killed had come further than its last saved point, from which alone it can go on.
            if progress.step < history.step_count or now.state in ("running", "paused", "queued"):
                history = history.until(progress)
        weights = now.weights
        return cls(
            job.id,
            "running" if now.state == "queued" else now.state,
            now.detail,
            job.hyperparameters,
            DatasetFacts.of(job.dataset),
            job.threads,
            history,
            weights if weights is not None and weights.step == history.step_count else None,
            # The drawings that were mixed into its batches are not kept: without them it cannot go on.
            training_state if job.extra is None else None,
            now.device,
        )

    @property
    def has_ended(self) -> bool:
        return self.state not in ("running", "paused")

    def saved(self, owner: str, created: datetime, is_repeatable: bool = True) -> tuple[RunRecord, RunContent]:
        """Return what is saved of the run: for `owner`, and begun at `created`."""
        metrics = metrics_of(self.history)
        # Nobody can use the weights of a run that has diverged, or go on from there.
        model = None if self.state == "diverged" else _checkpoint(self, metrics)
        record = RunRecord(
            id=self.job_id,
            owner=owner,
            created=created,
            updated=created,
            state=self.state,
            detail=self.detail,
            hyperparameters=self.hyperparameters,
            dataset=self.dataset,
            metrics=metrics,
            curve=curve_of(self.history),
            versions=versions_here(),
            machine={**machine_here(), "threads": str(self.threads), "device": self.device},
            is_repeatable=is_repeatable,
            changes=tuple(changed.change for changed in self.history.changes),
        )
        return record, RunContent(self.history, model, self.training_state if model is not None else None)


def _checkpoint(snapshot: Snapshot, metrics: dict[str, float]) -> bytes | None:
    """Return the model as the content of a checkpoint file, or None where there is none that can be used."""
    # Here, not above: a page starts before torch is loaded.
    from mnist_demo.models.checkpoints import checkpoint_to_bytes, classifier_from_bytes
    from mnist_demo.models.classifiers import build_model

    hyperparameters = snapshot.hyperparameters
    if snapshot.weights is not None:
        try:
            model = classifier_from_bytes(snapshot.weights.content, hyperparameters).model
        except CheckpointError:
            return None
    elif snapshot.training_state is not None:
        model = build_model(hyperparameters)
        tensors = TrainingState.from_bytes(snapshot.training_state).tensors
        model.load_state_dict({name: tensors[f"model.{name}"] for name in model.state_dict()})
    else:
        return None
    if not all(bool(tensor.isfinite().all()) for tensor in model.state_dict().values()):
        return None
    names = ("step", "seconds", "test_loss", "test_accuracy")
    kept = {name: value for name, value in metrics.items() if name in names}
    return checkpoint_to_bytes(model, hyperparameters, snapshot.dataset.name, snapshot.dataset.digest, kept)
