"""The tutorial's setting, both models: our training beside the tutorial's own loop, and beside the machine's limit."""

from collections.abc import Iterator

from benchmarks.comparison import Comparison, Sample, times_better
from benchmarks.drivers.limits import measure_limits
from benchmarks.drivers.programs import Line, baseline, ours, run_program
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_

EPOCHS = 5
THREADS = {"default": (), "one": ("--threads", "1")}
LOOP, FROM_SCRATCH = "tutorial_pytorch", "tutorial_scratch"
# Model, our preset, the tutorial's program for it.
SETTINGS = (("linear", "tutorial-pytorch", LOOP), ("scratch-linear", "tutorial-scratch", FROM_SCRATCH))
# What is compared with: the tutorial's loop for both models; and for the second its own program, which has the same
# accuracy and none of the DataLoader's cost: the stricter comparison.
AGAINST = {
    (LOOP, "default"): N_("the tutorial’s loop with DataLoader, default threads"),
    (LOOP, "one"): N_("the tutorial’s loop with DataLoader, one thread"),
    (FROM_SCRATCH, "default"): N_("the tutorial’s from-scratch program, default threads"),
    (FROM_SCRATCH, "one"): N_("the tutorial’s from-scratch program, one thread"),
}


def measure_tutorial(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield training seconds, evaluation left out, against the loop with default threads, with one, and the limit."""
    epochs = 1 if surroundings.quick else EPOCHS
    limits = measure_limits(surroundings.quick)
    least = limits.tutorial_seconds(len(surroundings.dataset.train_labels), epochs)
    settings = SETTINGS[:1] if surroundings.quick else SETTINGS
    # In turn, and each of ours between its rivals, so that a machine that grows slower meanwhile does so for all.
    commands: dict[str | tuple[str, str], list[str]] = {}
    for model, preset, program in settings:
        rival = baseline(program, str(surroundings.digits_file), "--epochs", str(epochs))
        commands[program, "default"] = [*rival, *THREADS["default"]]
        commands[model] = ours("train", "--preset", preset, "--epochs", str(epochs), "--json")
        commands[program, "one"] = [*rival, *THREADS["one"]]
    ends: dict[str | tuple[str, str], list[Line]] = {name: [] for name in commands}
    for _run in range(surroundings.runs):
        for name, command in commands.items():
            ends[name].append(run_program(command, surroundings.environment)[-1])
    seconds = {name: Sample(tuple(line["seconds"] for line in lines)) for name, lines in ends.items()}
    accuracies = {name: lines[-1]["test_accuracy"] for name, lines in ends.items()}
    for model, _preset, _program in settings:
        what, values = N_("{model}, tutorial setting, {epochs} epochs"), {"model": model, "epochs": epochs}
        for program, threads in AGAINST:
            if (program, threads) not in commands or (program == FROM_SCRATCH and model == "linear"):
                continue
            yield Comparison(
                what,
                "s",
                seconds[model],
                AGAINST[program, threads],
                seconds[program, threads],
                goal=times_better(2.2),
                ours_accuracy=accuracies[model],
                theirs_accuracy=accuracies[program, threads],
                values=values,
            )
        yield Comparison(
            what,
            "s",
            seconds[model],
            N_("the limit at torch’s own rates here ({gigaflops:.0f} GFLOP/s, {gigabytes:.0f} GB/s, one thread)"),
            Sample((least,)),
            ours_accuracy=accuracies[model],
            values={**values, "gigaflops": limits.flops / 1e9, "gigabytes": limits.bytes_read / 1e9},
        )
