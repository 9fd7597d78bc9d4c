"""`--cluster` on a real scheduler with two worker processes, one of which is killed half way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase.build import molecule

from built import REPOSITORY, native_library
from chores import hear_interrupts
from dask_cluster import DaskCluster
from gaq.atoms.structure import Prediction
from gaq.cli.main import outcome
from gaq.data.read import read_dataset
from gaq.engine.farmed import FarmedEngine
from gaq.engine.open import open_engine
from gaq.farm.cluster import Cluster
from gaq.farm.protocol import Farm, OnResult, Work
from gaq.measure.ledger import read_rows

MODEL = REPOSITORY / "models" / "rmd17-ethanol-mixed-w4a16.gaq"
CHECKPOINT = REPOSITORY / "models" / "rmd17-ethanol-mixed-w4a16.ckpt"
LABEL = ("data", "label", "water", "--frames", "8", "--interval", "4", "--equilibrate", "2", "--replicas", "2")
MD = ("md", str(MODEL), "start.xyz", "--replicas", "3", "--seed", "4", "--every", "150", "--log-every", "70")

# Dask closes its sockets and its loop in a thread of its own, sometimes after the test that used them.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    with DaskCluster(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.fixture
def cluster(scheduler, tmp_path, monkeypatch):
    """Two workers, whatever became of those of the last test; the command runs in an empty folder."""
    scheduler.add_workers(2 - len(scheduler.workers))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gaq.data.harvest.SECONDS_OF_A_STRETCH", 0.0)  # many short pieces
    monkeypatch.setattr("gaq.simulate.session.SECONDS_OF_A_LEG", 0.0)
    return scheduler


class Watched:
    """A farm whose results are counted; before the `kill_at`-th arrives, a worker is killed. A faulty one brings one
    result twice.
    """

    def __init__(self, farm: Farm, kill: Callable[[], None], kill_at: int = 3, faulty: bool = False) -> None:
        self.farm, self._kill, self._kill_at, self._faulty = farm, kill, kill_at, faulty
        self.results = 0

    def __enter__(self) -> Watched:
        self.farm.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.farm.__exit__(*error)

    def run(self, work: Work, shared: object, jobs: Sequence[Any], on_result: OnResult) -> None:
        def counted(place: int, result: Any) -> Any:
            self.results += 1
            if self.results == self._kill_at:
                self._kill()
                if self._faulty:
                    on_result(place, result)
            return on_result(place, result)

        self.farm.run(work, shared, jobs, counted)


@pytest.fixture
def watch_farm(cluster, monkeypatch) -> Callable[..., list[Watched]]:
    """From here on, the command computes on a watched farm; the farms that it opens are listed."""

    def watch(faulty: bool = False) -> list[Watched]:
        opened: list[Watched] = []
        kill = (lambda: None) if faulty else cluster.kill_a_worker

        def farm_of(address: str | None, cores: int | None = None) -> Farm:
            assert address == cluster.address
            opened.append(Watched(Cluster(address), kill, faulty=faulty))
            return opened[-1]

        for place in ("gaq.cli.data.farm_of", "gaq.cli.cluster.farm_of"):
            monkeypatch.setattr(place, farm_of)
        return opened

    return watch


def same(one: Sequence[Prediction], other: Sequence[Prediction]) -> bool:
    return len(one) == len(other) and all(
        a.energy == b.energy and np.array_equal(a.forces, b.forces) for a, b in zip(one, other, strict=True)
    )


def contents(folder: Path, pattern: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob(pattern))}


@pytest.mark.parametrize(("name", "frames", "jobs"), [(MODEL, 600, 10), (CHECKPOINT, 300, 3)], ids=["native", "torch"])
def test_structures_arrive_once_and_as_they_are_here(cluster, name, frames, jobs):
    native_library()
    structures = read_dataset("embedded", frames).structures
    engine = open_engine(name, threads=1)
    here = engine.evaluate(structures)
    with Watched(Cluster(cluster.address), cluster.kill_a_worker, kill_at=1 + jobs // 4) as farm:
        assert same(FarmedEngine(engine, farm).evaluate(structures), here)
    assert farm.results == jobs
    assert len(cluster.workers) == 1
    other = here[:7] + here[8:9] + here[8:]  # the check sees a result that stands in the place of another
    assert not same(other, here)


def test_a_result_that_comes_twice_is_noticed(cluster):
    native_library()
    engine = open_engine(MODEL)
    faulty = Watched(Cluster(cluster.address), lambda: None, faulty=True)
    with faulty as farm, pytest.raises(RuntimeError, match="job . arrived twice"):
        FarmedEngine(engine, farm).evaluate(read_dataset("embedded").structures)


@pytest.mark.long
def test_evaluate_measures_the_same(cluster, watch_farm, tmp_path):
    native_library()
    options = ("evaluate", str(MODEL), "--data", "embedded", "--rotations", "2", "--path-frames", "1")
    assert outcome([*options, "--threads", "2", "--json", "here.jsonl"]) == 0
    farms = watch_farm()
    assert outcome([*options, "--cluster", cluster.address, "--json", "there.jsonl"]) == 0
    assert farms[0].results > 3
    here, there = ([(r.metric, r.value, r.std_error) for r in read_rows(f)] for f in ("here.jsonl", "there.jsonl"))
    assert here == there
    assert len(here) > 15


def test_labels_are_the_same_bytes(cluster, watch_farm, tmp_path):
    pytest.importorskip("tblite")
    assert outcome([*LABEL, "-o", "here.npz", "--workers", "2"]) == 0
    farms = watch_farm()
    assert outcome([*LABEL, "-o", "there.npz", "--cluster", cluster.address]) == 0
    assert farms[0].results == 8 + 2  # eight frames, each once, and two stretches of equilibration
    assert len(cluster.workers) == 1
    assert (tmp_path / "there.npz").read_bytes() == (tmp_path / "here.npz").read_bytes()
    farms = watch_farm(faulty=True)
    assert outcome([*LABEL, "-o", "twice.npz", "--cluster", cluster.address]) == 0
    assert (tmp_path / "twice.npz").read_bytes() != (tmp_path / "here.npz").read_bytes()


@pytest.mark.parametrize("ending", ["xyz", "traj"])
def test_replicas_leave_the_same_files(cluster, watch_farm, tmp_path, ending):
    native_library()
    ase.io.write("start.xyz", molecule("CH3CH2OH"))
    options = (*MD, "--ensemble", "nvt", "--steps", "1050")
    (tmp_path / "here").mkdir()
    assert outcome([*options, "-o", f"here/run.{ending}"]) == 0
    farms = watch_farm()
    assert outcome([*options, "--cluster", cluster.address, "-o", f"there/run.{ending}"]) == 0
    assert farms[0].results == 3 * 11  # legs of 100 steps
    assert len(cluster.workers) == 1
    here = contents(tmp_path / "here", "*")
    assert len(here) == 9
    assert contents(tmp_path / "there", "*") == here
    if ending == "xyz":
        farms = watch_farm(faulty=True)
        assert outcome([*options, "--cluster", cluster.address, "-o", "twice/run.xyz"]) == 0
        assert contents(tmp_path / "twice", "*") != here


def test_a_run_is_taken_up_elsewhere(cluster, tmp_path):
    native_library()
    ase.io.write("start.xyz", molecule("CH3CH2OH"))
    options = ["md", str(MODEL), "start.xyz", "--replicas", "2", "--every", "100"]
    assert outcome([*options, "--steps", "700", "-o", "here/run.xyz"]) == 0
    assert outcome([*options, "--steps", "300", "-o", "there/run.xyz"]) == 0
    assert outcome([*options, "--steps", "700", "-o", "there/run.xyz", "--resume", "--cluster", cluster.address]) == 0
    assert contents(tmp_path / "there", "*") == contents(tmp_path / "here", "*")


def test_ctrl_c_keeps_what_has_arrived(cluster, tmp_path, run_gaq):
    pytest.importorskip("tblite")
    options = ("data", "label", "ethanol", "--frames", "40", "--interval", "40", "--equilibrate", "0")
    command = [sys.executable, "-m", "gaq", *options, "--cluster", cluster.address, "-o", "parts.npz"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=os.environ, stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts
    )
    until = time.monotonic() + 60
    while not list(tmp_path.glob("parts.npz.partial.*")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "of 40 frames are kept next to parts.npz" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "parts.npz").exists()


def test_a_mistake_on_a_worker_is_the_same_sentence(cluster, capsys):
    pytest.importorskip("tblite")
    sentences = []
    for where in ((), ("--cluster", cluster.address)):
        options = ("--frames", "2", "--replicas", "1", "--temperature", "10000", "--dt", "5", "--equilibrate", "0")
        code = outcome(["data", "label", "water", *options, "-o", "a.npz", *where])
        sentences.append((code, capsys.readouterr().err))
    assert sentences[0] == sentences[1]
    assert sentences[0][0] == 1
    assert "\nDiverged: gfn2-xtb failed for water (replica 0, frame 0)" in sentences[0][1]


def test_what_does_not_fit_is_said(cluster, capsys, monkeypatch):
    options = ["evaluate", str(MODEL), "--data", "embedded", "--limit", "2", "--cluster"]
    assert outcome([*options, cluster.address, "--threads", "2"]) == 2
    assert "--threads 2 is about this machine" in capsys.readouterr().err
    assert outcome([*options, "nonsense://host"]) == 2
    assert "expected an address such as tcp://host:8786" in capsys.readouterr().err
    monkeypatch.setattr("gaq.farm.cluster.SECONDS_TO_CONNECT", 0.5)
    assert outcome([*options, "tcp://127.0.0.1:9"]) == 2
    assert "no scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err
    monkeypatch.setattr("gaq.farm.cluster.SECONDS_TO_CONNECT", 10.0)
    monkeypatch.setattr("gaq.farm.cluster.__version__", "99.0")
    assert outcome([*options, cluster.address]) == 2
    assert "has gaq 0.2.0, and this is gaq 99.0" in capsys.readouterr().err


def test_a_scheduler_without_workers(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("gaq.farm.cluster.SECONDS_WITHOUT_WORKERS", 0.5)
    with DaskCluster(tmp_path) as empty:
        options = ["evaluate", str(MODEL), "--data", "embedded", "--limit", "2", "--cluster", empty.address]
        assert outcome(options) == 2
    found = capsys.readouterr().err
    assert "has no workers; waiting for one" in found
    assert f"dask worker {empty.address}" in found
