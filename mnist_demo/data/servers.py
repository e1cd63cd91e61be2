"""The servers that MNIST is downloaded from, and how each is asked. Runs in a child process that does nothing else.

Time-outs of sockets end a wait for a server that is silent. A server that sends a byte a second defeats them, so the
child also tells the process that waits for it how far it is, and how long it may be without a word: see `Step`.
"""

import dataclasses
import errno
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import numpy as np

from mnist_demo.data.cache import CANNOT_KEEP
from mnist_demo.data.dataset import DigitDataset, ExpectedMnist
from mnist_demo.data.folder import load_folder
from mnist_demo.data.idx import SIDE, digest_idx_images
from mnist_demo.errors import DatasetError
from mnist_demo.translation import N_, _

# Of the published .gz files: as in TensorFlow Datasets' checksums of storage.googleapis.com/cvdf-datasets/mnist, and in
# many other projects. torchvision's MD5 sums (f68b3c2d…, d53e105e…, 9fb629c4…, ec29112d…) are of the same files.
MNIST_SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
OPENML_ADDRESS = "https://www.openml.org"
PATIENCE = 10.0  # seconds of silence after which a server is given up
WORK_PATIENCE = 600.0  # seconds for work without network: parsing takes 3 s here, but a small computer may swap
CHUNK_BYTES = 2**16  # less than this in 1.5 × PATIENCE is no download either
# These numbers mean our own disk. Errors of the network are wrapped and have none, and TLS has others of its own.
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)
MAX_BYTES = 2**28  # OpenML's text is 122 MB when it is not compressed


@dataclass(frozen=True)
class Sentence:
    """A text for people, translated when it is shown: a child process does not know who is going to read it."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return _(self.text).format(**self.values)


class GiveUp(Sentence):
    """Why asking another server is of no use."""


class Sentences(tuple[Sentence, ...]):
    """Several, for the place of one in a longer one."""

    def __str__(self) -> str:
        return "; ".join(map(str, self))


@dataclass(frozen=True)
class Step:
    """How far a download is."""

    stage: Sentence
    fraction: float | None  # of this stage, 0 to 1; None: unknown
    patience: float  # seconds until the next step, at most; whoever is silent for longer is stuck


Report = Callable[[Step], None]


class Server(Protocol):
    """Something that MNIST can be fetched from; it goes to a child process as a pickle."""

    @property
    def name(self) -> str: ...

    def fetch(self, scratch: Path, expected: ExpectedMnist, report: Report) -> DigitDataset:
        """Return the digits, unchecked; files may be left in `scratch`, a folder that is removed afterwards."""
        ...


class Meter:
    """Counts the bytes of one answer and reports them. pooch takes it for a progress bar."""

    def __init__(self, stage: Sentence, patience: float, report: Report) -> None:
        self._stage, self._patience, self._report = stage, patience, report
        self._received = 0
        self._total = 0
        self.update(0)

    @property
    def total(self) -> int:
        """Bytes to come, 0 if unknown. Setting it begins a new answer."""
        return self._total

    @total.setter
    def total(self, n_bytes: int) -> None:
        self._total, self._received = n_bytes, 0

    def update(self, n_bytes: int) -> None:
        """Count `n_bytes` more; DatasetError if it is more than MNIST can be, so that no server fills the disk."""
        self._received += n_bytes
        if self._received > MAX_BYTES:
            raise DatasetError("too many bytes")
        fraction = min(self._received / self._total, 1.0) if self._total else None
        self._report(Step(self._stage, fraction, 1.5 * self._patience))

    def reset(self) -> None:
        """Begin to count anew."""
        self._received = 0

    def close(self) -> None:
        """Do nothing; progress bars have this."""


_ASKING_OPENML = Sentence(N_("Asking OpenML for MNIST"))
_DOWNLOADING_OPENML = Sentence(N_("Downloading from OpenML"))
_READING_OPENML = Sentence(N_("Reading what OpenML sent"))


class _WatchedRequests(urllib.request.BaseHandler):
    """Gives every request of this process a time-out, which scikit-learn does not, and reports on every answer."""

    handler_order = 100  # before urllib's own handlers, which write the address into the headers

    def __init__(self, address: str, patience: float, report: Report) -> None:
        self._address, self._patience, self._report = address, patience, report
        self._unanswered = 0

    def https_request(self, request: urllib.request.Request) -> urllib.request.Request:
        self._unanswered += 1
        if self._unanswered > 2:  # scikit-learn would ask a silent server four times
            raise URLError(TimeoutError())
        request.full_url = request.full_url.replace(OPENML_ADDRESS, self._address, 1)
        request.timeout = self._patience
        self._report(Step(_ASKING_OPENML, None, 1.5 * self._patience))
        return request

    def https_response(self, request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:
        self._unanswered = 0
        described = "/api/" in request.full_url  # a description of the data, not the data: short, and soon read
        meter = Meter(_ASKING_OPENML if described else _DOWNLOADING_OPENML, self._patience, self._report)
        meter.total = int(response.headers.get("Content-Length", 0))
        receive = response.read

        def read(n_bytes: int = CHUNK_BYTES) -> bytes:
            content = receive(min(n_bytes, CHUNK_BYTES))
            if content:
                meter.update(len(content))
            else:  # From here to the next request scikit-learn is at work, and the server is not to blame for silence.
                self._report(Step(_ASKING_OPENML if described else _READING_OPENML, None, WORK_PATIENCE))
            return content

        response.read = read  # type: ignore[method-assign, assignment]
        return response

    http_request, http_response = https_request, https_response  # names that urllib looks for


@dataclass(frozen=True)
class OpenMl:
    """OpenML through scikit-learn: data set ``mnist_784``, version 1, a text of 122 MB (15 MB compressed)."""

    address: str = OPENML_ADDRESS
    patience: float = PATIENCE
    name: ClassVar[str] = "OpenML"

    def fetch(self, scratch: Path, expected: ExpectedMnist, report: Report) -> DigitDataset:
        """Return the digits, in OpenML's order: first those to train on, then the test digits."""
        from sklearn.datasets import fetch_openml

        urllib.request.install_opener(
            urllib.request.build_opener(_WatchedRequests(self.address, self.patience, report))
        )
        # Pixels are parsed as bytes from the start: the default, eight bytes each, takes several times the memory.
        # Labels as text: scikit-learn 1.9 fails on categories that pandas 3.1 makes of numbers (its issue 34892).
        dtypes = {**dict.fromkeys(range(SIDE * SIDE), "uint8"), SIDE * SIDE: "str"}
        digits = fetch_openml(
            "mnist_784",
            version=1,
            data_home=scratch,
            as_frame=False,
            parser="pandas",
            n_retries=1,
            read_csv_kwargs={"dtype": dtypes},
        )
        pixels = digits.data.astype(np.uint8, copy=False).reshape(-1, SIDE, SIDE)
        labels = np.char.strip(digits.target.astype(str), "'\"").astype(np.int64)
        train, test = slice(expected.n_train), slice(expected.n_train, None)
        digest = digest_idx_images(pixels[train])
        return DigitDataset("mnist", pixels[train], labels[train], pixels[test], labels[test], self.name, digest)


@dataclass(frozen=True)
class Mirror:
    """A folder on the web with the four published files, each checked by pooch before it is unpacked."""

    address: str
    patience: float = PATIENCE
    sha256: Mapping[str, str] = field(default_factory=lambda: MNIST_SHA256)  # of each file, by its name

    @property
    def name(self) -> str:
        return urlsplit(self.address).hostname or self.address

    def fetch(self, scratch: Path, expected: ExpectedMnist, report: Report) -> DigitDataset:
        """Return the digits of the four files, which lie in `scratch` afterwards."""
        import pooch

        pooch.get_logger().setLevel("ERROR")
        files = pooch.create(path=scratch, base_url=self.address, registry=dict(self.sha256), retry_if_failed=1)
        for file in self.sha256:
            stage = Sentence(N_("Downloading {file} from {server}"), {"file": file, "server": self.name})
            meter = Meter(stage, self.patience, report)
            download = pooch.HTTPDownloader(progressbar=meter, chunk_size=CHUNK_BYTES, timeout=self.patience)
            files.fetch(file, downloader=download)
        report(Step(Sentence(N_("Reading what {server} sent"), {"server": self.name}), None, WORK_PATIENCE))
        return dataclasses.replace(load_folder(scratch), name="mnist", source=self.name)


SERVERS: tuple[Server, ...] = (
    OpenMl(),
    Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/"),  # the first that torchvision asks
    Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/"),  # the one of TensorFlow Datasets
)


def cannot_keep(home: Path, error: BaseException | None) -> GiveUp:
    """Return for a person that `home` cannot be written, because of `error`."""
    return GiveUp(CANNOT_KEEP, {"home": str(home), "reason": getattr(error, "strerror", None) or str(error)})


def explain(error: Exception, server: Server, home: Path) -> Sentence:
    """Return for a person why nothing from `server` is in `home`."""
    import requests

    if isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno in _DISK_ERRORS):
        return cannot_keep(home, error)
    values: dict[str, object] = {"server": server.name, "detail": repr(error)[:500]}  # the detail is for the log
    cause = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
    if isinstance(cause, HTTPError | requests.HTTPError):
        status = cause.code if isinstance(cause, HTTPError) else getattr(cause.response, "status_code", None)
        return Sentence(N_("{server} answered with the HTTP status {status}"), {**values, "status": status})
    if isinstance(cause, TimeoutError | requests.Timeout):
        return Sentence(N_("{server} does not answer"), values)
    if isinstance(cause, OSError):
        return Sentence(N_("{server} cannot be reached, or breaks off"), values)
    return Sentence(N_("what {server} sent is not MNIST"), values)
