"""The handwriting of a class: who is held out, what a run learned from, and files of it."""

import dataclasses

import pytest

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.classes.handwriting import (
    drawings_of,
    handwriting_from_bytes,
    handwriting_to_bytes,
    learned_from,
)
from mnist_demo.classes.records import ClassRecord, HandwritingRun, Member
from mnist_demo.classes.store import BEFORE, ClassStore, time_of, writer_of
from mnist_demo.errors import ClassError, DrawingFileError
from tests.classes.test_classes import drawing, joined, view


def test_writers_are_held_out_whole(store: ClassStore, teacher: ClassCommands, code: str) -> None:
    with pytest.raises(DrawingFileError, match="two pupils"):
        teacher.held_out(code)
    for number in range(8):
        pupil = joined(store, code, f"pupil {number}")
        pupil.add_drawing(code, drawing(number, shift=number))
        pupil.add_drawing(code, drawing(number, shift=-number - 1))
    held_out = teacher.held_out(code)
    assert len(held_out) == 2
    assert teacher.held_out(code) == held_out
    drawings = store.drawings(code)
    kept, learned = (drawings_of(drawings, held_out, held_out=flag) for flag in (True, False))
    assert (len(kept), len(learned)) == (4, 12)
    assert not set(kept.labels()) & set(learned.labels())


def test_run_on_the_handwriting_is_remembered_with_the_one_that_it_is_compared_with(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    teacher.note_handwriting_run(code, HandwritingRun("run-00001", ("0123abcd",)), b"a checkpoint")
    assert store.read(code, BEFORE) == b"a checkpoint"
    trained = HandwritingRun("run-00002", ("0123abcd",), "run-00003")
    teacher.note_handwriting_run(code, trained, before=None)
    assert not (store.folder / code / BEFORE).exists()
    assert view(ClassCommands("teacher", ClassStore(store.folder)), code).handwriting_run == trained


def test_drawings_that_came_after_the_training_are_none_that_it_learned_from(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    mina, juno = joined(store, code, "Mina"), joined(store, code, "Juno")
    mina.add_drawing(code, drawing(1))
    juno.add_drawing(code, drawing(2))
    before = store.drawings(code)
    held_out = teacher.held_out(code)
    teacher.note_handwriting_run(code, HandwritingRun("run-00001", held_out, newest=max(map(time_of, before))), None)
    for pupil in (mina, juno, joined(store, code, "Ari")):
        pupil.add_drawing(code, drawing(7))
    trained = view(ClassCommands("teacher", ClassStore(store.folder)), code).handwriting_run
    assert trained is not None
    learned = learned_from(trained, store.drawings(code))
    assert list(learned) == [name for name in before if writer_of(name) not in held_out]
    unknown = dataclasses.replace(trained, newest="")  # as an older version kept it
    assert len(learned_from(unknown, store.drawings(code))) == 3


def test_handwriting_goes_out_as_a_file_and_in_again(store: ClassStore, teacher: ClassCommands, code: str) -> None:
    for name in ("Mina", "Juno"):
        joined(store, code, name).add_drawing(code, drawing(3, shift=len(name)))
    content = handwriting_to_bytes(view(teacher, code), store.drawings(code))
    assert b"visitor" not in content
    other = teacher.create("7c", {}).code
    assert [teacher.import_handwriting(other, content) for _twice in range(2)] == [2, 0]
    assert len(store.drawings(other)) == 2
    assert sorted(member.nickname for member in view(teacher, other).members.values()) == ["Juno", "Mina"]
    assert handwriting_to_bytes(view(teacher, other), store.drawings(other)) == content
    for damaged in (b"", b"[]", content[:-2], content.replace(b'"label":3', b'"label":33'), b'{"format":[[]]}'):
        with pytest.raises(DrawingFileError):
            handwriting_from_bytes(damaged)


def test_file_that_came_from_the_class_doubles_no_writer_and_no_drawing(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    for number in range(8):
        joined(store, code, f"Pupil {number}").add_drawing(code, drawing(number, shift=number))
    content = handwriting_to_bytes(view(teacher, code), store.drawings(code))
    members, held_out = view(teacher, code).members, teacher.held_out(code)
    assert teacher.import_handwriting(code, content.replace(b"Pupil", b"PUPIL")) == 0
    assert view(teacher, code).members == members
    assert len(store.drawings(code)) == 8
    assert teacher.held_out(code) == held_out


def test_writer_whom_a_class_has_twice_is_held_out_with_both_her_keys(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    def twice(record: ClassRecord) -> ClassRecord:  # as files were opened once
        return dataclasses.replace(record, members={**record.members, "0123abcd": Member("mina")})

    mina, juno = joined(store, code, "Mina"), joined(store, code, "Juno")
    mina.add_drawing(code, drawing(3))
    store.change(code, twice)
    store.add_drawing(code, "0123abcd", drawing(3))
    with pytest.raises(DrawingFileError, match="two pupils"):
        teacher.held_out(code)
    juno.add_drawing(code, drawing(5))
    held_out = teacher.held_out(code)
    kept, learned = (drawings_of(store.drawings(code), held_out, held_out=flag) for flag in (True, False))
    assert {tuple(some.labels()) for some in (kept, learned)} == {(3, 3), (5,)}


def test_pupil_takes_over_the_nickname_and_the_drawings_that_came_with_a_file(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    joined(store, code, "Mina").add_drawing(code, drawing(3))
    content = handwriting_to_bytes(view(teacher, code), store.drawings(code))
    other = teacher.create("7c", {}).code
    teacher.import_handwriting(other, content)
    joined(store, other, "Juno")
    with pytest.raises(ClassError, match="already called"):
        ClassCommands("visitor-Juno", store).join(other, "Mina")  # she would be two writers, or nobody's drawings hers
    (key,) = view(teacher, other).keys_of_nickname("Mina")
    mina = joined(store, other, "mina")
    assert view(mina, other).key_of("visitor-mina") == key
    with pytest.raises(ClassError, match="already called"):
        ClassCommands("somebody else", store).join(other, "Mina")
    mina.take_out_drawing(other, next(iter(store.drawings(other))))
    assert not store.drawings(other)
