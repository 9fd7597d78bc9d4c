"""A run leaves rows, a log and a trajectory, whichever engine makes the steps."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.emt import EMT

from gaq.atoms.structure import Structure
from gaq.demo.dynamics import MOST_FRAMES, MOST_RECORDS, DemoMotion, move
from gaq.engine.ase import AseEngine
from gaq.measure.ledger import find
from gaq.report.movie import read_movie
from gaq.report.series import read_run

COPPER = Structure.molecule(np.array([29, 29]), np.array([[0.0, 0, 0], [2.3, 0, 0]]))


@pytest.fixture
def files(tmp_path):
    """A model file, of which the hash alone counts, and where the trajectory goes."""
    (tmp_path / "model.ckpt").write_text("x")
    return tmp_path / "model.ckpt", tmp_path / "nve.xyz"


def test_a_run_leaves_its_rows_and_files(files):
    told = []
    motion = DemoMotion(10_000, 30, 1.0, 100.0, 0)
    rows = move(AseEngine(EMT(), model="emt"), COPPER, motion, files, "d", lambda *done: told.append(done))
    assert {"drift", "stability", "temperature", "latency_ms", "ns_per_day"} <= {r.metric for r in rows}
    assert told[-1] == (30, 30)
    latency, per_day = find(rows, "latency_ms"), find(rows, "ns_per_day")
    assert (latency.atoms, latency.n) == (2, 30)
    assert per_day.value == pytest.approx(1.0e-6 * 86_400e3 / latency.value)  # ns per step, steps per day
    run, _ = read_run(files[1].with_suffix(".log"), "nve")
    assert len(run.time) == 31
    assert len(read_movie(files[1], "nve")[0].positions) == 31


def test_long_runs_leave_some_records_and_frames(files):
    steps = 2 * MOST_RECORDS
    move(AseEngine(EMT()), COPPER, DemoMotion(0, steps, 0.5, 10.0, 0), files, "d", lambda *done: None)
    run, _ = read_run(files[1].with_suffix(".log"), "nve")
    assert len(run.time) == MOST_RECORDS + 1
    assert read_movie(files[1], "nve")[0].frames == MOST_FRAMES + 1


def test_engines_that_make_steps_make_more():
    class Mover:
        def move(self, state, dynamics, steps):
            raise AssertionError

    motion = DemoMotion(20_000, 1000, 0.5, 300.0, 0)
    assert motion.steps_of(AseEngine(EMT())) == 1000
    assert motion.steps_of(Mover()) in (1000, 20_000)
