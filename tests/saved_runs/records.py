"""Records and histories of runs, created quickly without training and without torch."""

import datetime
from typing import Any

from mnist_demo.saved_runs.records import DatasetFacts, RunRecord, curve_of, machine_here, metrics_of, versions_here
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Epoch, Started, Step
from mnist_demo.training.history import History

FACTS = DatasetFacts("builtin", "scikit-learn", "0" * 64)


def short_history(steps: int = 3) -> History:
    history = History()
    history.append(Started(steps, steps, 100, 7850, 2.3, 0.1, None, None))
    for step in range(1, steps + 1):
        history.append(Step(step, 1, 1 / step, 0.5, 0.1, 10, 0.1 * step))
    history.append(Epoch(1, steps, 0.5, 0.8, 0.4, 0.9, None, None, 0.1 * steps))
    return history


def record(number: int = 0, **changes: Any) -> RunRecord:
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(minutes=number)
    values = {
        "id": f"run-{number:016d}",
        "owner": "me",
        "created": moment,
        "updated": moment,
        "state": "finished",
        "hyperparameters": Hyperparameters(seed=number),
        "dataset": FACTS,
        "metrics": metrics_of(short_history()),
        "curve": curve_of(short_history()),
        "versions": versions_here(),
        "machine": machine_here(),
    }
    return RunRecord(**{**values, **changes})
