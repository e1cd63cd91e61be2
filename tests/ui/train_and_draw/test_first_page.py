"""The imports that the first page waits for, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from mnist_demo.data.dataset import DigitDataset
from tests import ROOT
from tests.data.fake_mnist_servers import idx_files

OPEN_PAGE = """
import sys
from streamlit.testing.v1 import AppTest
import mnist_demo.ui.resources
mnist_demo.ui.resources._warm_up = lambda done: None  # what comes after the page
page = AppTest.from_file(sys.argv[1], default_timeout=60).run()
assert not page.exception, page.exception
assert page.button(key="start-training")
print([name for name in ("torch", "sklearn", "scipy.ndimage", "scipy.spatial", "distributed") if name in sys.modules])
"""


def test_first_page_does_not_wait_for_heavy_libraries(tmp_path: Path, builtin: DigitDataset) -> None:
    # Digits in a folder: the built-in ones come from scikit-learn.
    for name, content in idx_files(builtin).items():
        (tmp_path / name).write_bytes(content)
    environment = {**os.environ, "MNIST_DEMO_DATA": str(tmp_path), "MNIST_DEMO_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", OPEN_PAGE, str(ROOT / "app.py")]
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert finished.stdout.strip() == "[]", finished.stdout + finished.stderr
