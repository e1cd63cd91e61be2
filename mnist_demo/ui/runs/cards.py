"""Pure builders of the list of runs: HTML for one run, with a small picture of how it went."""

import datetime
from collections.abc import Sequence
from html import escape

from mnist_demo.saved_runs.records import RunRecord
from mnist_demo.translation import _, ngettext
from mnist_demo.ui.widgets.pictures import format_percent


def run_card_html(record: RunRecord, state_word: str, zone: datetime.tzinfo, bytes_taken: int) -> str:
    """Return what the list says of a run: name, model, figures, when, on which digits; `zone` is the reader's."""
    accuracy, loss = record.metrics.get("test_accuracy"), record.metrics.get("test_loss")
    digits = _("built-in digits") if record.dataset.name == "builtin" else _("MNIST")
    if record.dataset.name == "folder":
        digits = _("digits from “{folder}”").format(folder=record.dataset.source)
    epochs = int(record.metrics.get("epochs", 0))
    facts = [
        *([record.hyperparameters.model_title] if record.name else []),
        ngettext("{count} epoch", "{count} epochs", epochs).format(count=epochs),
        digits,
        f"{record.created.astimezone(zone):%Y-%m-%d %H:%M}",
        _("{size:.1f} MB").format(size=bytes_taken / 1e6),
    ]
    shown_accuracy = "–" if accuracy is None else format_percent(accuracy, digits=2)
    shown_loss = "" if loss is None else _("loss {loss}").format(loss=f"{loss:.4f}")
    return (
        '<div class="run-card">'
        f"{sparkline_html(record.curve)}"
        f'<div class="about"><b>{escape(record.title)}</b> <span class="state {escape(record.state)}">'
        f"{escape(state_word)}</span><small>{escape(' · '.join(facts))}</small></div>"
        f'<div class="figures"><b>{escape(shown_accuracy)}</b><small>{escape(shown_loss)}</small></div>'
        "</div>"
    )


def sparkline_html(curve: Sequence[float]) -> str:
    """Return a bar for each of the accuracies (fractions), with a text alternative. Not SVG: `st.html` drops that."""
    if not curve:
        return '<span class="spark"></span>'
    text = _("Test accuracy from {first} to {last}").format(
        first=format_percent(curve[0], digits=1), last=format_percent(curve[-1], digits=1)
    )
    bars = "".join(f'<i style="height: {100 * min(max(value, 0.02), 1):.0f}%"></i>' for value in curve)
    return f'<span class="spark" role="img" aria-label="{escape(text)}">{bars}</span>'
