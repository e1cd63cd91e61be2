"""Runs that last, in a real browser: the server is killed while one trains, and comes back."""

import contextlib
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from mnist_demo.saved_runs.store import RunStore
from tests.browser.page import button, element, stop_training, wait_for_state
from tests.browser.pen import draw
from tests.browser.server import free_port, own_environment, serve
from tests.e2e.actions import go_to, start_long_run, steps_done
from tests.e2e.conftest import visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def test_run_of_a_killed_server_comes_back_in_the_same_page_and_goes_on(browser: Browser, tmp_path: Path) -> None:
    port, environment = free_port(), own_environment(tmp_path / "home", "builtin")
    with contextlib.ExitStack() as stack:  # the page outlives its first server
        with serve(tmp_path, environment, port=port) as server:
            opened = stack.enter_context(visit(browser, server.url))
            page = opened.page
            draw(page, "3")
            element(page, "correction").get_by_role("button", name="8").click()
            expect(page.get_by_text("My drawings: 1")).to_be_visible()
            start_long_run(page)
            button(page, "pause-training").click()  # a saved point
            wait_for_state(page, "paused")
            saved = steps_done(page)
            store = RunStore(tmp_path / "home" / "runs")
            run_id = page.url.partition("run=")[2]
            deadline = time.monotonic() + 60
            while (found := store.find(run_id)) is None or found.step < saved:
                assert time.monotonic() < deadline
                page.wait_for_timeout(200)
            server.process.kill()
            server.process.wait()

        with serve(tmp_path, environment, port=port) as server:
            # Nobody touches the page: it finds the server again by itself.
            wait_for_state(page, "stopped")
            expect(page.get_by_text("The server went down while this run was training")).to_be_visible()
            expect(element(page, "live-charts").locator("canvas").first).to_be_visible()
            assert steps_done(page) == saved
            expect(page.get_by_text("My drawings: 1")).to_be_visible()
            button(page, "pause-training").click()  # it says Train further now
            wait_for_state(page, "running")
            expect(page.get_by_text(f"step {saved:,} of")).to_have_count(0)
            assert steps_done(page) > saved
            link = page.url

            # Another visitor sees it only through its link, and can change nothing of it.
            with visit(browser, server.url) as stranger:
                go_to(stranger.page, "Runs")
                expect(stranger.page.get_by_text("No runs yet")).to_be_visible()
                stranger.page.goto(link)
                wait_for_state(stranger.page, "running")
                expect(stranger.page.get_by_text("You are watching someone else’s run")).to_be_visible()
                expect(stranger.page.get_by_text("My drawings: 0")).to_be_visible()
                for control in ("stop-training", "pause-training", "step-training", "speed"):
                    expect(element(stranger.page, control)).to_have_count(0)
            stop_training(page)

            # The same browser, opened anew without the link, has the run in its list: stopped, and it can be opened.
            page.goto(server.url)
            go_to(page, "Runs")
            expect(page).to_have_url(re.compile(r"/runs\b"))
            card = page.locator(".run-card")
            expect(card).to_have_count(1)
            expect(card).to_contain_text("stopped")
            page.locator("[class*=st-key-rename-run] button").click()
            element(page, "run-name").locator("input").fill("mine <b>")
            button(page, "save-name").click()
            expect(card).to_contain_text("mine <b>")
            page.locator("[class*=st-key-delete-run] button").click()
            expect(card).to_have_count(0)
            button(page, "undo-delete").click()
            expect(card).to_have_count(1)
            page.locator("[class*=st-key-open-run] button").click()
            wait_for_state(page, "stopped")
            assert steps_done(page) > saved

            # One button, and one more to be sure: nothing is kept about her any more.
            go_to(page, "Runs")
            page.get_by_role("button", name="Delete everything kept about me").click()
            button(page, "delete-all-now").click()
            expect(page.get_by_text("Everything that this server kept about you has been deleted.")).to_be_visible()
            expect(card).to_have_count(0)
            go_to(page, "Train and draw")
            expect(page.get_by_text("My drawings: 0")).to_be_visible()
            assert RunStore(tmp_path / "home" / "runs").runs() == []
            assert server.complaints() == []
            opened.console.clear()  # the browser has said that the server was away
            page.close()  # before its server goes again
