"""The program of a worker process."""

from __future__ import annotations

import pickle
import subprocess
import sys

import farm_jobs
from gaq.farm.parcel import ParcelDone, Shared, packed


def test_it_ends_when_its_input_ends():
    shared = Shared.of(2)
    request = pickle.dumps((shared.key, shared.content, packed(farm_jobs.multiply, 21)))
    command = [sys.executable, "-m", "gaq.farm.worker"]
    environment = {"PYTHONPATH": ":".join(part for part in sys.path if part)}
    done = subprocess.run(command, input=request, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert pickle.loads(done.stdout) == ParcelDone(42)
