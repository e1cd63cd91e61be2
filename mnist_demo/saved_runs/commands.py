"""The commands that a visitor gives to runs: the one place where it is checked that a run is hers.

Whoever has the link to a run may look at it and take a copy. Everything that changes a run goes through here, and the
page has no other way: `tests/ui/runs/test_ownership.py` looks for one.
"""

from mnist_demo.errors import MnistDemoError, RunError
from mnist_demo.jobs.job import Job
from mnist_demo.jobs.messages import Assignment, Weights
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.jobs.room import check_batch_size
from mnist_demo.jobs.waiting import beside
from mnist_demo.saved_runs.keeper import RunKeeper
from mnist_demo.training.history import History
from mnist_demo.training.speed import Speed
from mnist_demo.translation import _


class RunCommands:
    """What `visitor` can do to the runs of a server, and to saved ones.

    Every method raises RunError, and does nothing, where the run belongs to somebody else or to nobody who is known.

    Parameters
    ----------
    visitor
        What stands for her in saved runs.
    """

    def __init__(self, visitor: str, registry: JobRegistry, keeper: RunKeeper) -> None:
        self._visitor, self._registry, self._keeper = visitor, registry, keeper
        self._in_lesson = beside("lesson", visitor)

    def owns(self, run_id: str) -> bool:
        """Tell whether that run is hers."""
        return self._keeper.owner(run_id) == self._visitor

    def start(
        self,
        job_id: str,
        assignment: Assignment,
        watcher: str,
        *,
        history: History | None = None,
        weights: Weights | None = None,
        is_repeatable: bool = True,
    ) -> Job:
        """Start a run of hers, a new one or one that has ended, and save it as it goes; see `JobRegistry.start`.

        Raises
        ------
        MnistDemoError
            When it cannot be started.
        """
        if self._keeper.owner(job_id) is not None:
            self._check(job_id)
        self._keeper.forget_all_but({job.id for job in self._registry.jobs()})
        self._keeper.expect(job_id, self._visitor, is_repeatable)
        try:
            return self._registry.start(
                assignment, watcher, history=history, weights=weights, job_id=job_id, visitor=self._visitor
            )
        except MnistDemoError:
            self._keeper.release(job_id)
            raise

    def start_brief(self, assignment: Assignment, watcher: str) -> Job:
        """Start a run of the lesson: it takes some seconds, is not saved, and long runs give way to it.

        Raises
        ------
        MnistDemoError
            When it cannot be started.
        """
        return self._registry.start(assignment, watcher, visitor=self._in_lesson, is_brief=True, is_saved=False)

    def forget_brief(self, job: Job) -> None:
        """Stop a run of the lesson, and have the server drop it."""
        if job.visitor != self._in_lesson:
            raise _not_hers()
        self._registry.forget(job)

    def pause(self, run_id: str) -> None:
        """See `Job.pause`."""
        self._job(run_id).pause()

    def resume(self, run_id: str) -> None:
        """See `Job.resume`."""
        self._job(run_id).resume()

    def step(self, run_id: str) -> None:
        """See `Job.step`."""
        self._job(run_id).step()

    def set_speed(self, run_id: str, speed: Speed) -> None:
        """See `Job.set_speed`."""
        self._job(run_id).set_speed(speed)

    def change(self, run_id: str, name: str, value: float) -> None:
        """See `Job.change`; raises HyperparameterError, too, where there would be more steps than are kept."""
        job = self._job(run_id)
        if name == "batch_size" and isinstance(value, (int, float)):
            check_batch_size(job, value)
        job.change(name, value)

    def stop(self, run_id: str) -> None:
        """See `Job.stop`."""
        self._job(run_id).stop()

    def forget(self, run_id: str) -> None:
        """Stop a run, and have the server drop it; what is saved of it stays, and one of another server goes on."""
        self._check(run_id)
        job = self._registry.get(run_id)
        self._registry.forget(job if job is not None and job.is_elsewhere else self._job(run_id))

    def save_now(self, run_id: str) -> None:
        """Try once more to save a run that could not be saved."""
        self._keeper.note(self._job(run_id))
        self._keeper.flush(5)

    def rename(self, run_id: str, name: str) -> None:
        """See `RunStore.rename`."""
        self._check(run_id)
        self._keeper.store.rename(run_id, name)

    def delete(self, run_id: str) -> None:
        """Delete a saved run, and stop it if it trains; `undelete` brings it back."""
        self._check(run_id)
        self._keeper.store.delete(run_id)
        if self._registry.get(run_id) is not None:
            self.forget(run_id)

    def undelete(self, run_id: str) -> None:
        """Bring a deleted run back."""
        is_there = self._keeper.owner(run_id) is not None
        if is_there:
            self._check(run_id)
        if not is_there or not self._keeper.store.undelete(run_id):
            raise RunError(_("This run was removed to make room for another one."))

    def destroy_all(self) -> None:
        """Stop all runs of hers, and delete them for good."""
        mine = [job for job in self._registry.jobs() if self.owns(job.id)]
        for job in mine:
            self._registry.forget(job)
        self._keeper.store.destroy({*self._keeper.store.all_of(self._visitor), *(job.id for job in mine)})

    def _job(self, run_id: str) -> Job:
        self._check(run_id)
        job = self._registry.get(run_id)
        if job is not None and job.is_elsewhere:
            raise RunError(_("Another server trains this run: it can be paused, stopped and changed only there."))
        if job is None:
            raise RunError(_("This run is not on this server any more: open it again from the page “Runs”."))
        return job

    def _check(self, run_id: str) -> None:
        if not self.owns(run_id):
            raise _not_hers()


def _not_hers() -> RunError:
    return RunError(_("This run belongs to someone else: only its owner can change it."))
