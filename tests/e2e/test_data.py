"""What a visitor sees of MNIST on its way, with a server that cannot reach the network, and when it has arrived."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from mnist_demo.data.cache import store_mnist
from mnist_demo.data.dataset import DigitDataset
from tests.browser.page import button, element, stop_training, wait_for_state
from tests.browser.server import PageServer, own_environment, serve
from tests.e2e.actions import choose_option, quick_run, start_long_run
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def behind_proxy(folder: Path, proxy: str) -> dict[str, str]:
    """Return the environment of a server that looks for MNIST, in vain, through that proxy."""
    return own_environment(folder / "home", None, http_proxy=proxy, https_proxy=proxy, no_proxy="")


@pytest.fixture
def offline(tmp_path: Path) -> Iterator[PageServer]:
    # A proxy that refuses every connection is a network that is not there.
    with serve(tmp_path, behind_proxy(tmp_path, "http://127.0.0.1:9")) as running:
        yield running
    assert running.complaints() == []


def test_page_without_network_starts_on_builtin_digits_says_so_and_can_try_again(
    browser: Browser, offline: PageServer
) -> None:
    with visit(browser, offline.url) as opened:
        page = opened.page
        source = element(page, "data-source")
        expect(source).to_contain_text("Built-in digits")
        quick_run(page)
        expect(source).to_contain_text("MNIST could not be fetched", timeout=90_000)
        source.get_by_role("button", name="Try MNIST again").click()
        expect(source.get_by_role("progressbar")).to_be_visible()
        wait_for_state(page, "finished")
        expect(source.get_by_role("button", name="Try MNIST again")).to_be_visible(timeout=90_000)


def test_parts_that_waited_to_refresh_do_so_one_after_the_other(browser: Browser, tmp_path: Path) -> None:
    # The download and the run: what was held back while somebody clicked is due in the same moment then. Where both ask
    # at once, the browser makes one request of it, and warns that it does.
    warnings: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes every connection and never answers
        nowhere = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            serve(tmp_path, behind_proxy(tmp_path, nowhere)) as waiting,
            visit(browser, waiting.url) as opened,
        ):
            page = opened.page
            page.on("console", lambda message: warnings.append(message.text))
            start_long_run(page)
            page.reload()  # so that both begin to count in the same moment too
            wait_for_state(page, "running")
            for _time in range(4):
                for _click in range(12):
                    page.mouse.click(2, 2)
                    page.wait_for_timeout(100)
                page.wait_for_timeout(900)
            expect(element(page, "data-source").get_by_role("progressbar")).to_be_visible()
            stop_training(page)
            assert not [warning for warning in warnings if "different fragmentIds" in warning]


def test_page_offers_the_switch_once_mnist_is_there(browser: Browser, offline: PageServer, mnist: DigitDataset) -> None:
    with visit(browser, offline.url) as opened:
        page = opened.page
        source = element(page, "data-source")
        quick_run(page)
        store_mnist(mnist, offline.log.parent / "home")
        button(page, "other-samples").click()
        choose_option(page, "preset", "Tutorial from scratch")
        source.get_by_role("button", name=re.compile("Switch to MNIST")).click()
        expect(source).to_contain_text("60,000 training and 10,000 test images")
        wait_for_state(page, "finished")
