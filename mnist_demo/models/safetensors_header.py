"""The header of safetensors bytes, read with care and without torch.

Format: 8 bytes, the length of the header, little-endian; the header, JSON
(https://github.com/huggingface/safetensors#format).
"""

import json
from typing import Any

from mnist_demo.files import Content

# Ours have at most about 20,000. The JSON of 20 MB can take 3 s and 740 MB to read, while nobody else computes.
MAX_HEADER_BYTES = 100_000


def end_of_header(content: Content) -> int:
    """Return where the header of `content` ends and its tensors begin, in bytes, as the file says."""
    return 8 + int.from_bytes(content[:8], "little")


def read_header(content: Content) -> dict[str, Any]:
    """Return the header of `content`: what is said of each tensor, by its name, and ``__metadata__``.

    Raises
    ------
    ValueError, TypeError, RecursionError
        When there is none, or it is too long: of a file from a stranger nothing is certain.
    """
    end = end_of_header(content)
    if end > min(8 + MAX_HEADER_BYTES, len(content)):
        raise ValueError("header too long")
    header = json.loads(content[8:end])
    if not isinstance(header, dict):
        raise TypeError("header must be an object")
    return header


def read_metadata(content: Content) -> dict[str, str]:
    """Return the metadata in the header of `content`; raise as `read_header` does, or KeyError, when there is none."""
    metadata = read_header(content)["__metadata__"]
    if not isinstance(metadata, dict):
        raise TypeError("metadata must be an object")
    return metadata
