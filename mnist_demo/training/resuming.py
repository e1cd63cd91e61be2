"""The tensors that a run has to keep: read from its live objects, and put back into new ones."""

from collections.abc import Mapping

import torch
from torch import Tensor

from mnist_demo.models.classifiers import Classifier
from mnist_demo.models.optimizers import Optimizer
from mnist_demo.settings.changes import position_after
from mnist_demo.training.batches import Batches
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
    tensors |= _hard_tensors(batches)
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def restore_run(state: TrainingState, model: Classifier, optimizer: Optimizer, batches: Batches) -> None:
    """Put the tensors of `state` into the other three; torch's global random state is left to the caller.

    Raises
    ------
    CheckpointError
        When they do not fit, or `state` contradicts itself. Then the other three are not to be used any more.
    """
    hyperparameters, progress = state.hyperparameters, state.progress
    if not _is_position(state, batches.n_images):
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
    expected |= {f"random.{name}": tensor for name, tensor in random.items()} | _hard_tensors(batches)
    # Checked here and not left to torch: copying broadcasts, so one number would fill a whole layer.
    if _layout(state.tensors) != _layout(expected):
        raise damaged_state()
    model.load_state_dict({name: state.tensors[f"model.{name}"] for name in model.state_dict()})
    if memory_names and isinstance(optimizer, torch.optim.Optimizer):
        for index, memory in memories.items():
            for name, tensor in memory.items():
                tensor.copy_(state.tensors[f"optimizer.{index}.{name}"])
        optimizer.load_state_dict({"state": memories, "param_groups": optimizer.state_dict()["param_groups"]})
    if batches.hard_images is not None:
        batches.hard_images.losses, order = (state.tensors[name].clone() for name in _hard_tensors(batches))
        if not ((order >= 0) & (order < batches.n_images)).all():
            raise damaged_state()
        batches.hard_images.order = order
    try:
        torch.Generator().set_state(state.tensors["random.torch"])
        batches.restore_random_state({name: state.tensors[f"random.{name}"] for name in random})
    except (RuntimeError, TypeError) as error:
        raise damaged_state() from error


def _hard_tensors(batches: Batches) -> dict[str, Tensor]:
    """Return what decides which images the next batches have, for a run that learns from hard ones."""
    hard = batches.hard_images
    return {} if hard is None else {"hard.losses": hard.losses, "hard.order": hard.order}


def _is_position(state: TrainingState, n_images: int) -> bool:
    """Tell whether the run of `state` can have come just so far."""
    progress = state.progress
    position = progress.epochs_done, progress.images_seen
    if progress.images_seen == n_images:  # the epoch is through, and not evaluated yet
        position = progress.epochs_done + 1, 0
    counted = progress.images_counted >= progress.images_seen and progress.correct_sum <= progress.images_counted
    return counted and position == position_after(
        progress.step, n_images, state.hyperparameters.batch_size, state.changes
    )


def _empty_memory(name: str, parameter: Tensor) -> Tensor:
    # As torch's optimizers make them; what is like a parameter has its order in memory too, and so rounds as before.
    return torch.tensor(0.0) if name == "step" else torch.empty_like(parameter, requires_grad=False)


def _layout(tensors: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}
