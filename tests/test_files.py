"""Large contents are in files: they go between processes as such, and are gone when nothing refers to them any more."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

import pytest

from mnist_demo.files import SMALL_BYTES, KeptBytes, keep, mapped, own_folder, receive_content, send_content
from mnist_demo.processes import ChildProcess
from tests import ROOT

LARGE = bytes(range(256)) * (SMALL_BYTES // 200)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere contents are sent whole")


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def test_large_content_is_a_file_that_reads_like_its_bytes_and_is_gone_with_it() -> None:
    before = open_files()
    kept = keep(LARGE)
    assert isinstance(kept, KeptBytes)
    assert keep(kept) is kept
    assert (len(kept), kept[:8], kept[1000:1003], bytes(kept)) == (len(LARGE), LARGE[:8], LARGE[1000:1003], LARGE)
    assert bytes(mapped(kept)) == LARGE
    assert pickle.loads(pickle.dumps(kept)) == LARGE
    assert keep(b"small") == mapped(b"small") == b"small"
    del kept
    assert open_files() == before


def test_content_goes_to_another_process_and_back_as_a_file() -> None:
    kept = keep(LARGE)
    with ChildProcess(send_back, kept) as child:
        assert child.connection.recv() == (True, len(LARGE))
        received = receive_content(child.connection)
        assert isinstance(received, KeptBytes)
        assert bytes(received) == LARGE[::-1]
        assert receive_content(child.connection) == b"small"


def send_back(connection: "multiprocessing.connection.Connection", content: object) -> None:
    assert isinstance(content, KeptBytes)
    connection.send((isinstance(content, KeptBytes), len(content)))
    send_content(connection, keep(bytes(content)[::-1]))
    send_content(connection, b"small")


def test_full_disk_leaves_the_content_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(dir: str | None = None) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", no_room)
    assert keep(LARGE) is LARGE


def test_large_content_is_kept_in_the_home_where_all_else_is_read_only_or_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, make = list[str | None](), tempfile.TemporaryFile

    def only_in_the_home(dir: str | None = None) -> IO[bytes]:
        tried.append(dir)
        if dir != str(tmp_path):
            raise OSError("read-only file system")
        return make(dir=dir)

    monkeypatch.setattr("tempfile.TemporaryFile", only_in_the_home)
    monkeypatch.setenv("MNIST_DEMO_HOME", str(tmp_path))
    kept = keep(LARGE)
    assert isinstance(kept, KeptBytes)
    assert bytes(kept) == LARGE
    assert tried == ["/var/tmp", str(tmp_path)]
    assert list(tmp_path.iterdir()) == []  # it has no name, and goes with its process


def test_large_content_arrives_though_no_more_files_may_be_open() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_ROOM], cwd=ROOT, timeout=60, check=True)


# In a process of its own, of which no thread opens a file meanwhile.
WITHOUT_ROOM = """
import os, resource
from multiprocessing import Pipe
from mnist_demo.files import SMALL_BYTES, KeptBytes, keep, receive_content, send_content

large = keep(bytes(range(256)) * (SMALL_BYTES // 200))
there, here = Pipe()
send_content(there, large)
assert isinstance(receive_content(here), KeptBytes)
most = max(map(int, os.listdir("/proc/self/fd"))) + 1
resource.setrlimit(resource.RLIMIT_NOFILE, (most, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
opened = []
try:
    while True:
        opened.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
for _time in range(3):
    send_content(there, large)
    content = receive_content(here)
    assert isinstance(content, bytes) and content == bytes(large)
    send_content(there, b"small")
    assert receive_content(here) == b"small"
for descriptor in opened:
    os.close(descriptor)
send_content(there, large)
assert isinstance(receive_content(here), KeptBytes)
"""


def no_home(*_names: str, **_options: bool) -> Path:
    raise RuntimeError("no home")


def test_folder_that_somebody_else_has_put_in_the_place_of_one_s_own_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MNIST_DEMO_HOME")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    name = f"mnist-demo-{os.getuid()}"
    assert own_folder(no_home) == own_folder(no_home) == tmp_path / name
    (tmp_path / name).chmod(0o777)  # as if others could write to it
    assert own_folder(no_home) == tmp_path / f"{name}-2"
    (tmp_path / f"{name}-2").rmdir()
    (tmp_path / f"{name}-2").symlink_to("/nowhere")
    assert own_folder(no_home) == tmp_path / f"{name}-3"
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    assert own_folder(no_home) == Path("/nowhere") / name  # whoever writes into it says so
