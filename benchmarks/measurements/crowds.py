"""Many visitors at a time: a class of thirty, one server with a hundred, and several servers with a cluster beside."""

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from benchmarks.comparison import Comparison, Goal, Sample, at_most, at_most_times, quantile
from benchmarks.drivers.crowd import Work, crowd_at_work, stranger
from benchmarks.drivers.dask_processes import DaskProcesses
from benchmarks.drivers.memory import read_memory
from benchmarks.drivers.visitors import Visitor
from benchmarks.errors import BenchmarkError
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_, _
from mnist_demo.ui import keys
from tests.browser.server import PageServer, descendants, serve

# As in SCALE.md: each draws so many strokes a minute, and begins a run of some seconds of a core every three minutes.
STROKES, RUN_PAUSE, SHORT_RUN = 10.0, 180.0, "speed=full&preset=tutorial-pytorch&epochs=40"
# Alone she draws oftener, for as many strokes to judge by.
STROKES_ALONE = 60.0
PUPILS, TRAINING_IN_CLASS = 30, 10
CROWDS, TRAINING = (30, 100), (2, 10)
LARGE_CROWDS, SERVERS, WORKERS = (100, 300), (1, 2, 3), 2
# Seconds until all have begun, and those that count. In a quick try there are few visitors, who hardly rest.
ARRIVAL, SECONDS = 10.0, 40.0
QUICK_CROWD, QUICK_STROKES, QUICK_SECONDS = 2, 600.0, 0.3
PATIENCE_SECONDS, LOOK_SECONDS = 60.0, 0.1
# Of what one visitor alone gets, for those in a crowd.
NEARLY_AS_GOOD = at_most_times(1.5)


@dataclass(frozen=True)
class Load:
    """What a crowd did, and what that took: seconds of each answer, megabytes, shares of a core, faults.

    `memory_of_all` is with the processes that the server has started, which are mostly those of runs.
    """

    answers: dict[str, list[float]]
    seconds: float
    memory: float
    memory_of_all: float
    server_cores: float
    visitor_cores: float
    faults: list[str]


def measure_class(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield what a class of thirty with ten runs at a time gets from one server, beside one visitor who trains."""
    size, training = (QUICK_CROWD, 1) if surroundings.quick else (PUPILS, TRAINING_IN_CLASS)
    with surroundings.serve() as server:
        alone = _measure_alone(surroundings, server)
        with _visitors([server], size + 1, _long_run(surroundings)) as (teacher, *pupils):
            code = open_class(teacher)
            for number, pupil in enumerate(pupils):
                join_class(pupil, code, f"Pupil {number + 1}")
            crowd = [(teacher, Work(0.0)), *_work(surroundings, pupils, training)]
            load = _measure(surroundings, [server], crowd)
    yield from _rows(load, alone, N_("a class of {visitors}, {training} training"), visitors=size, training=training)


def measure_one_server(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield what crowds on one server get, two and ten of them training, beside one visitor who trains."""
    for size in (QUICK_CROWD,) if surroundings.quick else CROWDS:
        with surroundings.serve() as server:
            alone = _measure_alone(surroundings, server)
            for training in (1,) if surroundings.quick else TRAINING:
                with _visitors([server], size, _long_run(surroundings)) as visitors:
                    load = _measure(surroundings, [server], _work(surroundings, visitors, training))
                what = N_("{visitors} visitors, {training} training")
                yield from _rows(load, alone, what, visitors=size, training=training)


def measure_servers(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield what crowds get from one, two and three servers of one home, whose runs a Dask cluster computes.

    Each visitor stays with one server, as behind the proxy of the folder ``deploy``.
    """
    work = Work(QUICK_STROKES, 0.0) if surroundings.quick else Work(STROKES, RUN_PAUSE)
    # In a quick try each has one run, which must not end before its page has refreshed.
    run = _long_run(surroundings) if surroundings.quick else SHORT_RUN
    for size in (QUICK_CROWD,) if surroundings.quick else LARGE_CROWDS:
        for count in (1,) if surroundings.quick else SERVERS:
            with _servers_and_cluster(surroundings, count) as servers, _visitors(servers, size, run) as visitors:
                load = _measure(surroundings, servers, [(visitor, work) for visitor in visitors])
            what = N_("{visitors} visitors, page servers beside a cluster: {servers}")
            yield from _rows(load, None, what, visitors=size, servers=count)


@contextlib.contextmanager
def _servers_and_cluster(surroundings: Surroundings, count: int) -> Iterator[list[PageServer]]:
    """Run so many page servers, and a cluster beside them; a quick try does with the server that runs already."""
    with contextlib.ExitStack() as stack:
        if surroundings.quick:
            yield [stack.enter_context(surroundings.serve())]
            return
        cluster = stack.enter_context(contextlib.closing(DaskProcesses(WORKERS)))
        environment = {**surroundings.environment, "MNIST_DEMO_CLUSTER": cluster.address}
        yield [stack.enter_context(serve(surroundings.folder, environment)) for _server in range(count)]


def open_class(teacher: Visitor) -> str:
    """Have a teacher open a class, whose page she then looks at; return its code."""
    teacher.go_to("class")
    teacher.fill_in({keys.CLASS_NAME: "7b"}, keys.CREATE_CLASS)
    return parse_qs(teacher.query)["code"][0]


def join_class(pupil: Visitor, code: str, nickname: str) -> None:
    """Have a pupil join the class with that code, and go where digits are drawn."""
    pupil.go_to("class")
    pupil.fill_in({keys.CLASS_TO_JOIN: code}, keys.GO_TO_CLASS)
    pupil.fill_in({keys.NICKNAME: nickname}, keys.JOIN_CLASS)
    pupil.go_to("")


def _long_run(surroundings: Surroundings) -> str:
    """Return the settings, as a query, of a linear model that trains for minutes at full speed."""
    few = len(surroundings.dataset.train_labels) < 10_000
    return f"speed=full&preset=tutorial-pytorch&epochs=1000&batch-size={2 if few else 100}"


@contextlib.contextmanager
def _visitors(servers: Sequence[PageServer], count: int, query: str) -> Iterator[list[Visitor]]:
    """Have so many visitors with the page open, spread over the servers, until the context ends."""
    with contextlib.ExitStack() as stack:
        addresses = [f"{servers[number % len(servers)].url}/?{query}" for number in range(count)]
        visitors = [stack.enter_context(contextlib.closing(stranger(address))) for address in addresses]
        for visitor in visitors:
            visitor.open_page()
        yield visitors


def _work(surroundings: Surroundings, visitors: Sequence[Visitor], training: int) -> list[tuple[Visitor, Work]]:
    """Return what each does: all draw, and the first have a run that goes on."""
    strokes = QUICK_STROKES if surroundings.quick else STROKES
    return [(visitor, Work(strokes, 0.0 if place < training else None)) for place, visitor in enumerate(visitors)]


def _measure_alone(surroundings: Surroundings, server: PageServer) -> Load:
    work = Work(QUICK_STROKES if surroundings.quick else STROKES_ALONE, 0.0)
    with _visitors([server], 1, _long_run(surroundings)) as (visitor,):
        return _measure(surroundings, [server], [(visitor, work)])


def _measure(
    surroundings: Surroundings, servers: Sequence[PageServer], visitors: Sequence[tuple[Visitor, Work]]
) -> Load:
    """Have the visitors work, and look at what they get once all have begun; who trained stops her run at the end."""
    arrival, seconds = (0.0, QUICK_SECONDS) if surroundings.quick else (ARRIVAL, SECONDS)
    pids = [server.process.pid for server in servers]

    def computed() -> list[float]:
        return [time.process_time(), *map(_processor_seconds, pids)]

    with crowd_at_work(visitors, arrival) as crowd:
        time.sleep(arrival)
        crowd.forget()
        began, before = time.monotonic(), computed()
        time.sleep(seconds)
        while not {"stroke", "refresh"} <= crowd.answers().keys() and time.monotonic() < began + PATIENCE_SECONDS:
            time.sleep(LOOK_SECONDS)  # a machine so busy that a quick try was too quick
        for server in servers:
            if server.process.poll() is not None:
                raise BenchmarkError(
                    _("A page server ended by itself, with exit status {status}.").format(
                        status=server.process.returncode
                    )
                )
        took, answers = time.monotonic() - began, crowd.answers()
        mine, *theirs = ((now - then) / took for now, then in zip(computed(), before, strict=True))
        memory = max((read_memory(pid).written, _memory_of_all(pid)) for pid in pids)
    for visitor, _does in visitors:
        if visitor.has(keys.STOP):
            visitor.press(keys.STOP)
    faults = crowd.faults + [line for server in servers for line in server.complaints()]
    return Load(answers, took, *memory, max(theirs), mine, faults)


def _rows(load: Load, alone: Load | None, who: str, **values: Any) -> Iterator[Comparison]:
    """Yield a row for each figure, with those of one visitor alone where there are some."""
    values["who"] = who.format(**values)
    values["problem"] = load.faults[0] if load.faults else ""
    beside = N_("one visitor, who trains") if alone else None

    def row(what: str, unit: str, of: Callable[[Load], float], goal: Goal | None = None) -> Comparison:
        theirs = Sample((of(alone),)) if alone else None
        return Comparison(what, unit, Sample((of(load),)), beside, theirs, goal=goal, values=values)

    def answered(what: str, share: float) -> Callable[[Load], float]:
        return lambda some: 1000 * quantile(some.answers[what], share) if what in some.answers else math.nan

    goal = NEARLY_AS_GOOD if alone else None
    yield row(N_("{who}: a stroke answered, p50"), "ms", answered("stroke", 0.5))
    yield row(N_("… p95"), "ms", answered("stroke", 0.95), goal)
    yield row(N_("… a refresh answered, p95"), "ms", answered("refresh", 0.95))
    yield row(
        N_("… refreshes a second of all pages"), "", lambda some: len(some.answers.get("refresh", ())) / some.seconds
    )
    yield row(N_("… memory of the server, of several the largest"), "MB", lambda some: some.memory)
    yield row(N_("… with the processes that it has started"), "MB", lambda some: some.memory_of_all)
    yield row(N_("… cores that the server takes, of several the busiest"), "", lambda some: some.server_cores)
    yield row(N_("… cores that the visitors themselves take"), "", lambda some: some.visitor_cores)
    faults = Sample((float(len(load.faults)),))
    yield Comparison(N_("… errors {problem}"), "", faults, goal=at_most(0, ""), values=values)


def _memory_of_all(pid: int) -> float:
    total = 0.0
    for process in (pid, *descendants(pid)):
        with contextlib.suppress(OSError):  # it has just ended
            total += read_memory(process).written
    return total


def _processor_seconds(pid: int) -> float:
    """Return how long process `pid` has computed; needs Linux's /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
