"""The devices that a run can compute on: the processor, and the accelerators that torch finds.

Random numbers are drawn on the processor everywhere, so that the same seed shuffles and augments alike; but for
dropout, which an accelerator draws by itself. Only on the processor is a run repeated, and resumed, number for number.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

from mnist_demo.errors import HyperparameterError
from mnist_demo.translation import N_, _, format_list

AUTO, CPU = "auto", "cpu"
DEVICES = {
    AUTO: N_("automatic"),
    CPU: N_("processor"),
    "cuda": N_("graphics card (CUDA)"),
    "mps": N_("graphics unit (Apple MPS)"),
}


@functools.cache
def available_devices() -> tuple[str, ...]:
    """Return the devices of this machine, the quickest for large models first; loads torch."""
    import torch

    found = [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())]
    return (*(name for name, is_there in found if is_there), CPU)


def known_devices() -> tuple[str, ...]:
    """Return the devices of this machine, or only the processor as long as nobody has asked for them; never waits."""
    return available_devices() if available_devices.cache_info().currsize else (CPU,)


CPU_FLAGS = Path("/proc/cpuinfo")


@functools.cache
def quick_precision(cpu_flags: Path = CPU_FLAGS) -> str:
    """Return the precision, a name of the hyperparameter, in which this machine's processor convolves most quickly.

    It is bfloat16 where the processor has instructions for it, as far as the system tells: Linux does, in a file with
    the words of `cpu_flags`.
    """
    try:
        words = set(cpu_flags.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return "float32"
    return "bfloat16" if words & {"avx512_bf16", "amx_bf16"} else "float32"


def choose_device(wanted: str, gains_by_accelerator: bool, available: Sequence[str] | None = None) -> str:
    """Return the device that a run computes on when ``wanted`` is one of ``DEVICES``.

    Automatic is an accelerator only for a model that gains by one, as its `Architecture` says: the others compute so
    little in a step that telling the accelerator what to do takes longer than doing it. `available` are the devices
    to choose from; None: those of this machine.

    Raises
    ------
    HyperparameterError
        When this machine has no such device.
    """
    available = available_devices() if available is None else available
    if wanted == AUTO:
        return available[0] if gains_by_accelerator else CPU
    if wanted not in available:
        message = _("This machine has no device “{wanted}” that torch can use: choose one of {devices}.")
        raise HyperparameterError(message.format(wanted=str(wanted)[:60], devices=format_list((AUTO, *available))))
    return wanted
