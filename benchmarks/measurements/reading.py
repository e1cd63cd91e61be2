"""From strokes to probabilities, in Python: what the starter model takes for a drawing, on one core."""

from collections.abc import Iterator

from benchmarks.comparison import Comparison, Sample, at_most, quantile
from benchmarks.drivers.varied_digits import draw_digits
from benchmarks.measurements.drawings import CANVAS_SIDE, one_thread, time_reading
from benchmarks.surroundings import Surroundings
from mnist_demo.models.checkpoints import load_checkpoint
from mnist_demo.settings.presets import STARTER
from mnist_demo.translation import N_

DRAWINGS, QUICK_DRAWINGS = 300, 5


def measure_reading(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield the median and the 95th percentile of the time for a drawing."""
    count = QUICK_DRAWINGS if surroundings.quick else DRAWINGS
    drawings = [strokes for _digit, strokes in draw_digits(count, CANVAS_SIDE)]
    classifier = load_checkpoint(STARTER)
    with one_thread():
        runs = [time_reading(classifier, drawings) for _run in range(surroundings.runs)]
    for share in (0.5, 0.95):
        yield Comparison(
            N_("stroke to probabilities in Python, p{percent:.0f}"),
            "ms",
            Sample(tuple(1000 * quantile(seconds, share) for seconds in runs)),
            goal=at_most(3, "ms") if share > 0.5 else None,
            values={"percent": 100 * share},
        )
