"""MNIST as people have it on their disks: under other names, in folders, in a zip, as npz and CSV."""

import gzip
import hashlib
import io
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.data.folder import load_folder
from mnist_demo.errors import DatasetError
from tests.data.fake_mnist_servers import idx_files, idx_images
from tests.data.small_digits import DIGITS, assert_same_digits, write_folder


def renamed(name: Callable[[str], str], pack: Callable[[bytes], bytes] = bytes) -> dict[str, bytes]:
    return {name(published): pack(content) for published, content in idx_files(DIGITS).items()}


def npz(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


def keras() -> dict[str, np.ndarray]:
    return {
        "x_train": DIGITS.train_pixels,
        "y_train": DIGITS.train_labels.astype(np.uint8),
        "x_test": DIGITS.test_pixels,
        "y_test": DIGITS.test_labels.astype(np.uint8),
    }


def table(pixels: np.ndarray, labels: np.ndarray | None, header: bool = True) -> bytes:
    columns = [f"pixel{number}" for number in range(784)]
    rows = pixels.reshape(-1, 784).tolist()
    if labels is not None:
        columns, rows = ["label", *columns], [[label, *row] for label, row in zip(labels.tolist(), rows, strict=True)]
    lines = [",".join(columns)] if header else []
    return "\n".join([*lines, *(",".join(map(str, row)) for row in rows), ""]).encode()


def zipped(name: str, content: bytes) -> bytes:
    return zip_of({name: content})


def zip_of(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


WHOLE = {
    "train.csv": table(DIGITS.train_pixels, DIGITS.train_labels),
    "test.csv": table(DIGITS.test_pixels, DIGITS.test_labels),
}
# The files that somebody has, by name.
PLACES = {
    "with dots": renamed(lambda name: name.replace("-idx", ".idx")),
    "Kaggle: a folder of its name around each": renamed(lambda name: f"archive/{name}/{name}"),
    "torchvision": renamed("MNIST/raw/{}".format) | renamed("MNIST/raw/{}.gz".format, gzip.compress),
    "EMNIST": renamed(lambda name: f"gzip/emnist-digits-{name.replace('t10k', 'test')}.gz", gzip.compress),
    "Keras": {"mnist.npz": npz(**keras())},
    "tables with names": WHOLE,
    "Kaggle's command: a zip around each": {f"{name}.zip": zipped(name, content) for name, content in WHOLE.items()},
    "packed tables": {f"{name}.gz": gzip.compress(content) for name, content in WHOLE.items()},
    "a folder around each table": {f"{name[:-4]}/{name}": content for name, content in WHOLE.items()},
    "tables beside others": {
        "fashion_train_60k.csv": WHOLE["train.csv"],
        "fashion_test_10k.csv": WHOLE["test.csv"],
        "validation.csv": WHOLE["test.csv"],
        "train_log.csv": b"epoch,loss\n1,0.3\n",
        "features.npz": npz(images=DIGITS.train_pixels),
    },
    "half a set in each of two zips, beside a zip of something else": {
        "train.zip": zip_of({name: content for name, content in idx_files(DIGITS).items() if "train" in name}),
        "test.zip": zip_of({name: content for name, content in idx_files(DIGITS).items() if "t10k" in name}),
        "holidays.zip": zipped("holiday.jpg", b"sea"),
    },
    "tables without names": {
        "mnist_train.csv": table(DIGITS.train_pixels, DIGITS.train_labels, header=False),
        "mnist_test.csv": table(DIGITS.test_pixels, DIGITS.test_labels, header=False),
    },
}  # fmt: skip


@pytest.mark.parametrize("files", PLACES.values(), ids=PLACES)
def test_digits_are_found_where_people_have_them(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = tmp_path / "digits"
    write_files(folder, files)
    assert_same_digits(load_folder(folder), DIGITS)
    if not any(name.endswith(".zip") for name in files):
        shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
        assert_same_digits(load_folder(tmp_path / "packed.zip"), DIGITS)
        shutil.rmtree(folder)
        folder.mkdir()
        (tmp_path / "packed.zip").rename(folder / "archive.zip")  # as it was downloaded
        assert_same_digits(load_folder(folder), DIGITS)


def test_one_file_of_arrays_or_pixels_can_be_named_itself(tmp_path: Path) -> None:
    (tmp_path / "any-name").write_bytes(PLACES["Keras"]["mnist.npz"])
    assert_same_digits(load_folder(tmp_path / "any-name"), DIGITS)
    (tmp_path / "train.csv").write_bytes(WHOLE["train.csv"])
    assert len(load_folder(tmp_path / "train.csv").test_labels) == 300 // 7


def test_rows_of_a_contest_whose_test_labels_are_secret_are_held_out_for_testing(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(WHOLE["train.csv"])
    (tmp_path / "test.csv").write_bytes(table(DIGITS.test_pixels, None))
    (tmp_path / "sample_submission.csv").write_bytes(b"ImageId,Label\n1,0\n")
    learned = 300 - 300 // 7
    pixels, labels = DIGITS.train_pixels, DIGITS.train_labels
    digest = hashlib.sha256(idx_images(pixels[:learned])).hexdigest()
    split = DigitDataset("", pixels[:learned], labels[:learned], pixels[learned:], labels[learned:], "", digest)
    assert_same_digits(load_folder(tmp_path), split)


def test_plain_file_is_preferred_to_its_gzipped_one(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    for name in idx_files(DIGITS):
        (folder / f"{name}.gz").write_bytes(b"damaged")
    assert_same_digits(load_folder(folder), DIGITS)


def test_sentence_says_which_name_was_looked_for_and_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "t10k-images-idx3-ubyte").mkdir()
    with pytest.raises(DatasetError, match=r"has no file train-images-idx3-ubyte or .*\.gz, for it is empty"):
        load_folder(tmp_path)
    (tmp_path / "holiday.jpg").touch()
    for name in ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"):
        (tmp_path / name).touch()
    found = r"holds holiday\.jpg, train-images\.idx3-ubyte, train-labels\.idx1-ubyte\."
    with pytest.raises(DatasetError, match=f"has no file t10k-images-idx3-ubyte or .*{found}"):
        load_folder(tmp_path)
    for number in range(9):
        (tmp_path / f"z{number}").touch()
    with pytest.raises(DatasetError, match=r"z2 and 6 more\."):
        load_folder(tmp_path)


def test_several_data_sets_are_not_chosen_from(tmp_path: Path) -> None:
    for name in ("FashionMNIST", "MNIST"):
        (tmp_path / name).mkdir()
        write_folder(tmp_path / name / "raw")
    with pytest.raises(DatasetError, match=r"several data sets \(FashionMNIST/raw, MNIST/raw\); name a folder"):
        load_folder(tmp_path)
    assert_same_digits(load_folder(tmp_path / "MNIST"), DIGITS)


SEVERAL = {
    "two archives of arrays": (
        {"fashion.npz": PLACES["Keras"]["mnist.npz"], "mnist.npz": PLACES["Keras"]["mnist.npz"]},
        "fashion.npz, mnist.npz",
    ),
    "two pairs of tables": (
        {f"{name}_{part}": content for name in ("fashion", "mnist") for part, content in WHOLE.items()},
        "fashion_train.csv, mnist_train.csv",
    ),
    "tables of two sets": (
        {"fashion_train.csv": WHOLE["train.csv"], "mnist_test.csv": WHOLE["test.csv"]},
        "fashion_train.csv, mnist_test.csv",
    ),
    "tables of two folders": (
        {"fashion/train.csv": WHOLE["train.csv"], "mnist/test.csv": WHOLE["test.csv"]},
        "fashion/train.csv, mnist/test.csv",
    ),
    "two kinds of files": (
        {"mnist.npz": PLACES["Keras"]["mnist.npz"], **renamed(str)},
        "mnist.npz, train-images-idx3-ubyte",
    ),
    "two zips of whole sets": (
        {"fashion.zip": zip_of(renamed(str)), "mnist.zip": zip_of(renamed("raw/{}".format))},
        "fashion.zip, mnist.zip/raw",
    ),
    "two zips of tables": (
        {"fashion.zip": zip_of(WHOLE), "mnist.zip": zip_of(WHOLE)},
        "fashion.zip/train.csv, mnist.zip/train.csv",
    ),
    "two zips of one table": (
        {"fashion.zip": zipped("train.csv", WHOLE["train.csv"]), "mnist.zip": zipped("train.csv", WHOLE["train.csv"])},
        "fashion.zip/train.csv, mnist.zip/train.csv",
    ),
    "zips of which one file is there twice": (
        {f"{name}.zip": zipped(name, content) for name, content in renamed(str).items()}
        | {"other.zip": zipped("t10k-labels-idx1-ubyte", idx_files(DIGITS)["t10k-labels-idx1-ubyte"])},
        "t10k-labels-idx1-ubyte.zip/t10k-labels-idx1-ubyte, train-images-idx3-ubyte",
    ),
}


@pytest.mark.parametrize(("files", "names"), SEVERAL.values(), ids=SEVERAL)
def test_several_data_sets_of_any_kind_are_neither_chosen_from_nor_mixed(
    tmp_path: Path, files: dict[str, bytes], names: str
) -> None:
    write_files(tmp_path, files)
    with pytest.raises(DatasetError, match=re.escape(f"several data sets ({names}); name a folder")):
        load_folder(tmp_path)


@pytest.mark.parametrize("place", [0, 300, 784])
def test_label_column_of_an_unusual_name_is_the_one_not_named_like_the_pixels(tmp_path: Path, place: int) -> None:
    for name, content in WHOLE.items():
        rows = [line.split(",") for line in content.decode().splitlines()]
        rows[0][0] = "number"
        for row in rows:
            row.insert(place, row.pop(0))
        (tmp_path / name).write_text("\n".join(map(",".join, rows)))
    assert_same_digits(load_folder(tmp_path), DIGITS)


def test_table_whose_names_do_not_tell_the_labels_from_the_pixels_is_refused(tmp_path: Path) -> None:
    names = ",".join(f"{'ab'[number % 2]}{number}" for number in range(785))
    (tmp_path / "train.csv").write_bytes(WHOLE["train.csv"].replace(WHOLE["train.csv"].split(b"\n")[0], names.encode()))
    with pytest.raises(DatasetError, match="none of its columns is named as the one with the labels; name that one"):
        load_folder(tmp_path)


def test_numbered_rows_without_labels_are_a_contest_s_test_set(tmp_path: Path) -> None:
    header, *rows = WHOLE["test.csv"].decode().splitlines()
    numbered = [f"{40_000 + number},{row.partition(',')[2]}" for number, row in enumerate(rows)]
    (tmp_path / "train.csv").write_bytes(WHOLE["train.csv"])
    (tmp_path / "test.csv").write_text("\n".join([header.replace("label", "id"), *numbered]))
    assert len(load_folder(tmp_path).test_labels) == 300 // 7


def test_packed_table_can_be_named_itself(tmp_path: Path) -> None:
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress(WHOLE["train.csv"]))
    assert len(load_folder(tmp_path / "train.csv.gz").test_labels) == 300 // 7


DAMAGED = {
    "cut.csv.gz": (gzip.compress(WHOLE["train.csv"])[:-900], "is damaged, or is no table of digits"),
    "no.csv.gz": (WHOLE["train.csv"], "is damaged, or is no table of digits"),
    "mnist.npz": (npz(**{**keras(), "x_test": DIGITS.test_pixels[:, 1:]}), "x_test is uint8 of shape"),
    "other.npz": (npz(images=DIGITS.train_pixels), "does not hold the arrays x_train"),
    "objects.npz": (npz(**{**keras(), "y_test": np.array([{}] * 100)}), "y_test is object of shape"),
    "cut.npz": (PLACES["Keras"]["mnist.npz"][:-9], "is a file; name the folder"),
    "short.csv": (b"label,pixel0\n1,2\n", "the first has 2 columns"),
    "letters.csv": (table(DIGITS.train_pixels[:2], np.array([11, 3])), "a label from 0 to 9 for each image"),
    "bright.csv": (table(DIGITS.train_pixels[:2] + np.int64(200), np.array([1, 3])), "pixels from 0 to 255"),
    "text.csv": (WHOLE["train.csv"].replace(b"\n1,", b"\none,"), "is damaged, or is no table of digits"),
}


@pytest.mark.parametrize(("name", "content", "complaint"), [(name, *about) for name, about in DAMAGED.items()])
def test_what_is_no_digits_is_refused_in_a_sentence(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=complaint):
        load_folder(tmp_path / name)


def test_zip_whose_file_is_damaged_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        for name, content in idx_files(DIGITS).items():
            archive.writestr(name, content)
    damaged = bytearray((tmp_path / "some.zip").read_bytes())
    damaged[5000] ^= 0xFF
    (tmp_path / "some.zip").write_bytes(bytes(damaged))
    with pytest.raises(DatasetError, match="damaged and cannot be unpacked"):
        load_folder(tmp_path / "some.zip")


@pytest.mark.parametrize("name", ["mnist.npz", "train.csv", "train.csv.gz"])
def test_zip_with_a_password_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    locked = bytearray(zipped(name, WHOLE["train.csv"]))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "some.zip").write_bytes(bytes(locked))
    with pytest.raises(DatasetError, match=r"no file train-images|is damaged, or is no table"):
        load_folder(tmp_path / "some.zip")


def test_folder_whose_name_is_no_utf8_is_read_and_its_name_can_be_sent(tmp_path: Path) -> None:
    folder = tmp_path / b"digits \xff".decode(errors="surrogateescape")
    dataset = load_folder(write_folder(folder))
    assert_same_digits(dataset, DIGITS)
    assert dataset.source.encode().decode().endswith("digits \ufffd")
