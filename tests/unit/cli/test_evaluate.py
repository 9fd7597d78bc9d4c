"""What `gaq evaluate` measures, on engines without a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from gaq.atoms.structure import Labels, Structure
from gaq.cli.deployed import Deployed
from gaq.cli.evaluate import FLOOR, EvaluationPlan, Opened, labelled, measure, moved
from gaq.cli.stage_progress import StageProgress
from gaq.data.dataset import Dataset
from unit.measure import planted


@dataclass
class Sized(planted.TooStrong):
    """An engine that knows its size."""

    model: str = "small.ckpt"
    recipe: str = "w4"

    def footprint(self) -> dict[str, float]:
        return {"file_bytes": 1000.0, "weight_bytes": 500.0, "bits_per_weight": 4.25}


def opened(engine, file_bytes: int | None = None) -> Opened:
    """An engine as if it came from a file."""
    return Opened(engine, Deployed(Path("m.ckpt"), engine, "abc-float", file_bytes))


def plan(frames: int = 4) -> EvaluationPlan:
    structures = planted.ethanols(frames)
    labels = tuple(Labels(p.energy, p.forces) for p in planted.PairEngine().evaluate(structures))
    return EvaluationPlan(
        Dataset("d", structures, labels, ""), structures[:2], structures[:1], rotations=2, seed=0, steps=3
    )


def test_rows_of_several_models_and_of_the_floor():
    with StageProgress() as watch:
        rows = measure(
            [("parent", opened(planted.PairEngine())), ("small", opened(Sized(), 900))],
            *(opened(planted.PairEngine()), plan(), watch),
        )
    by_model = {name: {r.metric for r in rows if r.model == name and r.control is None} for name in ("parent", "small")}
    wanted = {
        "energy_mae",
        "force_mae",
        "stability",
        "force_fidelity",
        "lee_mean",
        "lee_max",
        "net_torque",
        "path_work",
    }
    assert wanted <= by_model["parent"]
    assert wanted | {"bits_per_weight", "file_bytes"} <= by_model["small"]
    assert "bits_per_weight" not in by_model["parent"]
    found = {r.metric: r.value for r in rows if r.model == "small"}
    assert found["file_bytes"] == 900  # of the packed file, not what the engine says of the checkpoint
    assert {r.identity for r in rows if r.control is None} == {"abc-float"}
    assert found["force_mae"] > 1
    assert found["force_fidelity"] > 1
    assert {r.metric: r.value for r in rows if r.model == "parent"}["force_mae"] == 0
    assert {"lee_mean", "lee_max"} <= {r.metric for r in rows if r.control == FLOOR}


def test_without_a_parent_there_is_no_fidelity_and_no_floor():
    with StageProgress() as watch:
        rows = measure([("m", opened(planted.PairEngine()))], None, plan(), watch)
    assert not {"force_fidelity", "energy_fidelity"} & {r.metric for r in rows}
    assert all(r.control is None for r in rows)


def test_files_of_one_name_are_called_by_their_path():
    engines = {
        "runs/a/m.ckpt": opened(Sized(model="m.ckpt")),
        "runs/b/m.ckpt": opened(Sized(model="m.ckpt")),
        "c.ckpt": opened(Sized(model="c")),
    }
    assert [name for name, _ in labelled(engines)] == ["runs/a/m.ckpt", "runs/b/m.ckpt", "c"]


def test_a_run_is_left_out_where_none_is_asked_for_or_atoms_are_alone():
    none = replace(plan(), steps=0)
    alone = Structure.molecule([1], [[0.0, 0.0, 0.0]])
    with StageProgress() as watch:
        assert not moved(planted.PairEngine(), none, watch.stage("run"))
        lonely = Dataset("d", (alone,), (), "")
        assert not moved(planted.PairEngine(), replace(plan(), dataset=lonely), watch.stage("run"))
        assert moved(planted.PairEngine(), plan(), watch.stage("run"))
