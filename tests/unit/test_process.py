"""What a process says of its memory is true."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gaq import process
from gaq.process import busy_with_others, peak_resident_bytes, resident_bytes, usable_cores

MEGABYTE = 1 << 20


def test_the_peak_is_no_less_than_what_is_held():
    held = resident_bytes()
    assert held >= 0
    assert peak_resident_bytes() >= held
    assert peak_resident_bytes() > 5 * MEGABYTE


# In a process of its own: this one may have been told to keep what it frees.
MEMORY = """
import numpy as np
from gaq.process import forget_peak, peak_resident_bytes

assert forget_peak()
before = peak_resident_bytes()
block = np.ones(64 << 20, dtype=np.uint8)
print(peak_resident_bytes() - before)
del block
assert forget_peak()
print(peak_resident_bytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, which alone keeps a peak that can be forgotten")
def test_memory_that_was_used_is_seen_and_forgotten():
    found = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    grown, left = map(int, found.stdout.split())
    assert 60 * MEGABYTE < grown < 80 * MEGABYTE
    assert left < 32 * MEGABYTE


def test_there_is_a_core():
    assert usable_cores() >= 1


def test_a_busy_machine_is_noticed(monkeypatch):
    monkeypatch.setattr(process.os, "getloadavg", lambda: (4.2, 1.0, 1.0))
    assert "load 4.2" in busy_with_others()
    monkeypatch.setattr(process.os, "getloadavg", lambda: (0.3, 9.0, 9.0))
    assert busy_with_others() is None


def test_waiting_for_a_core_is_seen(monkeypatch):
    clock, waited = [0.0], [0.0]
    monkeypatch.setattr(process.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(process, "_waited", lambda: waited[0])
    monkeypatch.setattr(process, "_stolen", lambda: 0.0)
    contention = process.Contention()
    clock[0], waited[0] = 4.0, 1.0
    assert contention.share() == 0.25
    waited[0] = 99.0
    assert contention.share() == 1.0
    monkeypatch.setattr(process, "_waited", lambda: None)
    assert contention.share() is None


def test_the_system_tells_how_long_threads_waited():
    found = process.Contention().share()
    assert found is None or 0 <= found <= 1
