"""One run of the list as HTML, with a small picture of how it went; pure, so that it is tested without a page."""

import datetime
from collections.abc import Sequence

from markupsafe import Markup

from mnist_demo.insight.comparison import distinguishing_settings
from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.training.history import format_loss
from mnist_demo.translation import _, format_percent, ngettext
from mnist_demo.ui.widgets.pictures import NOTHING


def run_card_html(record: RunRecord, state_word: str, zone: datetime.tzinfo, bytes_taken: int) -> Markup:
    """Return what the list says of a run: name, model, settings, figures, digits, when; `zone` is the reader's."""
    accuracy, loss = record.metrics.get("test_accuracy"), record.metrics.get("test_loss")
    digits = _("built-in digits") if record.dataset.name == "builtin" else _("MNIST")
    if record.dataset.name == "folder":
        digits = _("digits from “{folder}”").format(folder=record.dataset.source)
    epochs, wanted = int(record.metrics.get("epochs", 0)), record.hyperparameters.epochs
    trained = ngettext("{count} epoch", "{count} epochs", epochs).format(count=epochs)
    if epochs < wanted:
        trained = _("{count} of {wanted} epochs").format(count=epochs, wanted=wanted)
    facts = [
        *([record.hyperparameters.model_title] if record.name else []),
        *distinguishing_settings(record.hyperparameters, left_out=["epochs"]),
        trained,
        digits,
        f"{record.created.astimezone(zone):%Y-%m-%d %H:%M}",
        _("{size:.1f} MB").format(size=bytes_taken / 1e6),
    ]
    card = Markup(
        '<div class="run-card">{spark}<div class="about"><b>{title}</b> <span class="state {state}">{word}</span>'
        '<small>{facts}</small></div><div class="figures"><b>{accuracy}</b><small>{loss}</small></div></div>'
    )
    return card.format(
        spark=sparkline_html(record.curve),
        title=record.title,
        state=record.state,
        word=state_word,
        facts=" · ".join(facts),
        accuracy="–" if accuracy is None else format_percent(accuracy, digits=2),
        loss="" if loss is None else _("loss {loss}").format(loss=format_loss(loss)),
    )


def sparkline_html(curve: Sequence[float]) -> Markup:
    """Return a bar for each of the accuracies (fractions), with a text alternative. Not SVG: `st.html` drops that."""
    if not curve:
        return Markup('<span class="spark"></span>')
    text = _("Test accuracy from {first} to {last}").format(
        first=format_percent(curve[0], digits=1), last=format_percent(curve[-1], digits=1)
    )
    bar = Markup('<i style="height: {:.0f}%"></i>')
    bars = NOTHING.join(bar.format(100 * min(max(value, 0.02), 1)) for value in curve)
    return Markup('<span class="spark" role="img" aria-label="{}">{}</span>').format(text, bars)
