"""A model out of a file, before it is believed."""

from sklearn.metrics import accuracy_score

from mnist_demo.data.dataset import DigitDataset, scale_pixels
from mnist_demo.files import KeptBytes, keep
from mnist_demo.jobs.errand import run_errand
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.models.checkpoints import STARTER_PATH, load_checkpoint
from mnist_demo.models.opening import measure_checkpoint
from mnist_demo.settings.presets import STARTER
from tests.waiting import PATIENCE


def test_model_in_a_large_file_is_measured_in_another_process(registry: JobRegistry, builtin: DigitDataset) -> None:
    pixels, labels = builtin.test_pixels[:100], builtin.test_labels[:100]
    predicted = load_checkpoint(STARTER).predict_probabilities(scale_pixels(pixels)).argmax(axis=1)
    content = keep(STARTER_PATH.read_bytes())
    assert isinstance(content, KeptBytes)
    measured = run_errand(registry, "hers", measure_checkpoint, content, "mine", pixels, labels, seconds=PATIENCE)
    assert measured == accuracy_score(labels, predicted) > 0.9
