"""The second thread of a process that trains: there while a core is free, left alone while another program has it."""

import threading
import time
from multiprocessing.connection import Connection

import numpy as np
import pytest

from mnist_demo.second_thread import JUDGED_CALLS, SECOND_THREAD, SecondThread, compute_with
from mnist_demo.settings.hyperparameters import Hyperparameters
from tests.test_processes import answer_of_a_new_process
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


def train_with_tiny_numbers(flushes: bool, answer: Connection) -> None:
    """Send what becomes of ten million tiny numbers, and weights after 1,200 steps of Adam with how many such averages.

    After 900 steps without ink an average has come down to them.
    """
    import torch

    from mnist_demo.data.builtin_digits import load_builtin
    from mnist_demo.models.classifiers import build_model
    from mnist_demo.training.loop import train

    if flushes:
        compute_with(2)
    torch.set_num_threads(1)

    def count_left() -> int:
        return int((torch.full((5_000_000,), 1e-39) * 0.5).count_nonzero())

    left = sum(SECOND_THREAD.both(count_left, count_left))
    hyperparameters = Hyperparameters(
        model="mlp", hidden_sizes=(16,), optimizer="adam", epochs=9, batch_size=10, learning_rate=0.001
    )
    torch.manual_seed(0)
    model = build_model(hyperparameters)
    training = train(model, hyperparameters, load_builtin())
    for _event in training:
        pass
    averages = [tensor for name, tensor in training.state().tensors.items() if "exp_avg" in name]
    tiny = sum(int(((tensor != 0) & (tensor.abs() < 1e-38)).sum()) for tensor in averages)
    answer.send((left, tiny, {name: tensor.numpy() for name, tensor in model.state_dict().items()}))


def test_tiny_numbers_are_taken_for_zero_and_nothing_is_learned_otherwise() -> None:
    left, tiny, weights = answer_of_a_new_process(train_with_tiny_numbers, False)
    assert left == 10_000_000
    assert tiny > 100
    # Each of the two threads does so.
    left, tiny, weights_when_flushed = answer_of_a_new_process(train_with_tiny_numbers, True)
    assert (left, tiny) == (0, 0)
    for name, values in weights.items():
        assert np.array_equal(values, weights_when_flushed[name])
