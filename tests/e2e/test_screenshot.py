"""The picture in the README, taken from the page as it is; ``--keep-screenshot`` writes it anew."""

import contextlib
import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import button, element
from tests.browser.pen import draw
from tests.browser.server import PageServer, own_environment, serve
from tests.e2e.actions import choose_option, open_settings
from tests.e2e.conftest import visit

PICTURE = Path(__file__).parent / "screenshot.png"


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_screenshot_of_a_network_that_reads_a_drawing_while_it_learns(
    browser: Browser, server: PageServer, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    is_kept = pytestconfig.getoption("keep_screenshot")
    with contextlib.ExitStack() as stack:
        if is_kept:  # for which MNIST is wanted
            environment = own_environment(tmp_path / "home", os.environ.get("MNIST_DEMO_DATA", "builtin"))
            server = stack.enter_context(serve(tmp_path, environment))
        page = stack.enter_context(visit(browser, server.url)).page
        choose_option(page, "preset", "A small network")
        expect(element(page, "learning-rate").locator("input")).to_have_value("0.001")
        open_settings(page)
        element(page, "epochs").locator("input").fill("30")
        button(page, "start-training").click()
        draw(page, "3")
        expect(element(page, "predicted-digit")).to_have_text("3", timeout=30_000)
        expect(element(page, "test-accuracy")).to_contain_text("9", timeout=30_000)
        page.mouse.move(5, 5)  # away from the canvas, whose tools appear under the pointer
        if is_kept:
            page.wait_for_timeout(3000)  # for longer charts
        page.screenshot(path=tmp_path / "screenshot.png")
        if is_kept:
            shutil.copy(tmp_path / "screenshot.png", PICTURE)
    assert (tmp_path / "screenshot.png").stat().st_size > 20_000
