"""The tutorial's setting, both models: our training beside the tutorial's own loop, and beside the machine's limit."""

from collections.abc import Iterator

from mnist_demo.benchmarks.comparison import Comparison, Sample, times_better
from mnist_demo.benchmarks.machine import measure_limits
from mnist_demo.benchmarks.programs import Line, baseline, ours, run_program
from mnist_demo.benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_

EPOCHS = 5
# Model, our preset, the tutorial's program.
SETTINGS = (
    ("linear", "tutorial-pytorch", "tutorial_pytorch"),
    ("scratch-linear", "tutorial-scratch", "tutorial_scratch"),
)


def measure_tutorial(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield training seconds, evaluation left out, against the loop with default threads, with one, and the limit."""
    epochs = 1 if surroundings.quick else EPOCHS
    limits = measure_limits(surroundings.quick)
    least = limits.tutorial_seconds(len(surroundings.dataset.train_labels), epochs)
    for model, preset, program in SETTINGS[:1] if surroundings.quick else SETTINGS:
        commands = {
            "ours": ours("train", "--preset", preset, "--epochs", str(epochs), "--json"),
            "default": baseline(program, str(surroundings.digits_file), "--epochs", str(epochs)),
            "one": baseline(program, str(surroundings.digits_file), "--epochs", str(epochs), "--threads", "1"),
        }
        # In turn, so that a machine that grows slower meanwhile does so for all.
        ends: dict[str, list[Line]] = {name: [] for name in commands}
        for _run in range(surroundings.runs):
            for name, command in commands.items():
                ends[name].append(run_program(command, surroundings.environment)[-1])
        seconds = {name: Sample(tuple(line["seconds"] for line in lines)) for name, lines in ends.items()}
        accuracies = {name: lines[-1]["test_accuracy"] for name, lines in ends.items()}
        what, values = N_("{model}, tutorial setting, {epochs} epochs"), {"model": model, "epochs": epochs}
        for name, against in (
            ("default", N_("the tutorial’s loop, default threads")),
            ("one", N_("the tutorial’s loop, one thread")),
        ):
            yield Comparison(
                what,
                "s",
                seconds["ours"],
                against,
                seconds[name],
                goal=times_better(2.2),
                ours_accuracy=accuracies["ours"],
                theirs_accuracy=accuracies[name],
                values=values,
            )
        yield Comparison(
            what,
            "s",
            seconds["ours"],
            N_("this machine’s limit ({gigaflops:.0f} GFLOP/s, {gigabytes:.0f} GB/s, one thread)"),
            Sample((least,)),
            ours_accuracy=accuracies["ours"],
            values={**values, "gigaflops": limits.flops / 1e9, "gigabytes": limits.bytes_read / 1e9},
        )
