"""Seconds to a test accuracy, from the first step: our networks beside the example that PyTorch publishes."""

from collections.abc import Iterator

from benchmarks.comparison import Comparison, Goal, Sample, at_most, both, times_better
from benchmarks.drivers.programs import Line, baseline, ours, run_program
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_

# The accuracy to reach (a fraction), the flags that reach it soonest, and what to reach on two cores.
WAYS: tuple[tuple[float, tuple[str, ...], Goal], ...] = (
    (0.99, ("--preset", "convnet-in-seconds"), both(at_most(8, "s"), times_better(30))),
    (0.995, ("--preset", "convnet-in-ten-seconds"), at_most(14, "s")),
)
QUICK_ACCURACY, QUICK_STEPS = 0.2, ("--training-size", "200", "--batch-size", "50")


def measure_convnet(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield the training seconds, evaluation left out, of the first epoch that ends with the accuracy wanted.

    The example is run once, as it takes minutes, until it has both accuracies or its budget ends; ours, `runs` times,
    with another seed each.
    """
    ways = WAYS[:1] if surroundings.quick else WAYS
    wanted = [min(accuracy, QUICK_ACCURACY) if surroundings.quick else accuracy for accuracy, _flags, _goal in ways]
    example = run_program(
        baseline("pytorch_example", str(surroundings.digits_file)),
        surroundings.environment,
        surroundings.budget,
        lambda line: line["test_accuracy"] >= max(wanted),
    )
    for accuracy, (_accuracy, flags, goal) in zip(wanted, ways, strict=True):
        yield _compare(accuracy, flags, goal, example, surroundings)


def _compare(
    accuracy: float, flags: tuple[str, ...], goal: Goal, example: list[Line], surroundings: Surroundings
) -> Comparison:
    seconds: list[float] = []
    accuracies: list[float] = []
    fell_short = False
    for seed in range(surroundings.runs):
        command = ours("train", *flags, *(QUICK_STEPS if surroundings.quick else ()), "--seed", str(seed), "--json")
        lines = run_program(command, surroundings.environment, surroundings.budget)
        reached = _first_reaching(accuracy, lines)
        fell_short = fell_short or reached is None
        end = reached or (lines[-1] if lines else {"seconds": surroundings.budget, "test_accuracy": 0.0})
        seconds.append(end["seconds"])
        accuracies.append(end["test_accuracy"])
    theirs = _first_reaching(accuracy, example)
    spent = max(surroundings.budget, example[-1]["seconds"] if example else 0.0)
    return Comparison(
        N_("seconds to {percent:g} % test accuracy"),
        "s",
        Sample(tuple(seconds), is_bound=fell_short),
        N_("PyTorch’s MNIST example"),
        Sample((theirs["seconds"],)) if theirs else Sample((spent,), is_bound=True),
        goal=goal,
        # The lowest of ours: what it reaches in every run.
        ours_accuracy=min(accuracies),
        theirs_accuracy=(theirs or (example[-1] if example else {})).get("test_accuracy"),
        values={"percent": 100 * accuracy},
    )


def _first_reaching(accuracy: float, lines: list[Line]) -> Line | None:
    return next((line for line in lines if line["test_accuracy"] >= accuracy), None)
