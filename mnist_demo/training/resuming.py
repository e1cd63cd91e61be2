"""The tensors that a run has to keep: read from its live objects, and put back into new ones."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from mnist_demo.models.classifiers import Classifier
from mnist_demo.models.optimizers import Optimizer
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.batches import Batches
from mnist_demo.training.progress import Progress
from mnist_demo.training.state import TrainingState, damaged_state

# What torch's optimizers keep for each parameter from the first step on.
OPTIMIZER_MEMORY: dict[str, tuple[str, ...]] = {
    "sgd": (),
    "momentum": ("momentum_buffer",),
    "adam": ("step", "exp_avg", "exp_avg_sq"),
    "adamw": ("step", "exp_avg", "exp_avg_sq"),
}


def run_tensors(model: Classifier, optimizer: Optimizer, batches: Batches, inside_epoch: bool) -> dict[str, Tensor]:
    """Return copies of all tensors of a run, by the names that `mnist_demo.training.state` describes."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    if isinstance(optimizer, torch.optim.Optimizer):
        for index, memory in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in memory.items()}
    tensors |= {f"random.{name}": state for name, state in batches.random_state(inside_epoch).items()}
    tensors["random.torch"] = torch.get_rng_state()
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def restore_run(state: TrainingState, model: Classifier, optimizer: Optimizer, batches: Batches) -> None:
    """Put the tensors of `state` into the other three; torch's global random state is left to the caller.

    Raises
    ------
    CheckpointError
        When they do not fit, or `state` contradicts itself. Then the other three are not to be used any more.
    """
    hyperparameters, progress = state.hyperparameters, state.progress
    if not _is_position(progress, hyperparameters, batches):
        raise damaged_state()
    expected = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    memory_names = OPTIMIZER_MEMORY[hyperparameters.optimizer] if progress.step else ()
    memories = {
        index: {name: _empty_memory(name, parameter) for name in memory_names}
        for index, parameter in enumerate(model.parameters())
    }
    for index, memory in memories.items():
        expected |= {f"optimizer.{index}.{name}": tensor for name, tensor in memory.items()}
    random = batches.random_state(inside_epoch=False) | {"torch": torch.get_rng_state()}
    expected |= {f"random.{name}": tensor for name, tensor in random.items()}
    # Checked here and not left to torch: copying broadcasts, so one number would fill a whole layer.
    if _layout(state.tensors) != _layout(expected):
        raise damaged_state()
    model.load_state_dict({name: state.tensors[f"model.{name}"] for name in model.state_dict()})
    if memory_names and isinstance(optimizer, torch.optim.Optimizer):
        for index, memory in memories.items():
            for name, tensor in memory.items():
                tensor.copy_(state.tensors[f"optimizer.{index}.{name}"])
        optimizer.load_state_dict({"state": memories, "param_groups": optimizer.state_dict()["param_groups"]})
    try:
        torch.Generator().set_state(state.tensors["random.torch"])
        batches.restore_random_state({name: state.tensors[f"random.{name}"] for name in random})
    except (RuntimeError, TypeError) as error:
        raise damaged_state() from error


def _is_position(progress: Progress, hyperparameters: Hyperparameters, batches: Batches) -> bool:
    """Tell whether a run with these settings and images can have come just so far."""
    seen, batch_size = progress.images_seen, hyperparameters.batch_size
    steps = progress.epochs_done * batches.steps_per_epoch + math.ceil(seen / batch_size)
    between_batches = seen % batch_size == 0 or seen == batches.n_images
    counted = progress.images_counted >= seen and progress.correct_sum <= progress.images_counted
    return seen <= batches.n_images and between_batches and counted and progress.step == steps


def _empty_memory(name: str, parameter: Tensor) -> Tensor:
    # As torch's optimizers make them; what is like a parameter has its order in memory too, and so rounds as before.
    return torch.tensor(0.0) if name == "step" else torch.empty_like(parameter, requires_grad=False)


def _layout(tensors: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}
