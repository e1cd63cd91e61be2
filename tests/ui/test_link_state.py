"""Links that carry settings, on the page."""

from typing import Any

import pytest
from streamlit.util import calc_hash

from mnist_demo.ui.resources import job_registry
from tests.ui.actions import (
    open_page,
    open_runs,
)

pytestmark = pytest.mark.usefixtures("_own_server")


def test_link_shares_the_settings_as_they_stand_in_the_form(browser: Any) -> None:
    page = open_page()
    page.number_input(key="epochs").set_value(9)
    page.button(key="share-settings").click().run()
    link = page.code[-1].value
    assert "preset=tutorial-pytorch&epochs=9" in link
    page.multiselect(key="share-some-hidden").set_value(["seed", "batch-size"]).run()
    assert "hide=batch-size,seed" in page.code[-1].value
    page.toggle(key="share-locked").set_value(True).run()
    assert "locked=1" in page.code[-1].value


def test_locked_link_opens_the_page_with_its_settings_locked_also_on_the_next_page(browser: Any) -> None:
    page = open_page(preset="small-network", epochs="3", locked="1")
    assert page.number_input(key="epochs").value == 3
    assert page.number_input(key="epochs").disabled
    assert page.selectbox(key="preset").disabled
    assert not page.button(key="start-training").disabled
    page = open_runs(page)
    assert page.query_params["locked"] == "1"
    assert page.query_params["epochs"] == "3"
    page._page_hash = calc_hash("train-and-draw")  # AppTest.switch_page knows files only
    page.run()
    assert page.number_input(key="epochs").value == 3
    assert page.number_input(key="epochs").disabled


def test_link_that_hides_the_settings_starts_with_them(browser: Any) -> None:
    page = open_page(preset="small-network", epochs="1", hide="settings")
    assert not page.selectbox
    assert [field.key for field in page.number_input] == []
    page.button(key="start-training").click().run()
    assert job_registry().jobs()[-1].hyperparameters.epochs == 1
    assert job_registry().jobs()[-1].hyperparameters.model == "mlp"
