"""Links that carry settings: there and back, and put right where they say what cannot be."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.links import (
    PARAMETERS,
    Restrictions,
    address_of_settings,
    build_link,
    parameter_of,
    settings_from_address,
)
from mnist_demo.settings.presets import PRESETS, preset_of
from mnist_demo.ui import keys

OWN = Hyperparameters(
    model="mlp",
    optimizer="adamw",
    learning_rate=3.7e-05,
    hidden_sizes=(64, 32, 16),
    activation="none",
    training_size=1234,
    shuffle=False,
    dropout=0.1,
    seed=2**31 - 1,
)


@pytest.mark.parametrize("hyperparameters", [OWN, *(preset.hyperparameters for preset in PRESETS.values())])
def test_settings_in_a_link_are_read_back_as_they_were(hyperparameters: Hyperparameters) -> None:
    link = build_link("https://host:8501/base/train-and-draw?run=x#part", address_of_settings(hyperparameters))
    assert urlsplit(link)[:3] == ("https", "host:8501", "/base/train-and-draw")
    assert settings_from_address(dict(parse_qsl(urlsplit(link).query))) == (hyperparameters, [])


def test_link_to_a_preset_is_short() -> None:
    assert address_of_settings(PRESETS["small-network"].hyperparameters) == {"preset": "small-network"}
    changed = PRESETS["small-network"].hyperparameters.replace(epochs=7)
    assert address_of_settings(changed) == {"preset": "small-network", "epochs": "7"}


def test_parameters_are_the_keys_of_the_widgets() -> None:
    assert {parameter_of(name) for name in FIELDS} == {keys.widget_key(name) for name in FIELDS} == set(PARAMETERS)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("epochs", "0", 1),
        ("epochs", "99999", 1000),
        ("epochs", "2.6", 3),
        ("batch_size", "-5", 1),
        ("batch_size", "1e9", 10_000),
        ("learning_rate", "-1", 1e-9),
        ("learning_rate", "inf", 1e30),
        ("learning_rate", "0,25", 0.25),
        ("learning_rate", "0,05", 0.05),
        ("dropout", "1.5", 0.9),
        ("seed", "-3", 0),
        ("seed", "9" * 400, 2**31 - 1),
        ("training_size", "3", 10),
        ("hidden_sizes", "9999, 64", (2048, 64)),
        ("hidden_sizes", "1,2,3,4,5,6,7", (1, 2, 3, 4, 5)),
        ("model", "ConvNet", "convnet"),
        ("optimizer", "ADAMW", "adamw"),
    ],
)
def test_value_out_of_bounds_becomes_the_nearest_and_is_said(name: str, text: str, value: object) -> None:
    hyperparameters, sentences = settings_from_address({parameter_of(name): text})
    assert getattr(hyperparameters, name) == value
    (sentence,) = sentences
    assert "the nearest possible value is" in sentence
    assert len(sentence) < 250


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("epochs", "many"),
        ("learning_rate", "nan"),
        ("model", "transformer"),
        ("shuffle", "maybe"),
        ("seed", "<b>" * 99),
    ],
)
def test_value_without_a_nearest_one_is_left_as_it_was_and_said(name: str, text: str) -> None:
    hyperparameters, sentences = settings_from_address({"preset": "small-network", parameter_of(name): text})
    assert hyperparameters == PRESETS["small-network"].hyperparameters
    (sentence,) = sentences
    assert "cannot be used; it stays" in sentence
    assert len(sentence) < 250


def test_unknown_preset_is_said_and_the_default_taken() -> None:
    hyperparameters, (sentence,) = settings_from_address({"preset": "best"})
    assert preset_of(hyperparameters) == "tutorial-pytorch"
    assert "does not exist" in sentence


def test_values_that_do_not_go_together_are_put_right() -> None:
    hyperparameters, (sentence,) = settings_from_address(
        {"model": "scratch-linear", "optimizer": "adam", "epochs": "3"}
    )
    assert (hyperparameters.model, hyperparameters.optimizer, hyperparameters.epochs) == ("scratch-linear", "sgd", 3)
    assert "plain SGD" in sentence


def test_parameters_change_the_settings_of_the_run_in_the_address() -> None:
    hyperparameters, _sentences = settings_from_address({"epochs": "9"}, OWN)
    assert hyperparameters == OWN.replace(epochs=9)


@pytest.mark.parametrize(
    ("parameters", "locked", "hidden"),
    [
        ({}, 0, 0),
        ({"locked": "1"}, len(FIELDS) + 1, 0),
        ({"locked": "learning-rate,nonsense", "hide": "seed preset"}, 1, 2),
        ({"hide": "settings"}, 0, len(FIELDS) + 1),
        ({"locked": "0"}, 0, 0),
    ],
)
def test_restrictions_are_read_and_written(parameters: dict[str, str], locked: int, hidden: int) -> None:
    restrictions = Restrictions.from_address(parameters)
    assert (len(restrictions.locked), len(restrictions.hidden)) == (locked, hidden)
    assert Restrictions.from_address(restrictions.as_parameters()) == restrictions


def test_preset_by_the_name_that_it_had_before_is_the_one_of_today() -> None:
    hyperparameters, sentences = settings_from_address({"preset": "convnet-in-half-a-minute"})
    assert preset_of(hyperparameters) == "convnet-in-ten-seconds"
    assert sentences == []
