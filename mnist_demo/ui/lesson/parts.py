"""The functions that draw the parts of the lesson, by the part's name."""

from collections.abc import Callable

from mnist_demo.lesson.digits import LessonDigits
from mnist_demo.ui.lesson import deeper, foundations, numbers, overfitting, rates, training

RENDERERS: dict[str, Callable[[LessonDigits], None]] = {
    "data": numbers.render_data,
    "linear": foundations.render_linear,
    "softmax": foundations.render_softmax,
    "likelihood": foundations.render_likelihood,
    "descent": training.render_descent,
    "loops": training.render_loops,
    "wrong-loss": training.render_wrong_loss,
    "rates": rates.render_rates,
    "overfitting": overfitting.render_overfitting,
    "deeper": deeper.render_deeper,
}
