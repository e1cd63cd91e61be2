"""Files out of the page and into it, in a real browser."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.page import PATIENCE_MS, button, element, wait_for_state
from tests.browser.server import PageServer
from tests.e2e.actions import choose_option
from tests.e2e.conftest import visit

pytestmark = pytest.mark.browser


def save(page: Page, title: str, file_name: str, folder: Path) -> Path:
    """Choose a format in the open list, wait until the button names its file, and save it under that name."""
    choose_option(page, "export-format", title)
    button = element(page, "save-export").get_by_role("button", name=f"Save {file_name}")
    with page.expect_download(timeout=120_000) as started:
        button.click(timeout=120_000)
    assert started.value.suggested_filename == file_name
    path = folder / file_name
    started.value.save_as(path)
    return path


def test_run_is_exported_and_its_model_is_opened_again(browser: Browser, server: PageServer, tmp_path: Path) -> None:
    with visit(browser, f"{server.url}/?epochs=2&batch-size=200") as visitor:
        page = visitor.page
        button(page, "start-training").click()
        wait_for_state(page, "finished", 2 * PATIENCE_MS)
        accuracy = element(page, "test-accuracy").locator("dd").first.inner_text()
        page.get_by_role("button", name="Export").click()

        script = save(page, "Python script that repeats the run", "repeat_run.py", tmp_path)
        model = save(page, "Model (safetensors)", "model.safetensors", tmp_path)

        printed = subprocess.run([sys.executable, "-I", script], capture_output=True, text=True, check=True).stdout
        assert f"{float(printed.split()[-1]):.2%}".replace("%", " %") == accuracy
        page.keyboard.press("Escape")

        page.get_by_text("Open a saved model").click()
        element(page, "model-file").locator("input[type=file]").set_input_files(model)
        expect(element(page, "opened-models")).to_contain_text(
            "model.safetensors: Linear, with PyTorch", timeout=PATIENCE_MS
        )
        element(page, "model-file").locator("input[type=file]").set_input_files(script)
        expect(element(page, "model-file")).to_contain_text("not allowed", timeout=PATIENCE_MS)
