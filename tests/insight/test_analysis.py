"""The analysis of many predictions, compared with scikit-learn and with explicit loops."""

import math
import threading

import numpy as np
import pytest
from sklearn.metrics import classification_report, confusion_matrix
from torch import nn

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.insight.analysis import Analysis, analyse, analysis_of
from mnist_demo.models.checkpoints import TrainedClassifier, load_checkpoint
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.hyperparameters import Hyperparameters


@pytest.fixture(scope="module")
def answers() -> Analysis:
    """Return random predictions for 500 images, half of them biased towards the label."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 500)
    logits = random.normal(size=(500, 10)).astype(np.float32)
    logits[np.arange(250), labels[:250]] += 3
    return analysis_of(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), labels)


def test_metrics_of_an_analysis_agree_with_scikit_learn(answers: Analysis) -> None:
    report = classification_report(answers.labels, answers.predicted, output_dict=True)
    for digit in range(10):
        of_digit = report[str(digit)]
        assert answers.precision[digit] == pytest.approx(of_digit["precision"])
        assert answers.recall[digit] == pytest.approx(of_digit["recall"])
        assert answers.f1[digit] == pytest.approx(of_digit["f1-score"])
    assert answers.accuracy == pytest.approx(report["accuracy"])
    assert (answers.confusion == confusion_matrix(answers.labels, answers.predicted)).all()


def test_losses_and_galleries_agree_with_explicit_loops(answers: Analysis) -> None:
    rows = []
    for index, (label, probabilities) in enumerate(zip(answers.labels, answers.probabilities.tolist(), strict=True)):
        ranked = sorted(probabilities, reverse=True)
        rows.append((index, label, probabilities.index(ranked[0]), ranked[0], ranked[0] - ranked[1]))
        assert answers.losses[index] == pytest.approx(-math.log(probabilities[label]), abs=1e-5)
    wrong = [row for row in rows if row[2] != row[1]]
    wrong.sort(key=lambda row: -row[3])
    assert answers.mistakes().tolist() == [row[0] for row in wrong]
    closest = sorted(rows, key=lambda row: row[4])
    assert answers.least_certain(20).tolist() == [row[0] for row in closest[:20]]
    sevens = sorted((row for row in rows if row[1] == 7), key=lambda row: -answers.losses[row[0]])
    assert answers.hardest(5, digit=7).tolist() == [row[0] for row in sevens[:5]]
    assert answers.hardest(1).tolist() == [int(answers.losses.argmax())]


def test_cells_of_the_matrix_hold_every_image_once_and_agree_with_its_counts(answers: Analysis) -> None:
    seen: list[int] = []
    for label in range(10):
        for predicted in range(10):
            cell = answers.in_cell(label, predicted)
            assert len(cell) == answers.confusion[label, predicted]
            assert (answers.labels[cell] == label).all()
            assert (np.diff(answers.confidence[cell]) <= 0).all()
            seen += cell.tolist()
    assert sorted(seen) == list(range(500))


@pytest.mark.parametrize("model", ["scratch-linear", "linear", "mlp", "convnet"])
def test_analysis_has_the_predictions_of_the_classifier(model: str, builtin: DigitDataset) -> None:
    classifier = TrainedClassifier(build_model(Hyperparameters(model=model)).eval(), Hyperparameters(model=model))
    found = analyse(classifier, builtin.test_pixels, builtin.test_labels)
    expected = classifier.predict_probabilities(scale_pixels(builtin.test_pixels))
    assert found.probabilities == pytest.approx(expected, abs=1e-5)


def test_analysis_of_a_network_with_trained_batch_norm_has_its_predictions_and_does_not_change_it(
    builtin: DigitDataset,
) -> None:
    starter = load_checkpoint("starter")
    before = {name: tensor.clone() for name, tensor in starter.model.state_dict().items()}
    found = analyse(starter, builtin.test_pixels, builtin.test_labels)
    expected = starter.predict_probabilities(scale_pixels(builtin.test_pixels))
    assert found.probabilities == pytest.approx(expected, abs=1e-4)
    assert all((tensor == before[name]).all() for name, tensor in starter.model.state_dict().items())


def test_analysis_computes_in_the_thread_that_has_a_core_for_it_alone(builtin: DigitDataset) -> None:
    classifier = TrainedClassifier(build_model(Hyperparameters(model="mlp")).eval(), Hyperparameters(model="mlp"))
    threads = set[int]()
    assert isinstance(classifier.model, nn.Module)
    classifier.model.register_forward_hook(lambda *_called: threads.add(threading.get_ident()))
    analyse(classifier, builtin.test_pixels, builtin.test_labels)
    assert threads == {threading.get_ident()}


def test_analysis_of_a_diverged_model_is_finite(builtin: DigitDataset) -> None:
    classifier = TrainedClassifier(build_model(Hyperparameters(model="linear")), Hyperparameters(model="linear"))
    for parameter in classifier.model.parameters():
        parameter.data.fill_(math.nan)
    found = analyse(classifier, builtin.test_pixels, builtin.test_labels)
    assert np.isfinite(found.losses).all()
    assert found.probabilities == pytest.approx(0.1)
