"""A worker process from outside."""

from __future__ import annotations

import contextlib

import pytest

import farm_jobs
from gaq.errors import NotAvailable
from gaq.farm.parcel import ParcelDone, ParcelFailed, Shared, packed
from gaq.farm.process import Process


def test_it_answers_with_one_thread_whatever_a_library_prints():
    with contextlib.closing(Process()) as process:
        assert process.ask(Shared.of(2), packed(farm_jobs.multiply, 4)) == ParcelDone(8)
        assert process.ask(Shared.of(2), packed(farm_jobs.chatter, None)) == ParcelDone("1")
        assert process.ask(Shared.of(3), packed(farm_jobs.multiply, 4)) == ParcelDone(12)
        assert isinstance(process.ask(Shared.of(3), packed(farm_jobs.refuse, 4)), ParcelFailed)
        assert process.ask(Shared.of(2), packed(farm_jobs.multiply, 5)) == ParcelDone(10)


def test_one_that_is_killed():
    with contextlib.closing(Process()) as process, pytest.raises(NotAvailable, match=r"exit code -9\).*lack of memory"):
        process.ask(Shared.of(None), packed(farm_jobs.die, None))
