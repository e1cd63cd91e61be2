"""The tutorial's first half: the same classifier from tensors and autograd alone, updated by hand.

Usage: python tutorial_scratch.py DIGITS.npz [--epochs N] [--threads N]

Prints one JSON object a line for each epoch; `seconds` is the training time so far, without evaluation.
"""

import argparse
import json
import time

import numpy as np
import torch

BATCH_SIZE = 100
LEARNING_RATE = 0.5


def log_softmax(x: torch.Tensor) -> torch.Tensor:
    return x - x.exp().sum(-1).log().unsqueeze(-1)


def negative_log_likelihood(log_probabilities: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return -log_probabilities[range(len(labels)), labels].mean()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("digits")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)

    with np.load(arguments.digits) as digits:
        x_train = torch.tensor(digits["train_pixels"]).reshape(-1, 784) / 255
        x_test = torch.tensor(digits["test_pixels"]).reshape(-1, 784) / 255
        y_train, y_test = torch.tensor(digits["train_labels"]), torch.tensor(digits["test_labels"])

    weights = torch.randn(784, 10, requires_grad=True)
    bias = torch.randn(10, requires_grad=True)

    def model(images: torch.Tensor) -> torch.Tensor:
        return log_softmax(images @ weights + bias)

    seconds = 0.0
    for epoch in range(1, arguments.epochs + 1):
        began = time.perf_counter()
        for begin in range(0, len(x_train), BATCH_SIZE):
            images, labels = x_train[begin : begin + BATCH_SIZE], y_train[begin : begin + BATCH_SIZE]
            loss = negative_log_likelihood(model(images), labels)
            loss.backward()
            with torch.no_grad():
                assert weights.grad is not None
                assert bias.grad is not None
                weights -= weights.grad * LEARNING_RATE
                bias -= bias.grad * LEARNING_RATE
                weights.grad.zero_()
                bias.grad.zero_()
        seconds += time.perf_counter() - began
        with torch.no_grad():
            log_probabilities = model(x_test)
            test_loss = negative_log_likelihood(log_probabilities, y_test).item()
            test_accuracy = (log_probabilities.argmax(dim=1) == y_test).float().mean().item()
        line = {"epoch": epoch, "test_loss": test_loss, "test_accuracy": test_accuracy, "seconds": seconds}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
