"""Training with the page open and its charts live, beside the same training from the command line.

Twice: in the first seconds of a run, and when it has lasted so long that the page refreshes less often. A machine's
pace may change by a half from one second to the next: so the two have many short turns, while the other one rests, and
a run's pace is that of all its turns together.
"""

import statistics
from collections.abc import Iterator, Sequence

import numpy as np
from playwright.sync_api import Page

from benchmarks.comparison import Comparison, Sample, times_better
from benchmarks.drivers.laboratory import PROGRESS, end_training, long_run_query, start_training, wait_until_later
from benchmarks.drivers.programs import RestingProgram, let_rest, ours
from benchmarks.drivers.stopwatch import look, open_browser, open_timed_page, wait_until
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_
from tests.browser.page import button, read_steps, wait_for_state

# Two refreshes of a long run at least.
SECONDS, QUICK_SECONDS = 6.5, 2.0
TURNS, QUICK_TURNS = 8, 1
# Until torch has loaded what it needs for the first step; a program of its own loads torch itself as well.
SETTLE_SECONDS, PROGRAM_SETTLE_SECONDS = 1.0, 8.0

Paces = list[float]


def measure_training(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield steps a second of the clock, evaluation included on both sides."""
    page_paces: dict[str, Paces] = {N_("at first"): [], N_("later"): []}
    command_paces: dict[str, Paces] = {when: [] for when in page_paces}
    turns = {"at first": _turns_at_first, "later": _turns_later}
    with open_browser() as browser, surroundings.serve() as server:
        for _run in range(surroundings.runs):
            with open_timed_page(browser, server.url + long_run_query(surroundings)) as page:
                for when, take_turns in turns.items():
                    # A program for each: on a quick machine it would not last for both.
                    with let_rest(_command(surroundings), surroundings.environment) as program:
                        program.turn(PROGRAM_SETTLE_SECONDS, at_least=2)
                        of_page, of_program = zip(*take_turns(page, program, surroundings), strict=True)
                    page_paces[when].append(statistics.mean(of_page))
                    command_paces[when].append(statistics.mean(of_program))
    for when, paces in page_paces.items():
        yield Comparison(
            N_("{model}: steps a second with the page open, charts live, {when}"),
            "",
            Sample(tuple(paces)),
            N_("the command line"),
            Sample(tuple(command_paces[when])),
            better="more",
            goal=times_better(0.95, "more"),
            values={"model": "linear", "when": when},
        )


def _turns_at_first(page: Page, program: RestingProgram, surroundings: Surroundings) -> Iterator[tuple[float, float]]:
    """Yield the paces of the page and of the program, turn by turn; each of the page's is a run that has just begun."""
    for _turn in range(_turns(surroundings)):
        start_training(page)
        pace = _pace_of_page(page, surroundings)
        end_training(page)
        yield pace, _pace_of_program(program, surroundings)


def _turns_later(page: Page, program: RestingProgram, surroundings: Surroundings) -> Iterator[tuple[float, float]]:
    """Yield the paces as `_turns_at_first` does; those of the page are of one run, which is paused meanwhile."""
    start_training(page)
    wait_until_later(page, surroundings)
    for _turn in range(_turns(surroundings)):
        pace = _pace_of_page(page, surroundings)
        button(page, "pause-training").click()
        wait_for_state(page, "paused")
        yield pace, _pace_of_program(program, surroundings)
        button(page, "pause-training").click()
        wait_for_state(page, "running")
    end_training(page)


def _turns(surroundings: Surroundings) -> int:
    return QUICK_TURNS if surroundings.quick else TURNS


def _seconds(surroundings: Surroundings) -> float:
    return QUICK_SECONDS if surroundings.quick else SECONDS


def _pace_of_page(page: Page, surroundings: Surroundings) -> float:
    page.wait_for_timeout(1000 * SETTLE_SECONDS)
    look(page, log=PROGRESS)
    wait_until(page, "stopwatch.log.length")
    page.wait_for_timeout(1000 * _seconds(surroundings))
    log: list[tuple[float, str]] = page.evaluate("() => stopwatch.log")
    return _slope([(time / 1000, read_steps(html)) for time, html in log if html])


def _pace_of_program(program: RestingProgram, surroundings: Surroundings) -> float:
    per_epoch = -(-len(surroundings.dataset.train_labels) // _batch_size(surroundings))
    # The first of its lines tells of an epoch that began in the turn before.
    lines = program.turn(_seconds(surroundings), at_least=3)[1:]
    return _slope([(line["arrived"], line["epoch"] * per_epoch) for line in lines])


def _command(surroundings: Surroundings) -> list[str]:
    batch_size = str(_batch_size(surroundings))
    return ours("train", "--preset", "tutorial-pytorch", "--epochs", "1000", "--batch-size", batch_size, "--json")


def _batch_size(surroundings: Surroundings) -> int:
    return int(long_run_query(surroundings).rpartition("=")[2])


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return how much the second grows with the first, by least squares: each point is a little late, none by much."""
    xs, ys = np.array(points).T
    return float(np.polyfit(xs, ys, 1)[0])
