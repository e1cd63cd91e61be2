import random

import pytest

from mnist_demo.errors import HyperparameterError
from mnist_demo.settings.changes import Change, changeable_names, parse_change, position_after, steps_from, with_change
from mnist_demo.settings.hyperparameters import Hyperparameters


def test_change_is_read_as_it_is_written() -> None:
    change = parse_change(" 500:learning-rate=0.05")
    assert change == Change(500, "learning_rate", 0.05)
    assert parse_change(str(change)) == change
    assert parse_change("0:batch-size=32") == Change(0, "batch_size", 32)


@pytest.mark.parametrize("text", ["", "500", "learning-rate=0.05", "-1:dropout=0.5", "5:seed=3", "5:dropout", "x:y=z"])
def test_text_that_is_no_change_says_what_was_expected(text: str) -> None:
    with pytest.raises(HyperparameterError, match=r"STEP:SETTING=VALUE, with one of learning-rate, batch-size, "):
        parse_change(text)


def test_settings_that_a_run_does_not_use_or_cannot_change_are_refused() -> None:
    assert changeable_names(Hyperparameters(model="scratch-linear")) == ["learning_rate", "batch_size"]
    assert changeable_names(Hyperparameters()) == ["learning_rate", "batch_size", "weight_decay"]
    for hyperparameters, name in ((Hyperparameters(), "dropout"), (Hyperparameters(model="mlp"), "epochs")):
        with pytest.raises(HyperparameterError, match=f"“{name}” cannot be changed while this run goes on"):
            with_change(hyperparameters, name, 0.5)
    with pytest.raises(HyperparameterError, match=r"Dropout must be a number from 0 to 0\.9"):
        with_change(Hyperparameters(model="mlp"), "dropout", 2)


def test_position_after_changes_of_the_batch_size_is_what_counting_gives() -> None:
    chance = random.Random(0)
    for _attempt in range(100):
        images, first, epochs = chance.randint(1, 60), chance.randint(1, 30), 3
        size = first
        changes = sorted(Change(chance.randint(0, 30), "batch_size", chance.randint(1, 30)) for _ in range(3))
        step = epoch = seen = 0
        at_the_end = None
        while epoch < epochs:
            for change in changes:
                size = int(change.value) if change.step == step else size
            if at_the_end is None and step >= changes[-1].step:
                at_the_end = step + steps_from((epoch, seen), images, size, epochs)
            assert position_after(step, images, first, changes) == (epoch, seen)
            seen, step = seen + size, step + 1
            if seen >= images:
                epoch, seen = epoch + 1, 0
        assert at_the_end in (None, step)
