"""Exports built in a process of their own: what they import would make a server large, and its other visitors wait."""

import traceback
from multiprocessing.connection import Connection

from mnist_demo.errors import ExportError, MnistDemoError
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import build_export
from mnist_demo.processes import ChildProcess
from mnist_demo.translation import _, current_language, use_language

TIMEOUT_SECONDS = 120.0  # far more than any export takes


def build_beside(run: ExportedRun, name: str) -> bytes:
    """Return what `build_export` returns; waits for the process, which holds up no other thread of this one.

    Raises
    ------
    ExportError
        As `build_export` does, and when the process cannot be started, fails or does not answer.
    """
    failure = ExportError(_("The file could not be made because of a fault in this program; the run is unharmed."))
    try:
        with ChildProcess(_build, run, name, current_language(), answers_only=True) as child:
            if not child.connection.poll(TIMEOUT_SECONDS):
                raise failure
            answer: bytes | MnistDemoError | None = child.connection.recv()
    except (OSError, EOFError) as error:
        raise failure from error
    if isinstance(answer, MnistDemoError):
        raise answer
    if answer is None:
        raise failure
    return answer


def _build(connection: Connection, run: ExportedRun, name: str, language: str) -> None:
    """In the process: send the file, the error that a person caused, or None for a fault, which the log gets whole."""
    use_language(language)
    answer: bytes | MnistDemoError | None = None
    try:
        answer = build_export(run, name)
    except MnistDemoError as error:
        answer = error
    except Exception:
        traceback.print_exc()
    connection.send(answer)
