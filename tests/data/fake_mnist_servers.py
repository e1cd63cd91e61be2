"""A server on this machine that plays OpenML and a mirror of MNIST, with every fault that real ones have had.

>>> with FakeMnistServers(digits) as servers:
...     servers.faults["train-labels"] = [not_found]  # the first request for it fails, the next one does not
...     download_mnist(servers=[servers.mirror()], expected=servers.expected)
"""

import errno
import gzip
import hashlib
import json
import os
import signal
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import numpy as np

from mnist_demo.data.dataset import DigitDataset, ExpectedMnist
from mnist_demo.data.openml import OpenMl
from mnist_demo.data.servers import Mirror, Report, Step
from mnist_demo.translation import _

# What a server does with a request instead of answering it with these bytes.
Fault = Callable[[BaseHTTPRequestHandler, bytes], None]


def small_digits(n_train: int = 300, n_test: int = 100, seed: int = 0) -> DigitDataset:
    """Return random pixels and labels in the place of MNIST; the digest is made here, from the format's definition."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (n_train + n_test, 28, 28), dtype=np.uint8)
    labels = generator.integers(0, 10, n_train + n_test)
    digest = hashlib.sha256(idx_images(pixels[:n_train])).hexdigest()
    return DigitDataset(
        "mnist", pixels[:n_train], labels[:n_train], pixels[n_train:], labels[n_train:], "a test", digest
    )


def expected_of(digits: DigitDataset) -> ExpectedMnist:
    """Return what a download of `digits` has to hold."""
    return ExpectedMnist(len(digits.train_labels), len(digits.test_labels), digits.digest)


def idx_images(pixels: np.ndarray[Any, Any]) -> bytes:
    """Return an IDX file of images, written by hand."""
    return struct.pack(">IIII", 2051, *pixels.shape) + pixels.tobytes()


def idx_labels(labels: np.ndarray[Any, Any]) -> bytes:
    """Return an IDX file of labels, written by hand."""
    return struct.pack(">II", 2049, len(labels)) + bytes(labels.tolist())


def idx_files(digits: DigitDataset) -> dict[str, bytes]:
    """Return the four published files, plain, by name."""
    return {
        "train-images-idx3-ubyte": idx_images(digits.train_pixels),
        "train-labels-idx1-ubyte": idx_labels(digits.train_labels),
        "t10k-images-idx3-ubyte": idx_images(digits.test_pixels),
        "t10k-labels-idx1-ubyte": idx_labels(digits.test_labels),
    }


def arff(digits: DigitDataset) -> bytes:
    """Return the text that OpenML sends: one attribute a pixel, one line a digit, its label last."""
    head = ["@RELATION mnist_784", *(f"@ATTRIBUTE pixel{pixel} real" for pixel in range(1, 785))]
    head += ["@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}", "@DATA"]
    pixels = np.concatenate([digits.train_pixels, digits.test_pixels]).reshape(-1, 784)
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    rows = (",".join(map(str, [*row, label])) for row, label in zip(pixels.tolist(), labels.tolist(), strict=True))
    return "\n".join([*head, *rows, ""]).encode()


class FakeMnistServers:
    """An HTTP server with OpenML's interface at ``/`` and a mirror's files at ``/mirror/``.

    Attributes
    ----------
    requests
        The paths asked for so far.
    faults
        By a part of the path: what the next requests for it meet, one after the other, before it is answered.
    """

    def __init__(self, digits: DigitDataset) -> None:
        self.digits = digits
        self.expected = expected_of(digits)
        self.requests: list[str] = []
        self.faults: dict[str, list[Fault]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        # The mirror's files are compressed once, so that their digests stay.
        self._files = {f"{name}.gz": gzip.compress(content) for name, content in idx_files(digits).items()}
        self._arff = arff(digits)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def openml(self, patience: float = 10.0) -> OpenMl:
        return OpenMl(self.address, patience)

    def mirror(self, patience: float = 10.0) -> Mirror:
        sha256 = {name: hashlib.sha256(content).hexdigest() for name, content in self._files.items()}
        return Mirror(f"{self.address}/mirror/", patience, sha256)

    def answer(self, path: str) -> bytes | None:
        """Return what is at `path`, or None."""
        if path.startswith("/mirror/"):
            return self._files.get(path.removeprefix("/mirror/"))
        api = "/api/v1/json/data"
        features = [
            {"index": str(index), "name": name, "data_type": kind, "is_target": target, "is_ignore": "false",
             "is_row_identifier": "false", "number_of_missing_values": "0"}
            for index, (name, kind, target) in enumerate(
                [*((f"pixel{pixel}", "numeric", "false") for pixel in range(1, 785)), ("class", "nominal", "true")]
            )
        ]  # fmt: skip
        documents: dict[str, Any] = {
            f"{api}/list/data_name/mnist_784/limit/2/data_version/1": {"data": {"dataset": [{"did": 554}]}},
            f"{api}/554": {
                "data_set_description": {
                    "id": "554",
                    "name": "mnist_784",
                    "version": "1",
                    "description": "The MNIST database of handwritten digits",
                    "format": "ARFF",
                    "status": "active",
                    "url": f"{self.address}/data/v1/download/52667/mnist_784.arff",
                    "md5_checksum": hashlib.md5(self._arff).hexdigest(),
                }
            },
            f"{api}/features/554": {"data_features": {"feature": features}},
            f"{api}/qualities/554": {
                "data_qualities": {
                    "quality": [{"name": "NumberOfInstances", "value": str(self._arff.count(b"\n") - 787)}]
                }
            },
        }
        if path in documents:
            return json.dumps(documents[path]).encode()
        return self._arff if path == "/data/v1/download/52667/mnist_784.arff" else None

    def _next_fault(self, path: str) -> Fault | None:
        with self._lock:
            self.requests.append(path)
            for part, faults in self.faults.items():
                if part in path and faults:
                    return faults.pop(0)
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        servers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = servers.answer(self.path)
                fault = servers._next_fault(self.path)
                if content is None:
                    self.send_error(404)
                    return
                compressed = not self.path.endswith(".gz") and "gzip" in self.headers.get("Accept-encoding", "")
                if compressed:
                    content = gzip.compress(content, compresslevel=1)
                try:
                    if fault is not None:
                        fault(self, content)
                        return
                    self.begin(len(content), compressed)
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # whoever asked has lost patience

            def begin(self, n_bytes: int, compressed: bool) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(n_bytes))
                if compressed:
                    self.send_header("Content-Encoding", "gzip")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        return Handler


def not_found(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    handler.send_error(404)


def unavailable(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    handler.send_error(503)


def html(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Answer like a hotel's network that wants a password first."""
    _send(handler, b"<html><body>Please log in</body></html>")


def other_content(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Send as many bytes, one of them changed."""
    middle = len(content) // 2
    _send(handler, content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


def truncated(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Announce everything, send half and hang up."""
    _send(handler, content[: len(content) // 2], announced=len(content))


def silent(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Take the request and say nothing."""
    time.sleep(30)


class Held:
    """Take the request, and answer it when `answer` is set."""

    def __init__(self) -> None:
        self.answer = threading.Event()

    def __call__(self, handler: BaseHTTPRequestHandler, content: bytes) -> None:
        self.answer.wait(30)
        _send(handler, content)


def dripping(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Send a byte now and then: often enough that no time-out of a socket notices."""
    _send(handler, b"", announced=len(content))
    for byte in content:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.2)


def dripping_headers(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Never come to the end of the first header."""
    for character in b"HTTP/1.0 200 OK\r\nX-Patience: " + bytes(10_000):
        handler.wfile.write(bytes([character]))
        handler.wfile.flush()
        time.sleep(0.2)


def _send(handler: BaseHTTPRequestHandler, content: bytes, announced: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content) if announced is None else announced))
    handler.end_headers()
    handler.wfile.write(content)


@dataclass(frozen=True)
class FullDisk:
    """In the place of a server: the disk fills while it is asked."""

    name: str = "a full disk"

    def fetch(self, scratch: Path, expected: ExpectedMnist, report: Report) -> DigitDataset:
        (scratch / "half").write_bytes(bytes(1000))
        raise OSError(errno.ENOSPC, "No space left on device")


@dataclass(frozen=True)
class Killed:
    """In the place of a server: the system ends the process that asks it, as it does when memory runs out."""

    name: str = "a hungry server"

    def fetch(self, scratch: Path, expected: ExpectedMnist, report: Report) -> DigitDataset:
        (scratch / "half").write_bytes(bytes(1000))
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("not reached")


@dataclass(frozen=True)
class Waiting:
    """In the place of a server: writes the number of the process that asks into a file, and waits."""

    pid_file: Path
    name: str = "a slow server"

    def fetch(self, scratch: Path, expected: ExpectedMnist, report: Report) -> DigitDataset:
        report(Step(_("Waiting for {server}").format(server=self.name), 0.25, 60))
        unfinished = self.pid_file.with_suffix(".unfinished")
        unfinished.write_text(str(os.getpid()))
        unfinished.replace(self.pid_file)
        time.sleep(60)
        raise AssertionError("not reached")
