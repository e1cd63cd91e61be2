"""The cost of a busy neighbour: a convnet's run and the reading of a drawing while another program works."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.comparison import Comparison, Sample, at_most, at_most_times, quantile
from benchmarks.drivers.programs import ours, run_program
from benchmarks.drivers.varied_digits import draw_digits
from benchmarks.measurements.drawings import CANVAS_SIDE, one_thread, time_reading
from benchmarks.surroundings import Surroundings
from mnist_demo.models.checkpoints import load_checkpoint
from mnist_demo.settings.presets import STARTER
from mnist_demo.translation import N_

PRESET, HALF_AN_EPOCH, QUICK_IMAGES = "convnet-in-seconds", 30_000, 200
DRAWINGS, QUICK_DRAWINGS = 300, 5


def measure_busy(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield training seconds beside the busy program and without it, in turn, and what a drawing takes beside it."""
    images = min(QUICK_IMAGES if surroundings.quick else HALF_AN_EPOCH, len(surroundings.dataset.train_labels))
    command = ours("train", "--preset", PRESET, "--training-size", str(images), "--no-keep", "--json")
    idle, beside = list[float](), list[float]()
    for _run in range(surroundings.runs):
        idle.append(run_program(command, surroundings.environment)[-1]["seconds"])
        with busy_core():
            beside.append(run_program(command, surroundings.environment)[-1]["seconds"])
    yield Comparison(
        N_("{preset}, {images:,} images, beside a program that keeps a core busy"),
        "s",
        Sample(tuple(beside)),
        N_("without it"),
        Sample(tuple(idle)),
        goal=at_most_times(1.6),
        values={"preset": PRESET, "images": images},
    )
    count = QUICK_DRAWINGS if surroundings.quick else DRAWINGS
    drawings = [strokes for _digit, strokes in draw_digits(count, CANVAS_SIDE)]
    classifier = load_checkpoint(STARTER)
    with one_thread(), busy_core():
        runs = [time_reading(classifier, drawings) for _run in range(surroundings.runs)]
    yield Comparison(
        N_("stroke to probabilities in Python beside that program, p{percent:.0f}"),
        "ms",
        Sample(tuple(1000 * quantile(seconds, 0.95) for seconds in runs)),
        goal=at_most(3, "ms"),
        values={"percent": 95},
    )


@contextlib.contextmanager
def busy_core() -> Iterator[None]:
    """Keep one core busy until the context ends."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()
