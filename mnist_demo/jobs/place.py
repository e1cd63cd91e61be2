"""The choice of where runs are computed: this machine, or the cluster that ``MNIST_DEMO_CLUSTER`` names."""

import os
from collections.abc import Callable

from mnist_demo.jobs.computing import Computing, Here
from mnist_demo.translation import N_

DASK_IS_MISSING = N_(
    "MNIST_DEMO_CLUSTER names a cluster, but Dask is not installed on this server: pip install 'mnist-demo[cluster]'."
)


def computing_place(on_change: Callable[[], None]) -> Computing:
    """Return the cluster that ``MNIST_DEMO_CLUSTER`` names, or this machine; `on_change` is as for `Cluster`."""
    address = os.environ.get("MNIST_DEMO_CLUSTER")
    if not address:
        return Here()
    try:
        from mnist_demo.jobs.cluster import Cluster
    except ImportError:
        return Here(problem=DASK_IS_MISSING)
    return Cluster(address, on_change)
