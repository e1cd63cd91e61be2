import pytest

from mnist_demo.errors import HyperparameterError
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.values import check_value
from mnist_demo.settings.variations import format_values, other_value, parse_values, vary

BASE = Hyperparameters()


def test_values_are_read_as_they_are_written() -> None:
    assert parse_values("learning_rate", " 0.1, 1e-2 ,0.5,") == [0.1, 0.01, 0.5]
    assert parse_values("learning_rate", "0,05; 0,1") == [0.05, 0.1]
    assert parse_values("hidden_sizes", "128; 256, 64") == [(128,), (256, 64)]
    assert parse_values("training_size", "1000, all") == [1000, None]
    for name, values in (("learning_rate", [0.1, 0.01]), ("hidden_sizes", [(128,), (256, 64)]), ("epochs", [1, 20])):
        assert parse_values(name, format_values(name, values)) == values


def test_bad_value_among_good_ones_is_named_with_what_is_expected() -> None:
    with pytest.raises(HyperparameterError, match=r"Epochs must be a whole number from 1 to 1,000, but is “2.5”"):
        parse_values("epochs", "1, 2.5, 3")
    with pytest.raises(HyperparameterError, match=r"Learning rate must be a number .* but is empty"):
        parse_values("learning_rate", " ")


@pytest.mark.parametrize("text", ["0,05", "1,5", "1,000", "0.1, 0,05"])
def test_comma_that_may_be_a_decimal_one_is_refused_with_how_to_write_the_value(text: str) -> None:
    with pytest.raises(HyperparameterError, match=r"may be one number or two: write a decimal point \(0\.05\)"):
        parse_values("learning_rate", text)


@pytest.mark.parametrize("name", FIELDS)
def test_value_that_is_suggested_can_be_and_is_another(name: str) -> None:
    field = FIELDS[name]
    values = [getattr(BASE, name)]
    if field.kind in ("integer", "number"):
        values += [field.minimum, field.maximum]
    if field.kind == "sizes":
        values += [(1,), (256, 1)]
    for value in values:
        other = other_value(name, check_value(name, value))
        assert check_value(name, other) == other != value


def test_grid_has_every_combination_once_but_not_the_run_itself() -> None:
    varied = vary(BASE, {"learning_rate": [0.5, 0.1, 0.1], "batch_size": [100, 10]})
    assert [(run.learning_rate, run.batch_size) for run in varied] == [(0.5, 10), (0.1, 100), (0.1, 10)]
    assert {run.replace(learning_rate=0.5, batch_size=100) for run in varied} == {BASE}


def test_too_many_or_no_or_impossible_combinations_are_refused() -> None:
    with pytest.raises(HyperparameterError, match=r"At most 8 values .* but “Seed” has 9"):
        vary(BASE, {"seed": list(range(9))})
    with pytest.raises(HyperparameterError, match=r"At most 16 runs .* make 20"):
        vary(BASE, {"seed": [1, 2, 3, 4], "epochs": [1, 2, 3, 4, 6]})
    with pytest.raises(HyperparameterError, match="the value of “Learning rate” first"):
        vary(BASE, {"learning_rate": [0.5]})
    with pytest.raises(HyperparameterError, match="choose optimizer SGD"):
        vary(BASE, {"model": ["scratch-linear"], "optimizer": ["sgd", "adam"]})
