"""Folders of files that are replaced atomically: at any moment a folder is the complete old one, the complete new one,
or missing.

A folder is first written under a temporary name that begins with ``.unfinished-`` and flushed to disk. Then, with the
store's lock held, it is renamed to ``.whole-NAME``, which commits it; the old folder is moved away, and the new one
renamed to ``NAME``. A process that is killed between these renames leaves ``.whole-NAME`` behind, and the next process
that accesses the folder completes them. A removed folder is kept as ``.deleted-NAME`` until it is brought back or
destroyed.
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
    left_behind,
    remove_unfinished,
    unfinished_name,
    write_new,
    write_whole,
)

WHOLE_PREFIX, DELETED_PREFIX, CLAIM_PREFIX = ".whole-", ".deleted-", ".claim-"
# Only such names become part of a path. At least eight characters, because systems reserve some shorter names.
_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}")
# Timeout. The lock is held for a few renames only; a process that waits longer would wait forever.
LOCK_SECONDS = 20.0

Files = Mapping[str, bytes]


class FolderStore:
    """The folders in `root`, which is created at the first write. Safe for several threads and processes.

    Every method raises OSError if the file system fails. `write`, `destroy` and `claim` raise ValueError for an invalid
    name. Nothing has changed then.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._left: set[Path] = set()  # what could not be removed when it was to be, as on a disk that came back

    def names(self) -> list[str]:
        """Return the names of all folders, unordered."""
        entries = self._scan()
        if any(name.startswith((WHOLE_PREFIX, UNFINISHED_PREFIX)) for name in entries):
            # A process is writing, or was killed while writing: a folder may be missing temporarily.
            with self._locked():
                for name in entries:
                    if is_name(whole := name.removeprefix(WHOLE_PREFIX)):
                        self._put_in_place(whole)
                entries = self._scan()
        return [name for name in entries if is_name(name)]

    def find(self, name: str) -> Path | None:
        """Return the path of the folder `name`, or None if there is none or `name` is invalid."""
        if not is_name(name):
            return None
        place = self.root / name
        if self.root.is_dir() and (self._path(WHOLE_PREFIX, name).exists() or not place.is_dir()):
            with self._locked():
                self._put_in_place(name)
        return place if place.is_dir() else None

    def read(self, name: str) -> dict[str, bytes] | None:
        """Return the content of all files of the folder `name`, from a single write, or None if there is none."""
        if self.find(name) is None:
            return None
        with self._locked():
            if not (self.root / name).is_dir():
                return None
            return {path.name: path.read_bytes() for path in (self.root / name).iterdir() if path.is_file()}

    def write(self, name: str, files: Files, last: Callable[[Path | None], Files] = lambda old: {}) -> bool:
        """Write the folder `name` with `files` and those that `last` returns, replacing the old folder.

        `last` is called with the lock held, with the path of the old folder or None. Returns False, without writing, if
        the folder has been removed: a run that is deleted while it trains stays deleted.
        """
        _check_name(name)
        self.root.mkdir(parents=True, exist_ok=True)
        remove_unfinished(self.root)
        for claim in left_behind(self.root, CLAIM_PREFIX):
            self.is_claimed(claim.name.removeprefix(CLAIM_PREFIX))  # removes it unless a run has lasted so long
        self._discard(*self._left)
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
            self._discard(unfinished)
        return True

    def change_file(self, name: str, file: str, change: Callable[[bytes], bytes]) -> bool:
        """Replace the content of one file of a folder by `change(content)`; return False if there is no such file."""
        if self.find(name) is None:
            return False
        with self._locked():
            path = self.root / name / file
            if not path.is_file():
                return False
            write_whole(path, change(path.read_bytes()))
            flush_folder(path.parent)
        return True

    def put_file(self, name: str, file: str, content: bytes | None) -> bool:
        """Write one file of a folder, or with None delete it; return False, doing nothing, if there is no folder."""
        if self.find(name) is None:
            return False
        with self._locked():
            path = self.root / name / file
            if not path.parent.is_dir():
                return False
            if content is None:
                path.unlink(missing_ok=True)
            else:
                write_whole(path, content)
            flush_folder(path.parent)
        return True

    def remove(self, name: str) -> bool:
        """Remove the folder `name` so that `bring_back` can restore it; return False if there is none."""
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
        """Undo `remove`; return False if the folder has been destroyed, or was not removed."""
        if not is_name(name) or not self.root.is_dir():
            return False
        with self._locked():
            deleted = self._path(DELETED_PREFIX, name)
            if not deleted.is_dir() or not any(deleted.iterdir()) or (self.root / name).exists():
                return False
            deleted.rename(self.root / name)
            flush_folder(self.root)
        return True

    def peek(self, name: str, file: str) -> bytes:
        """Return the content of one file of a folder, removed or not; nothing if there is no such file."""
        if is_name(name):
            for folder in (self.root / name, self._path(DELETED_PREFIX, name)):
                with contextlib.suppress(FileNotFoundError):
                    return (folder / file).read_bytes()
        return b""

    def removed(self) -> dict[str, float]:
        """Return the removed folders that can be brought back: name → time of removal (Unix time, seconds)."""
        found = {}
        for folder in self._scan():
            name = folder.removeprefix(DELETED_PREFIX)
            if folder != name and is_name(name):
                with contextlib.suppress(FileNotFoundError):  # brought back or destroyed meanwhile
                    found[name] = (self.root / folder).stat().st_mtime
        return found

    def destroy(self, name: str, for_good: bool = False) -> None:
        """Permanently delete the folder `name`, whether it has been removed or not.

        `for_good` leaves an empty folder in its place, as if it were removed: `write` does not write it again then.
        """
        _check_name(name)
        if for_good:
            self.root.mkdir(parents=True, exist_ok=True)
        if not self.root.is_dir():
            return
        renamed = []
        with self._locked():
            for folder in (self._path(WHOLE_PREFIX, name), self.root / name, self._path(DELETED_PREFIX, name)):
                if folder.is_dir():
                    renamed.append(self._unfinished())
                    folder.rename(renamed[-1])
            if for_good:
                self._path(DELETED_PREFIX, name).mkdir()
        self._discard(*renamed)

    def _discard(self, *folders: Path) -> None:
        """Remove temporary folders now, or, where that cannot be done, at the next write."""
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
            if folder.exists() or not self.root.is_dir():
                self._left.add(folder)
            else:
                self._left.discard(folder)

    def size(self, name: str) -> int:
        """Return the size of the folder's files in bytes, removed or not; 0 if there is none."""
        total = 0
        for folder in (self.root / name, self._path(DELETED_PREFIX, name)):
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                total += sum(entry.stat().st_size for entry in entries)
        return total

    def claim(self, name: str) -> FileLock | None:
        """Return a lock that marks `name` as in use by this process, or None while another process holds it.

        It is released by `give_up`, or when the process ends, however it ends.
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
        """Release a claim."""
        Path(claim.lock_file).unlink(missing_ok=True)
        claim.release()

    def is_claimed(self, name: str, follows: bool = False) -> bool:
        """Return whether any process, including this one, has claimed `name`.

        Who has claimed it finds in the time of the claim's file when somebody who `follows` has last asked.
        """
        path = self._path(CLAIM_PREFIX, name)
        if not path.exists():
            return False
        lock = self.claim(name)
        if lock is None:
            if follows:
                with contextlib.suppress(OSError):  # given up in this moment
                    os.utime(path)
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
        """Complete the replacement of a folder if ``.whole-NAME`` exists; the lock must be held."""
        whole, place = self._path(WHOLE_PREFIX, name), self.root / name
        if not whole.is_dir():
            return
        replaced = self._unfinished()
        try:
            if place.exists():
                place.rename(replaced)
            whole.rename(place)
            flush_folder(self.root)
        finally:
            self._discard(replaced)

    def _path(self, prefix: str, name: str) -> Path:
        return self.root / f"{prefix}{name}"

    def _unfinished(self) -> Path:
        return self.root / unfinished_name()


def is_name(text: str) -> bool:
    """Return whether `text` is a valid folder name: 8 to 64 letters, digits, ``-`` and ``_``."""
    return _NAME.fullmatch(text) is not None


def _check_name(name: str) -> None:
    if not is_name(name):
        raise ValueError(f"not a name of a folder: {name[:80]!r}")
