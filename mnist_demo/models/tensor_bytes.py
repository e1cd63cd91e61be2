"""Tensors as bytes in safetensors format."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# Of all tensors, that the library makes on the way.
COPIES = 3


def tensors_to_bytes(tensors: "Mapping[str, Tensor]", metadata: dict[str, str]) -> bytes:
    """Return `tensors` and `metadata` in safetensors format.

    Raises
    ------
    MemoryError
        When there is no room for the bytes.
    """
    import safetensors.torch

    # The convnet's filters are channels-last in memory; safetensors has one order only.
    packed = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # The library, written in Rust, writes pages about its fault and ends the program where it finds no room.
    room = bytearray(COPIES * sum(tensor.nbytes for tensor in packed.values()))
    del room
    return bytes(safetensors.torch.save(packed, metadata))
