"""Reading of IDX files, which are written here byte by byte from the format's definition."""

import gzip
import hashlib
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from mnist_demo.data.idx import MAX_DIGITS, digest_idx_images, read_idx_images, read_idx_labels
from mnist_demo.errors import DatasetError
from tests.data.fake_mnist_servers import idx_images, idx_labels

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
IMAGES = idx_images(PIXELS)
LABELS = idx_labels(np.array([7, 0, 9]))


def write(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def test_images_in_a_plain_file_are_mapped_from_it(tmp_path: Path) -> None:
    images = read_idx_images(write(tmp_path, IMAGES))
    assert isinstance(images, np.memmap)
    assert images.dtype == np.uint8
    assert not images.flags.writeable
    np.testing.assert_array_equal(images, PIXELS)


def test_images_in_a_gzipped_file_are_decompressed_whatever_its_name(tmp_path: Path) -> None:
    images = read_idx_images(write(tmp_path, gzip.compress(IMAGES)))
    assert not images.flags.writeable
    np.testing.assert_array_equal(images, PIXELS)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_labels_are_int64(tmp_path: Path, pack: type[bytes]) -> None:
    labels = read_idx_labels(write(tmp_path, pack(LABELS)))
    assert labels.dtype == np.int64
    assert labels.tolist() == [7, 0, 9]


BAD_IMAGES = {
    "nothing": (b"", "ends within its header, after 0 bytes"),
    "half a header": (IMAGES[:10], "ends within its header, after 10 bytes"),
    "labels": (LABELS, "begins with the number 2051, but it begins with 2049"),
    "text": (b"<html>", "begins with the number 2051, but it begins with"),
    "27 rows": (struct.pack(">4I", 2051, 3, 27, 28) + bytes(3 * 27 * 28), "28 × 28 pixels, but it announces 27 × 28"),
    "no digit": (struct.pack(">4I", 2051, 0, 28, 28), "1 to 300,000 digits, but it announces 0"),
    "far too many": (struct.pack(">4I", 2051, 2**32 - 1, 28, 28), "300,000 digits, but it announces 4,294,967,295"),
    "too little": (IMAGES[:-1], "announces 2,352 bytes, but only 2,351 follow"),
    "too much": (IMAGES + b"\0", "holds more than the 2,352 bytes"),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@pytest.mark.parametrize(("content", "complaint"), BAD_IMAGES.values(), ids=BAD_IMAGES.keys())
def test_a_file_without_images_is_rejected_in_a_sentence(
    tmp_path: Path, content: bytes, complaint: str, pack: type[bytes]
) -> None:
    path = write(tmp_path, pack(content))
    with pytest.raises(DatasetError) as caught:
        read_idx_images(path)
    message = str(caught.value)
    assert str(path) in message
    assert complaint in message
    assert message.endswith((".", "again."))


def test_a_truncated_gzipped_file_is_rejected(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(IMAGES)[:-300])
    with pytest.raises(DatasetError, match="is damaged and cannot be unpacked"):
        read_idx_images(path)


@pytest.mark.parametrize("position", [-1, -6, 15, 700])
def test_a_gzipped_file_with_a_wrong_byte_is_refused(tmp_path: Path, position: int) -> None:
    content = bytearray(gzip.compress(IMAGES))
    content[position] ^= 0xFF
    with pytest.raises(DatasetError, match=r"copy or download it again|own file there"):
        read_idx_images(write(tmp_path, bytes(content)))


def test_a_gzip_bomb_is_decompressed_no_further_than_its_header_announces(tmp_path: Path) -> None:
    bomb = gzip.compress(IMAGES + bytes(50_000_000), compresslevel=1)
    path = write(tmp_path, bomb)
    tracemalloc.start()
    try:
        with pytest.raises(DatasetError, match="holds more than the 2,352 bytes"):
            read_idx_images(path)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_label_above_nine_is_rejected_with_its_position(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="labels from 0 to 9, but number 2 is 10"):
        read_idx_labels(write(tmp_path, idx_labels(np.array([1, 10, 11]))))


def test_a_file_that_is_gone_is_reported_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read \\(No such file or directory\\)"):
        read_idx_images(tmp_path / "missing")


def test_digest_is_that_of_the_plain_file(tmp_path: Path) -> None:
    assert digest_idx_images(PIXELS) == hashlib.sha256(IMAGES).hexdigest()
    path = write(tmp_path, IMAGES)
    assert digest_idx_images(read_idx_images(path)) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_largest_data_set_of_this_kind_is_accepted() -> None:
    assert MAX_DIGITS >= 280_000  # EMNIST's digits
