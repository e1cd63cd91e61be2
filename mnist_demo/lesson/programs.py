"""The lesson's two training loops as whole programs, to copy and run: put together from the code that runs here."""

import re

from mnist_demo.lesson.digits import BATCH_SIZE, LEARNING_RATE, SEED
from mnist_demo.lesson.tutorial import LinearModel, code_of, train_by_hand, train_with_torch
from mnist_demo.models.softmax_regression import log_softmax, negative_log_likelihood
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.translation import translate_comments

_SET_UP = "# Set up with: pip install torch scikit-learn pandas"
_BY_HAND_IMPORTS = """\
import torch
from sklearn.datasets import fetch_openml
from torch import Tensor
"""
_WITH_TORCH_IMPORTS = """\
import torch
import torch.nn.functional as F
from sklearn.datasets import fetch_openml
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, TensorDataset
"""
_DIGITS = """\
# 70,000 digits, downloaded once: 60,000 to learn from, 10,000 to test with
pixels, labels = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
x = torch.tensor(pixels / 255, dtype=torch.float32)
y = torch.tensor(labels.astype(int))
train_x, train_y, test_x, test_y = x[:60_000], y[:60_000], x[60_000:], y[60_000:]
"""
_ARGUMENTS = f"train_x, train_y, {LEARNING_RATE}, {BATCH_SIZE}, {Hyperparameters().epochs}"
_BY_HAND_RUN = f"""\
torch.manual_seed({SEED})
weights = (0.02 * torch.randn(784, 10)).requires_grad_()
bias = torch.zeros(10, requires_grad=True)
losses = train_by_hand(weights, bias, {_ARGUMENTS})
logits = test_x @ weights + bias
"""
_WITH_TORCH_RUN = f"""\
torch.manual_seed({SEED})
model = LinearModel()
losses = train_with_torch(model, {_ARGUMENTS})
logits = model(test_x)
"""
_ACCURACY = """\
accuracy = (logits.argmax(dim=1) == test_y).float().mean().item()
print(f"{len(losses)} steps, loss {losses[0]:.3f} -> {losses[-1]:.3f}, test accuracy {accuracy:.4f}")
"""


def program_by_hand() -> str:
    """Return the program that predicts, measures and steps by hand; only the gradient is torch's."""
    functions = code_of(log_softmax, negative_log_likelihood, train_by_hand)
    return _program(_BY_HAND_IMPORTS, functions, _BY_HAND_RUN)


def program_with_torch() -> str:
    """Return the program that uses torch's layer, loader, loss and optimizer."""
    return _program(_WITH_TORCH_IMPORTS, code_of(LinearModel, train_with_torch), _WITH_TORCH_RUN)


def _program(imports: str, functions: str, run: str) -> str:
    functions = re.sub(r"\n\n(?= +#)", "\n", functions)  # its comments part the steps already
    parts = [f"{_SET_UP}\n{imports}", f"{functions}\n", _DIGITS.rstrip(), f"{run}{_ACCURACY}"]
    return translate_comments("\n\n".join(parts).rstrip())
