"""Servers of MNIST, mirrors with the published files, and the reasons why one may fail. Runs in a child process.

Time-outs of sockets end a wait for a server that is silent. A server that sends a byte a second defeats them, so the
child also tells the process that waits for it how far it is, and how long it may be without a word: see `Step`.
"""

import dataclasses
import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from mnist_demo.data.cache import CANNOT_KEEP
from mnist_demo.data.dataset import DigitDataset, ExpectedMnist
from mnist_demo.data.folder import load_folder
from mnist_demo.errors import DatasetError
from mnist_demo.translation import _

# Of the published .gz files: as in TensorFlow Datasets' checksums of storage.googleapis.com/cvdf-datasets/mnist, and in
# many other projects. torchvision's MD5 sums (f68b3c2d…, d53e105e…, 9fb629c4…, ec29112d…) are of the same files.
MNIST_SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
PATIENCE = 10.0  # seconds of silence after which a server is given up
WORK_PATIENCE = 600.0  # seconds for work without network: parsing takes 3 s here, but a small computer may swap
CHUNK_BYTES = 2**16  # less than this in 1.5 × PATIENCE is no download either
# These numbers mean our own disk. Errors of the network are wrapped and have none, and TLS has others of its own.
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)
MAX_BYTES = 2**28  # OpenML's text is 122 MB when it is not compressed


@dataclass(frozen=True)
class Step:
    """How far a download is; `stage` is for people."""

    stage: str
    fraction: float | None  # of this stage, 0 to 1; None: unknown
    patience: float  # seconds until the next step, at most; whoever is silent for longer is stuck


@dataclass(frozen=True)
class Failure:
    """Why nothing came from a server: `reason` for people, `detail` for the log."""

    reason: str
    detail: str = ""
    is_final: bool = False  # asking another server is of no use


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

    def __init__(self, stage: str, patience: float, report: Report) -> None:
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
            stage = _("Downloading {file} from {server}").format(file=file, server=self.name)
            meter = Meter(stage, self.patience, report)
            download = pooch.HTTPDownloader(progressbar=meter, chunk_size=CHUNK_BYTES, timeout=self.patience)
            files.fetch(file, downloader=download)
        report(Step(_("Reading what {server} sent").format(server=self.name), None, WORK_PATIENCE))
        return dataclasses.replace(load_folder(scratch), name="mnist", source=self.name)


def cannot_keep(home: Path, error: BaseException | None) -> Failure:
    """Return that `home` cannot be written, because of `error`."""
    reason = getattr(error, "strerror", None) or str(error)
    return Failure(_(CANNOT_KEEP).format(home=str(home), reason=reason), is_final=True)


def explain(error: Exception, server: Server, home: Path) -> Failure:
    """Return why nothing from `server` is in `home`."""
    import requests

    if isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno in _DISK_ERRORS):
        return cannot_keep(home, error)
    cause = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
    status = None
    if isinstance(cause, HTTPError | requests.HTTPError):
        status = cause.code if isinstance(cause, HTTPError) else getattr(cause.response, "status_code", None)
        reason = _("{server} answered with the HTTP status {status}")
    elif isinstance(cause, TimeoutError | requests.Timeout):
        reason = _("{server} does not answer")
    elif isinstance(cause, OSError):
        reason = _("{server} cannot be reached, or breaks off")
    else:
        reason = _("what {server} sent is not MNIST")
    return Failure(reason.format(server=server.name, status=status), repr(error)[:500])
