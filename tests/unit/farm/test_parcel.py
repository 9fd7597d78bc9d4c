"""What goes to a process and what comes back."""

from __future__ import annotations

import numpy as np
import pytest

import farm_jobs
from gaq.atoms.structure import Structure
from gaq.engine.motion import MotionState
from gaq.errors import Diverged
from gaq.farm.parcel import ParcelDone, ParcelFailed, Shared, carried_out, packed


def carry(work, shared, job):
    held = Shared.of(shared)
    return carried_out({}, held.key, held.content, packed(work, job))


def test_a_job_is_carried_out():
    assert carry(farm_jobs.multiply, 3, 4) == ParcelDone(12)


def test_what_is_shared_is_unpacked_once():
    held, shared = {}, Shared.of(3)
    carried_out(held, shared.key, shared.content, packed(farm_jobs.multiply, 4))
    assert carried_out(held, shared.key, None, packed(farm_jobs.multiply, 5)) == ParcelDone(15)
    assert Shared.of(3).key == shared.key != Shared.of(4).key


def test_a_mistake_of_the_user_comes_back_as_it_was():
    failed = carry(farm_jobs.refuse, None, "a")
    assert failed == ParcelFailed("Diverged", "the loss of a is nan")
    with pytest.raises(Diverged, match="the loss of a is nan"):
        raise failed.exception()


def test_a_kind_of_mistake_that_others_do_not_know_is_its_nearest_kin():
    assert carry(farm_jobs.refuse_strangely, None, None) == ParcelFailed("GaqError", "strange")
    zeros = np.zeros((1, 3))
    state = MotionState(Structure.molecule(np.array([1]), zeros), zeros, np.ones(1), 0.0, zeros)
    assert carry(farm_jobs.fall_apart, None, state).error == "Diverged"


def test_a_fault_of_ours_keeps_its_traceback():
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*ValueError: a fault of ours"):
        raise carry(farm_jobs.break_down, None, None).exception()
    with pytest.raises(RuntimeError, match="No module named 'gaq_extra'"):
        raise carry(farm_jobs.multiply, 1, farm_jobs.Unreadable()).exception()
