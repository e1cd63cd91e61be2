"""Settings of a run in another process, changed while it goes on."""

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import HyperparameterError, JobError
from mnist_demo.jobs import observed_run
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.saved_runs.records import now
from mnist_demo.saved_runs.snapshots import Snapshot
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.jobs.test_job import started
from tests.waiting import PATIENCE, wait_until

NETWORK = Hyperparameters(model="mlp", optimizer="adam", learning_rate=0.003, batch_size=20, epochs=8)


def test_run_whose_settings_were_changed_is_saved_goes_on_and_is_repeated_bit_for_bit(
    registry: JobRegistry, builtin: DigitDataset
) -> None:
    job = started(registry, NETWORK, builtin)
    job.change("dropout", 0.3)  # while it runs
    wait_until(lambda: len(job.history.changes) == 1)
    job.pause(PATIENCE)
    first_pause = job.history.step_count
    job.change("learning_rate", 0.5)
    job.change("learning_rate", 0.001)
    job.change("batch_size", 30.0)
    assert job.settings_now.batch_size == 30
    assert [change.setting for change in job.history.changes] == ["dropout"]  # no step has been made with the others
    job.step(PATIENCE)
    *before, newest = job.history.steps["images"]
    assert job.history.started is not None
    in_an_epoch = job.history.started.training_images
    assert newest == min(
        30, in_an_epoch - sum(before) % in_an_epoch
    )  # it may have been paused before a last, short batch
    job.change("label_smoothing", 0.1)
    job.stop(PATIENCE)  # asked for, but no step was made with it: that is for when it goes on
    resumed = registry.start(
        Assignment(NETWORK, builtin, resume_from=job.training_state), history=job.history, weights=job.weights
    )
    assert resumed.wait(PATIENCE) == "finished"
    changes = tuple(changed.change for changed in resumed.history.changes)
    assert [change[1:] for change in changes] == [
        ("dropout", 0.3),
        ("learning_rate", 0.001),
        ("batch_size", 30),
        ("label_smoothing", 0.1),
    ]
    assert [change.step for change in changes[1:]] == [first_pause, first_pause, first_pause + 1]
    assert resumed.settings_now == NETWORK.replace(**{change.name: change.value for change in changes})
    assert resumed.history.progress == 1

    repeated = registry.start(Assignment(NETWORK, builtin, changes=changes))
    assert repeated.wait(PATIENCE) == "finished"
    for name in ("step", "train_loss", "learning_rate", "images"):
        assert repeated.history.steps[name] == resumed.history.steps[name]
    assert repeated.history.changes == resumed.history.changes
    assert repeated.weights == resumed.weights

    record, _content = Snapshot.of(resumed).saved("", now())
    assert (record.hyperparameters, record.changes) == (NETWORK, changes)


def test_change_that_cannot_be_made_raises_and_the_run_goes_on_as_it_was(
    registry: JobRegistry, endless: Hyperparameters, builtin: DigitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = started(registry, endless, builtin)
    for name, value in (("dropout", 0.5), ("learning_rate", -1), ("batch_size", None), ("seed", 5)):
        with pytest.raises(HyperparameterError):
            job.change(name, value)  # type: ignore[arg-type]
    assert job.settings_now == endless
    job.change("learning_rate", 0.125)
    wait_until(lambda: len(job.history.changes) == 1)
    monkeypatch.setattr(observed_run, "MAX_CHANGES", 1)
    with pytest.raises(JobError, match="changed 1 times, which is the limit"):
        job.change("learning_rate", 0.25)
    assert job.state == "running"
