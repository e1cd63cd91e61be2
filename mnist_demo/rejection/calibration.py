"""“I don't think this is a digit”: probabilities that mean what they say, and a refusal of what is none.

A classifier shares all its belief among ten digits, whatever it is shown: a scribble is a “3 at 100 %”. Two things are
fitted for a trained one, on digits that it was not trained on:

- a *temperature*, by which logits are divided before the softmax, so that of the answers given with 90 % nine of ten
  are right (C. Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017, https://arxiv.org/abs/1706.04599);
- a *detector*, a small network that tells digits from other drawings by what the classifier's last layer sees of them,
  its features (D. Hendrycks et al., *Deep Anomaly Detection with Outlier Exposure*, ICLR 2019,
  https://arxiv.org/abs/1812.04606: examples of what is to be refused help far beyond themselves); and a *threshold* on
  its score that few digits stay below.

Without a detector the score is the largest probability, which is the usual way, and far worse. With a convnet of 99.4 %
and a threshold that refuses 2 of 100 tablet digits, the share of shapes of unknown kinds refused was: by the largest
probability 36 %, by energy (the logarithm of Σ exp(logit)) 75 %, by the Mahalanobis distance of the features to the
means of the digits 22 %, by these together with the amount of ink 91 %; the detector refuses 93 % and fewer digits.
"""

import copy
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from mnist_demo.models.checkpoints import PREDICTION_BATCH, TrainedClassifier, check_images
from mnist_demo.models.classifiers import Network

Images = npt.NDArray[np.float32]  # (n, 28, 28) in [0, 1]
Floats = npt.NDArray[np.float32]

REFUSED_SHARE = 0.017  # of digits that were not trained on; of other people’s drawings the starter refuses fewer
UNSEEN_SHARE = 0.25  # of these digits: for the threshold alone
# Tried with a convnet, 5,000 digits and 6,000 drawings (shapes refused, tablet digits refused): penalties on the
# weights of 1, 0.3 and 0.1 give 86, 93, 91 and 0.8, 1.1, 1.1 %; 60 rounds do as well as 100.
PARTS, HIDDEN_UNITS, PENALTY, ROUNDS = 3, 32, 0.3, 60
# Turned by a quarter these look like no digit. They are MNIST's own ink, so that pen and softness tell nothing.
TURNED_DIGITS = (2, 3, 4, 5, 7)
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
LARGEST_FEATURE = 1e6  # of a model that has diverged, whose features overflow


@dataclass(frozen=True, eq=False)
class Detector:
    """A network with one hidden layer of ReLU units: features (n, n_features) → score (n,), high for digits."""

    hidden_weights: Floats  # (n_features, n_hidden)
    hidden_bias: Floats  # (n_hidden,)
    output_weights: Floats  # (n_hidden,)
    output_bias: Floats  # (1,)

    def scores(self, features: Floats) -> Floats:
        hidden = np.maximum(features @ self.hidden_weights + self.hidden_bias, 0)
        return np.asarray(hidden @ self.output_weights + self.output_bias[0], np.float32)


@dataclass(frozen=True)
class Calibration:
    """What makes a classifier's answers honest; it goes with one set of weights.

    `temperature` divides the logits: above 1 for a model that is too sure. Images whose score is below `threshold` are
    refused; the score is the detector's, or without one the largest calibrated probability.
    """

    temperature: float
    threshold: float
    detector: Detector | None = None


@dataclass(frozen=True, eq=False)
class Judgement:
    """Answers for n images: `probabilities` float32 (n, 10), rows sum to 1; `is_digit` bool (n,); `score` (n,).

    The probabilities are those of the digits if it is one: look at `is_digit` first. Scores of different calibrations
    cannot be compared.
    """

    probabilities: Floats
    is_digit: npt.NDArray[np.bool_]
    score: Floats


def judge(classifier: TrainedClassifier, calibration: Calibration, images: Images) -> Judgement:
    """Return what `classifier` makes of `images`, (n, 28, 28) in [0, 1], and whether it takes them for digits.

    Raises
    ------
    ImageError
        When `images` have another shape, type or range.
    """
    features, logits = _look_at(classifier, images)
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
    """Return the calibration of `classifier`, by digits that it was not trained on and drawings that are none.

    With 1,000 of each, which is enough for a page, it takes less than a second. The same arguments give the same
    calibration.

    Parameters
    ----------
    images, labels
        Digits (n, 28, 28) in [0, 1], and which they are (n,). At least some 100.
    non_digits
        Drawings (m, 28, 28) in [0, 1]: see `mnist_demo.rejection.non_digits.fitting_non_digits`.
    more_digits
        Digits of shapes that `images` hardly have, (k, 28, 28), for the detector alone, which would refuse them as
        something that it has never seen.

    Raises
    ------
    ImageError
        When the images have another shape, type or range.
    """
    features, logits = _look_at(classifier, images)
    # The threshold is set on digits that the detector has not seen either.
    unseen = np.random.default_rng(seed).permutation(len(images)) < UNSEEN_SHARE * len(images)
    turned = images[~unseen & np.isin(labels, TURNED_DIGITS)]
    turned = np.concatenate([np.rot90(turned[0::2], 1, (1, 2)), np.rot90(turned[1::2], 3, (1, 2))])
    others, _logits = _look_at(classifier, np.concatenate([non_digits, turned]))
    known = features[~unseen]
    if more_digits is not None:
        known = np.concatenate([known, _look_at(classifier, more_digits)[0]])
    detector = _fit_detector(known, others, seed)
    # Between two scores of few digits the lower one: rather one of them less refused than one too many.
    threshold = float(np.quantile(detector.scores(features[unseen]), REFUSED_SHARE, method="lower"))
    return Calibration(fit_temperature(logits, labels), threshold, detector)


def fit_temperature(logits: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Return the temperature by which the mean negative log-likelihood of `labels` (n,) is smallest."""
    own = np.arange(len(labels)), labels

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature), axis=1)[own].mean())

    bounds = np.log([LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE])
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def _fit_detector(digits: Floats, others: Floats, seed: int) -> Detector:
    """Return the mean of several networks; each has one hidden layer, so side by side they are one such network."""
    parts = [_fit_part(digits, others, seed + number) for number in range(PARTS)]
    return Detector(
        np.concatenate([part.hidden_weights for part in parts], axis=1),
        np.concatenate([part.hidden_bias for part in parts]),
        np.concatenate([part.output_weights / np.float32(PARTS) for part in parts]),
        np.stack([part.output_bias for part in parts]).mean(axis=0),
    )


def _fit_part(digits: Floats, others: Floats, seed: int) -> Detector:
    examples = np.concatenate([digits, others])
    is_digit = np.arange(len(examples)) < len(digits)
    scaler = StandardScaler().fit(examples)
    network = MLPClassifier(HIDDEN_UNITS, alpha=PENALTY, max_iter=ROUNDS, random_state=seed)
    # One thread: on a busy machine several wait for each other at every small matrix, and it takes ten times as long.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # good enough long before
        network.fit(scaler.transform(examples), is_digit)
    (hidden_weights, output_weights), (hidden_bias, output_bias) = network.coefs_, network.intercepts_
    hidden_weights = hidden_weights / scaler.scale_[:, None]  # takes the features as they are
    hidden_bias = hidden_bias - scaler.mean_ @ hidden_weights
    parameters = (hidden_weights, hidden_bias, output_weights[:, 0], output_bias)
    return Detector(*(np.asarray(values, np.float32) for values in parameters))


@torch.no_grad()
def _look_at(classifier: TrainedClassifier, images: Images) -> tuple[Floats, Floats]:
    """Return what the last layer of the classifier sees of `images`, (n, n_features), and the logits, (n, 10)."""
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
    """Return a network that shares all layers but the last with `network`, which stays as it is."""
    shortened = copy.copy(network)
    shortened._modules = dict(network._modules)  # copy.copy shares it, and with it the layers
    shortened.layers = torch.nn.Sequential(*list(network.layers)[:-1])
    return shortened
