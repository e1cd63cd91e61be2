"""Bars that show how many of a class chose each answer; pure, so that it is tested without a page."""

from collections import Counter

from markupsafe import Markup

from mnist_demo.classes.records import Question
from mnist_demo.lesson.parts import part_named
from mnist_demo.translation import _, ngettext
from mnist_demo.ui.widgets.pictures import NOTHING


def answers_html(question: Question) -> Markup:
    """Return the options of a question with a bar for how many chose each; who did is not shown."""
    counts = Counter(question.answers.values())
    row = Markup(
        '<li><span class="option">{}</span><span class="track"><span class="fill" style="width:{:.1f}%"></span></span>'
        '<span class="count">{}</span></li>'
    )
    most = max(len(question.answers), 1)
    rows = (
        row.format(_(text), 100 * counts[option] / most, counts[option])
        for option, text in part_named(question.part).options.items()
    )
    words = ngettext("{count} answer so far", "{count} answers so far", len(question.answers))
    return Markup('<div class="answers"><small>{}</small><ol>{}</ol></div>').format(
        words.format(count=len(question.answers)), NOTHING.join(rows)
    )
