"""The handwriting of a class: who is held out, what a run learned from, and files of it."""

import dataclasses
import hashlib
from typing import Any

import pytest

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.classes.handwriting import (
    HELD_OUT_SHARE,
    begin_run,
    drawings_of,
    handwriting_from_bytes,
    handwriting_to_bytes,
    hold_out_writers,
    learned_from,
)
from mnist_demo.classes.records import ClassRecord, HandwritingRun, Member
from mnist_demo.classes.store import BEFORE, ClassStore, time_of, writer_of
from mnist_demo.drawing.collection import LabelledDrawing
from mnist_demo.errors import ClassError, DrawingFileError
from mnist_demo.saved_runs.records import now
from tests.classes.test_classes import drawing, joined, view


def held_out_of(commands: ClassCommands, code: str, model: str = "") -> tuple[str, ...]:
    return commands.begin_handwriting_run(code, model)[0].held_out


def class_of(count: int, **about: Any) -> tuple[ClassRecord, dict[str, LabelledDrawing]]:
    """Return a class of so many pupils, the first ones always the same, with a drawing each."""
    keys = [hashlib.sha256(bytes([number])).hexdigest()[:8] for number in range(count)]
    members = {key: Member(f"pupil {key}", f"visitor-{key}") for key in keys}
    record = ClassRecord("code", "7b", "teacher", now(), members=members, **about)
    return record, {f"drawing.{key}.{place:020}-x.json": drawing(place % 10) for place, key in enumerate(keys)}


def test_writers_are_held_out_whole(store: ClassStore, teacher: ClassCommands, code: str) -> None:
    with pytest.raises(DrawingFileError, match="two pupils"):
        held_out_of(teacher, code)
    for number in range(8):
        pupil = joined(store, code, f"pupil {number}")
        pupil.add_drawing(code, drawing(number, shift=number))
        pupil.add_drawing(code, drawing(number, shift=-number - 1))
    held_out = held_out_of(teacher, code)
    assert held_out_of(teacher, code) == held_out
    drawings = store.drawings(code)
    kept, learned = (drawings_of(drawings, held_out, held_out=flag) for flag in (True, False))
    assert (len(kept), len(learned)) == (2 * len(held_out), 16 - 2 * len(held_out))
    assert not set(kept.labels()) & set(learned.labels())
    assert len(kept) > 0
    assert len(learned) > 0


def test_about_a_quarter_of_the_writers_is_held_out_whoever_joins_later() -> None:
    everybody = hold_out_writers(*class_of(100))
    assert len(everybody) == pytest.approx(100 * HELD_OUT_SHARE, abs=10)
    for count in (30, 60):
        record, drawings = class_of(count)
        assert hold_out_writers(record, drawings) == tuple(key for key in everybody if key in record.members)
    for count in range(2, 12):  # even where nobody's key, or everybody's, says that she is held out
        assert 0 < len(hold_out_writers(*class_of(count))) < count


def test_nobody_whom_a_model_has_learned_from_is_held_out_when_it_is_trained_again() -> None:
    first, _learned = begin_run(*class_of(4), "")
    first = dataclasses.replace(first, run="run-00001")
    assert len({*first.held_out, *first.learned}) == 4
    record, drawings = class_of(8, handwriting_run=first)
    second, learned = begin_run(record, drawings, "run-00001")
    assert second.held_out
    assert not set(second.held_out) & {*first.learned, *second.learned}
    assert set(first.learned) < set(second.learned)
    assert len(learned) == 8 - len(second.held_out)
    older = dataclasses.replace(record, handwriting_run=dataclasses.replace(first, learned=()))
    assert not set(begin_run(older, drawings, "run-00001")[0].held_out) & set(first.learned)
    stayed = {name: kept for name, kept in drawings.items() if writer_of(name) in first.learned}
    with pytest.raises(DrawingFileError, match="none is left"):
        begin_run(record, stayed, "run-00001")
    begin_run(record, stayed, "")  # another model has learned from nobody here


def test_pupil_is_not_held_out_from_her_own_run() -> None:
    record, drawings = class_of(2)
    for key in record.members:
        hers = dataclasses.replace(record, runs={"run-00001": key})
        assert key not in begin_run(hers, drawings, "run-00001")[0].held_out


def test_run_on_the_handwriting_is_remembered_with_the_one_that_it_is_compared_with(
    store: ClassStore, teacher: ClassCommands, code: str
) -> None:
    teacher.note_handwriting_run(code, HandwritingRun("run-00001", ("0123abcd",)), b"a checkpoint")
    assert store.read(code, BEFORE) == b"a checkpoint"
    trained = HandwritingRun("run-00002", ("0123abcd",), "run-00003", learned=("4567abcd",))
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
    begun, _learned = teacher.begin_handwriting_run(code)
    assert begun.newest == max(map(time_of, before))
    teacher.note_handwriting_run(code, begun, None)
    for pupil in (mina, juno, joined(store, code, "Ari")):
        pupil.add_drawing(code, drawing(7))
    trained = view(ClassCommands("teacher", ClassStore(store.folder)), code).handwriting_run
    assert trained is not None
    learned = learned_from(trained, store.drawings(code))
    assert list(learned) == [name for name in before if writer_of(name) not in begun.held_out]
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
    members, held_out = view(teacher, code).members, held_out_of(teacher, code)
    assert teacher.import_handwriting(code, content.replace(b"Pupil", b"PUPIL")) == 0
    assert view(teacher, code).members == members
    assert len(store.drawings(code)) == 8
    assert held_out_of(teacher, code) == held_out


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
        held_out_of(teacher, code)
    juno.add_drawing(code, drawing(5))
    held_out = held_out_of(teacher, code)
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
