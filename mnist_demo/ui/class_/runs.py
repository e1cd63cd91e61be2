"""The newest run of every pupil, as it is at this moment, wherever it trains."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mnist_demo.classes.readings import accuracy_of
from mnist_demo.classes.records import ClassRecord
from mnist_demo.drawing.collection import LabelledDrawing
from mnist_demo.jobs.job import Job
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.training.fine_tuning import Predictor
from mnist_demo.ui.resources import handwriting_readings, job_registry, run_store
from mnist_demo.ui.server.turns import give_way

MAX_POINTS = 40

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class ClassRun:
    """A run as the class sees it: `points` are (epoch, test accuracy in percent), `before` how many it waits for."""

    id: str
    model: str
    state: str
    accuracy: float | None
    accuracy_before: float | None
    points: Points
    steps_done: int
    load: Callable[[], Predictor | None]
    progress: float = 1.0
    before: int = 0

    @property
    def is_active(self) -> bool:
        return self.state in ("queued", "running", "paused")

    def readings(self, drawings: Mapping[str, LabelledDrawing]) -> dict[str, int]:
        """Return which digit its newest model reads in each drawing, as far as that is known."""
        return handwriting_readings().of(self.id, self.steps_done, drawings, self.load)


@dataclass(frozen=True)
class Pupil:
    """A member of the class with her newest run, if she has one; `place` is hers by when she joined."""

    key: str
    place: int
    nickname: str
    is_here: bool
    run: ClassRun | None
    on_handwriting: float | None


def pupils(record: ClassRecord, here: set[str], drawings: Mapping[str, LabelledDrawing]) -> list[Pupil]:
    """Return the members with a browser of their own, sorted by nickname."""
    found = []
    places = {key: place for place, key in enumerate(record.members)}
    for key, member in record.by_name().items():
        if not member.owner:
            continue
        give_way()
        run = newest_run(record, key)
        if run is None and member.has_left:
            continue
        read = run.readings(drawings) if run is not None else {}
        is_here = key in here and not member.has_left
        found.append(Pupil(key, places[key], member.nickname, is_here, run, accuracy_of(read, drawings)))
    return found


def in_order(everybody: Sequence[Pupil], order: str) -> list[Pupil]:
    """Return the pupils with the best first, by ``accuracy`` or on the ``handwriting``; for others as they are."""
    if order == "accuracy":
        return sorted(everybody, key=lambda pupil: -((pupil.run.accuracy if pupil.run else None) or 0.0))
    if order == "handwriting":
        return sorted(everybody, key=lambda pupil: -(pupil.on_handwriting or 0.0))
    return list(everybody)


def newest_run(record: ClassRecord, key: str) -> ClassRun | None:
    """Return the newest run of a member that is still kept."""
    return next((run for run_id in record.runs_of(key) if (run := find_run(run_id)) is not None), None)


def find_run(run_id: str) -> ClassRun | None:
    """Return a run of this server, or else one from the disk, where another server may be writing it, or soon will."""
    job = job_registry().get(run_id)
    if job is not None and not job.is_elsewhere:
        return _of_job(job)
    saved = run_store().find(run_id)
    if saved is not None:
        return _of_record(saved)
    return _waiting_elsewhere(run_id) if run_store().is_trained_now(run_id) else None


def _waiting_elsewhere(run_id: str) -> ClassRun:
    """Return a run that another server has queued, or has just begun: nothing more is known of it yet."""
    return ClassRun(run_id, "", "queued", None, None, (), 0, lambda: None, 0.0)


def _of_job(job: Job) -> ClassRun:
    weights, history, hyperparameters = job.weights, job.history, job.hyperparameters

    def load() -> Predictor | None:
        from mnist_demo.models.checkpoints import classifier_from_bytes

        return classifier_from_bytes(weights.content, hyperparameters) if weights is not None else None

    points = [(point.epoch, 100 * point.value) for point in history.measured_points("test_accuracy", MAX_POINTS)]
    return ClassRun(
        job.id,
        hyperparameters.model_title,
        job.state,
        history.test_accuracy,
        history.started.test_accuracy if history.started else None,
        tuple((round(epoch, 3), round(percent, 2)) for epoch, percent in points),
        weights.step if weights is not None else 0,
        load,
        history.progress if history.started else 0.0,
        job_registry().wait_of(job, lambda _other: None).runs if job.state == "queued" else 0,
    )


def _of_record(record: RunRecord) -> ClassRun:
    store = run_store()

    def load() -> Predictor | None:
        from mnist_demo.models.checkpoints import load_checkpoint_bytes

        model = store.load(record.id)[1].model
        return load_checkpoint_bytes(model, record.id) if model is not None else None

    total = record.metrics.get("total_steps", 0) or 1
    epochs = record.hyperparameters.epochs * record.step / total
    # They were measured at about equal distances.
    gaps = max(len(record.curve) - 1, 1)
    points = [(round(epochs * place / gaps, 3), round(100 * value, 2)) for place, value in enumerate(record.curve)]
    state = record.state
    if state in ("running", "paused") and not store.is_trained_now(record.id):
        state = "stopped"
    return ClassRun(
        record.id,
        record.title,
        state,
        record.metrics.get("test_accuracy"),
        record.curve[0] if record.curve else None,
        tuple(points),
        record.step,
        load,
        min(1.0, record.step / total),
    )
