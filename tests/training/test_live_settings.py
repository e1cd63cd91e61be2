"""Settings that are changed while a run goes on: what they do, and that such a run can be interrupted and repeated."""

import itertools
from collections.abc import Iterable, Sequence

import pytest
import torch

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import CheckpointError, HyperparameterError
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.changes import Change
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Changed, Evaluated, Event, Started, Step
from mnist_demo.training.history import History
from mnist_demo.training.history_files import events_of, history_from_csv, history_to_csv
from mnist_demo.training.loop import train
from mnist_demo.training.state import TrainingState
from tests.training.run_events import without_seconds

NETWORK = Hyperparameters(model="mlp", optimizer="adam", learning_rate=0.01, batch_size=64, epochs=3, training_size=200)
ONE_CYCLE = NETWORK.replace(optimizer="adamw", one_cycle=True)
# In the middle of an epoch and at its end, two at once, and a batch size that has another epoch end elsewhere.
CHANGES = [
    Change(2, "batch_size", 30),
    Change(3, "learning_rate", 0.005),
    Change(5, "weight_decay", 0.1),
    Change(5, "dropout", 0.4),
    Change(7, "label_smoothing", 0.2),
    Change(9, "batch_size", 100),
]


def run(hyperparameters: Hyperparameters, dataset: DigitDataset, changes: Iterable[Change] = ()) -> list[Event]:
    return without_seconds(train(build_model(hyperparameters), hyperparameters, dataset, changes=changes))


def steps_of(events: Sequence[Event]) -> list[Step]:
    return [event for event in events if isinstance(event, Step)]


def changes_of(events: Iterable[Event]) -> list[Change]:
    return [event.change for event in events if isinstance(event, Changed)]


# Losses of the first and the last step, and of the last test, as they were before settings could be changed on the way;
# the convnet's are those of batches in two halves.
@pytest.mark.parametrize(
    ("hyperparameters", "figures"),
    [
        (Hyperparameters(batch_size=64, epochs=2, training_size=400), (2.3262296, 0.6679612, 1.4023972)),
        (
            NETWORK.replace(dropout=0.3, label_smoothing=0.1, weight_decay=0.01),
            (2.3089137, 0.1831800, 0.6556798),
        ),
        (ONE_CYCLE.replace(model="convnet"), (2.9981437, 0.4067837, 1.1391414)),
    ],
    ids=["linear", "network", "convnet"],
)
def test_run_without_changes_gives_the_figures_of_before(
    hyperparameters: Hyperparameters, figures: tuple[float, ...], builtin: DigitDataset
) -> None:
    history = History.of(run(hyperparameters, builtin))
    losses = history.steps["train_loss"]
    assert (losses[0], losses[-1], history.test_loss) == pytest.approx(
        figures, rel=1e-3
    )  # other processors round otherwise


@pytest.mark.parametrize(
    ("name", "value"),
    [("learning_rate", 0.002), ("weight_decay", 0.05), ("batch_size", 33), ("label_smoothing", 0.3), ("dropout", 0.5)],
)
@pytest.mark.parametrize("hyperparameters", [NETWORK, ONE_CYCLE], ids=["constant", "one-cycle"])
def test_setting_changed_before_the_first_step_is_as_if_the_run_had_begun_with_it(
    hyperparameters: Hyperparameters, name: str, value: float, builtin: DigitDataset
) -> None:
    changed = steps_of(run(hyperparameters, builtin, [Change(0, name, value)]))
    begun_so = steps_of(run(hyperparameters.replace(**{name: value}), builtin))
    plain = steps_of(run(hyperparameters, builtin))
    if name == "batch_size" and hyperparameters.one_cycle:  # as the schedule goes over another number of steps
        changed, begun_so = ([step._replace(learning_rate=0.0) for step in steps[:1]] for steps in (changed, begun_so))
    assert changed == begun_so
    assert changed != plain[: len(changed)]


def test_steps_before_a_change_are_those_of_the_run_without_it(builtin: DigitDataset) -> None:
    plain, changed = run(NETWORK, builtin), run(NETWORK, builtin, CHANGES)
    assert steps_of(changed)[:2] == steps_of(plain)[:2]
    assert changes_of(changed) == CHANGES
    assert [step.images for step in steps_of(changed)] == [64, 64, 30, 30, 12, 30, 30, 30, 30, 80, 100, 100]
    assert [event.epoch for event in changed if isinstance(event, Changed)] == [0.64, 0.79, 1, 1, 1.3, 1.6]


def test_one_cycle_goes_on_without_a_jump_and_to_its_end_when_the_batch_size_changes(builtin: DigitDataset) -> None:
    hyperparameters = ONE_CYCLE.replace(batch_size=10)
    rates = [step.learning_rate for step in steps_of(run(hyperparameters, builtin, [Change(30, "batch_size", 20)]))]
    assert len(rates) == 45
    assert max(abs(after - before) for before, after in itertools.pairwise(rates)) < 0.0012
    assert rates[-1] < 0.0002


@pytest.mark.parametrize("hyperparameters", [NETWORK, ONE_CYCLE], ids=["constant", "one-cycle"])
def test_run_with_changes_goes_on_bit_for_bit_wherever_it_was_interrupted(
    hyperparameters: Hyperparameters, builtin: DigitDataset
) -> None:
    model = build_model(hyperparameters)
    straight = without_seconds(train(model, hyperparameters, builtin, changes=CHANGES))
    for stop in range(1, len(straight) + 1):
        training = train(build_model(hyperparameters), hyperparameters, builtin, changes=CHANGES)
        begun = list(itertools.islice(training, stop))
        if any(isinstance(event, Evaluated) for event in straight[stop : stop + 1]):
            continue  # this evaluation belongs to the step before, and no worker stops in between
        state = TrainingState.from_bytes(training.state().to_bytes())
        torch.rand(100)
        other = build_model(hyperparameters.replace(seed=7))
        resumed = without_seconds(train(other, hyperparameters, builtin, resume_from=state))
        kept = without_seconds(events_of(History.of(begun).until(state.progress)))
        assert [*kept, *resumed[1:]] == straight
        for tensor, expected in zip(other.state_dict().values(), model.state_dict().values(), strict=True):
            assert torch.equal(tensor, expected)


def test_run_repeated_with_the_changes_that_were_asked_for_on_its_way_is_the_same_run(builtin: DigitDataset) -> None:
    training = train(build_model(NETWORK), NETWORK, builtin)
    events = []
    for event in training:
        events.append(event)
        if isinstance(event, Step) and event.step == 3:
            training.change("learning_rate", 0.5)
            training.change("learning_rate", 0.002)  # the step is made with the last of them
            training.change("batch_size", 64)  # which it is already
            training.change("dropout", 0.2)
    straight = without_seconds(events)
    assert changes_of(straight) == [Change(3, "learning_rate", 0.002), Change(3, "dropout", 0.2)]
    assert run(NETWORK, builtin, changes_of(straight)) == straight


def test_history_with_changes_knows_how_many_steps_and_epochs_there_are(builtin: DigitDataset) -> None:
    events = run(NETWORK, builtin, CHANGES)
    for end in range(1, len(events) + 1):
        history = History.of(events[:end])
        sizes = [change for change in history.changes if change.setting == "batch_size"]
        assert history.total_steps == (12, 2 + 3 + 7 + 7, 12)[len(sizes)]
    assert history.progress == 1
    assert [round(point.epoch, 2) for point in history.step_points("train_loss", 20)] == [
        *(0.32, 0.64, 0.79, 0.9, 1), *(1.15, 1.3, 1.45, 1.6, 2), *(2.5, 3)
    ]  # fmt: skip
    assert list(events_of(history_from_csv(history_to_csv(history)))) == events


def test_history_of_before_settings_could_be_changed_is_still_read(builtin: DigitDataset) -> None:
    history = History.of(run(NETWORK, builtin))
    lines = history_to_csv(history).decode().splitlines()
    older = "\n".join(line.removesuffix(",setting,value").removesuffix(",,") for line in lines)
    assert list(events_of(history_from_csv(older.encode()))) == list(events_of(history))


def test_change_that_the_run_cannot_make_raises_before_it_begins(builtin: DigitDataset) -> None:
    with pytest.raises(HyperparameterError, match="“dropout” cannot be changed"):
        train(build_model(Hyperparameters()), Hyperparameters(), builtin, changes=[Change(3, "dropout", 0.5)])


def test_state_whose_position_contradicts_its_changes_raises(builtin: DigitDataset) -> None:
    training = train(build_model(NETWORK), NETWORK, builtin, changes=CHANGES)
    while not isinstance(next(training), Step) or training.state().progress.step < 4:
        pass
    state = training.state()
    training.change("batch_size", 7)  # to come, and no contradiction
    train(build_model(NETWORK), NETWORK, builtin, resume_from=training.state())
    without = TrainingState(*[getattr(state, name) for name in list(vars(state))[:-1]])
    with pytest.raises(CheckpointError, match="damaged or incomplete"):
        train(build_model(NETWORK), NETWORK, builtin, resume_from=without)


def test_started_of_a_run_with_changes_is_that_of_the_run_without(builtin: DigitDataset) -> None:
    first = next(train(build_model(NETWORK), NETWORK, builtin, changes=CHANGES))
    assert isinstance(first, Started)
    assert first == next(train(build_model(NETWORK), NETWORK, builtin))
