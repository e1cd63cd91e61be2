"""The table of several runs: which is which on the chart, what differs between them, and what came of it."""

from collections.abc import Iterable, Sequence

import numpy as np
from markupsafe import Markup

from mnist_demo.insight.comparison import ComparedRun, Row
from mnist_demo.translation import _
from mnist_demo.ui.compare.charts import style_of
from mnist_demo.ui.widgets.pictures import NOTHING, data_url_of_pixels

SWATCH_WIDTH = 28
MAX_COLUMNS = 5  # more runs have a line each, and not a column: a phone shows three

_TABLE = Markup(
    '<div class="scrolls"><table class="figures comparison {}"><thead><tr><td></td>{}</tr></thead>{}</table></div>'
)


def comparison_html(runs: Sequence[ComparedRun], settings: Sequence[Row], metrics: Sequence[Row]) -> Markup:
    """Return a table of `runs`: the line and letter of each, the `settings` that differ, and the `metrics`."""
    if not settings and len(runs) > 1:
        settings = [Row(_("All settings are the same."), ("",) * len(runs))]
    return (_with_columns if len(runs) <= MAX_COLUMNS else _with_lines)(runs, settings, metrics)


def _with_columns(runs: Sequence[ComparedRun], settings: Sequence[Row], metrics: Sequence[Row]) -> Markup:
    part = Markup('<tr class="part"><th colspan="{}" scope="colgroup">{}</th></tr>')
    bodies = []
    for caption, rows in ((_("What differs"), settings), (_("Results"), metrics)):
        if not rows:  # of a run alone
            continue
        lines = (_line(row.title, (_cell(row, place) for place in range(len(runs)))) for row in rows)
        bodies.append(Markup("<tbody>{}{}</tbody>").format(part.format(len(runs) + 1, caption), NOTHING.join(lines)))
    return _TABLE.format("columns", _heads(_name(run) for run in runs), NOTHING.join(bodies))


def _with_lines(runs: Sequence[ComparedRun], settings: Sequence[Row], metrics: Sequence[Row]) -> Markup:
    rows = [*settings, *metrics]
    lines = (_line(_name(run), (_cell(row, place) for row in rows)) for place, run in enumerate(runs))
    return _TABLE.format(
        "lines", _heads(row.title for row in rows), Markup("<tbody>{}</tbody>").format(NOTHING.join(lines))
    )


def _heads(titles: "Iterable[Markup | str]") -> Markup:
    return NOTHING.join(map(Markup('<th scope="col">{}</th>').format, titles))


def _line(title: "Markup | str", cells: Iterable[Markup]) -> Markup:
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(title, NOTHING.join(cells))


def _cell(row: Row, place: int) -> Markup:
    text = row.cells[place]
    return Markup("<td>{}</td>").format(Markup("<b>{}</b>").format(text) if place in row.best else text)


def _name(run: ComparedRun) -> Markup:
    """Return the run's letter, and before it a piece of its line, as a picture: the chart's legend."""
    colour, dashes, _symbol = style_of(run.letter)
    lengths = [SWATCH_WIDTH] if isinstance(dashes, str) else dashes
    drawn: list[bool] = []
    while len(drawn) < SWATCH_WIDTH:
        for index, length in enumerate(lengths):
            drawn += [index % 2 == 0] * length
    line = np.zeros((3, SWATCH_WIDTH, 4), np.uint8)
    line[:, drawn[:SWATCH_WIDTH]] = [*bytes.fromhex(colour[1:]), 255]
    return Markup('<img class="swatch" src="{}" alt=""> {}').format(data_url_of_pixels(line), run.letter)
