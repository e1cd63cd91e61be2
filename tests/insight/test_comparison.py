import dataclasses

from mnist_demo.insight.comparison import (
    ComparedRun,
    best_of,
    compared_metrics,
    differing_settings,
    distinguishing_settings,
    format_setting,
    short_title,
)
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from mnist_demo.training.events import Diverged, Epoch, Started, Step
from mnist_demo.training.history import History


def history_of(losses: list[float], accuracies: list[float]) -> History:
    history = History()
    history.append(Started(2, 2 * len(losses), 100, 7850, 2.3, 0.1, None, None))
    for epoch, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True), start=1):
        for step in (2 * epoch - 1, 2 * epoch):
            history.append(Step(step, epoch, loss, accuracy, 0.5, 50, 0.1 * step))
        history.append(Epoch(epoch, 2 * epoch, loss, accuracy, loss, accuracy, None, None, 0.2 * epoch))
    return history


def run(
    letter: str, hyperparameters: Hyperparameters, history: History | None = None, digits: str = "MNIST"
) -> ComparedRun:
    return ComparedRun(letter, letter, hyperparameters, history or History(), digits, "finished")


def test_only_settings_that_differ_are_listed_with_a_value_for_each_run() -> None:
    base = Hyperparameters()
    rows = differing_settings([run("A", base), run("B", base.replace(learning_rate=0.05)), run("C", base)])
    assert [(row.title, row.cells) for row in rows] == [("Learning rate", ("0.5", "0.05", "0.5"))]
    assert differing_settings([run("A", base), run("B", base)]) == []


def test_settings_without_effect_in_any_of_the_runs_do_not_count_as_different() -> None:
    base = Hyperparameters()
    rows = differing_settings(
        [run("A", base), run("B", base.replace(momentum=0.5, hidden_sizes=(8,), dropout=0.2, label_smoothing=0.1))]
    )
    assert rows == []
    momentum = base.replace(optimizer="momentum")
    rows = differing_settings([run("A", momentum), run("B", momentum.replace(momentum=0.5))])
    assert [row.title for row in rows] == ["Momentum"]


def test_runs_on_other_digits_differ_in_their_digits() -> None:
    rows = differing_settings([run("A", Hyperparameters()), run("B", Hyperparameters(), digits="built-in digits")])
    assert [(row.title, row.cells) for row in rows] == [("Digits", ("MNIST", "built-in digits"))]


def test_metrics_mark_the_best_run_and_leave_out_what_is_not_known_yet() -> None:
    runs = [
        run("A", Hyperparameters(), history_of([0.5, 0.3], [0.8, 0.91])),
        run("B", Hyperparameters(), history_of([0.6, 0.4], [0.7, 0.95])),
        run("C", Hyperparameters()),
    ]
    rows = {row.title: row for row in compared_metrics(runs)}
    assert rows["Test accuracy"].cells == ("91.00 %", "95.00 %", "–")
    assert rows["Test accuracy"].best == (1,)
    assert rows["Test loss"].best == (0,)
    assert rows["Steps"].cells == ("4", "4", "0")
    assert rows["Steps"].best == ()
    assert rows["Training time in seconds"].cells[0] == "0.4"


def test_best_run_is_so_by_validation_accuracy_where_all_have_one() -> None:
    worse, better = history_of([0.5], [0.8]), history_of([0.3], [0.9])
    runs = [run("A", Hyperparameters(), worse), run("B", Hyperparameters(), better)]
    found = best_of(runs)
    assert found is not None
    assert (found.runs, found.accuracy, found.measured) == ((runs[1],), 0.9, "test")
    worse.epochs[-1] = dataclasses.replace(worse.epochs[-1], validation_accuracy=0.7)
    better.epochs[-1] = dataclasses.replace(better.epochs[-1], validation_accuracy=0.6)
    held_out = [
        run(letter, Hyperparameters(validation_size=10), history) for letter, history in (("A", worse), ("B", better))
    ]
    found = best_of(held_out)
    assert found is not None
    assert (found.runs, found.accuracy, found.measured) == ((held_out[0],), 0.7, "validation")
    rows = {row.title: row for row in compared_metrics(held_out)}
    assert rows["Validation accuracy"].best == (0,)
    assert best_of([runs[0], run("C", Hyperparameters())]) is None
    worse.append(Diverged(2, 1, 0.5, "sgd"))
    assert best_of(runs) is None


def test_short_title_says_what_tells_a_run_from_the_others() -> None:
    base = Hyperparameters()
    runs = [run("A", base), run("B", base.replace(learning_rate=0.1)), run("C", base.replace(model="mlp", seed=7))]
    assert short_title(runs[1], runs[:2]) == "Learning rate 0.1"
    assert short_title(runs[2], runs) == "Multi-layer perceptron · Learning rate 0.5 · Seed 7"
    assert short_title(runs[0], runs[:1]) == "Linear, with PyTorch"


def test_runs_of_one_model_are_told_apart_by_their_preset_or_what_differs_from_it() -> None:
    tutorial = PRESETS["tutorial-pytorch"].hyperparameters
    assert distinguishing_settings(tutorial) == ["Tutorial with PyTorch"]
    assert distinguishing_settings(tutorial.replace(learning_rate=0.25)) == ["Learning rate 0.25"]
    changed = tutorial.replace(learning_rate=0.1, batch_size=50, optimizer="adam", epochs=7)
    words = ["Adam", "Learning rate 0.1", "Batch size 50"]
    assert distinguishing_settings(changed, left_out=["epochs"]) == words
    wide = PRESETS["convnet-in-ten-seconds"].hyperparameters
    assert distinguishing_settings(wide.replace(seed=3)) == ["Seed 3"]


def test_settings_that_do_nothing_in_a_run_do_not_tell_it_apart() -> None:
    linear = PRESETS["tutorial-pytorch"].hyperparameters.replace(hidden_sizes=(7,), seed=2)
    assert distinguishing_settings(linear) == ["Seed 2"]


def test_settings_are_written_for_people() -> None:
    assert format_setting("training_size", None) == "all"
    assert format_setting("training_size", 60_000) == "60,000"
    assert format_setting("shuffle", True) == "on"
    assert format_setting("hidden_sizes", (256, 64)) == "256, 64"
    assert format_setting("optimizer", "momentum") == "SGD with momentum"
    assert format_setting("learning_rate", 1e-6) == "1e-06"
