"""The pages, each under one name, through AppTest."""

import keyword

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tests import ROOT


def test_folder_and_address_of_a_page_are_one_name(page: AppTest) -> None:
    from mnist_demo.ui import frame  # can be imported only now that a page has run

    folders = {path.parent.name for path in (ROOT / "mnist_demo" / "ui").glob("*/page.py")}
    names = (frame.TRAIN_AND_DRAW, frame.LOOK_INSIDE, frame.COMPARE, frame.LESSON, frame.RUNS, frame.CLASS)
    # A word of Python cannot be the name of a module.
    assert folders == {f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_") for name in names}


@pytest.mark.usefixtures("_own_server")
@pytest.mark.parametrize(
    ("address", "shown"), [("laboratory", "## Teach your own model"), ("understand", "## Inside the starter model")]
)
def test_link_to_a_page_by_the_name_that_it_had_opens_it_with_its_parameters(address: str, shown: str) -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params["epochs"] = "3"
    page.query_params["locked"] = "1"
    page._page_hash = calc_hash(address)  # AppTest.switch_page knows files only
    page.run()
    assert not page.exception
    assert shown in titles(page)
    assert page.session_state["epochs"] == 3
    assert page.query_params["locked"] == "1"


def titles(page: AppTest) -> list[str]:
    return [text.value for text in page.markdown] + [f"## {header.value}" for header in page.header]
