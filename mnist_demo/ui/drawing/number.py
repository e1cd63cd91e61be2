"""A drawing of several digits: which strokes are whose, what is read, and the choice of the digit that is explained."""

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from mnist_demo.drawing.stroke_groups import group_strokes
from mnist_demo.translation import _, format_percent
from mnist_demo.ui import keys
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.drawing.readers import Reading
from mnist_demo.ui.widgets.clickable import render_clickable
from mnist_demo.ui.widgets.pictures import NOTHING


@dataclass(frozen=True, eq=False)
class DrawnDigits:
    """The strokes of each digit on the canvas, from left to right, and the place of the one that is explained.

    An empty canvas, and a drawing that is one digit, are one: `strokes` has all of it.
    """

    digits: tuple[list[np.ndarray], ...]
    places: tuple[list[int], ...]
    chosen: int

    @classmethod
    def of(cls, strokes: list[np.ndarray]) -> "DrawnDigits":
        """Return the digits in `strokes`, float arrays (n_points, 2), canvas pixels, y down."""
        places = tuple(group_strokes(strokes)) if all(map(len, strokes)) else ()
        if len(places) < 2:
            return cls((strokes,), (list(range(len(strokes))),), 0)
        digits = tuple([strokes[place] for place in group] for group in places)
        return cls(digits, places, drawing_state.chosen_digit(len(places)))

    @property
    def strokes(self) -> list[np.ndarray]:
        """The strokes of the digit that is explained."""
        return self.digits[self.chosen]

    def __len__(self) -> int:
        return len(self.digits)


def render_digits(readings: list[Reading], chosen: int) -> None:
    """Draw a button for each digit of a number, with its probability: that one's bars are shown."""
    answers = [(reading.digit, float(reading.probabilities.max())) for reading in readings]
    render_clickable(number_html(answers, chosen), keys.NUMBER_DIGITS, _choose)


def number_html(answers: list[tuple[int, float]], chosen: int) -> Markup:
    """Return a button for each digit of a number: (digit, probability) each; see `mnist_demo.ui.widgets.clickable`."""
    button = Markup('<button type="button" data-value="{}" aria-pressed="{}"><b>{}</b> <small>{}</small></button>')
    buttons = (
        button.format(place, "true" if place == chosen else "false", digit, format_percent(probability, digits=0))
        for place, (digit, probability) in enumerate(answers)
    )
    group = Markup('<div class="number-digits" role="group" aria-label="{}">{}</div>')
    return group.format(_("The digits of the number: choose whose probabilities are shown"), NOTHING.join(buttons))


def _choose(place: str) -> None:
    drawing_state.choose_digit(int(place))
