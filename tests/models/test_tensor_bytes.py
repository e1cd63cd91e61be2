"""Tensors in safetensors format, also where memory is short."""

import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

from mnist_demo.models.tensor_bytes import tensors_to_bytes


def test_tensors_in_any_order_of_memory_are_read_back_as_they_are() -> None:
    filters = torch.rand(4, 3, 5, 5).to(memory_format=torch.channels_last)
    read = safetensors.torch.load(tensors_to_bytes({"filters": filters}, {"about": "a test"}))
    assert torch.equal(read["filters"], filters)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux’s /proc")
def test_tensors_for_whose_bytes_there_is_no_room_raise_an_error_and_do_not_end_the_program(
    capfd: pytest.CaptureFixture[str],
) -> None:
    import resource

    tensors = {"weights": torch.zeros(25_000_000)}
    used = 1024 * int(Path("/proc/self/status").read_text().split("VmSize:")[1].split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 250_000_000, limits[1]))  # two of three copies have room
    try:
        with pytest.raises(MemoryError):
            tensors_to_bytes(tensors, {})
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    assert capfd.readouterr().err == ""
