"""The card of a run in the list; pure HTML."""

import re
from datetime import UTC, timedelta, timezone

from mnist_demo.settings.presets import PRESETS
from mnist_demo.ui.runs.cards import run_card_html, sparkline_html
from tests.saved_runs.records import record


def test_card_says_name_model_figures_digits_and_when_in_the_readers_time() -> None:
    html = run_card_html(record(name="my best"), "finished", timezone(timedelta(hours=9)), 123_456)
    text = re.sub(r"<[^>]+>", " ", html)
    for part in (
        "my best",
        "finished",
        "Linear, with PyTorch",
        "1 of 5 epochs",
        "built-in digits",
        "90.00 %",
        "loss 0.4000",
    ):
        assert part in text
    assert "2026-01-01 09:00" in text
    assert "0.1 MB" in text


def test_card_of_a_run_without_a_name_is_called_by_its_model() -> None:
    html = run_card_html(record(), "stopped", UTC, 0)
    assert "<b>Linear, with PyTorch</b>" in html
    assert html.count("Linear, with PyTorch") == 1


def test_cards_of_forks_say_what_was_changed_in_each() -> None:
    base = PRESETS["tutorial-pytorch"].hyperparameters
    forks = [base, base.replace(learning_rate=0.25), base.replace(batch_size=50), base.replace(epochs=9)]
    cards = [run_card_html(record(hyperparameters=fork), "finished", UTC, 0) for fork in forks]
    assert len(set(cards)) == 4
    assert "Learning rate 0.25 ·" in cards[1]
    assert "Batch size 50 ·" in cards[2]
    assert "1 of 9 epochs" in cards[3]


def test_name_of_a_run_is_not_read_as_html() -> None:
    html = run_card_html(record(name='<script>alert("x")</script>'), "finished", UTC, 0)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_small_picture_has_a_bar_for_each_accuracy_and_says_it_in_words() -> None:
    html = sparkline_html([0.1, 0.5, 0.975])
    assert re.findall(r"height: (\d+)%", html) == ["10", "50", "98"]
    assert 'aria-label="Test accuracy from 10.0 % to 97.5 %"' in html
    assert "<i" not in sparkline_html([])
