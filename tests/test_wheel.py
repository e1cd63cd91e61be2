"""The package as it is installed: the wheel is built, unpacked into a folder of its own, and used from another one.

It is built of what the container file copies, and its page is served once more as that file says.
"""

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

import mnist_demo
from benchmarks.drivers.visitors import Visitor
from mnist_demo.data.dataset import DigitDataset
from mnist_demo.ui import keys
from tests import ROOT
from tests.browser.server import free_port
from tests.deploy.container import (
    contained,
    copy_for_container,
    health_command,
    instructions,
    start_command,
    variables,
)
from tests.waiting import wait_until

THEME = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


# Several commands in one process, which loads torch once.
COMMANDS = """
from mnist_demo.cli.main import main

if __name__ == "__main__":
    for command in (
        "train --epochs 1 --json --output model",
        "evaluate model --json",
        "runs list --json",
        "classify starter digit.png --json",
    ):
        assert main(command.split()) == 0, command
"""


@dataclass(frozen=True)
class Installed:
    """The package in `packages`, the wheel that it came in, and a folder `elsewhere` to use it from."""

    wheel: Path
    packages: Path
    elsewhere: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {"PYTHONPATH": str(self.packages), "MNIST_DEMO_DATA": "builtin"}
        return {**os.environ, **own, "MNIST_DEMO_HOME": str(self.elsewhere / "home")}

    def run(self, *program: str) -> str:
        """Return what that program prints; it must succeed."""
        finished = subprocess.run(
            program,
            cwd=self.elsewhere,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel without a network, by the build backend that is installed, and install it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    copy_for_container(source)
    offline = ["--no-deps", "--no-index"]
    built = subprocess.run(
        [*PIP, "wheel", *offline, "--no-build-isolation", "--wheel-dir", str(folder), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    subprocess.run([*PIP, "install", *offline, "--target", str(folder / "packages"), str(wheel)], check=True)
    return Installed(wheel, folder / "packages", elsewhere)


def test_wheel_has_every_file_of_the_package_and_nothing_else(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        licences = {Path(name).name for name in wheel.namelist() if ".dist-info/licenses/" in name}
    sources = [path for path in (ROOT / "mnist_demo").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    entry = {"mnist_demo/page/app.py", "mnist_demo/page/.streamlit/config.toml"}
    assert names == {path.relative_to(ROOT).as_posix() for path in sources} | entry
    assert licences == {"LICENSE", "NOTICE"}


def test_wheel_says_its_version_and_what_it_needs(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        lines = wheel.read(name).decode().split("\n\n")[0].splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["cluster"]]
    assert f"Version: {mnist_demo.__version__}" in lines
    assert sum(line.startswith("Requires-Dist: ") for line in lines) == len(declared)
    assert "License-Expression: MIT" in lines


def test_installed_command_shows_its_help(installed: Installed) -> None:
    command = shutil.which("mnist-demo", path=str(installed.packages / "bin"))
    assert command is not None
    help_text = installed.run(command, "--help")
    assert help_text.startswith("usage: mnist-demo ")
    assert all(f"\n    {name}" in help_text for name in ("page", "train", "evaluate", "classify", "runs"))


def test_installed_package_trains_evaluates_and_classifies(installed: Installed, builtin: DigitDataset) -> None:
    Image.fromarray(builtin.test_pixels[0]).save(installed.elsewhere / "digit.png")
    trained, evaluated, listed, classified = installed.run(sys.executable, "-c", COMMANDS).splitlines()
    assert json.loads(evaluated)["test_accuracy"] == pytest.approx(json.loads(trained)["test_accuracy"])
    assert json.loads(listed)["state"] == "finished"
    assert json.loads(classified)["predicted_digit"] == builtin.test_labels[0]


def test_installed_page_is_served_with_its_theme_and_styles(installed: Installed) -> None:
    with served_page(installed) as url:
        visitor = Visitor(url)
        messages = visitor.open_page().messages
        visitor.close()
    (session,) = [message.new_session for message in messages if message.WhichOneof("type") == "new_session"]
    assert session.custom_theme.light.primary_color == THEME["light"]["primaryColor"]
    assert session.custom_theme.dark.background_color == THEME["dark"]["backgroundColor"]
    assert Path(session.main_script_path) == installed.packages / "mnist_demo" / "page" / "app.py"
    shown = str(messages)
    assert THEME["light"]["primaryColor"] in shown  # the accent colour of our own styles
    assert "Learn to read digits" in shown
    assert "exception {" not in shown


def test_container_file_serves_a_page_that_trains_and_keeps_from_a_read_only_root(installed: Installed) -> None:
    home, temporary = installed.elsewhere / "data", installed.elsewhere / "tmp"
    home.mkdir()
    temporary.mkdir()
    program, *arguments = start_command()
    command = [sys.executable, str(installed.packages / "bin" / program), *arguments]
    own = {**variables(), "MNIST_DEMO_HOME": str(home), "HOME": "/nonexistent", "TMPDIR": str(temporary)}
    with served_page(installed, contained(command, [home, temporary]), own) as url:
        health = health_command().replace("8501", url.rpartition(":")[2]).replace("python", sys.executable, 1)
        assert subprocess.run(health, shell=True, check=False).returncode == 0
        visitor = Visitor(f"{url}/?speed=full&epochs=1")
        visitor.open_page()
        visitor.press(keys.START)
        wait_until(lambda: list((home / "runs").glob("*/run.json")) != [])
        visitor.close()
    assert subprocess.run(health, shell=True, check=False, stderr=subprocess.DEVNULL).returncode != 0


def test_container_file_s_requirements_fit_those_of_the_package(installed: Installed) -> None:
    (_first, install) = [line for line in instructions()["RUN"] if line.startswith("pip install")]
    asked = shlex.split(install)[2:]
    dry = ["install", "--dry-run", "--no-index", "--no-build-isolation"]
    finished = subprocess.run(
        [*PIP, *dry, *(part for part in asked if part != "--no-cache-dir")],
        cwd=installed.wheel.parent / "source",
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


@contextlib.contextmanager
def served_page(
    installed: Installed, command: Sequence[str] = (), variables: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run ``mnist-demo page``, or `command`, from another folder until the context ends, and yield its address."""
    port = free_port()
    options = ["--server.headless=true", "--server.address=127.0.0.1"]
    log = installed.elsewhere / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command or [sys.executable, "-m", "mnist_demo", "page", *options],
            cwd=installed.elsewhere,
            env={**installed.environment, "STREAMLIT_SERVER_PORT": str(port), **(variables or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
        while True:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                break
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(20)
    assert "Traceback" not in log.read_text()
