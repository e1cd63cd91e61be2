"""The proxy and the processes of the folder ``deploy``, with their own files, on this machine."""

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from distributed import Client

from benchmarks.drivers.visitors import Answer, Visitor
from mnist_demo.cli.main import main
from mnist_demo.saved_runs.store import RunStore
from mnist_demo.translation import format_percent
from mnist_demo.ui import keys
from tests import ROOT
from tests.browser.server import free_port, serve_builtin_digits
from tests.deploy.container import contained, variables
from tests.waiting import wait_until

FOLDER = ROOT / "deploy"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
BINARIES = Path(sys.executable).parent


@contextlib.contextmanager
def proxy(folder: Path, servers: Sequence[int]) -> Iterator[int]:
    """Run nginx with our configuration before the servers of these two ports; yield the port that it listens at."""
    port = free_port()
    text = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    for said, meant in (
        ("listen 8080", f"listen 127.0.0.1:{port}"),
        ("page-1:8501", f"127.0.0.1:{servers[0]}"),
        ("page-2:8501", f"127.0.0.1:{servers[1]}"),
        ("/tmp/nginx.pid", str(folder / "nginx.pid")),
    ):
        assert said in text
        text = text.replace(said, meant)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]
    process = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        wait_until(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None, (folder / "nginx.log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(20)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return get(port, "/_stcore/health")[0] < 500
    return False


def get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@contextlib.contextmanager
def server_that_says(name: bytes) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(name)))
            self.end_headers()
            self.wfile.write(name)

        def log_message(self, format: str, *_values: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def components(answer: Answer) -> list[Any]:
    """Return what a page shows that has a program of its own for the browser."""
    elements = [message.delta.new_element for message in answer.messages if message.WhichOneof("type") == "delta"]
    return [element.bidi_component for element in elements if element.WhichOneof("type") == "bidi_component"]


# Not skipped without nginx, as what is skipped fails where all is to be tried: no other test needs it.
if NGINX:

    def test_proxy_keeps_each_visitor_with_one_of_the_servers(tmp_path: Path) -> None:
        with server_that_says(b"one") as one, server_that_says(b"two") as two, proxy(tmp_path, (one, two)) as port:
            served = set[bytes]()
            for _visitor in range(20):
                _status, headers, name = get(port, "/")
                cookie = headers["Set-Cookie"].partition(";")[0]
                again = [
                    get(port, path, Cookie=cookie) for path in ("/", "/_stcore/stream", "/_stcore/upload_file/x/y")
                ]
                assert [answer for _status, _headers, answer in again] == [name] * 3
                assert all("Set-Cookie" not in headers for _status, headers, _answer in again)
                served.add(name)
            assert served == {b"one", b"two"}

    @pytest.mark.timeout(240)
    def test_two_servers_below_a_path_share_one_home_and_one_cluster_behind_the_proxy(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with contextlib.ExitStack() as stack:
            address = stack.enter_context(cluster_of_the_compose_file(tmp_path))
            monkeypatch.setenv("MNIST_DEMO_CLUSTER", address)
            assert main(["cluster", "check", "--json"]) == 0
            assert json.loads(capsys.readouterr().out.splitlines()[0])["workers"] == 1
            urls = [
                stack.enter_context(serve_builtin_digits(tmp_path, STREAMLIT_SERVER_BASE_URL_PATH="digits")).url
                for _server in range(2)
            ]
            port = stack.enter_context(proxy(tmp_path, [int(urlsplit(url).port or 0) for url in urls]))
            status, _headers, page = get(port, "/digits/")
            assert status == 200
            script = page.decode().partition('src="./')[2].partition('"')[0]
            _status, headers, _script = get(port, f"/digits/{script}", Accept_Encoding="gzip")
            assert headers.get("Content-Encoding") == "gzip"
            for closed in ("metrics", "script-health-check", "agent/interact", "agent/mcp", "agent/openapi.json"):
                assert get(port, f"/digits/_stcore/{closed}")[0] == 404

            url = f"http://127.0.0.1:{port}/digits"
            with contextlib.closing(Visitor(f"{url}?speed=full&epochs=1")) as visitor:
                opened = visitor.open_page()
                # What the page shows comes through, the program of its canvas too.
                (canvas,) = (part for part in components(opened) if part.js_source_path)
                program = f"{canvas.component_name}/{canvas.js_source_path}"
                assert get(port, f"/digits/_stcore/bidi-components/{program}")[0] == 200
                visitor.press(keys.START)
                store = RunStore(tmp_path / "home" / "runs")
                wait_until(lambda: [run.state for run in store.runs()] == ["finished"], 60)
            (run,) = store.runs()
            with Client(address, set_as_default=False, timeout=60) as client:
                tasks = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.task_prefixes))
            assert tasks  # it was computed there
            # The link to it works whichever server answers.
            for there in (url, *urls):
                with contextlib.closing(Visitor(f"{there}?run={run.id}")) as other:
                    shown = "".join(other.open_page().texts())
                assert format_percent(run.metrics["test_accuracy"], digits=2) in shown

            # And the link to a class has the address of the proxy, and leads into the class from either server.
            with contextlib.closing(Visitor(url)) as teacher:
                teacher.open_page()
                teacher.go_to("class")
                shown = "".join(teacher.fill_in({keys.CLASS_NAME: "7b"}, keys.CREATE_CLASS).texts())
            link = re.search(rf">http://[^/]+:{port}/digits/class(\?code=\w+)<", shown)
            assert link is not None
            for there in (url, *urls):
                with contextlib.closing(Visitor(there + link[1])) as pupil:
                    pupil.open_page()
                    pupil.go_to("class")
                    assert pupil.has(keys.JOIN_CLASS)


@contextlib.contextmanager
def cluster_of_the_compose_file(folder: Path) -> Iterator[str]:
    """Run the scheduler and a worker as the compose file says; yield the address that its pages are given.

    All but the folder is read only to them, as all but /tmp is in their containers.
    """
    services = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))["services"]
    address = f"tcp://127.0.0.1:{free_port()}"
    here = {"8786": address.rpartition(":")[2], "tcp://scheduler:8786": address, "/tmp": str(folder)}
    # In the container the package is installed, and the user's home is one of what is read only.
    environment = {**os.environ, **variables(), "PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "HOME": str(ROOT)}
    with contextlib.ExitStack() as stack:
        for name in ("scheduler", "worker"):
            said: list[str] = services[name]["entrypoint"] + services[name]["command"]
            command = [str(BINARIES / said[0]), *(here.get(argument, argument) for argument in said[1:])]
            assert services[name]["read_only"]
            assert services[name]["tmpfs"] == ["/tmp"]
            command = contained(command, writable=[folder])
            process = stack.enter_context(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
            stack.callback(process.terminate)
        with Client(address, set_as_default=False, timeout=60) as client:
            client.wait_for_workers(1, timeout=60)
        yield here[services["page-1"]["environment"]["MNIST_DEMO_CLUSTER"]]
