"""Requests that come together, as browsers send them on busy machines."""

from collections.abc import Iterator

import numpy as np
import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from benchmarks.drivers.visitors import CANVAS, Answer, Visitor
from mnist_demo.ui import keys
from mnist_demo.ui.server.requests import answer_what_was_meant
from tests.browser.server import PageServer, serve_builtin_digits


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    with serve_builtin_digits(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def visitor(server: PageServer) -> Iterator[Visitor]:
    visitor = Visitor(f"{server.url}/?speed=full")
    visitor.open_page()
    yield visitor
    visitor.close()


def begun(answer: Answer) -> list[tuple[str, list[str]]]:
    """Return of which page what was run: the ids of its parts, none where it was the whole page."""
    starts = [message for message in answer.messages if message.WhichOneof("type") == "new_session"]
    return [(start.new_session.page_script_hash, list(start.metadata.run.fragment_ids)) for start in starts]


def test_what_is_changed_beside_a_refresh_of_a_part_reruns_the_whole_page(visitor: Visitor) -> None:
    canvas, preset = visitor.part_of(CANVAS), visitor.id_of(keys.PRESET)
    assert canvas
    assert not visitor.part_of(keys.PRESET)
    visitor.rerun(widgets=[{"id": preset, "string_value": "Tutorial with PyTorch"}])
    same = visitor.rerun(canvas, widgets=[{"id": preset, "string_value": "Tutorial with PyTorch"}])
    assert [parts for _page, parts in begun(same)] == [[canvas]]
    changed = visitor.rerun(canvas, widgets=[{"id": preset, "string_value": "A small network"}])
    assert [parts for _page, parts in begun(changed)] == [[]]
    assert "One hidden layer" in "".join(changed.texts("markdown"))


def test_what_is_pressed_beside_a_refresh_of_a_part_reruns_the_whole_page(visitor: Visitor) -> None:
    visitor.enter("batch-size", 1)  # so that it goes on when it is looked at
    visitor.enter("epochs", 1000)
    pressed = visitor.rerun(visitor.part_of(CANVAS), widgets=[{"id": visitor.id_of(keys.START), "trigger_value": True}])
    # Once, and where the run has begun in the midst of that, once more.
    assert begun(pressed)
    assert not any(parts for _page, parts in begun(pressed))
    assert visitor.has(keys.STOP)


def test_start_from_a_client_that_says_nothing_of_the_form_after_a_stroke_starts_a_run(visitor: Visitor) -> None:
    visitor.draw([np.array([[140.0, 40.0], [140.0, 240.0]])])
    visitor.press(keys.START)
    assert visitor.has(keys.STOP) or visitor.has(keys.RESET)


def test_refresh_of_a_page_that_was_left_stays_on_the_new_one(visitor: Visitor) -> None:
    # Asked for before the browser knows that the page is another one, as after `streamlit.switch_page`.
    late = visitor.message()
    late.rerun_script.fragment_id = visitor.part_of(CANVAS)
    visitor.turn_to("lesson")
    began = visitor.ask()
    visitor.send(late)
    ((lesson, parts),) = begun(visitor.receive(began))
    assert not parts
    assert [page for page, _parts in begun(visitor.receive(began))] == [lesson]


def test_what_is_within_something_that_was_never_sent_is_not_sent_either() -> None:
    answer_what_was_meant()
    queue = ForwardMsgQueue()
    for path, part in (((0, 1), ""), ((0, 2), "outer"), ((0, 2, 0), "inner"), ((0, 2, 0, 0), "inner"), ((0, 3), "")):
        message = ForwardMsg()
        message.delta.add_block.allow_empty = True
        message.delta.fragment_id = part
        message.metadata.delta_path.extend(path)
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["outer"])
    assert [tuple(message.metadata.delta_path) for message in queue.flush()] == [(0, 1), (0, 3)]


@pytest.mark.parametrize("parts", [None, ["outer"]])
def test_browser_is_told_where_to_send_a_file_whatever_runs_again_meanwhile(parts: list[str] | None) -> None:
    answer_what_was_meant()
    queue = ForwardMsgQueue()
    message = ForwardMsg()
    message.file_urls_response.response_id = "asked"
    queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=parts)
    assert [message.file_urls_response.response_id for message in queue.flush()] == ["asked"]
    assert queue.is_empty()
