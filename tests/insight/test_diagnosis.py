"""Every fault is produced for real, on the built-in digits, and what is not at fault stays unnamed."""

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.insight.diagnosis import Diagnosis, Kind, diagnose
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from mnist_demo.training.events import Evaluated, Event, Step, Stopped
from mnist_demo.training.history import History
from mnist_demo.training.loop import train

QUICK_PRESETS = [
    "tutorial-pytorch",
    "tutorial-scratch",
    "small-network",
    "convnet-in-seconds",
    "convnet-in-ten-seconds",
]
FAULTS: list[tuple[Hyperparameters, Kind]] = [
    (Hyperparameters(model="mlp", hidden_sizes=(128, 64, 32, 16), learning_rate=2), "diverged"),
    (Hyperparameters(model="mlp", learning_rate=5), "stuck"),
    (Hyperparameters(model="mlp", optimizer="momentum", hidden_sizes=(128, 64, 32), learning_rate=1), "stuck"),
    (Hyperparameters(model="mlp", learning_rate=0.1, weight_decay=0.5), "held-back"),
    (Hyperparameters(learning_rate=1e-6), "rate-too-small"),
    (Hyperparameters(model="scratch-linear", learning_rate=1e-4), "rate-too-small"),
    (Hyperparameters(model="mlp", optimizer="adam", learning_rate=1e-6), "rate-too-small"),
    (Hyperparameters(learning_rate=50), "overshooting"),
    (Hyperparameters(batch_size=1, epochs=1), "overshooting"),
    (
        Hyperparameters(
            model="mlp", optimizer="adam", learning_rate=0.003, training_size=1000, epochs=30, batch_size=50
        ),
        "overfitting",
    ),
]


def diagnosed(hyperparameters: Hyperparameters, dataset: DigitDataset) -> tuple[History, list[Diagnosis | None]]:
    """Train; return the history, and what was said at the beginning, after every epoch, and at the end."""
    history, said = History(), []
    for event in train(build_model(hyperparameters), hyperparameters, dataset):
        history.append(event)
        if not isinstance(event, Step | Evaluated):
            said.append(diagnose(history, hyperparameters))
    return history, said


@pytest.mark.parametrize(
    ("hyperparameters", "kind"), FAULTS, ids=[f"{kind}-{hyperparameters.model}" for hyperparameters, kind in FAULTS]
)
def test_fault_is_named_and_its_remedy_mends_it(
    builtin: DigitDataset, hyperparameters: Hyperparameters, kind: Kind
) -> None:
    history, said = diagnosed(hyperparameters, builtin)
    found = said[-1]
    assert found is not None
    assert found.kind == kind
    assert found.title
    assert found.advice
    mended, said_then = diagnosed(found.remedy, builtin)
    assert [diagnosis.kind for diagnosis in said_then if diagnosis is not None] == []
    assert mended.test_accuracy is not None
    assert mended.test_loss is not None
    assert history.test_loss is not None
    # Of the loss, not the accuracy: a run that overshoots may end with one image more read correctly than its remedy.
    assert not history.test_loss <= mended.test_loss
    assert mended.test_accuracy > 0.7


@pytest.mark.parametrize(("hyperparameters", "kind"), FAULTS[1:5])
def test_fault_once_named_stays_named_while_the_run_goes_on(
    builtin: DigitDataset, hyperparameters: Hyperparameters, kind: Kind
) -> None:
    _history, said = diagnosed(hyperparameters, builtin)
    kinds = [diagnosis.kind if diagnosis else None for diagnosis in said]
    first = kinds.index(kind)
    assert kinds == [None] * first + [kind] * (len(kinds) - first)


@pytest.mark.parametrize(
    ("preset", "seed"), [*((preset, 0) for preset in QUICK_PRESETS), *((preset, 1) for preset in QUICK_PRESETS[:3])]
)
def test_presets_are_at_no_time_diagnosed(builtin: DigitDataset, preset: str, seed: int) -> None:
    _history, said = diagnosed(PRESETS[preset].hyperparameters.replace(seed=seed), builtin)
    assert said == [None] * len(said)


@pytest.mark.parametrize(
    "hyperparameters",
    [
        Hyperparameters(epochs=20),
        Hyperparameters(optimizer="adam", learning_rate=0.001),
        Hyperparameters(model="scratch-linear", learning_rate=0.1),
        Hyperparameters(model="mlp", optimizer="adam", learning_rate=0.001, dropout=0.5, augmentation=True),
        Hyperparameters(model="mlp", learning_rate=0.1, epochs=10, validation_size=200),
        Hyperparameters(batch_size=1437, epochs=30),
        *(
            Hyperparameters(
                model="convnet", optimizer="adamw", learning_rate=0.01, label_smoothing=smoothing, epochs=12, seed=seed
            )
            for smoothing, seed in ((0.1, 0), (0.3, 1))
        ),
    ],
)
def test_ordinary_runs_are_not_diagnosed(builtin: DigitDataset, hyperparameters: Hyperparameters) -> None:
    _history, said = diagnosed(hyperparameters, builtin)
    assert said == [None] * len(said)


@pytest.mark.parametrize("preset", ["tutorial-pytorch", "small-network"])
def test_presets_are_not_diagnosed_on_mnist(mnist: DigitDataset, preset: str) -> None:
    _history, said = diagnosed(PRESETS[preset].hyperparameters, mnist)
    assert said == [None] * len(said)


def test_nothing_is_said_before_there_is_anything_to_go_by(builtin: DigitDataset) -> None:
    assert diagnose(History(), Hyperparameters()) is None
    history = History()
    hyperparameters = Hyperparameters(learning_rate=1e-6, epochs=100)
    events: list[Event] = []
    for event in train(build_model(hyperparameters), hyperparameters, builtin):
        events.append(event)
        if isinstance(event, Step) and event.step == 20:
            break
    for event in events:
        history.append(event)
    assert diagnose(history, hyperparameters) is None
    history.append(Stopped(20, 2.33, 0.1))
    assert diagnose(history, hyperparameters) is None


def test_a_run_that_goes_on_is_diagnosed_when_two_epochs_agree(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(learning_rate=1e-6, epochs=5)
    _history, said = diagnosed(hyperparameters, builtin)
    # Two epochs have 30 steps, which is enough to judge; the third says the same.
    assert [diagnosis is not None for diagnosis in said] == [False, False, False, True, True, True]
    assert said[-1] is not None
    assert "0.5 instead of 1e-06" in said[-1].advice


def test_run_that_went_on_from_a_trained_model_is_not_called_too_slow(builtin: DigitDataset) -> None:
    trained = build_model(Hyperparameters())
    list(train(trained, Hyperparameters(), builtin))
    hyperparameters, history = Hyperparameters(learning_rate=1e-4), History()
    for event in train(trained, hyperparameters, builtin):
        history.append(event)
    assert diagnose(history, hyperparameters) is None
