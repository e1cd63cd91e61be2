"""A home on a disk that is full indeed: too small for the runs that are saved there."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.jobs.observed_run import new_job_id
from mnist_demo.jobs.registry import JobRegistry
from tests.deploy.container import UNSHARE
from tests.faults.runs import assert_whole_or_absent, train_undisturbed
from tests.faults.test_faults import started
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux’s file systems")
# The run of these tests, twice, as it is when it is replaced, needs about 3,400.
KILOBYTES = 3200
# Puts a disk of that size in the place of a folder, and what is on it at the end into another one.
ON_A_SMALL_DISK = """
size=$1 home=$2 kept=$3; shift 3
mount -t tmpfs -o size="$size" tmpfs "$home"
"$@"
cp -R "$home/." "$kept"
"""


def test_run_on_a_disk_that_gets_full_is_whole_or_absent_and_the_visitor_reads_one_sentence(
    tries: int, tmp_path: Path, builtin: DigitDataset
) -> None:
    rng, registry = random.Random(5), JobRegistry(slots=2)  # the first one takes the run, but not its last saved point
    undisturbed = train_undisturbed(registry, builtin)
    for attempt in range(tries):
        home, kept, run_id = tmp_path / f"{attempt}", tmp_path / f"{attempt}-kept", new_job_id()
        home.mkdir()
        kept.mkdir()
        size = f"{rng.randrange(4, KILOBYTES)}k"
        prefix: tuple[str, ...] = (*UNSHARE, ON_A_SMALL_DISK, "sh", size, str(home), str(kept))
        # Where nobody may mount anything, the disk is the one that is there.
        if not shutil.which("unshare") or subprocess.run([*prefix, "true"], check=False).returncode:
            prefix, kept = (), home
        with started(home, "tests.faults.serving", str(home), run_id, prefix=prefix) as server:
            said, _nothing = server.communicate(timeout=2 * PATIENCE)
        end = json.loads(said.splitlines()[-1])
        assert (server.returncode, end["state"], "\n" in end["problem"]) == (0, "finished", False)
        was_saved = assert_whole_or_absent(kept, run_id, registry, builtin, undisturbed)
        assert was_saved or end["problem"]
    registry.close()
