"""The commands of a visitor in classes: the one place where it is checked whether she may.

The teacher of a class is who opened it. A member adds to it and takes her own things out; nobody else sees anything of
it, or changes it.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from mnist_demo.classes.handwriting import MAX_WRITERS, begin_run, drawings_to_add, handwriting_from_bytes
from mnist_demo.classes.records import (
    MAX_NAME,
    MAX_NICKNAME,
    ClassRecord,
    HandwritingRun,
    Member,
    Question,
    clean_name,
)
from mnist_demo.classes.store import BEFORE, MAX_DRAWINGS, ClassStore, writer_of
from mnist_demo.drawing.collection import DrawingCollection, LabelledDrawing
from mnist_demo.errors import ClassError
from mnist_demo.lesson.parts import part_named
from mnist_demo.saved_runs.records import now
from mnist_demo.translation import _

MAX_MEMBERS = 100
MAX_RUNS_OF_ONE = 50


class ClassCommands:
    """What `visitor`, by what stands for her in saved runs, can do; where she may not, a method raises ClassError."""

    def __init__(self, visitor: str, store: ClassStore) -> None:
        self.visitor, self._store = visitor, store

    # What she may see

    def view(self, code: str) -> ClassRecord | None:
        """Return a class that she teaches or is in, else None."""
        record = self._store.find(code)
        return record if record is not None and (self.teaches(record) or record.is_in(self.visitor)) else None

    def teaches(self, record: ClassRecord) -> bool:
        return record.owner == self.visitor

    def taught(self) -> list[ClassRecord]:
        """Return the classes that she teaches, the newest first."""
        return [record for record in self._store.all() if self.teaches(record)]

    def deleted(self) -> list[ClassRecord]:
        """Return the classes that she deleted and can bring back, the one deleted last first."""
        return self._store.removed_of(self.visitor)

    # Of the teacher

    def create(self, name: str, link: Mapping[str, str]) -> ClassRecord:
        """Open a class; `link` are the parameters that everybody's page is to be opened with."""
        name = clean_name(name, MAX_NAME)
        if not name:
            raise ClassError(_("A class needs a name, such as “7b”."))
        return self._store.create(self.visitor, name, link)

    def set_open(self, code: str, is_open: bool) -> None:
        """Close a class and its question, that nobody joins and nothing is added, or open the class again."""
        self._teach(
            code,
            lambda record: dataclasses.replace(record if is_open else record.without_open_question(), is_open=is_open),
        )

    def set_link(self, code: str, link: Mapping[str, str]) -> None:
        """Have everybody's page go on with other parameters than those that the class was opened with."""
        self._teach(code, lambda record: dataclasses.replace(record, link=dict(link)))

    def delete(self, code: str) -> None:
        """Delete a class; `undelete` brings it back for a day."""
        self._require_teacher(code)
        self._store.remove(code)

    def undelete(self, code: str) -> None:
        if not self._store.bring_back(code, self.visitor):
            raise ClassError(_("This class is gone for good."))

    def remove_member(self, code: str, key: str) -> None:
        """Take a member out of a class, with all her things."""
        self._require_teacher(code)
        self._remove_member(code, key)

    def ask(self, code: str, part: str) -> None:
        """Ask all members the question of that part of the lesson."""
        question = Question(part_named(part).name, now().isoformat())
        self._teach(code, lambda record: dataclasses.replace(_open(record), question=question))

    def close_question(self, code: str) -> None:
        """Take no more answers; those that there are stay."""
        self._teach(code, ClassRecord.without_open_question)

    def note_handwriting_run(self, code: str, run: HandwritingRun, before: bytes | None) -> None:
        """Remember the run that trains on the handwriting, and `before`, the checkpoint that it begins with, if any."""
        self._require_teacher(code)
        self._store.put(code, BEFORE, before)
        self._teach(code, lambda record: dataclasses.replace(record, handwriting_run=run))

    def begin_handwriting_run(self, code: str, model: str = "") -> tuple[HandwritingRun, DrawingCollection]:
        """See `begin_run`."""
        return begin_run(self._find(code), self._store.drawings(code), model)

    def import_handwriting(self, code: str, content: bytes) -> int:
        """Add the drawings of a file to those of the same nicknames; return how many the class did not have yet.

        So a file that came from this class, or is opened again, doubles neither a writer nor a drawing.
        """
        written = handwriting_from_bytes(content)
        drawings = self._store.drawings(code)
        new = drawings_to_add(self._find(code), drawings, written)
        if len(drawings) + len(new) > MAX_DRAWINGS:
            message = _("A class keeps at most {limit} drawings: there is no room for the {count} of this file.")
            raise ClassError(message.format(limit=MAX_DRAWINGS, count=len(new)))

        def add_writers(record: ClassRecord) -> ClassRecord:
            _open(record)
            for nickname, _collection in written:
                if not record.keys_of_nickname(nickname):
                    members = {**record.members, record.new_key(): Member(nickname)}
                    record = dataclasses.replace(record, members=members)
            if len(record.members) > MAX_MEMBERS + MAX_WRITERS:
                raise ClassError(_("This class has no room for the writers of another file."))
            return record

        record = self._teach(code, add_writers)
        for nickname, drawing in new:
            self._store.add_drawing(code, record.keys_of_nickname(nickname)[0], drawing)
        return len(new)

    # Of members

    def join(self, code: str, nickname: str) -> ClassRecord:
        """Join a class, or come back to it, with that nickname.

        One that came with a file is hers from then on, with its drawings, unless she is in the class already.
        """
        nickname = clean_name(nickname, MAX_NICKNAME)
        if not nickname:
            raise ClassError(_("Choose a nickname first: the class sees it beside your runs and drawings."))

        def join(record: ClassRecord) -> ClassRecord:
            key = _open(record).key_of(self.visitor)
            others = [member for other, member in record.members.items() if other != key]
            same = [other for other in record.keys_of_nickname(nickname) if other != key]
            if same and (key is not None or any(record.members[other].owner for other in same)):
                message = _("Someone in this class is already called “{nickname}”: choose another nickname.")
                raise ClassError(message.format(nickname=nickname))
            if sum(bool(member.owner) for member in others) >= MAX_MEMBERS:
                raise ClassError(_("This class is full: {count} have joined it.").format(count=MAX_MEMBERS))
            member = Member(nickname, self.visitor)
            key = key or (same[0] if same else record.new_key())
            return dataclasses.replace(record, members={**record.members, key: member})

        return self._store.change(code, join)

    def leave(self, code: str, with_things: bool) -> None:
        """Leave a class; what she gave it stays, unless she leaves `with_things`."""
        key = self._key(code)
        if with_things:
            self._remove_member(code, key)
            return

        def leave(record: ClassRecord) -> ClassRecord:
            member = dataclasses.replace(record.members[key], has_left=True)
            return dataclasses.replace(record, members={**record.members, key: member})

        self._store.change(code, leave)
        self._store.withdraw_offer(code, key)

    def add_run(self, code: str, run_id: str) -> None:
        """Let a run of hers join the class; one that was taken out stays out."""

        def add(record: ClassRecord) -> ClassRecord:
            if run_id in _open(record).runs:
                return record
            key = self._own_key(record)
            surplus = set(record.runs_of(key)[MAX_RUNS_OF_ONE - 1 :])
            runs = {other: whose for other, whose in record.runs.items() if other not in surplus}
            return dataclasses.replace(record, runs={**runs, run_id: key})

        self._store.change(code, add)

    def add_drawing(self, code: str, drawing: LabelledDrawing) -> None:
        """Give the class a drawing of hers."""
        self._store.add_drawing(code, self._key(code, to_add=True), drawing)

    def offer(self, code: str, drawing: LabelledDrawing) -> None:
        """Show the class a drawing of hers."""
        self._store.offer(code, self._key(code, to_add=True), drawing)

    def answer(self, code: str, part: str, option: str) -> None:
        """Answer the question that the class was asked, if it is still that of `part`."""

        def answer(record: ClassRecord) -> ClassRecord:
            question = record.question
            if question is None or not question.is_open or question.part != part:
                raise ClassError(_("This question is closed."))
            if option not in part_named(part).options:
                raise ClassError(_("This is not one of the answers."))
            answers = {**question.answers, self._own_key(record): option}
            return dataclasses.replace(record, question=dataclasses.replace(question, answers=answers))

        self._store.change(code, answer)

    # Of the teacher, and of a member with what is hers

    def take_out_run(self, code: str, run_id: str) -> None:
        """Take a run out of the class; its owner still has it."""

        def take_out(record: ClassRecord) -> ClassRecord:
            self._require_right(record, record.runs.get(run_id, ""))
            return dataclasses.replace(record, runs={**record.runs, run_id: ""})

        self._store.change(code, take_out)

    def take_out_drawing(self, code: str, name: str) -> None:
        """Take a drawing out of the class; its writer still has it."""
        if name in self._store.drawings(code):
            self._require_right(self._find(code), writer_of(name))
            self._store.put(code, name, None)

    def withdraw_offer(self, code: str, key: str) -> None:
        """Show the class the drawing that the member with that key offered no more."""
        self._require_right(self._find(code), key)
        self._store.withdraw_offer(code, key)

    # Of everybody

    def forget_everything(self) -> None:
        """Delete all classes of hers for good, and take her and her things out of those of others."""
        self._store.destroy_all_of(self.visitor)
        for record in self._store.all():
            key = record.key_of(self.visitor)
            if key is not None:
                self._remove_member(record.code, key)

    def _remove_member(self, code: str, key: str) -> None:
        self._store.change(code, lambda record: record.without_member(key))
        for name in self._store.drawings(code):
            if writer_of(name) == key:
                self._store.put(code, name, None)
        self._store.withdraw_offer(code, key)

    def _teach(self, code: str, change: Callable[[ClassRecord], ClassRecord]) -> ClassRecord:
        def checked(record: ClassRecord) -> ClassRecord:
            if not self.teaches(record):
                raise _not_yours()
            return change(record)

        return self._store.change(code, checked)

    def _find(self, code: str) -> ClassRecord:
        record = self._store.find(code)
        if record is None:
            raise ClassError(_("This class is no longer there."))
        return record

    def _require_teacher(self, code: str) -> None:
        if not self.teaches(self._find(code)):
            raise _not_yours()

    def _require_right(self, record: ClassRecord, key: str) -> None:
        if not self.teaches(record) and (not key or record.key_of(self.visitor) != key):
            raise _not_yours()

    def _key(self, code: str, to_add: bool = False) -> str:
        record = self._find(code)
        return self._own_key(_open(record) if to_add else record)

    def _own_key(self, record: ClassRecord) -> str:
        key = record.key_of(self.visitor)
        if key is None or record.members[key].has_left:
            raise ClassError(_("You are not in this class: join it first."))
        return key


def import_handwriting(visitor: str, folder: Path, code: str, content: bytes) -> int:
    """See `ClassCommands.import_handwriting`: here for another process, since a large file takes seconds to read."""
    return ClassCommands(visitor, ClassStore(folder)).import_handwriting(code, content)


def _open(record: ClassRecord) -> ClassRecord:
    if not record.is_open:
        raise ClassError(_("The class “{name}” is closed: its teacher can open it again.").format(name=record.name))
    return record


def _not_yours() -> ClassError:
    return ClassError(_("Only the teacher, or the person who made it, can do this."))
