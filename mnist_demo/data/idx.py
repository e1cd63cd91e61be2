"""Reads IDX files, the format that MNIST was published in, plain or gzipped, without trusting their content.

A file begins with a big-endian magic number, 0x00000800 (unsigned bytes) plus its number of dimensions. The dimensions
follow as big-endian 32-bit integers, then the bytes in C order. The magic number is 2051 for images (n, rows, columns)
and 2049 for labels (n,). Source: Y. LeCun, C. Cortes, C. Burges, *The MNIST database*, section "File formats". Whatever
its header says, at most `MAX_DIGITS` images of a file are read into memory.
"""

import gzip
import hashlib
import math
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from mnist_demo.errors import DatasetError
from mnist_demo.translation import _

IMAGES_MAGIC = 2051
LABELS_MAGIC = 2049
SIDE = 28  # pixels; the height and the width of every image
# Files that announce more are rejected before memory is allocated. EMNIST, the largest such data set, has 280,000.
MAX_DIGITS = 300_000
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx_images(path: Path | zipfile.Path) -> npt.NDArray[np.uint8]:
    """Return the images of an IDX file, uint8 (n, 28, 28), read-only; memory-mapped if the file is not packed.

    Raises
    ------
    DatasetError
        If the file cannot be read, is damaged, or is in another format.
    """
    return _read_idx(path, IMAGES_MAGIC, (SIDE, SIDE))


def read_idx_labels(path: Path | zipfile.Path) -> npt.NDArray[np.int64]:
    """Return the labels of an IDX file, int64 (n,), all in 0..9.

    Raises
    ------
    DatasetError
        If the file cannot be read, is damaged, or is in another format.
    """
    labels = _read_idx(path, LABELS_MAGIC, ())
    if labels.max() > 9:
        position = int(np.argmax(labels > 9))
        message = _("{path}: expected labels from 0 to 9, but number {count} is {label}; put MNIST's own file there.")
        raise DatasetError(message.format(path=Path(str(path)), count=position + 1, label=labels[position]))
    return labels.astype(np.int64)


def digest_idx_images(images: npt.NDArray[np.uint8]) -> str:
    """Return the hexadecimal SHA-256 of a plain IDX file of `images`, uint8 (n, 28, 28).

    MNIST thus has the published digest of its decompressed file, whatever the source of the pixels.
    """
    sha256 = hashlib.sha256(struct.pack(">4I", IMAGES_MAGIC, *images.shape))
    sha256.update(np.ascontiguousarray(images).reshape(-1).data)
    return sha256.hexdigest()


def _read_idx(source: Path | zipfile.Path, magic: int, item_shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return the items of an IDX file, uint8 (n, *item_shape), read-only; raise DatasetError if it is invalid."""
    path = Path(str(source))  # as sentences show it
    try:
        with source.open("rb") as file:
            is_gzipped = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            file.seek(0)
            if isinstance(source, Path) and not is_gzipped:
                shape = _read_shape(path, file, magic, item_shape)
                header_bytes = file.tell()
                _check_length(path, math.prod(shape), os.fstat(file.fileno()).st_size - header_bytes)
                return np.memmap(path, dtype=np.uint8, mode="r", offset=header_bytes, shape=shape)
            with gzip.GzipFile(fileobj=file) if is_gzipped else file as unpacked:
                shape = _read_shape(path, unpacked, magic, item_shape)
                # One byte more than announced, to detect a longer file and to have the checksum at the end verified.
                content = unpacked.read(math.prod(shape) + 1)
                _check_length(path, math.prod(shape), len(content))
                return np.frombuffer(content, dtype=np.uint8).reshape(shape)
    # RuntimeError: a zip with a password, or packed in a way that Python does not know.
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, RuntimeError) as error:
        message = _("{path} is damaged and cannot be unpacked ({reason}); copy or download it again.")
        raise DatasetError(message.format(path=path, reason=error)) from error
    except OSError as error:
        message = _("{path} cannot be read ({reason}); check its permissions, or choose another source of digits.")
        raise DatasetError(message.format(path=path, reason=error.strerror or error)) from error


def _read_shape(
    path: Path, file: IO[bytes] | gzip.GzipFile, magic: int, item_shape: tuple[int, ...]
) -> tuple[int, ...]:
    """Read the header; return its shape, (n, *item_shape) with 1 <= n <= MAX_DIGITS, or raise DatasetError."""
    header = file.read(4 * (2 + len(item_shape)))
    fields = [int.from_bytes(header[start : start + 4], "big") for start in range(0, len(header), 4)]
    if len(header) >= 4 and fields[0] != magic:
        message = _(
            "{path}: expected an IDX file that begins with the number {expected}, but it begins with {found}; put "
            "MNIST's own file there."
        )
        raise DatasetError(message.format(path=path, expected=str(magic), found=str(fields[0])))
    if len(header) < 4 * (2 + len(item_shape)):
        message = _("{path} ends within its header, after {found} bytes; copy or download it again.")
        raise DatasetError(message.format(path=path, found=len(header)))
    n_digits, *found_shape = fields[1:]
    if tuple(found_shape) != item_shape:
        message = _(
            "{path}: expected images of {side} × {side} pixels, but it announces {rows} × {columns}; put MNIST's own "
            "file there."
        )
        raise DatasetError(message.format(path=path, side=SIDE, rows=found_shape[0], columns=found_shape[1]))
    if not 1 <= n_digits <= MAX_DIGITS:
        message = _("{path}: expected 1 to {most} digits, but it announces {found}; put MNIST's own file there.")
        raise DatasetError(message.format(path=path, most=MAX_DIGITS, found=n_digits))
    return (n_digits, *item_shape)


def _check_length(path: Path, expected: int, found: int) -> None:
    """Raise DatasetError unless the number of bytes after the header is the announced one."""
    if found < expected:
        message = _(
            "{path} is cut short: its header announces {expected} bytes, but only {found} follow; copy or download it "
            "again."
        )
        raise DatasetError(message.format(path=path, expected=expected, found=found))
    if found > expected:
        message = _("{path} holds more than the {expected} bytes its header announces; copy or download it again.")
        raise DatasetError(message.format(path=path, expected=expected))
