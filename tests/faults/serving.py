"""A program that has a run as a page's server has one, for tests that end it: ``HOME RUN_ID`` are its arguments.

It saves the run at every moment that it can, says "begun" when the run has its process, and at its end how that was.
"""

import json
import sys
from pathlib import Path

from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.saved_runs.keeper import RunKeeper
from mnist_demo.saved_runs.store import RunStore
from tests.faults.runs import SETTINGS, save_all_the_time

if __name__ == "__main__":
    home, run_id = Path(sys.argv[1]), sys.argv[2]
    keeper = RunKeeper(RunStore(home / "runs"))
    registry = JobRegistry(slots=2, on_saved_point=keeper.note)
    keeper.expect(run_id, "me")
    job = registry.start(Assignment(SETTINGS, load_builtin()), job_id=run_id)
    job.wait_for(lambda: job.history.step_count > 0, 60)
    print("begun", flush=True)
    save_all_the_time(job)
    keeper.flush()
    print(json.dumps({"state": job.state, "detail": job.detail, "problem": keeper.problem(run_id)}), flush=True)
    registry.close()
