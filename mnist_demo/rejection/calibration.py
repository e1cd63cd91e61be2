"""Calibration of a classifier's probabilities, and rejection of images that are not digits.

A classifier distributes its probability among ten digits whatever the input: a scribble is a “3 at 100 %”. Two things
are fitted for a trained classifier, on digits that it was not trained on:

- a *temperature* that divides the logits before the softmax, so that of the predictions with a confidence of 90 %, nine
  of ten are correct (C. Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017,
  https://arxiv.org/abs/1706.04599);
- a *detector*, a small network that separates digits from other drawings by the input of the classifier's last layer,
  its features (D. Hendrycks et al., *Deep Anomaly Detection with Outlier Exposure*, ICLR 2019,
  https://arxiv.org/abs/1812.04606: training on outliers generalises to unseen kinds), with a *threshold* on its score
  that few digits fall below.

Without a detector the score is the largest probability, the usual baseline, which is far worse. With a convnet of
99.4 % accuracy and a threshold that rejects 2 of 100 tablet digits, the share of shapes of unseen kinds rejected was
36 % by the largest probability, 75 % by energy (the logarithm of Σ exp(logit)), 22 % by the Mahalanobis distance of
the features to the class means, and 91 % by these together with the amount of ink. The detector rejects 93 %, and
fewer digits.
"""

import copy
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import log_softmax, softmax

from mnist_demo.models.checkpoints import PREDICTION_BATCH, TrainedClassifier, check_images
from mnist_demo.models.classifiers import Network

Images = npt.NDArray[np.float32]  # (n, 28, 28) in [0, 1]
Floats = npt.NDArray[np.float32]

REFUSED_SHARE = 0.0115  # of held-out digits; the starter model then rejects 1.5 % of others, and of drawings
UNSEEN_SHARE = 0.25  # of the digits, held out from the detector to set the threshold
# Tried with a convnet, 5,000 digits and 6,000 drawings: weight penalties of 1, 0.3 and 0.1 reject 86, 93 and 91 % of
# shapes and 0.8, 1.1 and 1.1 % of tablet digits. 60 iterations do as well as 100.
PARTS, HIDDEN_UNITS, PENALTY, ROUNDS = 3, 32, 0.3, 60
# Rotated by 90° these do not look like digits. Being MNIST's own ink, they teach the detector to ignore stroke width
# and softness.
TURNED_DIGITS = (2, 3, 4, 5, 7)
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
LARGEST_FEATURE = 1e6  # bound for the features of a diverged model, which overflow


@dataclass(frozen=True, eq=False)
class Detector:
    """A network with one hidden layer of ReLU units: features (n, n_features) → scores (n,), high for digits."""

    hidden_weights: Floats  # (n_features, n_hidden)
    hidden_bias: Floats  # (n_hidden,)
    output_weights: Floats  # (n_hidden,)
    output_bias: Floats  # (1,)

    def scores(self, features: Floats) -> Floats:
        hidden = np.maximum(features @ self.hidden_weights + self.hidden_bias, 0)
        return np.asarray(hidden @ self.output_weights + self.output_bias[0], np.float32)


@dataclass(frozen=True)
class Calibration:
    """The fitted calibration of a classifier, valid for one set of weights.

    `temperature` divides the logits; it is above 1 for an overconfident model. Images with a score below `threshold`
    are rejected. The score is the detector's, or the largest calibrated probability if there is no detector.
    """

    temperature: float
    threshold: float
    detector: Detector | None = None


@dataclass(frozen=True, eq=False)
class Judgement:
    """Predictions for n images: `probabilities` float32 (n, 10), rows sum to 1; `is_digit` bool (n,); `score` (n,).

    The probabilities are conditional on the image being a digit: check `is_digit` first. Scores of different
    calibrations are not comparable.
    """

    probabilities: Floats
    is_digit: npt.NDArray[np.bool_]
    score: Floats


def judge(classifier: TrainedClassifier, calibration: Calibration, images: Images) -> Judgement:
    """Classify `images`, float32 (n, 28, 28) in [0, 1], with calibrated probabilities, and decide which are digits.

    Raises
    ------
    ImageError
        If `images` have another shape, dtype or range.
    """
    features, logits = _features_and_logits(classifier, images)
    probabilities = softmax(logits / calibration.temperature, axis=1).astype(np.float32)
    score = probabilities.max(axis=1) if calibration.detector is None else calibration.detector.scores(features)
    return Judgement(probabilities, score >= calibration.threshold, score)


def fit_calibration(
    classifier: TrainedClassifier,
    images: Images,
    labels: npt.NDArray[np.int64],
    non_digits: Images,
    seed: int = 0,
    more_digits: Images | None = None,
) -> Calibration:
    """Fit the calibration of `classifier` on held-out digits and on drawings that are not digits.

    It takes less than a second with 1,000 of each, which is enough for a page. It is deterministic for given arguments.

    Parameters
    ----------
    images, labels
        Digits (n, 28, 28) in [0, 1] and their labels (n,); at least about 100.
    non_digits
        Drawings (m, 28, 28) in [0, 1]; see `mnist_demo.data.non_digits.fitting_non_digits`.
    more_digits
        Digits (k, 28, 28) in [0, 1] of shapes that are rare in `images`. Only the detector is fitted on them; it would
        otherwise reject such shapes.

    Raises
    ------
    ImageError
        If the images have another shape, dtype or range.
    """
    features, logits = _features_and_logits(classifier, images)
    # The threshold is set on digits that the detector was not fitted on.
    unseen = np.random.default_rng(seed).permutation(len(images)) < UNSEEN_SHARE * len(images)
    turned = images[~unseen & np.isin(labels, TURNED_DIGITS)]
    turned = np.concatenate([np.rot90(turned[0::2], 1, (1, 2)), np.rot90(turned[1::2], 3, (1, 2))])
    others, _logits = _features_and_logits(classifier, np.concatenate([non_digits, turned]))
    known = features[~unseen]
    if more_digits is not None:
        known = np.concatenate([known, _features_and_logits(classifier, more_digits)[0]])
    detector = _fit_detector(known, others, seed)
    # The lower of two neighbouring scores: with few digits, rejecting one too few is better than one too many.
    threshold = float(np.quantile(detector.scores(features[unseen]), REFUSED_SHARE, method="lower"))
    return Calibration(fit_temperature(logits, labels), threshold, detector)


def fit_temperature(logits: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Return the temperature that minimises the mean negative log-likelihood of `labels` (n,) for `logits` (n, 10)."""
    from scipy.optimize import minimize_scalar

    own = np.arange(len(labels)), labels

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature), axis=1)[own].mean())

    bounds = np.log([LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE])
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def _fit_detector(digits: Floats, others: Floats, seed: int) -> Detector:
    """Fit several networks and return their mean: with one hidden layer each, side by side they form one network."""
    parts = [_fit_part(digits, others, seed + number) for number in range(PARTS)]
    return Detector(
        np.concatenate([part.hidden_weights for part in parts], axis=1),
        np.concatenate([part.hidden_bias for part in parts]),
        np.concatenate([part.output_weights / np.float32(PARTS) for part in parts]),
        np.stack([part.output_bias for part in parts]).mean(axis=0),
    )


def _fit_part(digits: Floats, others: Floats, seed: int) -> Detector:
    # Here, not above: to judge takes none of it, and scikit-learn takes two seconds and 50 MB.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    examples = np.concatenate([digits, others])
    is_digit = np.arange(len(examples)) < len(digits)
    scaler = StandardScaler().fit(examples)
    network = MLPClassifier(HIDDEN_UNITS, alpha=PENALTY, max_iter=ROUNDS, random_state=seed)
    # One thread: on a busy machine, several wait for each other at every small matrix and take ten times as long.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # good enough long before convergence
        network.fit(scaler.transform(examples), is_digit)
    (hidden_weights, output_weights), (hidden_bias, output_bias) = network.coefs_, network.intercepts_
    hidden_weights = hidden_weights / scaler.scale_[:, None]  # folds the scaler into the first layer
    hidden_bias = hidden_bias - scaler.mean_ @ hidden_weights
    parameters = (hidden_weights, hidden_bias, output_weights[:, 0], output_bias)
    return Detector(*(np.asarray(values, np.float32) for values in parameters))


@torch.no_grad()
def _features_and_logits(classifier: TrainedClassifier, images: Images) -> tuple[Floats, Floats]:
    """Return the input of the classifier's last layer for `images`, (n, n_features), and the logits, (n, 10)."""
    images = check_images(images)
    features, logits = [], []
    for begin in range(0, max(1, len(images)), PREDICTION_BATCH):
        batch = torch.tensor(images[begin : begin + PREDICTION_BATCH])
        model = classifier.model
        if isinstance(model, Network):
            features.append(_without_last_layer(model)(batch))
            logits.append(model.layers[-1](features[-1]))
        else:
            features.append(batch.flatten(1))
            logits.append(model(batch))
    finite = torch.cat(features).nan_to_num().clamp(-LARGEST_FEATURE, LARGEST_FEATURE)
    return finite.numpy(), torch.cat(logits).nan_to_num().numpy()


def _without_last_layer(network: Network) -> Network:
    """Return a network that shares all layers but the last with `network`, which is not changed."""
    shortened = copy.copy(network)
    shortened._modules = dict(network._modules)  # copy.copy would share this dict with `network`
    shortened.layers = torch.nn.Sequential(*list(network.layers)[:-1])
    return shortened
