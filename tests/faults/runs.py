"""A run that faults are tried on, and the check that it is whole or absent afterwards, and goes on bit for bit."""

from pathlib import Path

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.files import UNFINISHED_PREFIX
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment, Weights
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.saved_runs.folders import CLAIM_PREFIX
from mnist_demo.saved_runs.reopening import reopen
from mnist_demo.saved_runs.store import RunStore
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.waiting import PATIENCE

# Everything that can be random is, so that a run which does not go on exactly where it stopped comes to another end.
SETTINGS = Hyperparameters(
    model="mlp", optimizer="adam", learning_rate=0.003, dropout=0.2, batch_size=20, training_size=300, epochs=8
)
# The same for the command "train".
SETTINGS_TYPED = (
    "--model mlp --optimizer adam --learning-rate 0.003 --dropout 0.2 --batch-size 20 --training-size 300 --epochs 8"
)


def save_all_the_time(job: Job) -> None:
    """Let a run go on to its end, with a saved point as often as it can have one: whenever it pauses."""
    while not job.has_ended:
        job.pause()
        job.resume()
        job.wait(0.03)


def train_undisturbed(registry: JobRegistry, dataset: DigitDataset) -> Weights | None:
    """Return the weights that the run has at its end when nothing happens to it."""
    job = registry.start(Assignment(SETTINGS, dataset))
    assert job.wait(PATIENCE) == "finished"
    return job.weights


def assert_whole_or_absent(
    home: Path,
    run_id: str,
    registry: JobRegistry,
    dataset: DigitDataset,
    expected: Weights | None,
    may_leave_unfinished: bool = False,
    settings: Hyperparameters = SETTINGS,
) -> bool:
    """Look at what a fault has left in `home`; tell whether the run was saved at all before it.

    If it was, it is read whole, and goes on to the very weights that it would have had; else there is nothing of it.
    """
    store = RunStore(home / "runs")
    record = store.find(run_id)
    left = {path.name for path in store.folder.iterdir()} if store.folder.exists() else set()
    if not may_leave_unfinished:  # which the next process removes when it is a day old
        unfinished = {name for name in left if name.startswith((UNFINISHED_PREFIX, CLAIM_PREFIX))}
        assert not unfinished - {f"{CLAIM_PREFIX}{run_id}"}
    assert not store.is_trained_now(run_id)
    if record is None:
        assert run_id not in left
        return False
    record, content = store.load(run_id)
    job = reopen(record, content, dataset, JobRegistry(slots=1))
    assert content.history.step_count == record.step > 0
    if job.state != "finished":
        again = registry.start(Assignment(settings, dataset, resume_from=job.training_state), history=job.history)
        assert again.wait(PATIENCE) == "finished", again.detail
        assert again.weights == expected
    return True
