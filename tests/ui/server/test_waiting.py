"""The page's sentences where runs cannot be computed: Dask is missing, or the scheduler does not answer."""

import sys

import pytest

from mnist_demo.jobs.cluster import CANNOT_BE_REACHED
from mnist_demo.jobs.place import DASK_IS_MISSING
from mnist_demo.ui.resources import job_registry
from tests.ui.actions import draw, open_page, press_start, texts, the_job


@pytest.mark.usefixtures("_own_server")
@pytest.mark.parametrize("is_installed", [True, False])
def test_run_that_no_cluster_computes_waits_and_the_page_says_why_and_reads_drawings(
    is_installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_DEMO_CLUSTER", "tcp://127.0.0.1:9")  # where nobody listens
    if not is_installed:
        monkeypatch.delitem(sys.modules, "mnist_demo.jobs.cluster", raising=False)
        monkeypatch.setitem(sys.modules, "distributed", None)
    page = open_page()
    press_start(page)
    assert the_job().state == "queued"
    (said,) = (part.text for part in page.get("progress"))
    assert said == (CANNOT_BE_REACHED if is_installed else DASK_IS_MISSING)
    draw(page)
    assert "Read by the starter model" in texts(page)
    page.button(key="stop-training").click().run()
    assert the_job().state == "stopped"
    job_registry().close()
