"""Programs run in processes of their own, one after the other or in turns, for the lines of JSON that they print."""

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.errors import BenchmarkError
from mnist_demo.translation import _
from tests import ROOT

BASELINES = ROOT / "benchmarks" / "baselines"
POLLING_SECONDS = 0.05
Line = dict[str, Any]


def baseline(name: str, *arguments: str) -> list[str]:
    """Return the command that runs one of the programs in ``baselines/``."""
    return [sys.executable, str(BASELINES / f"{name}.py"), *arguments]


def ours(*arguments: str) -> list[str]:
    """Return the command ``python -m mnist_demo`` with these arguments."""
    return [sys.executable, "-m", "mnist_demo", *arguments]


def run_program(
    command: Sequence[str],
    environment: Mapping[str, str],
    budget: float | None = None,
    is_enough: Callable[[Line], bool] = lambda line: False,
) -> list[Line]:
    """Run `command`; return the objects that it prints, one a line, with the second at which each `arrived`.

    It is ended as soon as a line `is_enough`, or after `budget` seconds; either is as good an end as its own.

    Raises
    ------
    BenchmarkError
        When it ends with another exit status than 0; the sentence quotes its last line on stderr.
    """
    lines: list[Line] = []
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        timer = threading.Timer(budget or threading.TIMEOUT_MAX / 2, process.kill)
        timer.daemon = True
        timer.start()
        was_ended = False
        assert process.stdout is not None
        try:
            for text in process.stdout:
                lines.append({**json.loads(text), "arrived": time.perf_counter()})
                if is_enough(lines[-1]):
                    was_ended = True
                    break
        finally:
            out_of_time = not timer.is_alive()
            timer.cancel()
            if was_ended:
                process.kill()
            process.stdout.close()
            process.wait()
        if process.returncode and not was_ended and not out_of_time:
            complaints.seek(0)
            last = (complaints.read().decode(errors="replace").strip().splitlines() or [""])[-1]
            sentence = _("A program that was to be measured failed ({command}): {problem}")
            raise BenchmarkError(sentence.format(command=" ".join(command[1:]), problem=last))
    return lines


def can_rest() -> bool:
    """Return whether this system can stop a process and let it go on later."""
    return hasattr(signal, "SIGSTOP")


class RestingProgram:
    """A program that computes in its turns only; made by `let_rest`."""

    def __init__(self, command: Sequence[str], process: "subprocess.Popen[str]") -> None:
        self._command, self._process, self._lines = command, process, list[Line]()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def turn(self, seconds: float, at_least: int = 0) -> list[Line]:
        """Let it compute for `seconds`, and until there are `at_least` so many lines.

        Returns the lines of that time, each with the second at which it `arrived`. One that arrives just after it was
        stopped is of no turn.

        Raises
        ------
        BenchmarkError
            When it has ended; it would have had to go on.
        """
        first = len(self._lines)
        self._process.send_signal(signal.SIGCONT)
        time.sleep(seconds)
        while len(self._lines) < first + at_least:
            if self._process.poll() is not None:
                sentence = _("A program that was to be measured ended too soon ({command}).")
                raise BenchmarkError(sentence.format(command=" ".join(self._command[1:])))
            time.sleep(POLLING_SECONDS)
        self._process.send_signal(signal.SIGSTOP)
        return self._lines[first:]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            self._lines.append({**json.loads(text), "arrived": time.perf_counter()})


@contextlib.contextmanager
def let_rest(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[RestingProgram]:
    """Start `command`, which rests at once, but in its turns; it is ended at the end."""
    with subprocess.Popen(
        command,
        env=dict(environment),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        process.send_signal(signal.SIGSTOP)
        try:
            yield RestingProgram(command, process)
        finally:
            process.kill()
