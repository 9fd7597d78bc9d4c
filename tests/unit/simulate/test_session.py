"""A session writes what it was told, stops where it is asked to, and goes on as if it had not."""

from __future__ import annotations

import ase.io
import numpy as np
import pytest

from gaq.atoms.structure import Structure
from gaq.engine.motion import Dynamics
from gaq.errors import BadFile
from gaq.simulate.integrate import start
from gaq.simulate.session import Ending, Files, RunPlan, Session
from unit.measure import planted
from unit.simulate.test_integrate import Collapsing, Explosive


def plan(steps: int, **options) -> RunPlan:
    usual = {"every": 30, "log_every": 20, "bonds_may_break": True}  # pairs attract what no bond holds
    return RunPlan(steps, Dynamics(0.5), 100.0, 21, **{**usual, **options})


def session(
    path, told: RunPlan, engine: planted.PairEngine | None = None, structure: Structure | None = None
) -> Session:
    engine = engine or planted.PairEngine()
    made = Session(engine, told, Files(path), {"dt": 0.5})
    if path.exists():
        made.take_up()
    else:
        made.begin(start(engine, structure or planted.ethanol(), 100.0))
    return made


def go(one: Session, stop_at: int = 10**9) -> Ending:
    """Ends it when a record is asked for at or beyond this step."""
    seen = [0]

    def show(record, seconds) -> None:
        seen[0] = record.step

    return one.go(lambda: seen[0] >= stop_at, show)


def test_frames_and_records_come_when_they_are_due(tmp_path):
    ending = go(session(tmp_path / "run.xyz", plan(70)))
    assert [f.info["step"] for f in ase.io.read(tmp_path / "run.xyz", ":")] == [0, 30, 60, 70]
    assert ending.log.time.tolist() == [0.0, 10.0, 20.0, 30.0, 35.0]
    assert (ending.made, ending.interrupted, ending.because) == (70, False, "")


@pytest.mark.parametrize("ending", [".xyz", ".traj"])
def test_stopped_and_taken_up_it_is_the_same_run(tmp_path, ending):
    whole = go(session(tmp_path / f"whole{ending}", plan(333)))
    for stop_at in (1, 40, 150, 260):
        part = go(session(tmp_path / f"part{ending}", plan(333)), stop_at)
        assert part.interrupted
    last = go(session(tmp_path / f"part{ending}", plan(333)))
    assert not last.interrupted
    assert (last.log.total == whole.log.total).all()
    assert (last.log.angular_momentum == whole.log.angular_momentum).all()
    for name in (f"{{}}{ending}", "{}.log"):
        assert (tmp_path / name.format("part")).read_bytes() == (tmp_path / name.format("whole")).read_bytes()


@pytest.mark.parametrize("engine", [Explosive, Collapsing])
def test_an_unstable_run_ends_with_its_last_frame(tmp_path, engine):
    ending = go(session(tmp_path / "run.xyz", plan(1000), engine()))
    assert ending.because
    assert ending.log.unstable_at is not None
    frames = ase.io.read(tmp_path / "run.xyz", ":")
    assert frames[-1].info["step"] == ending.state.step
    assert np.array_equal(frames[-1].positions, ending.state.structure.positions)


def test_bonds_may_break_when_that_is_wanted(tmp_path):
    held = go(session(tmp_path / "held.xyz", plan(200, bonds_may_break=False)))
    free = go(session(tmp_path / "free.xyz", plan(200)))
    assert "is off by" in held.because
    assert held.log.unstable_at == held.state.step < 200
    assert (free.because, free.state.step) == ("", 200)


def test_a_file_that_is_shorter_than_the_checkpoint_says_is_named(tmp_path):
    go(session(tmp_path / "run.xyz", plan(200)))
    (tmp_path / "run.xyz").write_bytes(b"9\n")
    with pytest.raises(BadFile, match=r"run\.xyz is missing or shorter"):
        session(tmp_path / "run.xyz", plan(300))


def test_a_disk_that_fills_is_told_with_where_the_run_stands(tmp_path, monkeypatch):
    from gaq.simulate.trajectory import XyzTrajectory

    told = plan(400)
    one = session(tmp_path / "run.xyz", told)
    sound = XyzTrajectory.write

    def full(self, state) -> None:
        if state.step >= 240:
            raise OSError(28, "No space left on device")
        sound(self, state)

    monkeypatch.setattr(XyzTrajectory, "write", full)
    with pytest.raises(BadFile, match=r"no space left on device at step 240.*`resume`"):
        go(one)
    monkeypatch.undo()
    go(session(tmp_path / "run.xyz", told))
    whole = tmp_path / "whole.xyz"
    go(session(whole, told))
    assert (tmp_path / "run.xyz").read_bytes() == whole.read_bytes()
