"""Fits the calibration of a model on digits and non-digits, and measures its rejection rates."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.data.synthetic_digits import draw_digits
from mnist_demo.models.checkpoints import TrainedClassifier
from mnist_demo.rejection.calibration import Calibration, fit_calibration, judge
from mnist_demo.rejection.calibration_files import save_calibration
from mnist_demo.rejection.non_digits import TESTING_KINDS, draw_non_digits, fitting_non_digits

# Numbers of images to fit on. At thresholds that reject 91 % of shapes, the starter model rejected 2.3 % of 7,494
# tablet digits without the synthetic digits and 1.3 % with them.
NON_DIGITS, SYNTHETIC_DIGITS = 12_000, 2500
SYNTHETIC_SEED = 1000  # draws other digits than those that the starter model was trained on
DRAWINGS_A_KIND = 200  # to measure on, of kinds that are not fitted on
HELD_OUT_EVERY = 4  # every fourth test image is held out to measure on; the others are fitted on


def calibrate(
    classifier: TrainedClassifier, dataset: DigitDataset, output: str | Path | None = None, seed: int = 0
) -> dict[str, float]:
    """Fit on the test images of `dataset`, save the calibration to the file `output` if given, and return metrics.

    ``digits_refused``, ``shapes_refused`` and ``letters_refused`` are fractions, the last two means over kinds, and the
    fraction of each kind follows under its name. All are measured on digits and kinds that were held out.

    Raises
    ------
    CheckpointError
        If `output` cannot be written.
    """
    images, labels = scale_pixels(dataset.test_pixels), dataset.test_labels
    held_out = np.arange(len(labels)) % HELD_OUT_EVERY == 0
    non_digits = fitting_non_digits(NON_DIGITS, seed)
    synthetic = scale_pixels(draw_digits(SYNTHETIC_DIGITS, SYNTHETIC_SEED + seed)[0])
    calibration = fit_calibration(classifier, images[~held_out], labels[~held_out], non_digits, seed, synthetic)
    refused = {
        kind: _refused_share(classifier, calibration, drawings)
        for kind, drawings in draw_non_digits(TESTING_KINDS, DRAWINGS_A_KIND, seed + 1).items()
    }
    metrics = {
        "temperature": calibration.temperature,
        "threshold": calibration.threshold,
        "digits_refused": _refused_share(classifier, calibration, images[held_out]),
        "shapes_refused": float(np.mean([share for kind, share in refused.items() if not kind.startswith("letter")])),
        "letters_refused": float(np.mean([share for kind, share in refused.items() if kind.startswith("letter")])),
        **refused,
    }
    if output:
        save_calibration(output, calibration, classifier, metrics)
    return metrics


def _refused_share(classifier: TrainedClassifier, calibration: Calibration, images: npt.NDArray[np.float32]) -> float:
    return 1 - float(judge(classifier, calibration, images).is_digit.mean())
