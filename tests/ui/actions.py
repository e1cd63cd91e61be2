"""Actions on the page and readings from it that several tests share."""

import time
from typing import Any

import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from mnist_demo.ui.resources import job_registry, run_keeper, run_store
from mnist_demo.ui.server.once import forget_all
from tests import ROOT

STROKE: dict[str, Any] = {
    "type": "Path",
    "originX": "center",
    "originY": "center",
    "left": 140,
    "top": 140,
    "path": [["M", 140, 40], ["Q", 140, 140, 140, 240], ["L", 140, 240]],
}


def open_page(**parameters: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in {"speed": "full", **parameters}.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def open_runs(page: AppTest | None = None) -> AppTest:
    opened = page or open_page()
    opened._page_hash = calc_hash("runs")  # AppTest.switch_page knows files only
    opened.run()
    assert not opened.exception
    return opened


def press_start(page: AppTest) -> None:
    page.button(key="start-training").click().run()


def start_long_run(page: AppTest) -> Any:
    """Start a run at a pace at which it lasts for minutes, however quick the machine is; return its job."""
    page.selectbox(key="start-speed").select("100")
    page.number_input(key="epochs").set_value(1000)
    press_start(page)
    return the_job()


def the_job() -> Any:
    return job_registry().jobs()[-1]


def train(page: AppTest, **settings: float) -> str:
    for name, value in settings.items():
        page.number_input(key=name.replace("_", "-")).set_value(value)
    page.button(key="start-training").click().run()
    job = job_registry().jobs()[-1]
    job.wait(60)
    wait_until_saved(job.id, job.state)
    page.run()
    return job.id


def wait_until_saved(run_id: str, state: str) -> None:
    deadline = time.monotonic() + 30
    while (found := run_store().find(run_id)) is None or found.state != state:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_until_made(page: AppTest) -> None:
    """Wait until the file that was asked for is made, or cannot be."""
    deadline = time.monotonic() + 100
    while any("Making" in text.value for text in page.markdown):
        assert time.monotonic() < deadline
        time.sleep(0.1)
        page.run()
    assert not page.exception


def restart_server() -> None:
    """Forget everything that the server has in memory, as a restart does."""
    job_registry().close()
    run_keeper().flush()
    forget_server()


def forget_server() -> None:
    """Drop what the server made once, and its caches."""
    forget_all()
    st.cache_resource.clear()


def texts(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return "\n".join([part.value for part in parts] + [str(getattr(part, "value", "")) for part in page.get("html")])


def draw(page: AppTest, *strokes: dict[str, Any]) -> None:
    """Have `strokes` on the canvas, objects of Fabric.js: a 1 unless they are given."""
    drawing = {"raw": {"objects": list(strokes or [STROKE]), "background": "#ffffff"}, "data": None}
    page.session_state["canvas"] = {"drawing": drawing}
    page.run()


def moved(x: float) -> dict[str, Any]:
    """Return `STROKE` so many pixels to the right."""
    return {**STROKE, "left": 140 + x, "path": [["M", 140 + x, 40], ["L", 140 + x, 240]]}


def document_of(page: AppTest, css_class: str) -> str:
    """Return the HTML on the page that has an element of that class."""
    documents = [str(getattr(text, "value", "")) for text in page.get("html")]
    return next(document for document in documents if f'class="{css_class}"' in document)
