"""Classes: who may do what in them, what is kept, and what a server's restart, a second server and time do to it."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.classes.handwriting import handwriting_to_bytes
from mnist_demo.classes.records import ClassRecord, HandwritingRun
from mnist_demo.classes.store import (
    ALPHABET,
    EXPIRY_SECONDS,
    ClassStore,
    code_from,
    shown_code,
    writer_of,
)
from mnist_demo.drawing.collection import LabelledDrawing
from mnist_demo.errors import ClassError


def joined(store: ClassStore, code: str, nickname: str) -> ClassCommands:
    commands = ClassCommands(f"visitor-{nickname}", store)
    commands.join(code, nickname)
    return commands


def drawing(label: int, shift: float = 0) -> LabelledDrawing:
    return LabelledDrawing((np.array([[100.0 + shift, 50], [120, 200]]),), label)


def view(commands: ClassCommands, code: str) -> ClassRecord:
    record = commands.view(code)
    assert record is not None
    return record


def test_class_is_seen_by_its_teacher_and_its_members_only(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    mina = joined(store, code, "Mina")
    assert view(teacher, code).name == view(mina, code).name == "7b"
    assert view(mina, code).link == {"preset": "small-network", "locked": "1"}
    stranger = ClassCommands("stranger", store)
    assert stranger.view(code) is None
    assert stranger.taught() == mina.taught() == []
    for attempt in (
        lambda: stranger.add_run(code, "run-00001"),
        lambda: stranger.add_drawing(code, drawing(1)),
        lambda: stranger.answer(code, "data", "all"),
        lambda: mina.delete(code),
        lambda: mina.set_open(code, False),
        lambda: mina.ask(code, "data"),
        lambda: mina.import_handwriting(code, handwriting_to_bytes(view(mina, code), {})),
        lambda: mina.note_handwriting_run(code, HandwritingRun("run", ()), b""),
        lambda: mina.remove_member(code, view(mina, code).key_of("visitor-Mina") or ""),
    ):
        with pytest.raises(ClassError):
            attempt()


def test_code_has_enough_of_chance_and_is_read_as_people_type_it(teacher: ClassCommands, code: str) -> None:
    other = teacher.create("7c", {}).code
    assert code != other
    assert len(code) * np.log2(len(ALPHABET)) > 49
    assert code_from(f" {shown_code(code).upper()} ") == code
    assert code_from(f"http://school.example/class?code={code}&lang=ko") == code


def test_runs_drawings_and_offers_join_are_taken_out_and_leave(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    mina, juno = joined(store, code, "Mina"), joined(store, code, "Juno")
    key, other = (view(teacher, code).key_of(f"visitor-{name}") or "" for name in ("Mina", "Juno"))
    mina.add_run(code, "run-00001")
    mina.add_run(code, "run-00002")
    for label in (3, 4, 3):  # the same drawing twice is one
        mina.add_drawing(code, drawing(label))
    juno.add_drawing(code, drawing(3))
    mina.offer(code, drawing(3))
    mina.offer(code, drawing(5))
    assert view(teacher, code).runs_of(key) == ["run-00002", "run-00001"]
    assert [(writer_of(name), kept.label) for name, kept in store.drawings(code).items()] == [
        (key, 3),
        (key, 4),
        (other, 3),
    ]
    assert {whose: kept.label for whose, kept in store.offers(code).items()} == {key: 5}
    first = next(iter(store.drawings(code)))
    with pytest.raises(ClassError):
        juno.take_out_drawing(code, first)
    with pytest.raises(ClassError):
        juno.take_out_run(code, "run-00001")
    mina.take_out_drawing(code, first)
    mina.take_out_run(code, "run-00002")
    mina.add_run(code, "run-00002")  # it goes on training, and stays out
    assert view(teacher, code).runs_of(key) == ["run-00001"]
    juno.leave(code, with_things=False)
    assert juno.view(code) is None
    assert len(store.drawings(code)) == 2  # what she gave stays
    with pytest.raises(ClassError):
        juno.add_drawing(code, drawing(7))
    mina.leave(code, with_things=True)
    assert [writer_of(name) for name in store.drawings(code)] == [other]
    assert store.offers(code) == {}
    assert set(view(teacher, code).runs.values()) == {""}  # known as taken out, and nobody's
    juno.join(code, "Juno B.")
    assert view(teacher, code).key_of("visitor-Juno") == other
    teacher.remove_member(code, other)
    assert not store.drawings(code)
    assert not view(teacher, code).members


def test_teacher_takes_out_a_run_and_hides_an_offered_drawing_and_no_other_pupil_does(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    mina, juno = joined(store, code, "Mina"), joined(store, code, "Juno")
    key = view(teacher, code).key_of("visitor-Mina") or ""
    mina.add_run(code, "run-00001")
    mina.offer(code, drawing(3))
    for commands in (juno, ClassCommands("stranger", store)):
        with pytest.raises(ClassError):
            commands.take_out_run(code, "run-00001")
        with pytest.raises(ClassError):
            commands.withdraw_offer(code, key)
    assert view(teacher, code).runs_of(key) == ["run-00001"]
    assert list(store.offers(code)) == [key]
    teacher.take_out_run(code, "run-00001")
    teacher.withdraw_offer(code, key)
    assert view(teacher, code).runs_of(key) == []
    assert store.offers(code) == {}
    mina.offer(code, drawing(4))
    mina.withdraw_offer(code, key)
    assert store.offers(code) == {}


def test_what_a_pupil_gave_stays_when_she_leaves_without_it_but_for_what_she_offered(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    mina = joined(store, code, "Mina")
    key = view(teacher, code).key_of("visitor-Mina") or ""
    mina.add_run(code, "run-00001")
    mina.add_drawing(code, drawing(3))
    mina.offer(code, drawing(3))
    mina.leave(code, with_things=False)
    record = view(teacher, code)
    assert (record.members[key].nickname, record.members[key].has_left) == ("Mina", True)
    assert record.runs_of(key) == ["run-00001"]
    assert [writer_of(name) for name in store.drawings(code)] == [key]
    assert store.offers(code) == {}
    for attempt in (lambda: mina.add_run(code, "run-00002"), lambda: mina.leave(code, with_things=True)):
        with pytest.raises(ClassError, match="not in this class"):
            attempt()
    mina.join(code, "Mina")  # and has them again
    mina.leave(code, with_things=True)
    assert not store.drawings(code)
    assert view(teacher, code).runs_of(key) == []


def test_thirty_pupils_who_join_at_once_over_four_servers_are_all_in_the_class(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    servers = [ClassStore(store.folder) for _server in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: joined(servers[number % 4], code, f"pupil {number}"), range(30)))
    assert sorted(member.nickname for member in view(teacher, code).members.values()) == sorted(
        f"pupil {number}" for number in range(30)
    )


def test_nicknames_are_one_line_of_their_own(store: ClassStore, code: str) -> None:
    joined(store, code, "Mina")
    for nickname in ("  ", "MINA", "\u0000\n"):
        with pytest.raises(ClassError):
            ClassCommands("visitor-2", store).join(code, nickname)
    record = ClassCommands("visitor-2", store).join(code, "<img\nsrc=x onerror=alert(1)>")
    assert sorted(member.nickname for member in record.members.values()) == ["<img src=x onerror=alert", "Mina"]


def test_closed_class_takes_nobody_and_nothing(store: ClassStore, teacher: ClassCommands, code: str) -> None:
    mina = joined(store, code, "Mina")
    teacher.ask(code, "data")
    teacher.set_open(code, False)
    question = teacher.view(code).question  # type: ignore[union-attr]
    assert question is not None
    assert not question.is_open
    for attempt in (
        lambda: joined(store, code, "Juno"),
        lambda: mina.add_run(code, "run-00001"),
        lambda: mina.offer(code, drawing(1)),
        lambda: teacher.ask(code, "data"),
    ):
        with pytest.raises(ClassError, match="closed"):
            attempt()
    teacher.set_open(code, True)
    mina.add_run(code, "run-00001")


def test_question_is_answered_while_it_is_open(store: ClassStore, teacher: ClassCommands, code: str) -> None:
    mina = joined(store, code, "Mina")
    teacher.ask(code, "rates")
    mina.answer(code, "rates", "faster")
    mina.answer(code, "rates", "chance")
    with pytest.raises(ClassError):
        mina.answer(code, "rates", "no such option")
    with pytest.raises(ClassError):
        mina.answer(code, "data", "all")
    teacher.close_question(code)
    with pytest.raises(ClassError):
        mina.answer(code, "rates", "faster")
    question = view(teacher, code).question
    assert question is not None
    assert list(question.answers.values()) == ["chance"]


def test_class_is_the_same_after_a_restart_and_for_a_second_server(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    mina = joined(store, code, "Mina")
    mina.add_drawing(code, drawing(3))
    teacher.ask(code, "data")
    other = ClassStore(store.folder)
    assert ClassCommands("teacher", other).view(code) == teacher.view(code)
    assert [kept.json for kept in other.drawings(code).values()] == [drawing(3).json]
    joined(other, code, "Juno")
    assert len(view(teacher, code).members) == 2  # what the other server wrote is seen at once
    store.note_here(code, "0123abcd")
    assert other.here(code) == {"0123abcd"}


def test_deleted_class_comes_back_for_its_teacher_alone_and_an_unopened_one_is_gone_after_thirty_days(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    mina = joined(store, code, "Mina")
    mina.add_drawing(code, drawing(3))
    teacher.delete(code)
    assert mina.view(code) is None
    assert teacher.taught() == mina.deleted() == []
    assert [record.code for record in ClassCommands("teacher", ClassStore(store.folder)).deleted()] == [code]
    with pytest.raises(ClassError):
        mina.undelete(code)
    with pytest.raises(ClassError):
        mina.add_drawing(code, drawing(4))  # nothing brings half of a folder back
    teacher.undelete(code)
    assert teacher.deleted() == []
    assert len(store.drawings(code)) == 1
    month_ago = time.time() - EXPIRY_SECONDS - 1
    os.utime(store.folder / code / "class.json", (month_ago, month_ago))
    store.note_opened(code)
    assert teacher.view(code) is not None
    os.utime(store.folder / code / "class.json", (month_ago, month_ago))
    assert ClassStore(store.folder).all() == []
    assert not (store.folder / code).exists()


def test_damaged_files_are_left_out(store: ClassStore, teacher: ClassCommands, code: str) -> None:
    mina = joined(store, code, "Mina")
    mina.add_drawing(code, drawing(3))
    mina.add_drawing(code, drawing(4))
    first = next(iter(store.drawings(code)))
    (store.folder / code / first).write_bytes(b'{"half')
    again = ClassStore(store.folder)
    assert [kept.label for kept in again.drawings(code).values()] == [4]
    (store.folder / code / "class.json").write_bytes(b'{"format": "mnist-demo-class"}')
    assert ClassCommands("teacher", again).view(code) is None
    assert again.all() == []


def test_everything_about_a_visitor_is_forgotten(store: ClassStore, teacher: ClassCommands, code: str) -> None:
    mina = joined(store, code, "Mina")
    mina.add_drawing(code, drawing(3))
    own = mina.create("her own", {}).code
    deleted = mina.create("deleted", {}).code
    mina.delete(deleted)
    assert store.size_of("visitor-Mina") > 0
    mina.forget_everything()
    assert store.size_of("visitor-Mina") == 0
    assert mina.view(own) is None
    with pytest.raises(ClassError):
        mina.undelete(deleted)
    assert not store.drawings(code)
    assert not view(teacher, code).members
