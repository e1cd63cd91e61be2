"""The second thread of a process that trains: there while a core is free, left alone while another program has it."""

import threading
import time

import pytest

from mnist_demo.second_thread import JUDGED_CALLS, SecondThread
from tests.waiting import wait_until


def test_second_thread_computes_beside_the_first_and_what_it_raises_is_raised_here() -> None:
    second = SecondThread()
    second.may_compute = True
    meeting = threading.Barrier(2, timeout=20)

    def meet() -> int:
        meeting.wait()
        return threading.get_ident()

    ours, theirs = second.both(meet, meet)
    assert ours == threading.get_ident() != theirs
    with pytest.raises(ZeroDivisionError):
        second.both(lambda: 1, lambda: 1 // 0)
    assert second.both(lambda: 1, lambda: 2) == (1, 2)


def test_second_thread_that_keeps_the_first_waiting_is_left_alone_for_a_while() -> None:
    second = SecondThread()
    second.may_compute = True

    def slow() -> int:
        time.sleep(0.01)  # as if another program had its core
        return threading.get_ident()

    idents = [second.both(lambda: None, slow)[1] for _call in range(JUDGED_CALLS + 1)]
    assert threading.get_ident() not in idents[:-1]
    assert idents[-1] == threading.get_ident()
    wait_until(lambda: second.both(lambda: None, slow)[1] != threading.get_ident())
