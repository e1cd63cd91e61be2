"""The functions that draw the parts of the lesson, by the part's name."""

from collections.abc import Callable

from mnist_demo.lesson.digits import LessonDigits
from mnist_demo.ui.lesson import foundations, runs, training

RENDERERS: dict[str, Callable[[LessonDigits], None]] = {
    "data": foundations.render_data,
    "linear": foundations.render_linear,
    "softmax": foundations.render_softmax,
    "likelihood": foundations.render_likelihood,
    "descent": training.render_descent,
    "loops": training.render_loops,
    "wrong-loss": training.render_wrong_loss,
    "rates": runs.render_rates,
    "deeper": runs.render_deeper,
}
