"""scikit-learn's own classifiers, as those who know the library write them: pixels from 0 to 1, all else by default.

Usage: python sklearn_classifiers.py DIGITS.npz {logistic-regression,mlp}

Prints one JSON object; `seconds` is the time of `fit`.
"""

import argparse
import json
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

CLASSIFIERS = {"logistic-regression": LogisticRegression, "mlp": MLPClassifier}


def read(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(len(pixels), -1) / 255


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("digits")
    parser.add_argument("classifier", choices=CLASSIFIERS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # the first stops after its hundred iterations
    with np.load(arguments.digits) as digits:
        train_images, train_labels = read(digits["train_pixels"]), digits["train_labels"]
        test_images, test_labels = read(digits["test_pixels"]), digits["test_labels"]
    classifier = CLASSIFIERS[arguments.classifier]()
    began = time.perf_counter()
    classifier.fit(train_images, train_labels)
    seconds = time.perf_counter() - began
    print(json.dumps({"test_accuracy": classifier.score(test_images, test_labels), "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
