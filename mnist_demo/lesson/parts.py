"""The parts of the lesson: their questions and options, and functions that derive the answers from measured metrics.

This module does not know how a part is displayed, and it holds no correct answers: they are computed from real runs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_demo.translation import N_

# Below this accuracy a model is only guessing: chance is 0.1, and an untrained model may be slightly better.
CHANCE = 0.2


@dataclass(frozen=True)
class Part:
    """One part: its `name`, `title`, `question`, `options` (texts by name), and `takeaway`.

    All texts but `name` are untranslated source texts: translate them when they are displayed.
    """

    name: str
    title: str
    question: str
    options: Mapping[str, str]
    takeaway: str


PARTS: tuple[Part, ...] = (
    Part(
        "data",
        N_("A digit is 784 numbers"),
        N_(
            "A program knows some digits by heart. For a new digit, it gives the label of the most similar one that "
            "it knows. How many new digits does it read correctly?"
        ),
        {
            "all": N_("All of them"),
            "most": N_("Most of them, but not all"),
            "chance": N_("One in ten, by chance"),
        },
        N_("A digit is a list of numbers. Only digits that a model has not learned from show how good it is."),
    ),
    Part(
        "linear",
        N_("Ten scores from 784 pixels"),
        N_(
            "A hundred digits are the rows of x, of shape (100, 784). W has shape (784, 10) and b has shape (10,). "
            "What is the shape of x @ W + b?"
        ),
        {
            "(10,)": N_("(10,): one score a class"),
            "(100, 10)": N_("(100, 10): ten scores for each digit"),
            "(784, 10)": N_("(784, 10): like the weights"),
            "error": N_("None: b does not fit, which is an error"),
        },
        N_("One matrix multiplication scores a whole batch: (n, 784) @ (784, 10) + (10,) → (n, 10)."),
    ),
    Part(
        "softmax",
        N_("From scores to probabilities"),
        N_(
            "Suppose the largest score is 100. What probability does softmax, computed from its definition, give "
            "that class?"
        ),
        {
            "one": N_("1: the model is as sure as can be"),
            "zero": N_("0"),
            "nan": N_("nan, which is not a number"),
        },
        N_("Subtract the largest score first, then compute the logarithm directly: nothing overflows."),
    ),
    Part(
        "likelihood",
        N_("What a mistake costs"),
        N_("A probability of 0.95 for the right digit costs 0.051. What does a probability of 0.05 cost?"),
        {
            "0.95": N_("0.95: what is missing to 1"),
            "3": N_("About 3: some sixty times as much"),
            "20": N_("About 20: one divided by 0.05"),
        },
        N_("The loss is the mean of −log p of the right digit: being sure and wrong is what costs."),
    ),
    Part(
        "descent",
        N_("Downhill, step by step"),
        N_("Every step is the learning rate times the slope. On the way down, how long are the steps?"),
        {
            "equal": N_("All equally long: the learning rate is the same"),
            "shorter": N_("Shorter and shorter"),
            "longer": N_("Longer and longer"),
        },
        N_("W ← W − η · slope: steep ground gives long steps, flat ground short ones."),
    ),
    Part(
        "loops",
        N_("The loop, by hand and with PyTorch"),
        N_("Both loops start from the same weights and see the same batches. How far apart are their losses?"),
        {
            "different": N_("PyTorch’s loss is clearly lower"),
            "rounding": N_("Less than a ten-thousandth apart"),
            "unrelated": N_("They have nothing to do with each other"),
        },
        N_(
            "nn.Module, DataLoader and optim shorten the loop; they do not change what it computes. "
            "One round through all training digits is an epoch."
        ),
    ),
    Part(
        "wrong-loss",
        N_("A loss below zero"),
        N_("nll_loss wants logarithms of probabilities. We give it the scores as they are. What does it print?"),
        {
            "same": N_("The same loss as cross_entropy"),
            "error": N_("An error message"),
            "larger": N_("A larger loss"),
            "negative": N_("A loss below zero"),
        },
        N_("cross_entropy takes scores, nll_loss takes log-probabilities. A true loss is never negative."),
    ),
    Part(
        "rates",
        N_("Learning rate 0.5, 50, 0.0005"),
        N_("The tutorial trains with a learning rate of 0.5. What will a learning rate of 50 do?"),
        {
            "faster": N_("The same, only faster"),
            "worse": N_("The loss stays high and jumps around, yet something is learned"),
            "chance": N_("Nothing is learned: one digit in ten is right"),
            "diverged": N_("The loss becomes nan"),
        },
        N_(
            "Too small, and training crawls; too large, and the loss jumps around. Look at the loss: the accuracy "
            "alone may hide it."
        ),
    ),
    Part(
        "overfitting",
        N_("Learned by heart"),
        N_(
            "The linear model learns from only 100 digits, again and again, until it reads all of them correctly. "
            "What does its loss on the test digits do meanwhile?"
        ),
        {
            "falls": N_("It keeps falling, as the loss on the 100 digits does"),
            "rises": N_("It falls, and after a while it rises again"),
            "stays": N_("It stays where it began"),
        },
        N_("Overfitting: the training loss falls and the test loss rises. Stop in time, or learn from more digits."),
    ),
    Part(
        "deeper",
        N_("From single pixels to neighbourhoods"),
        N_("The linear model makes too many mistakes. Which change saves the most of them?"),
        {
            "longer": N_("Train it five times as long"),
            "hidden": N_("Put a hidden layer between pixels and scores"),
            "convolution": N_("Look at small neighbourhoods: convolutions"),
        },
        N_("Pixels have neighbours. A network that looks at neighbourhoods needs fewer examples to see a stroke."),
    ),
)
PART_NAMES = tuple(part.name for part in PARTS)
# The page after the last part shows the score.
PAGE_COUNT = len(PARTS) + 1


def part_named(name: str) -> Part:
    """Return the part called `name`, one of ``PART_NAMES``; raise ValueError for any other."""
    return PARTS[PART_NAMES.index(name)]


def parse_page(text: str) -> int | None:
    """Parse a page number, 1 to ``PAGE_COUNT``, from a URL; return None if `text` is not one."""
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= PAGE_COUNT else None


def judge_rate(reference_loss: float, test_loss: float | None, test_accuracy: float) -> str:
    """Compare a training with a good one: return ``diverged``, ``chance``, ``worse`` or ``faster``.

    `test_loss` is None or not finite if the training diverged; `test_accuracy` is a fraction.
    """
    if test_loss is None or not math.isfinite(test_loss):
        return "diverged"
    if test_accuracy < CHANCE:
        return "chance"
    return "worse" if test_loss > 2 * reference_loss else "faster"


def judge_memory(accuracy: float) -> str:
    """Return how many new digits are read by the most similar known one: ``all``, ``most`` or ``chance``."""
    if accuracy == 1:
        return "all"
    return "chance" if accuracy < CHANCE else "most"


def judge_overfitting(test_losses: Sequence[float]) -> str:
    """Return what the test loss did: ``rises`` (by 5 % or more from its lowest), ``stays`` or ``falls``."""
    first, lowest, last = test_losses[0], min(test_losses), test_losses[-1]
    if lowest > 0.95 * first:
        return "stays"
    return "rises" if last > 1.05 * lowest else "falls"


def judge_probability(probability: float) -> str:
    """Return the option for a probability: ``nan``, or the nearer of ``one`` and ``zero``."""
    if math.isnan(probability):
        return "nan"
    return "one" if probability > 0.5 else "zero"


def judge_cost(cost: float) -> str:
    """Return the option nearest to `cost`."""
    return min(part_named("likelihood").options, key=lambda option: abs(float(option) - cost))


def judge_steps(places: Sequence[float]) -> str:
    """Compare the first and last step between `places`: return ``shorter``, ``longer`` or ``equal`` (within 1 %)."""
    first, last = abs(places[1] - places[0]), abs(places[-1] - places[-2])
    if math.isclose(first, last, rel_tol=0.01):
        return "equal"
    return "shorter" if last < first else "longer"


def judge_loops(by_hand: Sequence[float], with_torch: Sequence[float]) -> str:
    """Compare the losses of the two loops: return ``rounding``, ``different`` or ``unrelated``.

    ``rounding`` means that they differ by less than 1e-4 at every step.
    """
    gaps = [abs(ours - theirs) for ours, theirs in zip(by_hand, with_torch, strict=True)]
    if max(gaps) < 1e-4:
        return "rounding"
    return "different" if with_torch[-1] < by_hand[-1] else "unrelated"


def judge_wrong_loss(right: float, wrong: float) -> str:
    """Compare the loss of the wrong function with the right one: return ``negative``, ``same`` or ``larger``."""
    if wrong < 0:
        return "negative"
    return "same" if math.isclose(right, wrong, rel_tol=1e-3) else "larger"


def count_right(guesses: Mapping[str, str | None], answers: Mapping[str, str | None]) -> tuple[int, int]:
    """Return the number of correct guesses and of all guesses made; skipped questions (None) do not count."""
    made = {name: guess for name, guess in guesses.items() if guess is not None and name in answers}
    return sum(answers[name] == guess for name, guess in made.items()), len(made)
