"""The confusion matrix, metrics of each digit, and statistics of the data as HTML and charts; pure."""

import math
from typing import Any

import numpy as np
from markupsafe import Markup

from mnist_demo.translation import _, format_decimal, format_percent, ngettext
from mnist_demo.ui.widgets.pictures import NOTHING, column_heads, digit_bars


def confusion_html(confusion: np.ndarray, as_shares: bool, selected: tuple[int, int] | None) -> Markup:
    """Return the confusion matrix, counts (10, 10) by label and predicted digit, as a table of buttons.

    A button's value is ``label-predicted``. Shares are those of the row: of all images of that digit.
    """
    totals = np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    shares = confusion / totals
    mistakes = np.where(np.eye(len(confusion), dtype=bool), 0, shares)
    worst = max(float(mistakes.max()), 1e-12)
    cell = Markup(
        '<td><button type="button" class="%(kind)s" data-value="%(label)d-%(predicted)d" '
        'style="--strength:%(strength).0f%%" aria-pressed="%(pressed)s" aria-label="%(words)s" title="%(words)s">'
        "%(shown)s</button></td>"
    )
    body = []
    for label, row in enumerate(confusion):
        cells = []
        for predicted, count in enumerate(map(int, row)):
            right = label == predicted
            share = float(shares[label, predicted])
            cells.append(
                cell
                % {
                    "kind": "right" if right else "wrong",
                    "label": label,
                    "predicted": predicted,
                    # Among mistakes the square root shows the rarer ones too.
                    "strength": 55 * (share if right else math.sqrt(share / worst)),
                    "pressed": "true" if (label, predicted) == selected else "false",
                    "words": ngettext(
                        "{label} read as {predicted}: {count} image, {share} of that digit",
                        "{label} read as {predicted}: {count} images, {share} of that digit",
                        count,
                    ).format(label=label, predicted=predicted, count=count, share=format_percent(share, digits=1)),
                    "shown": (format_decimal(100 * share, ".1f") if as_shares else format_decimal(count))
                    if count
                    else "·",
                }
            )
        body.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(label, NOTHING.join(cells)))
    table = Markup(
        '<table class="confusion"><caption>{}</caption><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>'
    )
    caption = _("Rows: the label. Columns: what the model reads.")
    return table.format(caption, column_heads(map(str, range(len(confusion)))), NOTHING.join(body))


def class_metrics_html(precision: np.ndarray, recall: np.ndarray, f1: np.ndarray, counts: np.ndarray) -> Markup:
    """Return precision, recall and F1 (fractions) and the number of images of each digit, (10,) each, as a table."""
    row, cell = Markup('<tr><th scope="row">{}{}</th>{}<td>{}</td></tr>'), Markup("<td>{}</td>")
    mark = Markup(' <span title="{}">▼</span>').format(_("the lowest F1"))
    worst = int(f1.argmin())
    rows = [
        row.format(
            digit,
            mark if digit == worst else "",
            NOTHING.join(
                cell.format(format_percent(float(of_class[digit]), digits=1)) for of_class in (precision, recall, f1)
            ),
            format_decimal(count),
        )
        for digit, count in enumerate(map(int, counts))
    ]
    titles = (_("Digit"), _("Precision"), _("Recall"), _("F1"), _("Images"))
    table = Markup('<table class="class-figures"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>')
    return table.format(column_heads(titles), NOTHING.join(rows))


def counts_html(train: np.ndarray, test: np.ndarray) -> Markup:
    """Return how many training and test images of each digit there are, (10,) each, as bars with numbers."""
    most = max(1, int(train.max()))
    bar = Markup(
        '<li><span class="digit">{digit}</span>'
        '<span class="track"><span class="fill" style="width:{width:.1f}%"></span></span>'
        '<span class="percent">{count}</span><span class="percent">{tested}</span></li>'
    )
    bars = (
        bar.format(digit=digit, width=100 * count / most, count=format_decimal(count), tested=format_decimal(tested))
        for digit, (count, tested) in enumerate(zip(map(int, train), map(int, test), strict=True))
    )
    heads = Markup('<li class="heads"><span class="track"></span><span class="percent">{}</span>').format(_("train"))
    heads += Markup('<span class="percent">{}</span></li>').format(_("test"))
    return digit_bars(_("Training and test images of each digit"), [heads, *bars])


def intensity_chart(counts: np.ndarray, bins: int = 32) -> dict[str, Any]:
    """Return the ECharts option of a histogram of pixel values: `counts` (256,), drawn in `bins` bars."""
    width = len(counts) // bins
    heights = counts.reshape(bins, width).sum(axis=1)
    names = [f"{begin}–{begin + width - 1}" for begin in range(0, len(counts), width)]
    return {
        "animation": False,
        "grid": {"left": 8, "right": 8, "top": 12, "bottom": 28, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "category",
            "data": names,
            "name": _("pixel value"),
            "nameLocation": "middle",
            "nameGap": 26,
        },
        # A logarithm has no zero: an empty bar stands on the axis.
        "yAxis": {"type": "log", "min": 1},
        "series": [{"type": "bar", "name": _("pixels"), "data": [max(1, int(h)) for h in heights], "barWidth": "92%"}],
    }
