"""``mnist-demo cluster check``: what the cluster has that ``MNIST_DEMO_CLUSTER`` names, and how fast it computes."""

import argparse
import contextlib
import dataclasses
import os
import time
from typing import TYPE_CHECKING, Any

from mnist_demo.cli.common import BAD_INPUT, tell, to_json
from mnist_demo.errors import JobError
from mnist_demo.translation import _, format_decimal

if TYPE_CHECKING:
    from mnist_demo.jobs.cluster import Cluster

# As the first connection of a page may take, workers found included.
PATIENCE_SECONDS, LOOK_SECONDS = 20.0, 0.1


def add_cluster_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the one action that there is, and its flags."""
    commands = parser.add_subparsers(title=_("actions"), metavar=_("ACTION"), required=True, parser_class=type(parser))
    text = _("Say which workers there are, which of them can be used, and how fast a run would be there.")
    check = commands.add_parser("check", help=text, description=text, allow_abbrev=False)
    text = _("the scheduler, such as tcp://host:8786 (default: MNIST_DEMO_CLUSTER)")
    check.add_argument("address", nargs="?", metavar=_("ADDRESS"), help=text)
    check.add_argument("--json", action="store_true", help=_("print one JSON object"))


def run_cluster(arguments: argparse.Namespace) -> int:
    """Connect to the cluster, and print what was found."""
    address = arguments.address or os.environ.get("MNIST_DEMO_CLUSTER")
    if not address:
        raise JobError(_("Say which cluster: set MNIST_DEMO_CLUSTER, or give the address, such as tcp://host:8786."))
    try:
        from mnist_demo.jobs.cluster import Cluster
    except ImportError as error:
        raise JobError(_("Dask is not installed here: pip install 'mnist-demo[cluster]'.")) from error
    with contextlib.closing(Cluster(address)) as cluster:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while cluster.problem and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return _report(cluster, arguments.json)


def _report(cluster: "Cluster", as_json: bool) -> int:
    from mnist_demo.data.builtin_digits import load_builtin
    from mnist_demo.jobs.cluster import in_words, refusals
    from mnist_demo.jobs.cluster_task import Versions, versions
    from mnist_demo.settings.presets import PRESETS

    refused = refusals(cluster.workers)
    found: dict[str, Any] = {
        "address": cluster.address,
        "problem": str(_(cluster.problem)),
        "workers": len(cluster.workers),
        "usable_workers": len(cluster.workers) - len(refused),
        "cores": 0 if cluster.problem else cluster.cores,
        "versions": {
            address: dataclasses.asdict(theirs) if isinstance(theirs, Versions) else None
            for address, theirs in cluster.workers.items()
        },
        "refused": refused,
        "seconds_a_step": None,
    }
    if not cluster.problem:
        hyperparameters = PRESETS["tutorial-pytorch"].hyperparameters
        with contextlib.suppress(OSError, EOFError):
            found["seconds_a_step"] = cluster.measure_rates(hyperparameters, load_builtin()).step
    if as_json:
        print(to_json(found))
    else:
        for sentence in (found["problem"], *refused):
            if sentence:
                tell(sentence)
        sentence = _("{address}: {usable} of {workers} workers can be used ({versions}), with {cores} cores.")
        print(
            sentence.format(
                address=cluster.address,
                usable=found["usable_workers"],
                workers=found["workers"],
                versions=in_words(versions()),  # a worker with others cannot be used, and its sentence says which
                cores=found["cores"],
            )
        )
        if found["seconds_a_step"]:
            pace = format_decimal(1 / found["seconds_a_step"], ",.0f")
            print(
                _("A trial run with the tutorial’s settings makes {pace} steps per second on one of them.").format(
                    pace=pace
                )
            )
    return BAD_INPUT if cluster.problem else 0
