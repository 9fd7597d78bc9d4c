"""Two processes under torchrun follow the learning curve of one with the same batches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gaq.train.checkpoint import load_checkpoint
from gaq.train.fit import fit
from gaq.train.parallel import World, join_world, leave_world
from gaq.train.session import prepare_training
from tiny import dataset, train_config

# Seven frames in batches of three: the last batch of an epoch has one frame, and the second process none.
SETTINGS = {
    "epochs": 3,
    "dtype": "float64",
    "batch": 3,
    "data": {"train": 7, "validation": 1},
    "optimizer": {"name": "adam", "ema": 0.9},
    "loss": {"symmetry": 0.1},
}

SCRIPT = """
import json, sys
from pathlib import Path
from tiny import dataset, train_config
from gaq.train.fit import fit
from gaq.train.parallel import join_world, leave_world
from gaq.train.session import prepare_training

out, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
world = join_world("cpu")
assert world.size == 2
prepared = prepare_training(train_config(**settings), dataset(), out, world=world)
found = fit(prepared.start, prepared.task)
(out / f"embedding.{world.rank}").write_text(repr(found.model.embedding.sum().item()))
leave_world(world)
"""


def curve(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "curve.jsonl").read_text().splitlines()]


def test_two_processes_learn_like_one(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    prepared = prepare_training(train_config(**SETTINGS), dataset(), one)
    fit(prepared.start, prepared.task)
    (tmp_path / "job.py").write_text(SCRIPT)
    tests = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, str(tmp_path / "job.py"), str(two), json.dumps(SETTINGS)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(tests), *sys.path])},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours, theirs = curve(one), curve(two)
    assert len(theirs) == 3
    for a, b in zip(ours, theirs, strict=True):
        for key in ("loss", "energy_mae", "force_mae"):
            assert b[key] == pytest.approx(a[key], rel=1e-5), key
    assert ours[0]["loss"] != ours[2]["loss"]
    weights = [load_checkpoint(folder / "model.ckpt").model.state_dict() for folder in (one, two)]
    assert all(torch.allclose(weights[0][k], weights[1][k], rtol=1e-6, atol=1e-8) for k in weights[0])
    assert (two / "embedding.1").exists()


def test_a_batch_is_shared_out_whole():
    parts = [World(rank, 3).share(range(10)) for rank in range(3)]
    assert sorted(index for part in parts for index in part) == list(range(10))
    assert max(map(len, parts)) - min(map(len, parts)) == 1
    assert World(2, 3).share([7]) == []


def test_a_world_of_one(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    world = join_world("cpu")
    assert world == World(0, 1)
    tensor = torch.ones(2)
    world.sum_([tensor])
    assert tensor.tolist() == [1, 1]
    leave_world(world)


def test_sums_keep_shapes_and_precision(monkeypatch):
    """Every process gets the sum back, in the place and the type of its own tensors."""
    monkeypatch.setattr("gaq.train.parallel.dist.all_reduce", lambda flat: flat.mul_(2))
    first, second = torch.arange(4.0).reshape(2, 2), torch.tensor([0.1], dtype=torch.float64)
    World(0, 2).sum_([first, second])
    assert first.tolist() == [[0, 2], [4, 6]]
    assert second.item() == 0.2
    assert first.dtype == torch.float32
