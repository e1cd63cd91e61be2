"""The network and the recipe of the MNIST example that PyTorch publishes (github.com/pytorch/examples, mnist).

Two 3 × 3 convolutions of 32 and 64 channels, max-pooling, dropout of 0.25 and 0.5, 128 hidden units; Adadelta with
learning rate 1.0, times 0.7 after every epoch; batches of 64 in the order of the file, as the example does on a CPU.

Usage: python pytorch_example.py DIGITS.npz [--epochs N] [--images N]

Prints one JSON object a line for each epoch; `seconds` is the training time so far, without evaluation.
"""

import argparse
import json
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

BATCH_SIZE = 64
MEAN, DEVIATION = 0.1307, 0.3081


class NormalisedDigits(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Scales and normalises every image when it is asked for, as the example's transforms do."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        self.pixels, self.labels = torch.tensor(pixels), torch.tensor(labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        image = self.pixels[index].unsqueeze(0).float().div(255)
        return (image - MEAN) / DEVIATION, self.labels[index]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.hidden = nn.Linear(9216, 128)
        self.output = nn.Linear(128, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = F.relu(self.conv2(F.relu(self.conv1(images))))
        features = self.dropout1(F.max_pool2d(features, 2)).flatten(1)
        return F.log_softmax(self.output(self.dropout2(F.relu(self.hidden(features)))), dim=1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("digits")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--images", type=int, help="train on the first N images only")
    arguments = parser.parse_args()
    torch.manual_seed(1)

    with np.load(arguments.digits) as digits:
        train_set = NormalisedDigits(
            digits["train_pixels"][: arguments.images], digits["train_labels"][: arguments.images]
        )
        test_set = NormalisedDigits(digits["test_pixels"], digits["test_labels"])
    train_loader = DataLoader(train_set, batch_size=BATCH_SIZE)
    test_loader = DataLoader(test_set, batch_size=1000)

    model = Net()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)

    seconds = 0.0
    for epoch in range(1, arguments.epochs + 1):
        model.train()
        began = time.perf_counter()
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = F.nll_loss(model(images), labels)
            loss.backward()
            optimizer.step()
        scheduler.step()
        seconds += time.perf_counter() - began
        model.eval()
        test_loss, correct = 0.0, 0
        with torch.no_grad():
            for images, labels in test_loader:
                log_probabilities = model(images)
                test_loss += F.nll_loss(log_probabilities, labels, reduction="sum").item()
                correct += int((log_probabilities.argmax(dim=1) == labels).sum())
        line = {
            "epoch": epoch,
            "test_loss": test_loss / len(test_set),
            "test_accuracy": correct / len(test_set),
            "seconds": seconds,
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
