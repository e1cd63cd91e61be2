"""Tensors in safetensors format, also where memory is short."""

import subprocess
import sys

import pytest
import safetensors.torch
import torch

from mnist_demo.models.tensor_bytes import tensors_to_bytes
from tests import ROOT


def test_tensors_in_any_order_of_memory_are_read_back_as_they_are() -> None:
    filters = torch.rand(4, 3, 5, 5).to(memory_format=torch.channels_last)
    read = safetensors.torch.load(tensors_to_bytes({"filters": filters}, {"about": "a test"}))
    assert torch.equal(read["filters"], filters)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux’s /proc")
def test_tensors_for_whose_bytes_there_is_no_room_raise_an_error_and_do_not_end_the_program() -> None:
    # In a process of its own, which has no memory left over from something else; two of three copies have room.
    program = """
import pathlib, resource, torch
from mnist_demo.models.tensor_bytes import tensors_to_bytes
from tests import ROOT

tensors = {"weights": torch.zeros(25_000_000)}
used = 1024 * int(pathlib.Path("/proc/self/status").read_text().split("VmSize:")[1].split()[0])
resource.setrlimit(resource.RLIMIT_AS, (used + 250_000_000, used + 250_000_000))
try:
    tensors_to_bytes(tensors, {})
except MemoryError:
    print("no room")
"""
    finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "no room\n", "")
