"""Commands on their way to a worker: whoever gives one never waits for the worker to read it."""

import threading
from collections import deque
from multiprocessing.connection import Connection

from mnist_demo.jobs.messages import ChangeSetting, Command, DoStep, Rest, SetSpeed


class Outbox:
    """Sends commands over `connection` in their order, in a thread of its own, until it is closed or nobody listens.

    A pipe holds some hundred commands; who sends one more waits until the worker has read some, which may last as long
    as a step does. So that is done by a thread which holds no lock, and of commands that replace each other only the
    last one waits here.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._waiting: deque[Command] = deque()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._send_forever, name=name, daemon=True).start()

    def put(self, command: Command) -> None:
        """Send `command` after those that wait, in place of one that it replaces; returns at once."""
        with self._changed:
            for waiting in reversed(self._waiting):
                if _is_same(command, waiting):
                    if not isinstance(command, SetSpeed | ChangeSetting):
                        return  # to do it twice is to do it once
                    self._waiting.remove(waiting)
                    break
                if not isinstance(waiting, SetSpeed | ChangeSetting | Rest):
                    break  # what comes before has to be done before
            self._waiting.append(command)
            self._changed.notify()

    def close(self) -> None:
        """Send nothing any more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()

    def __len__(self) -> int:
        """Return how many commands wait, the one that is being sent left out."""
        return len(self._waiting)

    def _send_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                command = self._waiting.popleft()
            try:
                self._connection.send(command)
            except (OSError, ValueError, TypeError):
                # The worker has ended, or the connection was closed meanwhile: the thread that listens says so.
                self.close()


def _is_same(command: Command, waiting: Command) -> bool:
    if isinstance(command, ChangeSetting) and isinstance(waiting, ChangeSetting):
        return command.name == waiting.name
    return type(command) is type(waiting) and not isinstance(command, DoStep)
