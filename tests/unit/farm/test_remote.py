"""What a thread of a Dask worker does, without a scheduler."""

from __future__ import annotations

import pytest

import farm_jobs
import gaq
from gaq.errors import NotAvailable
from gaq.farm import remote
from gaq.farm.parcel import ParcelDone, ParcelFailed, Shared, packed


@pytest.fixture(autouse=True)
def no_process_stays():
    yield
    remote.end_idle()


def carry_out(work, shared, job, version=gaq.__version__):
    held = Shared.of(shared)
    return remote.carry_out(version, held.key, remote.content_of(held.content), packed(work, job))


def test_the_process_stays_for_the_next_job_until_it_is_ended():
    first = carry_out(farm_jobs.sleep_then_name, 0.0, None)
    assert isinstance(first, ParcelDone)
    assert carry_out(farm_jobs.sleep_then_name, 0.0, None) == first
    remote.end_idle()
    assert carry_out(farm_jobs.sleep_then_name, 0.0, None) != first


def test_another_version_does_not_compute():
    found = carry_out(farm_jobs.multiply, 2, 3, version="99.0")
    assert found == ParcelFailed(
        "NotAvailable", f"a worker has gaq {gaq.__version__}, and this is gaq 99.0. Install the same version"
    )


def test_a_process_that_dies_is_for_the_scheduler_to_repeat():
    with pytest.raises(NotAvailable, match="exit code -9"):
        carry_out(farm_jobs.die, None, None)
    assert carry_out(farm_jobs.multiply, 2, 3) == ParcelDone(6)
