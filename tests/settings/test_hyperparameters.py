import math
from typing import Any

import pytest

from mnist_demo.errors import HyperparameterError
from mnist_demo.processes import core_count
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters, thread_count
from mnist_demo.settings.presets import DEFAULT_PRESET, PRESETS
from mnist_demo.settings.values import parse_value


def test_default_preset_is_the_tutorial_with_pytorch() -> None:
    hyperparameters = PRESETS[DEFAULT_PRESET].hyperparameters
    assert DEFAULT_PRESET == "tutorial-pytorch"
    assert (hyperparameters.model, hyperparameters.optimizer, hyperparameters.learning_rate) == ("linear", "sgd", 0.5)
    assert (hyperparameters.batch_size, hyperparameters.epochs, hyperparameters.shuffle) == (100, 5, False)
    assert (hyperparameters.training_size, hyperparameters.validation_size) == (None, 0)


def test_tutorial_presets_differ_in_the_model_only() -> None:
    scratch, pytorch = (PRESETS[name].hyperparameters for name in ("tutorial-scratch", "tutorial-pytorch"))
    assert scratch == pytorch.replace(model="scratch-linear")


def test_presets_are_those_of_the_command_line_contract() -> None:
    contract = {"tutorial-scratch", "tutorial-pytorch", "small-network", "convnet-in-seconds"}
    assert set(PRESETS) == contract | {"convnet-in-ten-seconds", "convnet-in-a-minute", "starter"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "transformer"),
        ("optimizer", ""),
        ("learning_rate", 0),
        ("learning_rate", -0.1),
        ("learning_rate", 1e31),
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("learning_rate", "fast"),
        ("learning_rate", None),
        ("learning_rate", True),
        ("batch_size", 0),
        ("batch_size", 10_001),
        ("batch_size", 2.5),
        ("batch_size", 10**400),
        ("learning_rate", 10**400),
        ("epochs", 0),
        ("epochs", "5"),
        ("momentum", 1),
        ("weight_decay", -1),
        ("hidden_sizes", ()),
        ("hidden_sizes", (128, 0)),
        ("hidden_sizes", (8,) * 6),
        ("hidden_sizes", 128),
        ("dropout", 1),
        ("label_smoothing", 1),
        ("label_smoothing", -0.1),
        ("shuffle", 1),
        ("augmentation", "yes"),
        ("pen_variation", 1),
        ("synthetic_digits", -1),
        ("synthetic_digits", 60_001),
        ("non_digits", 60_001),
        ("training_size", 5),
        ("training_size", 60_001),
        ("validation_size", -1),
        ("seed", -1),
        ("seed", 2**31),
    ],
)
def test_hyperparameters_out_of_bounds_raise_one_sentence_that_names_the_field(name: str, value: Any) -> None:
    with pytest.raises(HyperparameterError) as caught:
        Hyperparameters(**{name: value})
    message = str(caught.value)
    assert caught.value.name == name
    assert message.startswith(FIELDS[name].title)
    assert "must be" in message
    assert message.endswith(".")
    assert "\n" not in message


def test_hyperparameters_error_shortens_a_pasted_page() -> None:
    with pytest.raises(HyperparameterError) as caught:
        Hyperparameters(model="x" * 10_000)
    assert len(str(caught.value)) < 250


def test_hard_images_beside_non_digits_which_are_always_hard_are_refused() -> None:
    with pytest.raises(HyperparameterError, match="set either “Share of hard images” to 1 or"):
        Hyperparameters(model="convnet", hard_share=0.5, non_digits=1000)
    assert Hyperparameters(model="linear", hard_share=0.5, non_digits=1000).learned_non_digits == 0


@pytest.mark.parametrize("change", [{"optimizer": "adam"}, {"weight_decay": 0.1}, {"one_cycle": True}])
def test_scratch_model_with_what_its_manual_update_cannot_do_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(HyperparameterError, match="by hand with plain SGD"):
        Hyperparameters(model="scratch-linear", **change)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("learning_rate", "1e-3", 0.001),
        ("learning_rate", " 0.5 ", 0.5),
        ("batch_size", "100", 100),
        ("training_size", "all", None),
        ("training_size", "", None),
        ("training_size", "1000", 1000),
        ("hidden_sizes", "256, 64", (256, 64)),
        ("hidden_sizes", "256-64", (256, 64)),
        ("shuffle", "off", False),
        ("shuffle", "TRUE", True),
        ("model", "convnet", "convnet"),
    ],
)
def test_parse_value_reads_texts_of_urls_and_commands(name: str, text: str, expected: Any) -> None:
    assert parse_value(name, text) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("learning_rate", "fast"),
        ("learning_rate", ""),
        ("learning_rate", "nan"),
        ("batch_size", "1e2"),
        ("batch_size", "-5"),
        ("hidden_sizes", "128,,64"),
        ("shuffle", "maybe"),
        ("training_size", "some"),
    ],
)
def test_parse_value_of_what_is_no_value_says_what_was_expected_and_what_came(name: str, text: str) -> None:
    with pytest.raises(HyperparameterError, match="must be") as caught:
        parse_value(name, text)
    assert (f"“{text.strip()}”" if text else "is empty") in str(caught.value)


def test_as_dict_round_trips_through_from_dict() -> None:
    for preset in PRESETS.values():
        assert Hyperparameters.from_dict(preset.hyperparameters.as_dict()) == preset.hyperparameters


def test_from_dict_of_a_file_from_before_activations_could_be_chosen_is_a_network_of_relus() -> None:
    before = {**PRESETS["small-network"].hyperparameters.as_dict()}
    del before["activation"]
    assert Hyperparameters.from_dict(before).activation == "relu"


def test_from_dict_with_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(HyperparameterError, match="“lr” is not a hyperparameter; choose from model, optimizer"):
        Hyperparameters.from_dict({"lr": 0.1})


def test_split_sizes_takes_all_others_by_default() -> None:
    assert Hyperparameters(validation_size=100).split_sizes(1437) == (1337, 100)
    assert Hyperparameters(training_size=1000, validation_size=100).split_sizes(1437) == (1000, 100)


@pytest.mark.parametrize("change", [{"training_size": 1438}, {"validation_size": 1437}, {"validation_size": 2000}])
def test_split_sizes_asking_for_more_than_there_is_raises(change: dict[str, int]) -> None:
    with pytest.raises(HyperparameterError, match="has 1,437 training images"):
        Hyperparameters(**change).split_sizes(1437)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["scratch-linear", "linear", "mlp", "convnet", "wide-convnet", "deep-convnet"])
def test_thread_count_follows_from_the_settings_and_the_machine(model: str) -> None:
    expected = min(2, core_count()) if "convnet" in model else 1
    assert thread_count(Hyperparameters(model=model)) == expected


@pytest.mark.parametrize(
    ("model", "used"),
    [
        ("scratch-linear", set()),
        ("linear", set()),
        ("mlp", {"hidden_sizes", "activation", "dropout", "label_smoothing", "non_digits"}),
        ("convnet", {"dropout", "label_smoothing", "margin", "precision", "hard_share", "non_digits"}),
        ("wide-convnet", {"dropout", "label_smoothing", "margin", "precision", "hard_share", "non_digits"}),
        ("deep-convnet", {"dropout", "label_smoothing", "margin", "precision", "hard_share", "non_digits"}),
    ],
)
def test_uses_leaves_out_what_makes_no_difference_to_the_model(model: str, used: set[str]) -> None:
    hyperparameters = Hyperparameters(model=model)
    some = {
        "hidden_sizes",
        "activation",
        "dropout",
        "label_smoothing",
        "margin",
        "precision",
        "hard_share",
        "non_digits",
        "momentum",
    }
    assert {name for name in FIELDS if not hyperparameters.uses(name)} == some - used


def test_uses_momentum_with_the_optimizer_that_has_one() -> None:
    assert Hyperparameters(optimizer="momentum").uses("momentum")
    assert not Hyperparameters(optimizer="adam").uses("momentum")
