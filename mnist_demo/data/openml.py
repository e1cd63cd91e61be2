"""MNIST from OpenML through scikit-learn, the first server that is asked."""

import urllib.request
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import ClassVar
from urllib.error import URLError

import numpy as np

from mnist_demo.data.dataset import DigitDataset, ExpectedMnist
from mnist_demo.data.idx import SIDE, digest_idx_images
from mnist_demo.data.servers import CHUNK_BYTES, PATIENCE, WORK_PATIENCE, Meter, Report, Step
from mnist_demo.translation import _

OPENML_ADDRESS = "https://www.openml.org"


class _WatchedRequests(urllib.request.BaseHandler):
    """Gives every request of this process a time-out, and reports on every answer.

    ``fetch_openml`` offers neither: it waits for a silent server until the system gives up, asks it four times, and
    tells nobody of the 15 MB that may take minutes to come. It asks through ``urllib.request.urlopen``, for which
    ``install_opener`` is the place to do something about it; fetching and reading by hand what it fetches would be
    longer than this, and would be ours to keep when OpenML changes.
    """

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
        self._report(Step(_("Asking OpenML for MNIST"), None, 1.5 * self._patience))
        return request

    def https_response(self, request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:
        self._unanswered = 0
        described = "/api/" in request.full_url  # a description of the data, not the data: short, and soon read
        coming = _("Asking OpenML for MNIST") if described else _("Downloading from OpenML")
        then = _("Asking OpenML for MNIST") if described else _("Reading what OpenML sent")
        meter = Meter(coming, self._patience, self._report)
        meter.total = int(response.headers.get("Content-Length", 0))
        receive = response.read

        def read(n_bytes: int = CHUNK_BYTES) -> bytes:
            content = receive(min(n_bytes, CHUNK_BYTES))
            if content:
                meter.update(len(content))
            else:  # From here to the next request scikit-learn is at work, and the server is not to blame for silence.
                self._report(Step(then, None, WORK_PATIENCE))
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
