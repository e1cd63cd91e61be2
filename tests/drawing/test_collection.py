import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.drawing.collection import DrawingCollection, LabelledDrawing
from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.errors import DrawingFileError, MnistDemoError
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.checkpoints import TrainedClassifier, classifier_from_bytes, load_checkpoint, weights_to_bytes
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.settings.presets import PRESETS
from mnist_demo.training.events import Epoch, Event, Started, Step
from mnist_demo.training.fine_tuning import ExtraImages, accuracy_on_extra, extra_images, fine_tuning_settings
from mnist_demo.training.loop import train
from tests.drawing.drawn_digits import circle, four

PATIENCE = 30.0


@pytest.fixture
def collection() -> DrawingCollection:
    return DrawingCollection((LabelledDrawing(tuple(four()), 4), LabelledDrawing(tuple(circle()), 0)))


def test_collection_returns_model_inputs_and_labels(collection: DrawingCollection) -> None:
    assert np.array_equal(collection.images(), np.stack([image_from_strokes(four()), image_from_strokes(circle())]))
    assert collection.images().dtype == np.float32
    assert collection.labels().tolist() == [4, 0]
    assert collection.labels().dtype == np.int64
    assert DrawingCollection().images().shape == (0, 28, 28)


def test_collection_with_and_without_a_drawing_is_a_new_collection(collection: DrawingCollection) -> None:
    more = collection.with_drawing(LabelledDrawing(tuple(four()), 9))
    assert (len(collection), more.labels().tolist()) == (2, [4, 0, 9])
    assert more.without_drawing(1).labels().tolist() == [4, 9]


def test_collection_as_bytes_and_back_gives_the_same_images(collection: DrawingCollection) -> None:
    content = collection.to_bytes()
    back = DrawingCollection.from_bytes(content)
    assert back.labels().tolist() == [4, 0]
    assert back.images() == pytest.approx(collection.images(), abs=0.01)
    assert back.to_bytes() == content
    assert DrawingCollection.from_bytes(DrawingCollection().to_bytes()).drawings == ()


def test_collection_united_with_its_own_drawings_does_not_grow(collection: DrawingCollection) -> None:
    opened = DrawingCollection.from_bytes(collection.to_bytes())
    more = opened.with_drawing(LabelledDrawing((np.array([[10.0, 10.0], [10.0, 90.0]]),), 1))

    united = collection.united_with(more)

    assert united.drawings == (*collection.drawings, more.drawings[-1])


def test_collection_accuracy_is_the_fraction_correctly_classified(collection: DrawingCollection) -> None:
    starter = load_checkpoint("starter")
    wrong = LabelledDrawing(tuple(four()), 9)
    assert accuracy_on_extra(starter, extra_images(collection)) == 1
    assert accuracy_on_extra(starter, extra_images(collection.with_drawing(wrong))) == pytest.approx(2 / 3)


def test_collection_of_more_than_a_thousand_drawings_raises() -> None:
    drawing = LabelledDrawing(tuple(four()), 4)
    with pytest.raises(DrawingFileError, match="At most 1,000 drawings can be saved here, but there are 1,001"):
        DrawingCollection((drawing,) * 1001)


@pytest.mark.parametrize("label", [10, -1, 3.0, "3", None, True])
def test_drawing_with_a_label_that_is_not_a_digit_raises(label: Any) -> None:
    with pytest.raises(DrawingFileError, match="from 0 to 9"):
        LabelledDrawing(tuple(four()), label)


def test_drawing_without_points_raises() -> None:
    with pytest.raises(DrawingFileError, match="nothing to save"):
        LabelledDrawing((np.zeros((0, 2)),), 3)


def test_drawing_error_is_one_that_the_page_shows() -> None:
    assert issubclass(DrawingFileError, MnistDemoError)


def _changed(change: Callable[[Any], object]) -> bytes:
    about = {
        "format": "mnist-demo-drawings",
        "version": 1,
        "drawings": [{"label": 3, "strokes": [[[1, 2], [3, 4.5]]]}, {"label": 0, "strokes": [[[1, 2]]]}],
    }
    change(about)
    return json.dumps(about).encode()


def test_file_of_drawings_written_by_hand_is_read() -> None:
    collection = DrawingCollection.from_bytes(_changed(lambda about: None))
    assert collection.labels().tolist() == [3, 0]
    assert collection.drawings[0].strokes[0].tolist() == [[1, 2], [3, 4.5]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.update(format="other"), "not written by this program"),
        (lambda a: a.pop("format"), "not written by this program"),
        (lambda a: a.update(version=2), "another version"),
        (lambda a: a.update(version=True), "another version"),
        (lambda a: a.update(more=1), "a list of drawings alone"),
        (lambda a: a.update(drawings={}), "a list of drawings alone"),
        (lambda a: a.update(drawings=a["drawings"] * 501), "holds 1,002 drawings, but at most 1,000"),
        (lambda a: a["drawings"].append(None), "Drawing 3 of this file is damaged"),
        (lambda a: a["drawings"][1].pop("label"), "Drawing 2 .* must have a label and strokes"),
        (lambda a: a["drawings"][1].update(more=1), "Drawing 2 .* nothing else"),
        (lambda a: a["drawings"][1].update(label=10), "Drawing 2 .* from 0 to 9, but is “10”"),
        (lambda a: a["drawings"][1].update(label=True), "Drawing 2 .* from 0 to 9"),
        (lambda a: a["drawings"][1].update(label="x" * 10_000), "Drawing 2 .* “x{60}”"),
        (lambda a: a["drawings"][1].update(strokes=[]), "Drawing 2 .* nothing to save"),
        (lambda a: a["drawings"][1].update(strokes=[[]]), "Drawing 2 .* nothing to save"),
        (lambda a: a["drawings"][1].update(strokes=[[[1, 2]]] * 201), "Drawing 2 .* has 201 strokes, but at most 200"),
        (lambda a: a["drawings"][1].update(strokes=3), "Drawing 2 .* two numbers each"),
        (lambda a: a["drawings"][1].update(strokes=[[[1, 2, 3]]]), "Drawing 2 .* two numbers each"),
        (lambda a: a["drawings"][1].update(strokes=[[[1, "2"]]]), "Drawing 2 .* two numbers each"),
        (lambda a: a["drawings"][1].update(strokes=[[[1, None]]]), "Drawing 2 .* two numbers each"),
        (lambda a: a["drawings"][1].update(strokes=[[[True, 1]]]), "Drawing 2 .* two numbers each"),
        (lambda a: a["drawings"][1].update(strokes=[[[1e7, 1]]]), "Drawing 2 .* two numbers each"),
        (lambda a: a["drawings"][1].update(strokes=[[[10**400, 1]]]), "Drawing 2 .* two numbers each"),
        (lambda a: a["drawings"][1].update(strokes=[[[float("nan"), 1]]]), "it is no JSON"),
        (lambda a: a["drawings"][1].update(strokes=[[[float("inf"), 1]]]), "it is no JSON"),
    ],
)
def test_invalid_file_of_drawings_raises_one_sentence(change: Callable[[Any], object], message: str) -> None:
    with pytest.raises(DrawingFileError, match=message) as caught:
        DrawingCollection.from_bytes(_changed(change))
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[" * 200_000, b"{}", b"3", b'{"format": 1e999}', b"PK\x03\x04 a spreadsheet", b"9" * 5000],
    ids=lambda content: repr(content[:8]),
)
def test_file_without_drawings_raises(content: bytes) -> None:
    with pytest.raises(DrawingFileError):
        DrawingCollection.from_bytes(content)


def test_drawings_of_more_strokes_than_their_images_are_quickly_computed_of_are_no_file() -> None:
    fifty = DrawingCollection(tuple(LabelledDrawing((np.array([[1.0, number]]),) * 200, 3) for number in range(50)))
    content = fifty.to_bytes()
    assert len(DrawingCollection.from_bytes(content)) == 50
    one_more = LabelledDrawing((np.array([[1.0, 2.0]]),), 3)
    for attempt in (
        lambda: fifty.with_drawing(one_more).to_bytes(),
        lambda: DrawingCollection.from_bytes(content[:-2] + b"," + one_more.json.encode() + b"]}"),
    ):
        with pytest.raises(DrawingFileError, match="at most 10,000 strokes in all, but these have 10,001"):
            attempt()


def test_file_of_drawings_that_is_too_large_raises_before_it_is_read() -> None:
    with pytest.raises(DrawingFileError, match=r"at most 5 MB, but this one has 5\.1 MB"):
        DrawingCollection.from_bytes(b"[" * 5_100_000)


@pytest.mark.parametrize("preset", PRESETS)
def test_fine_tuning_settings_are_one_gentle_epoch_of_the_same_model(preset: str) -> None:
    hyperparameters = PRESETS[preset].hyperparameters.replace(epochs=9, validation_size=100)
    tuned = fine_tuning_settings(hyperparameters, 1437)
    assert (tuned.model, tuned.hidden_sizes, tuned.optimizer) == (
        hyperparameters.model,
        hyperparameters.hidden_sizes,
        hyperparameters.optimizer,
    )
    assert (tuned.epochs, tuned.training_size, tuned.validation_size) == (1, 1437, 0)
    assert tuned.learning_rate <= hyperparameters.learning_rate / 2
    assert fine_tuning_settings(hyperparameters.replace(learning_rate=1e-6)).learning_rate == 1e-6


def test_train_with_extra_images_puts_their_share_into_every_batch(builtin: DigitDataset) -> None:
    hyperparameters = Hyperparameters(batch_size=60, epochs=1, training_size=150)
    extra = ExtraImages(np.zeros((3, 28, 28), np.float32), np.array([1, 2, 3]), share=0.25)
    events = list(train(build_model(hyperparameters), hyperparameters, builtin, extra))
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.images for step in steps] == [80, 80, 40]
    last = events[-1]
    assert isinstance(last, Epoch)
    assert last.train_loss == pytest.approx(sum(step.images * step.train_loss for step in steps) / 200)


def test_train_with_extra_images_repeats_with_the_same_seed(
    builtin: DigitDataset, collection: DrawingCollection
) -> None:
    hyperparameters = Hyperparameters(batch_size=60, epochs=1, training_size=150)

    def losses() -> list[float]:
        events: list[Event] = list(
            train(build_model(hyperparameters), hyperparameters, builtin, extra_images(collection))
        )
        return [event.train_loss for event in events if isinstance(event, Step)]

    assert losses() == losses()


def _with_wrong_labels() -> ExtraImages:
    """Return drawings that every model misclassifies, because their labels are wrong."""
    return ExtraImages(np.stack([image_from_strokes(four()), image_from_strokes(circle())]), np.array([9, 6]))


@pytest.mark.parametrize("model", ["scratch-linear", "linear", "mlp"])
def test_fine_tuning_job_learns_the_drawings_and_keeps_most_of_the_rest(
    model: str, registry: JobRegistry, builtin: DigitDataset
) -> None:
    hyperparameters = Hyperparameters(model=model, epochs=3, batch_size=50, learning_rate=0.1, training_size=600)
    first = registry.start(Assignment(hyperparameters, builtin))
    assert first.wait(PATIENCE) == "finished"
    assert first.weights is not None
    extra = _with_wrong_labels()
    tuned = fine_tuning_settings(hyperparameters, 600).replace(epochs=4)
    second = registry.start(Assignment(tuned, builtin, initial_weights=first.weights.content, extra=extra))
    assert second.wait(PATIENCE) == "finished"
    assert second.history.started is not None
    # It starts from the weights of the first job.
    assert second.history.started.test_accuracy == pytest.approx(first.history.test_accuracy)
    assert second.weights is not None

    def probability_of_labels(weights: bytes) -> float:
        answers = classifier_from_bytes(weights, hyperparameters).predict_probabilities(extra.images)
        return float(answers[[0, 1], extra.labels].min())

    assert probability_of_labels(second.weights.content) > 2 * probability_of_labels(first.weights.content)
    assert second.history.test_accuracy is not None
    assert first.history.test_accuracy is not None
    assert second.history.test_accuracy > first.history.test_accuracy - 0.15


def test_job_with_the_weights_of_another_model_fails_and_says_so(
    registry: JobRegistry, quick: Hyperparameters, builtin: DigitDataset
) -> None:
    weights = weights_to_bytes(build_model(quick.replace(model="mlp")))
    job = registry.start(Assignment(quick, builtin, initial_weights=weights))
    assert job.wait(PATIENCE) == "failed"
    assert job.detail.startswith("The weights are not those of a model “linear”")


def test_starter_model_fine_tunes_on_a_collection_in_this_process(
    builtin: DigitDataset, collection: DrawingCollection
) -> None:
    starter = load_checkpoint("starter")
    hyperparameters = fine_tuning_settings(starter.hyperparameters, 1437).replace(training_size=1000)
    model = build_model(hyperparameters)
    model.load_state_dict(starter.model.state_dict())
    events = list(train(model, hyperparameters, builtin, extra_images(collection)))
    assert isinstance(events[0], Started)
    model.eval()
    assert accuracy_on_extra(TrainedClassifier(model, hyperparameters), extra_images(collection)) == 1
