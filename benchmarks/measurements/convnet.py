"""Seconds to a test accuracy: our networks beside what others have published, and beside the machine's own rate."""

from collections.abc import Iterator

from benchmarks.comparison import Comparison, Goal, Sample, at_most, both, times_better
from benchmarks.drivers.limits import measure_convolutions, training_operations
from benchmarks.drivers.programs import Line, baseline, ours, run_program
from benchmarks.surroundings import Surroundings
from mnist_demo.settings.presets import PRESETS
from mnist_demo.translation import N_

# The accuracy to reach (a fraction), the preset that reaches it soonest, and what to reach on two cores.
WAYS: tuple[tuple[float, str, Goal], ...] = (
    (0.99, "convnet-in-seconds", both(at_most(8, "s"), times_better(30))),
    (0.995, "convnet-in-ten-seconds", at_most(14, "s")),
    (0.9965, "convnet-in-a-minute", at_most(90, "s")),
)
FAST_ACCURACY = 0.99  # what the quick recipe is for
PRECISIONS = ("float32", "bfloat16")
QUICK_ACCURACY, QUICK_STEPS = 0.2, ("--training-size", "200", "--batch-size", "50")
QUICK_EXAMPLE = ("--images", "400")


def measure_convnet(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield the training seconds, evaluation left out, of the first epoch that ends with the accuracy wanted.

    The example is run once, as it takes minutes, until it has both accuracies or its budget ends; ours, and the quick
    recipe in turn with it, `runs` times, with another seed each.
    """
    ways = WAYS[:1] if surroundings.quick else WAYS
    wanted = [min(accuracy, QUICK_ACCURACY) if surroundings.quick else accuracy for accuracy, _preset, _goal in ways]
    example = run_program(
        baseline("pytorch_example", str(surroundings.digits_file), *(QUICK_EXAMPLE if surroundings.quick else ())),
        surroundings.environment,
        surroundings.budget,
        lambda line: line["test_accuracy"] >= max(wanted),
    )
    rates = {precision: measure_convolutions(precision, surroundings.quick) for precision in PRECISIONS}
    for accuracy, (full, preset, goal) in zip(wanted, ways, strict=True):
        flags = ("--preset", preset, *(QUICK_STEPS if surroundings.quick else ()))
        mine, recipes = list[list[Line]](), list[Line]()
        for seed in map(str, range(surroundings.runs)):
            command = ours("train", *flags, "--seed", seed, "--json")
            mine.append(run_program(command, surroundings.environment, surroundings.budget))
            if full == FAST_ACCURACY:
                recipe = baseline("fast_recipe", str(surroundings.digits_file), "--seed", seed)
                recipes += run_program(recipe, surroundings.environment)[-1:]
        yield _against_example(accuracy, mine, example, goal, surroundings.budget)
        if recipes:
            yield _against_recipe(preset, mine, recipes)
        yield from _against_machine(preset, mine, rates)


def _against_example(
    accuracy: float, mine: list[list[Line]], example: list[Line], goal: Goal, budget: float
) -> Comparison:
    nothing: Line = {"seconds": budget, "test_accuracy": 0.0}
    ends = [_first_reaching(accuracy, lines) or [nothing, *lines][-1] for lines in mine]
    theirs = _first_reaching(accuracy, example)
    spent = max(budget, example[-1]["seconds"] if example else 0.0)
    return Comparison(
        N_("seconds to {percent:g} % test accuracy"),
        "s",
        Sample(_column(ends, "seconds"), is_bound=any(end["test_accuracy"] < accuracy for end in ends)),
        N_("PyTorch’s MNIST example"),
        Sample((theirs["seconds"],)) if theirs else Sample((spent,), is_bound=True),
        goal=goal,
        # The lowest of ours: what it reaches in every run.
        ours_accuracy=min(_column(ends, "test_accuracy")),
        theirs_accuracy=(theirs or (example[-1] if example else {})).get("test_accuracy"),
        values={"percent": 100 * accuracy},
    )


def _against_recipe(preset: str, mine: list[list[Line]], recipes: list[Line]) -> Comparison:
    ends = [lines[-1] for lines in mine]
    return Comparison(
        N_("{preset}: the whole training, lowest accuracies"),
        "s",
        Sample(_column(ends, "seconds")),
        N_("the fastest public recipe for 99 % (train_mnist_fast), on this machine"),
        Sample(_column(recipes, "seconds")),
        ours_accuracy=min(_column(ends, "test_accuracy")),
        theirs_accuracy=min(_column(recipes, "test_accuracy")),
        values={"preset": preset},
    )


def _against_machine(preset: str, mine: list[list[Line]], rates: dict[str, float]) -> Iterator[Comparison]:
    """Yield what share of the machine's convolutions a second, in either precision, the training has reached."""
    hyperparameters = PRESETS[preset].hyperparameters
    ends = [lines[-1] for lines in mine]
    reached = tuple(
        training_operations(hyperparameters, end["step"] * hyperparameters.batch_size) / end["seconds"] / 1e9
        for end in ends
    )
    for precision, rate in rates.items():
        yield Comparison(
            N_("{preset}: operations a second, training in {own}"),
            "GFLOP/s",
            Sample(reached),
            N_("this machine’s quickest convolution in {precision}"),
            Sample((rate / 1e9,)),
            better="more",
            values={"preset": preset, "own": hyperparameters.precision, "precision": precision},
        )


def _column(lines: list[Line], name: str) -> tuple[float, ...]:
    return tuple(line[name] for line in lines)


def _first_reaching(accuracy: float, lines: list[Line]) -> Line | None:
    return next((line for line in lines if line["test_accuracy"] >= accuracy), None)
