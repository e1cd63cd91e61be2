"""The container file, and a root file system that is read only, without a container engine."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests import ROOT

# Makes what follows `--` see all but the folders before it as read only, and run without privileges.
CONTAINED = """
while [ "$1" != -- ]; do mount --bind "$1" "$1"; shift; done
shift
mount -o remount,bind,ro /
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""
UNSHARE = ("unshare", "--mount", "--propagation", "private", "sh", "-ec")


def instructions() -> dict[str, list[str]]:
    """Return what follows each instruction of the container file, by its name, in order."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        name, _space, rest = line.partition(" ")
        if name.isalpha() and name.isupper():
            found.setdefault(name, []).append(rest.strip())
    return found


def start_command() -> list[str]:
    said = instructions()
    return [*json.loads(said["ENTRYPOINT"][0]), *json.loads(said["CMD"][0])]


def health_command() -> str:
    return instructions()["HEALTHCHECK"][0].partition("CMD ")[2]


def variables() -> dict[str, str]:
    pairs = (pair.partition("=") for line in instructions()["ENV"] for pair in shlex.split(line))
    return {name: value for name, _sign, value in pairs}


def copy_for_container(folder: Path) -> None:
    """Copy into `folder` what the container file copies."""
    for line in instructions()["COPY"]:
        *names, target = line.split()
        for name in names:
            source, place = ROOT / name, folder / target
            if source.is_dir():
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, place)


def contained(command: Sequence[str], writable: Sequence[Path]) -> list[str]:
    """Return a command that runs `command` with all but these folders read only; `command` itself where nobody may."""
    tried = [*UNSHARE, CONTAINED, "sh", "--", "true"]
    can = os.name == "posix" and shutil.which("unshare") and subprocess.run(tried, check=False).returncode == 0
    return [*UNSHARE, CONTAINED, "sh", *map(str, writable), "--", *command] if can else [*command]
