"""The store of classes: one folder per class, under ``MNIST_DEMO_HOME`` or the platform's data folder.

::

    classes/k7m2pxw4rt/                     called by the code of the class
        class.json                          its name, teacher, members, runs and question (`ClassRecord`)
        drawing.KEY.TIME-DIGEST.json        one labelled drawing of the member with that key
        offer.KEY.json                      the drawing that she offered last
        before.safetensors                  the model that training on the handwriting began with
        here.KEY                            empty; its time says when she was last here

A folder is whole or not at all, and every file in it as well. What is damaged is left out, with a warning in the log.
"""

import contextlib
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mnist_demo.classes.records import ClassRecord
from mnist_demo.drawing.collection import DrawingCollection, LabelledDrawing
from mnist_demo.errors import ClassError, DrawingFileError
from mnist_demo.saved_runs.folders import FolderStore, is_name
from mnist_demo.saved_runs.places import classes_folder
from mnist_demo.saved_runs.records import now
from mnist_demo.translation import _

RECORD, BEFORE = "class.json", "before.safetensors"
DRAWING, OFFER, HERE = "drawing", "offer", "here"
# Without those that are taken for one another, such as l and 1, or o and 0; by all ten characters, 49.5 bits.
ALPHABET, CODE_LENGTH = "23456789abcdefghjkmnpqrstuvwxyz", 10
EXPIRY_SECONDS = 30 * 24 * 60 * 60
UNDO_SECONDS = 24 * 60 * 60
NOTE_AGAIN_SECONDS = 60 * 60
MAX_CLASSES, MAX_CLASSES_OF_ONE = 300, 20
MAX_DRAWINGS, MAX_DRAWINGS_OF_ONE, MAX_DRAWING_BYTES = 1000, 100, 50_000
HERE_SECONDS = 30.0
_logger = logging.getLogger(__name__)


class ClassStore:
    """All classes of this machine. Safe for several threads and processes at once.

    What goes wrong with the disk is a ClassError. Who may do what is said in `mnist_demo.classes.commands`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or classes_folder()
        self._folders = FolderStore(self.folder)
        self._read: dict[str, tuple[tuple[int, int], ClassRecord | None]] = {}
        self._drawings: dict[str, dict[str, LabelledDrawing | None]] = {}
        self._cleaned = -float("inf")

    def find(self, code: str) -> ClassRecord | None:
        """Return the class of that code, or None where there is none; one that has expired is deleted."""
        try:
            folder = self._folders.find(code)
            if folder is None:
                return None
            status = (folder / RECORD).stat()
            if time.time() - status.st_mtime > EXPIRY_SECONDS:
                self._folders.destroy(code)
                return None
            stamp = (status.st_mtime_ns, status.st_size)
            if code not in self._read or self._read[code][0] != stamp:
                self._read[code] = stamp, self._parse(code, (folder / RECORD).read_bytes())
            return self._read[code][1]
        except OSError:
            return None

    def all(self) -> list[ClassRecord]:
        """Return all classes, the newest first."""
        self.clean_up()
        with _disk():
            found = [record for code in self._folders.names() if (record := self.find(code)) is not None]
        return sorted(found, key=lambda record: record.created, reverse=True)

    def create(self, owner: str, name: str, link: Mapping[str, str]) -> ClassRecord:
        """Open a class of that teacher."""
        classes = self.all()
        if sum(record.owner == owner for record in classes) >= MAX_CLASSES_OF_ONE:
            message = _("You have {count} classes, which is the limit: delete one first.")
            raise ClassError(message.format(count=MAX_CLASSES_OF_ONE))
        if len(classes) >= MAX_CLASSES:
            raise ClassError(_("This server has no room for another class: try again another day."))
        code = "".join(secrets.choice(ALPHABET) for _character in range(CODE_LENGTH))
        record = ClassRecord(code, name, owner, now(), link=dict(link))
        with _disk():
            self._folders.write(code, {RECORD: record.to_json()})
        return record

    def change(self, code: str, change: Callable[[ClassRecord], ClassRecord]) -> ClassRecord:
        """Replace a class by ``change(record)``, which may raise ClassError: then nothing has changed."""
        changed: list[ClassRecord] = []

        def change_file(content: bytes) -> bytes:
            record = self._parse(code, content)
            if record is None:
                raise _gone()
            changed.append(change(record))
            return changed[0].to_json()

        with _disk():
            if not self._folders.change_file(code, RECORD, change_file):
                raise _gone()
        return changed[0]

    def remove(self, code: str) -> None:
        """Delete a class; `bring_back` restores it for a day."""
        with _disk():
            self._folders.remove(code)

    def removed_of(self, owner: str) -> list[ClassRecord]:
        """Return the classes of that teacher that can be brought back, the one deleted last first."""
        with _disk():
            removed = self._folders.removed()
            recent = [code for code, since in removed.items() if time.time() - since <= UNDO_SECONDS]
            records = [self._parse(code, self._folders.peek(code, RECORD)) for code in recent]
        found = [record for record in records if record is not None and record.owner == owner]
        return sorted(found, key=lambda record: removed[record.code], reverse=True)

    def bring_back(self, code: str, owner: str) -> bool:
        """Restore a deleted class of that teacher; return False where it is gone."""
        with _disk():
            record = self._parse(code, self._folders.peek(code, RECORD))
            return record is not None and record.owner == owner and self._folders.bring_back(code)

    def note_opened(self, code: str) -> None:
        """Remember that the class is used: it is deleted thirty days after the last time."""
        path = self.folder / code / RECORD
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > NOTE_AGAIN_SECONDS:
                os.utime(path)

    def note_here(self, code: str, key: str) -> None:
        """Remember that the member with that key is here now."""
        with contextlib.suppress(OSError):
            (self.folder / code / f"{HERE}.{key}").touch()

    def here(self, code: str) -> set[str]:
        """Return the keys of those who were here within the last half minute."""
        found = set()
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.folder / code):
                with contextlib.suppress(FileNotFoundError):  # left or removed meanwhile
                    if entry.name.startswith(f"{HERE}.") and time.time() - entry.stat().st_mtime < HERE_SECONDS:
                        found.add(entry.name.removeprefix(f"{HERE}."))
        return found

    def drawings(self, code: str) -> dict[str, LabelledDrawing]:
        """Return the labelled drawings of a class, the oldest first, by the names of their files; see `writer_of`."""
        return self._load(code, DRAWING)

    def offers(self, code: str) -> dict[str, LabelledDrawing]:
        """Return the drawings that members offered, the newest first, each by its writer's key."""
        named = self._load(code, OFFER)
        return {writer_of(name): named[name] for name in sorted(named, key=time_of, reverse=True)}

    def add_drawing(self, code: str, key: str, drawing: LabelledDrawing) -> None:
        """Give a class a drawing of the member with that key; one that it has already is not added again."""
        content = _to_bytes(drawing)
        digest = hashlib.sha256(content).hexdigest()[:16]
        names = self._names(code, DRAWING)
        if any(name.endswith(f"-{digest}.json") and writer_of(name) == key for name in names):
            return
        if len(names) >= MAX_DRAWINGS or sum(writer_of(name) == key for name in names) >= MAX_DRAWINGS_OF_ONE:
            message = _("A class keeps {count} drawings, at most {each} from each pupil: take some out to make room.")
            raise ClassError(message.format(count=MAX_DRAWINGS, each=MAX_DRAWINGS_OF_ONE))
        self.put(code, f"{DRAWING}.{key}.{time.time_ns():020d}-{digest}.json", content)

    def offer(self, code: str, key: str, drawing: LabelledDrawing) -> None:
        """Show the class a drawing of the member with that key, in the place of the one that she offered before."""
        self.withdraw_offer(code, key)
        self.put(code, f"{OFFER}.{key}.{time.time_ns():020d}.json", _to_bytes(drawing))

    def withdraw_offer(self, code: str, key: str) -> None:
        for name in self._names(code, OFFER):
            if writer_of(name) == key:
                self.put(code, name, None)

    def put(self, code: str, name: str, content: bytes | None) -> None:
        """Write one file of a class, or with None delete it."""
        with _disk():
            if not self._folders.put_file(code, name, content):
                raise _gone()

    def read(self, code: str, name: str) -> bytes:
        """Return the content of one file of a class, nothing where there is no such file."""
        with contextlib.suppress(OSError):
            return self._folders.peek(code, name)
        return b""

    def clean_up(self) -> None:
        """Delete, once an hour, what expired and what was deleted more than a day ago."""
        if time.monotonic() - self._cleaned < NOTE_AGAIN_SECONDS:
            return
        self._cleaned = time.monotonic()
        with _disk():
            for code, since in self._folders.removed().items():
                if time.time() - since > UNDO_SECONDS:
                    self._folders.destroy(code)
            for code in self._folders.names():
                self.find(code)

    def size_of(self, owner: str) -> int:
        """Return how many bytes that teacher's classes have, deleted ones too."""
        return sum(self._folders.size(code) for code in self._codes_of(owner))

    def destroy_all_of(self, owner: str) -> None:
        """Delete all classes of that teacher for good, deleted ones too."""
        for code in self._codes_of(owner):
            with _disk():
                self._folders.destroy(code)

    def _codes_of(self, owner: str) -> list[str]:
        with _disk():
            known = {*self._folders.names(), *self._folders.removed()}
            records = {code: self._parse(code, self._folders.peek(code, RECORD)) for code in known}
        return [code for code, record in records.items() if record is not None and record.owner == owner]

    def _names(self, code: str, kind: str) -> list[str]:
        with contextlib.suppress(OSError):
            return sorted(
                (name for name in os.listdir(self.folder / code) if name.startswith(f"{kind}.")),  # noqa: PTH208  names
                key=lambda name: name.split(".")[2:],
            )
        return []

    def _load(self, code: str, kind: str) -> dict[str, LabelledDrawing]:
        known = self._drawings.get(code, {}) if is_name(code) else {}
        loaded: dict[str, LabelledDrawing | None] = {}
        for name in self._names(code, kind) if is_name(code) else ():
            loaded[name] = known[name] if name in known else self._read_drawing(self.folder / code / name)
        others = {name: drawing for name, drawing in known.items() if not name.startswith(f"{kind}.")}
        self._drawings[code] = others | loaded
        return {name: drawing for name, drawing in loaded.items() if drawing is not None}

    def _read_drawing(self, path: Path) -> LabelledDrawing | None:
        try:
            (drawing,) = DrawingCollection.from_bytes(path.read_bytes()).drawings
        except (OSError, DrawingFileError, ValueError) as error:
            _logger.warning("The drawing in %s is damaged and is left out: %s", path, error)
            return None
        return drawing

    def _parse(self, code: str, content: bytes) -> ClassRecord | None:
        try:
            record = ClassRecord.from_json(content)
            return record if record.code == code else None
        except ValueError as error:
            if content:
                _logger.warning("The class in %s is damaged and is left out: %s", self.folder / code, error)
            return None


def code_from(text: str) -> str:
    """Return the code that somebody typed, or that is in a link that she pasted: without spaces, in small letters."""
    return "".join(c for c in text.rpartition("code=")[2].split("&")[0].lower() if c.isalnum())


def shown_code(code: str) -> str:
    """Return a code as people read it: two groups of five."""
    return f"{code[:5]}-{code[5:]}"


def writer_of(name: str) -> str:
    """Return the key of the member whose drawing is in the file of that name."""
    return name.split(".")[1]


def time_of(name: str) -> str:
    """Return when the drawing in the file of that name came; of two, the greater one is that of the newer."""
    return name.split(".")[2].partition("-")[0]


def _to_bytes(drawing: LabelledDrawing) -> bytes:
    content = DrawingCollection((drawing,)).to_bytes()
    if len(content) > MAX_DRAWING_BYTES:
        raise ClassError(_("This drawing has too many points for the class: draw it with fewer strokes."))
    return content


def _gone() -> ClassError:
    return ClassError(_("This class is no longer there."))


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = _("The server’s disk did not keep this for the class ({reason}): try again in a moment.")
        raise ClassError(message.format(reason=error.strerror or error)) from error
