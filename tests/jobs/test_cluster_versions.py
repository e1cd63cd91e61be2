"""Which workers of a cluster may compute runs, by the versions that they have."""

from mnist_demo.jobs.cluster import refusals
from mnist_demo.jobs.cluster_task import Versions, versions


def test_worker_with_other_versions_is_refused_in_a_sentence() -> None:
    ours = versions()
    found: dict[str, Versions | Exception] = {
        "tcp://a:1": ours,
        "tcp://b:2": Versions(ours.program, "1.0"),
        "tcp://c:3": ImportError("mnist_demo"),
    }
    old, without = refusals(found)
    assert "tcp://b:2" in old
    assert "torch 1.0" in old
    assert f"torch {ours.torch}" in old
    assert "tcp://c:3 has no mnist-demo" in without
