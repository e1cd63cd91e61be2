import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_demo.data import builtin_digits
from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.data.cache import home_folder, store_mnist
from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.data.folder import load_folder
from mnist_demo.data.loading import load_dataset, load_first_dataset
from mnist_demo.data.servers import Mirror
from mnist_demo.errors import DatasetError, DownloadError
from tests.data.fake_mnist_servers import FakeMnistServers, Killed, idx_files, idx_labels
from tests.data.small_digits import DIGITS, EXPECTED, assert_same_digits, write_folder

pytestmark = pytest.mark.usefixtures("_nothing_chosen")


# All datasets


def test_scale_pixels_returns_images_between_zero_and_one() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    images = scale_pixels(pixels)
    assert images.dtype == np.float32
    assert images.shape == (1, 16, 16)
    assert images.min() == 0
    assert images.max() == 1
    np.testing.assert_allclose(images, pixels / 255.0, rtol=1e-6)


def test_home_folder_is_absolute_even_if_the_environment_names_a_relative_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_DEMO_HOME", "somewhere")
    assert home_folder() == Path.cwd() / "somewhere"


def test_home_folder_is_the_users_cache_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_DEMO_HOME")
    assert home_folder().name == "mnist-demo"


def test_importing_datasets_imports_no_heavy_library() -> None:
    heavy = ["torch", "sklearn", "pandas", "pooch", "requests", "scipy", "PIL"]
    program = f"import sys, mnist_demo.data.loading; sys.exit(' '.join(set({heavy}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stderr.strip() == ""


# The built-in digits


def test_builtin_digits_have_mnists_shapes_and_a_fixed_split(builtin: DigitDataset) -> None:
    assert (builtin.name, builtin.source) == ("builtin", "scikit-learn")
    assert builtin.train_pixels.shape == (1437, 28, 28)
    assert builtin.test_pixels.shape == (360, 28, 28)
    assert builtin.train_pixels.dtype == builtin.test_pixels.dtype == np.uint8
    assert builtin.train_labels.dtype == builtin.test_labels.dtype == np.int64
    assert_same_digits(load_builtin(), builtin)


def test_builtin_digits_are_those_of_scikit_learn_which_need_not_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import sys; from mnist_demo.data.builtin_digits import *; load_builtin(); sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    monkeypatch.setattr(builtin_digits, "FILE_IN_SCIKIT_LEARN", "where/it/may/be/one/day.csv")
    assert_same_digits(load_builtin.__wrapped__(), load_builtin())


def test_builtin_digits_have_a_stratified_split(builtin: DigitDataset) -> None:
    from sklearn.datasets import load_digits  # not at the top, because child processes import this module too

    everywhere = np.bincount(load_digits().target)
    tested = np.bincount(builtin.test_labels)
    np.testing.assert_array_equal(np.bincount(builtin.train_labels) + tested, everywhere)
    assert np.abs(tested - everywhere * 360 / 1797).max() < 1


def test_builtin_digits_are_bright_and_laid_out_like_mnist(builtin: DigitDataset) -> None:
    pixels = builtin.train_pixels.astype(float)
    assert pixels.max(axis=(1, 2)).min() == 255
    height = (pixels.max(axis=2) > 0).sum(axis=1)
    width = (pixels.max(axis=1) > 0).sum(axis=1)
    assert np.maximum(height, width).max() <= 20
    assert np.median(np.maximum(height, width)) == 20
    # In MNIST's own test images, the centre of mass of a digit lies within half a pixel of (14, 14); rounding to whole
    # grey levels may move it a little.
    for axis in (1, 2):
        along = pixels.sum(axis=3 - axis)
        centre = along @ np.arange(28) / along.sum(axis=1)
        assert np.abs(centre - 14).max() <= 0.51


def test_builtin_digits_keep_their_labels(builtin: DigitDataset) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    neighbours = KNeighborsClassifier(1).fit(builtin.train_pixels.reshape(-1, 784), builtin.train_labels)
    assert neighbours.score(builtin.test_pixels.reshape(-1, 784), builtin.test_labels) > 0.95


# A folder of IDX files


@pytest.mark.parametrize("gzipped", [(), ("ubyte",), ("train", "t10k-labels")], ids=["plain", "gzipped", "mixed"])
def test_load_folder_returns_the_digits_in_the_files(tmp_path: Path, gzipped: tuple[str, ...]) -> None:
    dataset = load_folder(write_folder(tmp_path / "digits", gzipped=gzipped))
    assert_same_digits(dataset, DIGITS)
    assert (dataset.name, dataset.source) == ("folder", str(tmp_path / "digits"))


def test_load_folder_without_a_folder_says_what_may_be_given(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"There is no folder .*nowhere; name one with MNIST's four files, or say"):
        load_folder(tmp_path / "nowhere")


def test_load_folder_given_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="file is a file; name the folder"):
        load_folder(tmp_path / "file")


@pytest.mark.parametrize("name", idx_files(DIGITS))
def test_load_folder_without_one_of_the_files_names_it(tmp_path: Path, name: str) -> None:
    folder = write_folder(tmp_path / "digits")
    (folder / name).unlink()
    with pytest.raises(DatasetError, match=f"has no file {name} or {name}.gz"):
        load_folder(folder)


def test_load_folder_with_more_labels_than_images_names_both(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "digits")
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx_labels(np.zeros(101, dtype=np.int64)))
    with pytest.raises(DatasetError, match=r"t10k-images-idx3-ubyte holds 100 images, but .* 101 labels"):
        load_folder(folder)


def test_load_folder_with_images_instead_of_labels_says_what_was_expected(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "digits")
    (folder / "train-images-idx3-ubyte").replace(folder / "train-labels-idx1-ubyte")
    write_folder(folder, gzipped=("train-images",))
    (folder / "train-labels-idx1-ubyte").write_bytes((folder / "t10k-images-idx3-ubyte").read_bytes())
    with pytest.raises(DatasetError, match="expected an IDX file that begins with the number 2049"):
        load_folder(folder)


# The choice of the source

NO_SERVER = Mirror("http://127.0.0.1:9/")  # the port "discard", where nobody listens


@pytest.mark.parametrize("word", ["builtin", " Builtin "])
def test_the_word_builtin_selects_the_builtin_digits_and_fetches_nothing(builtin: DigitDataset, word: str) -> None:
    first = load_first_dataset(word)
    assert not first.fetch_mnist
    assert_same_digits(first.dataset, builtin)


def test_a_folder_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_DEMO_DATA", str(write_folder(tmp_path / "digits")))
    assert_same_digits(load_dataset(), DIGITS)
    assert not load_first_dataset().fetch_mnist


def test_the_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_DEMO_DATA", str(tmp_path / "nowhere"))
    assert load_dataset("builtin").name == "builtin"


def test_an_invalid_folder_is_an_error_and_is_not_replaced_by_other_digits(tmp_path: Path) -> None:
    for load in (load_dataset, load_first_dataset):
        with pytest.raises(DatasetError, match="There is no folder"):
            load(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("source", [None, "openml", "OpenML"])
def test_a_page_without_a_cache_begins_with_builtin_digits_and_fetches_mnist(source: str | None) -> None:
    first = load_first_dataset(source)
    assert first.dataset.name == "builtin"
    assert first.fetch_mnist


@pytest.mark.parametrize("source", [None, "openml"])
def test_a_cached_mnist_is_used_without_asking_any_server(tmp_path: Path, source: str | None) -> None:
    store_mnist(DIGITS, tmp_path, EXPECTED)
    first = load_first_dataset(source, home=tmp_path, expected=EXPECTED)
    assert first.dataset.name == "mnist"
    assert not first.fetch_mnist
    assert load_dataset(source, home=tmp_path, servers=[NO_SERVER], expected=EXPECTED).name == "mnist"


def test_mnist_is_downloaded_if_there_is_no_cache(tmp_path: Path) -> None:
    with FakeMnistServers(DIGITS) as servers:
        dataset = load_dataset(home=tmp_path, servers=[servers.mirror()], expected=EXPECTED)
    assert_same_digits(dataset, DIGITS)
    assert dataset.source == "127.0.0.1"


def test_without_network_and_choice_the_builtin_digits_are_used_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert load_dataset(servers=[NO_SERVER]).name == "builtin"
    assert "MNIST could not be downloaded (127.0.0.1 cannot be reached" in caplog.text
    assert "scikit-learn's digits are used" in caplog.text


def test_openml_by_name_without_network_is_an_error() -> None:
    with pytest.raises(DownloadError, match="MNIST could not be downloaded"):
        load_dataset("openml", servers=[Killed()])
