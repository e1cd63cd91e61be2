"""Knobs of a run on the page, through AppTest."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.actions import open_page, start_long_run, texts
from tests.waiting import wait_until


def knobs_of(page: AppTest) -> set[str]:
    return {str(field.key).partition("-of-")[0] for field in page.number_input if str(field.key).startswith("knob-")}


@pytest.mark.usefixtures("_own_server")
def test_knobs_are_there_while_the_run_goes_on_and_for_its_owner_only(browser: Any) -> None:
    page = open_page()
    assert not knobs_of(page)
    page.selectbox(key="model").select("mlp")
    job = start_long_run(page)
    settings = ("learning-rate", "batch-size", "weight-decay", "dropout", "label-smoothing")
    assert knobs_of(page) == {f"knob-{setting}" for setting in settings}
    wait_until(lambda: job.history.step_count > 0)

    key = f"knob-learning-rate-of-{job.id}"
    page.number_input(key=key).set_value(0.125).run()
    wait_until(lambda: bool(job.history.changes))
    assert (job.history.changes[0].setting, job.history.changes[0].value) == ("learning_rate", 0.125)
    page.number_input(key=key).set_value(-3.0).run()
    assert "Learning rate must be a number from 1e-09 to 1e+30, but is “-3”." in texts(page)
    assert page.number_input(key=key).value == 0.125
    page.number_input(key=f"knob-batch-size-of-{job.id}").set_value(32.0).run()
    assert "Learning rate must be" not in texts(page)
    assert not page.exception

    browser("a stranger")
    assert not knobs_of(open_page(run=job.id))
    browser("mine")
    locked = "learning-rate,batch-size,dropout"
    assert knobs_of(open_page(run=job.id, locked=locked)) == {"knob-weight-decay", "knob-label-smoothing"}
    job.stop(30)
