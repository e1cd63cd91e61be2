"""The header of safetensors bytes, read with care and without torch.

Format: 8 bytes, the length of the header, little-endian; the header, JSON
(https://github.com/huggingface/safetensors#format).
"""

import json

from mnist_demo.files import Content

MAX_HEADER_BYTES = 100_000  # ours have at most about 20,000


def read_metadata(content: Content) -> dict[str, str]:
    """Return the metadata in the header of `content`.

    Raises
    ------
    ValueError, KeyError, TypeError, RecursionError
        When there is none: of a file from a stranger nothing is certain.
    """
    length = int.from_bytes(content[:8], "little")
    if length > min(MAX_HEADER_BYTES, len(content) - 8):
        raise ValueError("header too long")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    if not isinstance(metadata, dict):
        raise TypeError("metadata must be an object")
    return metadata
