import time

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.optimize import minimize

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.data.non_digits import TESTING_KINDS, draw_non_digits, fitting_non_digits
from mnist_demo.drawing.image import image_from_strokes
from mnist_demo.errors import ImageError
from mnist_demo.models.checkpoints import TrainedClassifier, load_checkpoint
from mnist_demo.models.classifiers import build_model
from mnist_demo.rejection.calibration import Calibration, fit_calibration, fit_temperature, judge
from mnist_demo.rejection.calibration_files import load_starter_calibration
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.loop import train
from tests.drawing.drawn_digits import circle, four

Images = npt.NDArray[np.float32]


def trained(model: str, dataset: DigitDataset) -> TrainedClassifier:
    hyperparameters = Hyperparameters(model=model, learning_rate=0.1, epochs=2, batch_size=50)
    classifier = build_model(hyperparameters)
    list(train(classifier, hyperparameters, dataset))
    classifier.eval()
    return TrainedClassifier(classifier, hyperparameters)


@pytest.fixture(scope="module")
def digits(builtin: DigitDataset) -> tuple[Images, npt.NDArray[np.int64]]:
    """Return the built-in digits, which the starter model was not trained on."""
    images = np.concatenate([builtin.train_pixels, builtin.test_pixels])
    return scale_pixels(images), np.concatenate([builtin.train_labels, builtin.test_labels])


@pytest.fixture(scope="module")
def calibration(digits: tuple[Images, npt.NDArray[np.int64]]) -> Calibration:
    images, labels = digits
    return fit_calibration(load_checkpoint("starter"), images[::2], labels[::2], fitting_non_digits(1000))


def test_temperature_undoes_a_scaling_of_calibrated_logits() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20_000, 10)).astype(np.float32)
    # Labels sampled from the probabilities of the logits, which are therefore calibrated.
    labels = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    assert fit_temperature(logits, labels) == pytest.approx(1, rel=0.03)
    assert fit_temperature(logits * 3, labels) == pytest.approx(3, rel=0.03)


def test_temperature_agrees_with_another_optimiser(
    digits: tuple[Images, npt.NDArray[np.int64]],
) -> None:
    images, labels = digits[0][:400], digits[1][:400]
    classifier = load_checkpoint("starter")
    with torch.no_grad():
        logits = classifier.model(torch.tensor(images))

    def loss(inverse: npt.NDArray[np.float64]) -> float:
        return torch.nn.functional.cross_entropy(logits * float(inverse[0]), torch.from_numpy(labels)).item()

    expected = 1 / minimize(loss, [1.0], method="Nelder-Mead").x[0]
    assert fit_temperature(logits.numpy(), labels) == pytest.approx(expected, rel=0.01)


def test_judge_divides_logits_by_the_temperature(digits: tuple[Images, npt.NDArray[np.int64]]) -> None:
    classifier, images = load_checkpoint("starter"), digits[0][:20]
    plain = judge(classifier, Calibration(1.0, 0.0), images)
    assert plain.probabilities == pytest.approx(classifier.predict_probabilities(images), abs=1e-5)
    softer = judge(classifier, Calibration(2.0, 0.0), images).probabilities
    expected = np.sqrt(plain.probabilities.astype(np.float64))
    assert softer == pytest.approx(expected / expected.sum(axis=1, keepdims=True), abs=1e-4)
    assert softer.dtype == np.float32


def test_judge_without_detector_rejects_by_the_largest_probability(
    digits: tuple[Images, npt.NDArray[np.int64]],
) -> None:
    answer = judge(load_checkpoint("starter"), Calibration(1.0, 0.9), digits[0][:200])
    assert np.array_equal(answer.is_digit, answer.probabilities.max(axis=1) >= 0.9)
    assert 0 < answer.is_digit.sum() < 200


def test_calibration_rejects_unseen_kinds_and_hardly_any_digit(
    calibration: Calibration, digits: tuple[Images, npt.NDArray[np.int64]]
) -> None:
    classifier = load_checkpoint("starter")
    unknown = digits[0][1::2]
    assert 1 - judge(classifier, calibration, unknown).is_digit.mean() < 0.04
    refused = {
        kind: 1 - judge(classifier, calibration, images).is_digit.mean()
        for kind, images in draw_non_digits(TESTING_KINDS, 50, seed=1).items()
    }
    assert np.mean(list(refused.values())) > 0.75  # 0.97 with the calibration that comes with the package
    assert min(refused["filled square"], refused["dot"]) > 0.9


def test_calibration_rejects_far_more_than_the_largest_probability_does(
    calibration: Calibration, digits: tuple[Images, npt.NDArray[np.int64]]
) -> None:
    classifier = load_checkpoint("starter")
    largest = judge(classifier, Calibration(calibration.temperature, 0), digits[0][1::2]).score
    by_probability = Calibration(calibration.temperature, float(np.quantile(largest, 0.01)))
    drawings = np.concatenate(list(draw_non_digits(TESTING_KINDS, 20, seed=1).values()))
    refused = [1 - judge(classifier, each, drawings).is_digit.mean() for each in (calibration, by_probability)]
    assert refused[0] > refused[1] + 0.2


@pytest.mark.parametrize("model", FIELDS["model"].choice_names)
def test_calibration_of_any_model_accepts_most_unseen_digits(model: str, builtin: DigitDataset) -> None:
    classifier = trained(model, builtin)
    images = scale_pixels(builtin.test_pixels)
    calibration = fit_calibration(classifier, images[:240], builtin.test_labels[:240], fitting_non_digits(200))
    answer = judge(classifier, calibration, images[240:])
    assert answer.is_digit.mean() > 0.8
    assert answer.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert not judge(classifier, calibration, fitting_non_digits(200)).is_digit.mean() > 0.6


def test_calibration_with_the_same_seed_is_the_same(digits: tuple[Images, npt.NDArray[np.int64]]) -> None:
    images, labels = digits[0][:200], digits[1][:200]
    first, again, other = (
        fit_calibration(load_checkpoint("starter"), images, labels, fitting_non_digits(200), seed) for seed in (0, 0, 1)
    )
    assert (first.temperature, first.threshold) == (again.temperature, again.threshold)
    assert first.threshold != other.threshold


def test_calibration_on_a_thousand_digits_is_quick(digits: tuple[Images, npt.NDArray[np.int64]]) -> None:
    images, labels = digits[0][:1000], digits[1][:1000]
    drawings = fitting_non_digits(1000)
    began = time.process_time()  # whatever else the machine does
    fit_calibration(load_checkpoint("starter"), images, labels, drawings)
    assert time.process_time() - began < 8  # about one second of an idle machine


def test_calibration_of_a_diverged_model_is_finite(digits: tuple[Images, npt.NDArray[np.int64]]) -> None:
    hyperparameters = Hyperparameters(model="mlp")
    model = build_model(hyperparameters)
    model.load_state_dict({name: tensor * torch.nan for name, tensor in model.state_dict().items()})
    model.eval()
    classifier = TrainedClassifier(model, hyperparameters)
    calibration = fit_calibration(classifier, digits[0][:200], digits[1][:200], fitting_non_digits(200))
    answer = judge(classifier, calibration, digits[0][:5])
    assert np.isfinite(calibration.threshold)
    assert answer.probabilities == pytest.approx(np.full((5, 10), 0.1))


def test_judge_with_the_starter_calibration_accepts_drawn_digits_and_does_not_change_the_model() -> None:
    calibration, classifier = load_starter_calibration(), load_checkpoint("starter")
    drawings = np.stack([image_from_strokes(strokes) for strokes in (four(), circle())])
    before = classifier.predict_probabilities(drawings)
    answer = judge(classifier, calibration, drawings)
    assert answer.is_digit.all()
    assert answer.probabilities.argmax(axis=1).tolist() == [4, 0]
    assert np.array_equal(classifier.predict_probabilities(drawings), before)
    assert all(parameter.grad is None for parameter in classifier.model.parameters())


def test_judge_of_no_images_is_empty_and_of_another_shape_raises(calibration: Calibration) -> None:
    classifier = load_checkpoint("starter")
    assert judge(classifier, calibration, np.zeros((0, 28, 28), np.float32)).probabilities.shape == (0, 10)
    with pytest.raises(ImageError, match="shape"):
        judge(classifier, calibration, np.zeros((1, 20, 20), np.float32))
