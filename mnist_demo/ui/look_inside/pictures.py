"""The confusion matrix, metrics of each digit, and statistics of the data as HTML and charts; pure."""

import html
import math
from typing import Any

import numpy as np

from mnist_demo.translation import _
from mnist_demo.ui.widgets.pictures import format_percent


def confusion_html(confusion: np.ndarray, as_shares: bool, selected: tuple[int, int] | None) -> str:
    """Return the confusion matrix, counts (10, 10) by label and predicted digit, as a table of buttons.

    A button's value is ``label-predicted``. Shares are those of the row: of all images of that digit.
    """
    totals = np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    shares = confusion / totals
    mistakes = np.where(np.eye(len(confusion), dtype=bool), 0, shares)
    worst = max(float(mistakes.max()), 1e-12)
    head = "".join(f'<th scope="col">{digit}</th>' for digit in range(len(confusion)))
    body = []
    for label, row in enumerate(confusion):
        cells = []
        for predicted, count in enumerate(map(int, row)):
            right = label == predicted
            share = float(shares[label, predicted])
            # Among mistakes the square root shows the rarer ones too.
            strength = share if right else math.sqrt(share / worst)
            shown = (f"{100 * share:.1f}" if as_shares else f"{count:,}") if count else "·"
            words = _("{label} read as {predicted}: {count} images, {share} of that digit").format(
                label=label, predicted=predicted, count=count, share=format_percent(share, digits=1)
            )
            kind = "right" if right else "wrong"
            pressed = "true" if (label, predicted) == selected else "false"
            cells.append(
                f'<td><button type="button" class="{kind}" data-value="{label}-{predicted}" '
                f'style="--strength:{55 * strength:.0f}%" aria-pressed="{pressed}" '
                f'aria-label="{html.escape(words)}" title="{html.escape(words)}">{shown}</button></td>'
            )
        body.append(f'<tr><th scope="row">{label}</th>{"".join(cells)}</tr>')
    caption = html.escape(_("Rows: the label. Columns: what the model reads."))
    return (
        f'<table class="confusion"><caption>{caption}</caption><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def class_metrics_html(precision: np.ndarray, recall: np.ndarray, f1: np.ndarray, counts: np.ndarray) -> str:
    """Return precision, recall and F1 (fractions) and the number of images of each digit, (10,) each, as a table."""
    titles = (_("Digit"), _("Precision"), _("Recall"), _("F1"), _("Images"))
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in titles)
    worst = int(f1.argmin())
    rows = []
    for digit, count in enumerate(map(int, counts)):
        figures = "".join(
            f"<td>{html.escape(format_percent(float(of_class[digit]), digits=1))}</td>"
            for of_class in (precision, recall, f1)
        )
        mark = f' <span title="{html.escape(_("the lowest F1"))}">▼</span>' if digit == worst else ""
        rows.append(f'<tr><th scope="row">{digit}{mark}</th>{figures}<td>{count:,}</td></tr>')
    return f'<table class="class-figures"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def counts_html(train: np.ndarray, test: np.ndarray) -> str:
    """Return how many training and test images of each digit there are, (10,) each, as bars with numbers."""
    most = max(1, int(train.max()))
    rows = "".join(
        f'<li><span class="digit">{digit}</span><span class="track"><span class="fill" '
        f'style="width:{100 * count / most:.1f}%"></span></span>'
        f'<span class="percent wide">{count:,} + {tested:,}</span></li>'
        for digit, (count, tested) in enumerate(zip(map(int, train), map(int, test), strict=True))
    )
    label = html.escape(_("Training and test images of each digit"))
    return f'<ol class="digit-bars" aria-label="{label}">{rows}</ol>'


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
