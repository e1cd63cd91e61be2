"""Folders of files that are written all or not: whatever happens, a folder is the old one, the new one, or not there.

A folder is written beside under a name that begins with ``.unfinished-`` and brought to the disk. Then, with the
store's lock held, it becomes ``.whole-NAME``: from here on it counts. What it replaces is moved out of the way, and it
moves to ``NAME``. A process that is killed between these moves leaves ``.whole-NAME`` behind, and the next one that
looks finishes them. A removed folder is ``.deleted-NAME`` until it is brought back, or for good gone.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from mnist_demo.files import (
    UNFINISHED_PREFIX,
    flush_folder,
    remove_unfinished,
    unfinished_name,
    write_new,
    write_whole,
)

WHOLE_PREFIX, DELETED_PREFIX, CLAIM_PREFIX = ".whole-", ".deleted-", f"{UNFINISHED_PREFIX}claim-"
# Nothing else ever becomes a part of a path. At least eight characters: no name that some system keeps for itself.
_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}")
# The lock is held for a few renames; who does not get it for so long would wait for ever.
LOCK_SECONDS = 20.0

Files = Mapping[str, bytes]


class FolderStore:
    """The folders in `root`, which is made when the first one is written. Safe for threads and for several processes.

    Every method raises OSError when the disk does not do what is asked; then nothing has changed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> list[str]:
        """Return the names of all folders, in no order."""
        found = self._scan()
        if any(name.startswith((WHOLE_PREFIX, UNFINISHED_PREFIX)) for name in found):
            # Somebody is writing, or was killed at it: a folder may be missing for the moment.
            with self._locked():
                for name in found:
                    if is_name(whole := name.removeprefix(WHOLE_PREFIX)):
                        self._put_in_place(whole)
                found = self._scan()
        return [name for name in found if is_name(name)]

    def find(self, name: str) -> Path | None:
        """Return the folder `name`, or None where there is none, or `name` is no name at all."""
        if not is_name(name):
            return None
        place = self.root / name
        if self.root.is_dir() and (self._path(WHOLE_PREFIX, name).exists() or not place.is_dir()):
            with self._locked():
                self._put_in_place(name)
        return place if place.is_dir() else None

    def read(self, name: str) -> dict[str, bytes] | None:
        """Return all files of the folder `name` as they were written together, or None where there is none."""
        if self.find(name) is None:
            return None
        with self._locked():
            if not (self.root / name).is_dir():
                return None
            return {path.name: path.read_bytes() for path in (self.root / name).iterdir() if path.is_file()}

    def write(self, name: str, files: Files, last: Callable[[Path | None], Files] = lambda old: {}) -> bool:
        """Write the folder `name` with `files` and those of `last`, in the place of the one that was there.

        `last` is called while nobody else can change the folder, with the one that is there or None. Returns False,
        having written nothing, when the folder has been removed: a run that is deleted while it trains stays so.
        """
        _check_name(name)
        self.root.mkdir(parents=True, exist_ok=True)
        remove_unfinished(self.root)
        unfinished = self._unfinished()
        try:
            unfinished.mkdir()
            for file, content in files.items():
                write_new(unfinished / file, content)
            with self._locked():
                if self._path(DELETED_PREFIX, name).exists():
                    return False
                self._put_in_place(name)
                old = self.root / name
                for file, content in last(old if old.is_dir() else None).items():
                    write_new(unfinished / file, content)
                flush_folder(unfinished)
                unfinished.rename(self._path(WHOLE_PREFIX, name))
                self._put_in_place(name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return True

    def change_file(self, name: str, file: str, change: Callable[[bytes], bytes]) -> bool:
        """Replace one file of a folder by what `change` makes of it; return False where there is no such folder."""
        if self.find(name) is None:
            return False
        with self._locked():
            path = self.root / name / file
            if not path.is_file():
                return False
            write_whole(path, change(path.read_bytes()))
            flush_folder(path.parent)
        return True

    def remove(self, name: str) -> bool:
        """Remove the folder `name` so that `bring_back` can undo it; return False where there is none."""
        if self.find(name) is None:
            return False
        with self._locked():
            folder = self.root / name
            if not folder.is_dir():
                return False
            os.utime(folder)
            folder.rename(self._path(DELETED_PREFIX, name))
            flush_folder(self.root)
        return True

    def bring_back(self, name: str) -> bool:
        """Undo `remove`; return False when the folder is gone for good."""
        if not is_name(name) or not self.root.is_dir():
            return False
        with self._locked():
            deleted = self._path(DELETED_PREFIX, name)
            if not deleted.is_dir() or (self.root / name).exists():
                return False
            deleted.rename(self.root / name)
            flush_folder(self.root)
        return True

    def removed(self) -> dict[str, float]:
        """Return the names of the folders that can be brought back, and when each was removed (seconds, Unix time)."""
        with contextlib.suppress(FileNotFoundError):
            return {
                entry.name.removeprefix(DELETED_PREFIX): entry.stat().st_mtime
                for entry in os.scandir(self.root)
                if entry.name.startswith(DELETED_PREFIX)
            }
        return {}

    def destroy(self, name: str) -> None:
        """Remove the folder `name` for good, whether it had been removed before or not."""
        _check_name(name)
        if not self.root.is_dir():
            return
        doomed = []
        with self._locked():
            for folder in (self._path(WHOLE_PREFIX, name), self.root / name, self._path(DELETED_PREFIX, name)):
                if folder.is_dir():
                    doomed.append(self._unfinished())
                    folder.rename(doomed[-1])
        for folder in doomed:
            shutil.rmtree(folder, ignore_errors=True)

    def size(self, name: str) -> int:
        """Return how many bytes the files of the folder have, removed or not; 0 where there is none."""
        total = 0
        for folder in (self.root / name, self._path(DELETED_PREFIX, name)):
            with contextlib.suppress(OSError):
                total += sum(entry.stat().st_size for entry in os.scandir(folder))
        return total

    def claim(self, name: str) -> FileLock | None:
        """Return a lock that says that this process is at work on `name`, or None while another one has it.

        It ends with `give_up`, or with the process, however that ends.
        """
        _check_name(name)
        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._path(CLAIM_PREFIX, name), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return lock

    def give_up(self, claim: FileLock) -> None:
        """End a claim."""
        Path(claim.lock_file).unlink(missing_ok=True)
        claim.release()

    def is_claimed(self, name: str) -> bool:
        """Tell whether some process is at work on `name`, this one included."""
        if not self._path(CLAIM_PREFIX, name).exists():
            return False
        lock = self.claim(name)
        if lock is None:
            return True
        self.give_up(lock)  # left behind by a process that was killed
        return False

    def _scan(self) -> list[str]:
        try:
            return [entry.name for entry in os.scandir(self.root) if entry.is_dir()]
        except FileNotFoundError:
            return []

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with FileLock(self.root / ".lock", timeout=LOCK_SECONDS, poll_interval=0.005):
                yield
        except Timeout as error:
            raise TimeoutError("the folder is locked by another process") from error

    def _put_in_place(self, name: str) -> None:
        """Do what is left to do for a folder that is whole; the lock is held."""
        whole, place = self._path(WHOLE_PREFIX, name), self.root / name
        if not whole.is_dir():
            return
        replaced = self._unfinished()
        if place.exists():
            place.rename(replaced)
        whole.rename(place)
        flush_folder(self.root)
        shutil.rmtree(replaced, ignore_errors=True)

    def _path(self, prefix: str, name: str) -> Path:
        return self.root / f"{prefix}{name}"

    def _unfinished(self) -> Path:
        return self.root / unfinished_name()


def is_name(text: str) -> bool:
    """Tell whether `text` may be the name of a folder: letters, digits, ``-`` and ``_`` only."""
    return _NAME.fullmatch(text) is not None


def _check_name(name: str) -> None:
    if not is_name(name):
        raise ValueError(f"not a name of a folder: {name[:80]!r}")
