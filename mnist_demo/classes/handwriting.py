"""A class's handwriting: all labelled drawings with their writers, held out by writer, and as one file.

::

    {"format": "mnist-demo-handwriting", "version": 1,
     "writers": [{"nickname": "Mina", "drawings": [{"label": 3, "strokes": [[[101.5, 60], …], …]}, …]}, …]}
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mnist_demo.classes.records import MAX_NICKNAME, ClassRecord, HandwritingRun, clean_name
from mnist_demo.classes.store import MAX_DRAWINGS, time_of, writer_of
from mnist_demo.drawing.collection import FORMAT as COLLECTION_FORMAT
from mnist_demo.drawing.collection import VERSION as COLLECTION_VERSION
from mnist_demo.drawing.collection import DrawingCollection, LabelledDrawing
from mnist_demo.errors import DrawingFileError
from mnist_demo.translation import _

FORMAT, VERSION = "mnist-demo-handwriting", 1
MAX_FILE_BYTES = 20_000_000
MAX_WRITERS = 100
# About every fourth writer: of thirty, seven or eight say how well the handwriting of strangers is read.
HELD_OUT_SHARE = 0.25


def hold_out_writers(
    record: ClassRecord, drawings: Mapping[str, LabelledDrawing], learned: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the keys of the writers whose drawings are kept for testing: at least one, and not all.

    Each is chosen by her own key, so that nobody who joins later changes what is done with her. Only where that leaves
    one side without anybody does it depend on the others. A writer in `learned` is never held out. Keys of the same
    nickname are one writer: a class may have her twice since a file of it was opened in it.

    Raises
    ------
    DrawingFileError
        If fewer than two have written something, or the model has learned from everybody who has.
    """
    with_drawings = {writer_of(name) for name in drawings}
    keys_of_writers: dict[str, list[str]] = {}
    for key, member in record.members.items():
        if key in with_drawings:
            keys_of_writers.setdefault(member.nickname.casefold(), []).append(key)
    if len(keys_of_writers) < 2:
        message = _("To train on the class’s handwriting, drawings of two pupils are needed: one is kept for testing.")
        raise DrawingFileError(message)
    lots = {_lot(keys[0]): keys for keys in keys_of_writers.values() if not set(learned) & set(keys)}
    if not lots:
        message = _("This model has learned from all who drew: none is left to test it with. Choose another one.")
        raise DrawingFileError(message)
    count = sum(lot < HELD_OUT_SHARE for lot in lots)
    count = min(max(count, 1), len(keys_of_writers) - 1)
    return tuple(sorted(key for lot in sorted(lots)[:count] for key in lots[lot]))


def _lot(key: str) -> float:
    """Return a number from 0 to 1 that is always the same for that key, and as good as drawn by lot."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()) / 2**256


def drawings_of(drawings: Mapping[str, LabelledDrawing], writers: tuple[str, ...], held_out: bool) -> DrawingCollection:
    """Return the drawings of `writers` if `held_out`, else those of all others: no writer is in both."""
    return DrawingCollection(
        tuple(drawing for name, drawing in drawings.items() if (writer_of(name) in writers) == held_out)
    )


def learned_from(trained: HandwritingRun, drawings: Mapping[str, LabelledDrawing]) -> dict[str, LabelledDrawing]:
    """Return those of the drawings that a run learned from.

    Of a run that does not say when it began, which an older version of this program trained, all but those held out.
    """
    return {
        name: drawing
        for name, drawing in drawings.items()
        if writer_of(name) not in trained.held_out and (not trained.newest or time_of(name) <= trained.newest)
    }


def learned_by(record: ClassRecord, run: str, drawings: Mapping[str, LabelledDrawing]) -> set[str]:
    """Return the writers that a run of the class has, or may have, learned from: of a pupil's own, the pupil."""
    trained = record.handwriting_run
    if trained is not None and trained.run == run:
        return {*trained.learned, *map(writer_of, learned_from(trained, drawings))}
    return {record.runs[run]} if run in record.runs else set()


def begin_run(
    record: ClassRecord, drawings: Mapping[str, LabelledDrawing], model: str
) -> tuple[HandwritingRun, DrawingCollection]:
    """Return what a run on the handwriting is noted with, but for its id, and the drawings that it learns from.

    It begins with the `model` of that run of the class; any other one has learned from nobody here.
    """
    before = learned_by(record, model, drawings)
    held_out = hold_out_writers(record, drawings, before)
    learned = before.union(map(writer_of, drawings)).difference(held_out)
    run = HandwritingRun("", held_out, newest=max(map(time_of, drawings)), learned=tuple(sorted(learned)))
    return run, drawings_of(drawings, held_out, held_out=False)


def drawings_to_add(
    record: ClassRecord,
    drawings: Mapping[str, LabelledDrawing],
    written: Sequence[tuple[str, DrawingCollection]],
) -> list[tuple[str, LabelledDrawing]]:
    """Return, with the nickname of its writer, each drawing in `written` that the class does not have of her yet."""
    found = {
        (nickname.casefold(), drawing.json): (nickname, drawing)
        for nickname, collection in written
        for drawing in collection.drawings
    }
    for name, drawing in drawings.items():
        if writer_of(name) in record.members:
            found.pop((record.members[writer_of(name)].nickname.casefold(), drawing.json), None)
    return list(found.values())


def handwriting_to_bytes(record: ClassRecord, drawings: Mapping[str, LabelledDrawing]) -> bytes:
    """Return the class's handwriting as a file: of the writers it has nicknames alone."""
    writers = [
        {"nickname": member.nickname, "drawings": [json.loads(drawing.json) for drawing in written]}
        for key, member in record.by_name().items()
        if (written := [drawing for name, drawing in drawings.items() if writer_of(name) == key])
    ]
    about = {"format": FORMAT, "version": VERSION, "writers": writers}
    return json.dumps(about, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def handwriting_from_bytes(content: bytes) -> list[tuple[str, DrawingCollection]]:
    """Return nickname and drawings of each writer in a file that `handwriting_to_bytes` wrote; any file is safe.

    Raises
    ------
    DrawingFileError
        If any part of the file is invalid, or there is too much in it.
    """
    if len(content) > MAX_FILE_BYTES:
        message = _("A file of a class’s handwriting has at most {limit} MB, but this one has {size:.1f} MB.")
        raise DrawingFileError(message.format(limit=MAX_FILE_BYTES // 1_000_000, size=len(content) / 1e6))
    damaged = _("This is not a file of a class’s handwriting, or it is damaged.")
    try:
        about: Any = json.loads(content)
        if (about["format"], about["version"]) != (FORMAT, VERSION):
            raise ValueError("another format")
        writers = [(str(writer["nickname"]), json.dumps(writer["drawings"])) for writer in about["writers"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DrawingFileError(damaged) from error
    found = []
    for nickname, entries in writers[: MAX_WRITERS + 1]:
        head = f'{{"format":"{COLLECTION_FORMAT}","version":{COLLECTION_VERSION},"drawings":'
        collection = DrawingCollection.from_bytes(f"{head}{entries}}}".encode())
        if not clean_name(nickname, MAX_NICKNAME):
            raise DrawingFileError(damaged)
        found.append((clean_name(nickname, MAX_NICKNAME), collection))
    if len(found) > MAX_WRITERS or sum(len(collection) for _nickname, collection in found) > MAX_DRAWINGS:
        message = _("This file holds too much for a class: at most {writers} writers and {drawings} drawings.")
        raise DrawingFileError(message.format(writers=MAX_WRITERS, drawings=MAX_DRAWINGS))
    return found
