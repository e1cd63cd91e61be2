"""The classifiers that scikit-learn brings, beside ours of the same kind: seconds and test accuracy."""

from collections.abc import Iterator

from benchmarks.comparison import Comparison, Sample
from benchmarks.drivers.programs import baseline, ours, run_program
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_

# Our preset, theirs, and how theirs is called.
PEERS = (
    ("tutorial-pytorch", "logistic-regression", N_("scikit-learn’s LogisticRegression")),
    ("small-network", "mlp", N_("scikit-learn’s MLPClassifier")),
)


def measure_peers(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield the training seconds of each, evaluation left out. Theirs takes minutes, and is run once."""
    for preset, classifier, name in PEERS[:1] if surroundings.quick else PEERS:
        command = ours("train", "--preset", preset, "--json")
        mine = [run_program(command, surroundings.environment)[-1] for _run in range(surroundings.runs)]
        program = baseline("sklearn_classifiers", str(surroundings.digits_file), classifier)
        theirs = run_program(program, surroundings.environment)[-1]
        yield Comparison(
            N_("preset {preset}"),
            "s",
            Sample(tuple(line["seconds"] for line in mine)),
            name,
            Sample((theirs["seconds"],)),
            ours_accuracy=mine[-1]["test_accuracy"],
            theirs_accuracy=theirs["test_accuracy"],
            values={"preset": preset},
        )
