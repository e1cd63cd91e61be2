"""MNIST as a visitor sees it: on its way, with a server that cannot reach the network, and when it has arrived.

One visitor of one server, which looks for MNIST through a proxy that first takes every connection and answers none, and
then is gone.
"""

import re
import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_demo.data.cache import store_mnist
from mnist_demo.data.dataset import DigitDataset
from tests.browser.page import button, element, stop_training, wait_for_state
from tests.browser.server import PageServer, own_environment, serve
from tests.e2e.actions import choose_preset, quick_run, start_long_run
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def silent() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture(scope="module")
def offline(silent: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder, proxy = tmp_path_factory.mktemp("offline"), f"http://127.0.0.1:{silent.getsockname()[1]}"
    environment = own_environment(folder / "home", None, http_proxy=proxy, https_proxy=proxy, no_proxy="")
    with serve(folder, environment) as running:
        yield running
    assert running.complaints() == []


@pytest.fixture(scope="module")
def page(browser: Browser, offline: PageServer) -> Iterator[Page]:
    expect.set_options(timeout=20_000)
    with visit(browser, offline.url) as opened:
        yield opened.page


def test_parts_that_waited_to_refresh_do_so_one_after_the_other(page: Page) -> None:
    # The download and the run: what was held back while somebody clicked is due in the same moment then. Where both ask
    # at once, the browser makes one request of it, and warns that it does.
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    start_long_run(page)
    page.reload()  # so that both begin to count in the same moment too
    wait_for_state(page, "running")
    for _time in range(2):
        for _click in range(12):
            page.mouse.click(2, 2)
            page.wait_for_timeout(100)
        page.wait_for_timeout(900)
    expect(element(page, "data-source").get_by_role("progressbar")).to_be_visible()
    stop_training(page)
    assert not [warning for warning in warnings if "different fragmentIds" in warning]


def test_page_without_network_goes_on_with_builtin_digits_says_so_and_can_try_again(
    page: Page, silent: socket.socket
) -> None:
    silent.close()  # from here on a network that is not there
    source = element(page, "data-source")
    expect(source).to_contain_text("Built-in digits")
    expect(source).to_contain_text("MNIST could not be fetched", timeout=90_000)
    source.get_by_role("button", name="Try MNIST again").click()
    expect(source.get_by_role("progressbar")).to_be_visible()
    wait_for_state(page, "stopped")
    expect(source.get_by_role("button", name="Try MNIST again")).to_be_visible(timeout=90_000)


def test_page_offers_the_switch_once_mnist_is_there(page: Page, offline: PageServer, mnist: DigitDataset) -> None:
    source = element(page, "data-source")
    choose_preset(page, "tutorial-scratch")
    quick_run(page)
    store_mnist(mnist, offline.log.parent / "home")
    button(page, "other-samples").click()
    choose_preset(page, "tutorial-pytorch")
    source.get_by_role("button", name=re.compile("Switch to MNIST")).click()
    expect(source).to_contain_text("60,000 training and 10,000 test images")
    wait_for_state(page, "finished")
