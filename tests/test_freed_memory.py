"""Memory that is free again: a process that trains keeps it, a server gives it back."""

import multiprocessing
import os
import platform
from multiprocessing.connection import Connection

import numpy as np
import pytest

from benchmarks.drivers.memory import read_memory
from mnist_demo.processes import give_back_freed_memory, keep_freed_memory
from tests.test_processes import answer_of_a_new_process


def count_new_pages(keeps: bool, answer: Connection) -> None:
    """Send how many pages the system had to give anew while three tensors of 20 MB came and went ten times."""
    import resource

    import torch

    if keeps:
        keep_freed_memory()
    torch.set_num_threads(1)
    numbers = torch.ones(5_000_000)
    for times in (3, 30):  # now and then the library gives all back once
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _time in range(times):
            pieces = [numbers + 1, numbers + 2, numbers + 3]
            del pieces
    answer.send(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only GNU's C library is told what to keep")
def test_memory_that_is_freed_is_kept_for_the_next_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise it depends on what else is in memory whether the library begins to keep some of it by itself.
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "131072")
    # The fork server began with another environment.
    spawn = multiprocessing.get_context("spawn")
    new_pages = {keeps: answer_of_a_new_process(count_new_pages, keeps, spawn) for keeps in (False, True)}
    assert new_pages[True] < new_pages[False] / 10


def measure_what_is_kept(gives_back: bool, answer: Connection) -> None:
    """Send how many megabytes are left of ten pieces of 10 MB that are gone, with small ones between that are not."""
    if gives_back:
        give_back_freed_memory()
    np.ones(1_500_000)  # from here on the library takes such a piece for one of many, unless it is told otherwise
    before = read_memory(os.getpid()).own
    pieces, small = list[np.ndarray](), list[bytearray]()
    for _piece in range(10):
        pieces.append(np.ones(1_250_000))
        small.append(bytearray(100_000))
    del pieces
    answer.send(read_memory(os.getpid()).own - before)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only GNU's C library is told what to give back")
def test_memory_that_is_freed_is_given_back_by_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    spawn = multiprocessing.get_context("spawn")
    kept = {
        gives_back: answer_of_a_new_process(measure_what_is_kept, gives_back, spawn) for gives_back in (False, True)
    }
    assert kept[False] > 50
    assert kept[True] < 5
