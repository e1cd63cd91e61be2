"""The limit on wrong codes."""

from mnist_demo.classes.tries import MAX_WRONG, WINDOW_SECONDS, TryLimit


def test_tries_of_codes_are_limited_for_a_while() -> None:
    moment = [0.0]
    limit = TryLimit(clock=lambda: moment[0])
    for _try in range(MAX_WRONG):
        assert limit.may_try("here")
        limit.note_wrong("here")
    assert not limit.may_try("here")
    assert limit.may_try("there")
    moment[0] = WINDOW_SECONDS + 1
    assert limit.may_try("here")
