"""The tutorial's second half: a linear softmax classifier with nn.Module, DataLoader and optim.SGD.

Usage: python tutorial_pytorch.py DIGITS.npz [--epochs N] [--threads N]

Prints one JSON object a line for each epoch; `seconds` is the training time so far, without evaluation.
"""

import argparse
import json
import time

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

BATCH_SIZE = 100
LEARNING_RATE = 0.5


class SoftmaxClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.linear(images)
        return logits


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
    train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=BATCH_SIZE)

    model = SoftmaxClassifier()
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

    seconds = 0.0
    for epoch in range(1, arguments.epochs + 1):
        began = time.perf_counter()
        for images, labels in train_loader:
            loss = loss_function(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        seconds += time.perf_counter() - began
        with torch.no_grad():
            logits = model(x_test)
            test_loss = loss_function(logits, y_test).item()
            test_accuracy = (logits.argmax(dim=1) == y_test).float().mean().item()
        line = {"epoch": epoch, "test_loss": test_loss, "test_accuracy": test_accuracy, "seconds": seconds}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
