"""Rows of the runs of nanosecond.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ase.io
import numpy as np
from scipy.stats import wasserstein_distance

from gaq.atoms.from_ase import from_ase
from gaq.measure.ledger import Row, read_rows
from gaq.simulate.stability import reference

WARM_UP = 0.1  # share of a run


@dataclass(frozen=True)
class NanosecondRun:
    """One call of `gaq md`."""

    kind: str
    mode: str
    steps: int
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.mode}"


def collected(out: Path, runs: Sequence[NanosecondRun]) -> list[Row]:
    """Return rows with the mode as `recipe` and the kind of run as `data`."""
    rows: list[Row] = []
    for run in runs:
        file = out / f"{run.name}.jsonl"
        if file.exists():
            rows += [replace(r, recipe=run.mode, data=run.kind) for r in read_rows(file)]
            control = out / "nvt-fp32.traj"
            if run.kind == "nvt" and run.mode != "fp32" and control.exists():
                rows += distances(out / f"{run.name}.traj", control, rows[-1])
    return rows


def beside(rows: Sequence[Row], ledger: Path) -> list[Row]:
    """Add older rows of the ledger."""
    made = {(r.data, r.recipe) for r in rows}
    before = read_rows(ledger) if ledger.exists() else []
    return [*(r for r in before if (r.data, r.recipe) not in made), *rows]


def distances(path: Path, control: Path, like: Row) -> Iterator[Row]:
    """Return earth mover's distances to float: bonds (mÅ), torsions (degrees)."""
    own, other = (_internal(file) for file in (path, control))
    for metric, unit, scale, k in (("bond_distance", "mÅ", 1000.0, 0), ("torsion_distance", "degree", 1.0, 1)):
        apart = [scale * wasserstein_distance(a, b) for a, b in zip(own[k].T, other[k].T, strict=True)]
        n, error = len(apart), float(np.std(apart) / np.sqrt(len(apart)))
        entry = replace(like, metric=metric, unit=unit, value=float(np.mean(apart)), n=n, std_error=error)
        yield replace(entry, control="native-fp32")


def _internal(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return bonds [frame, bond] in Å and absolute torsions in degrees."""
    frames = ase.io.read(path, ":")
    frames = frames[round(WARM_UP * len(frames)) :]
    pairs = reference(from_ase(frames[0]), 300.0).pairs
    positions = np.array([f.positions for f in frames])
    lengths = np.linalg.norm(positions[:, pairs[:, 0]] - positions[:, pairs[:, 1]], axis=-1)
    quartets = list(_torsions(pairs, frames[0].numbers))
    angles = [[f.get_dihedral(*quartet) for quartet in quartets] for f in frames]
    return lengths, np.abs((np.array(angles) + 180) % 360 - 180)


def _torsions(pairs: np.ndarray, numbers: np.ndarray) -> Iterator[tuple[int, int, int, int]]:
    """Return chains of four bonded heavy atoms."""
    bonds = [(int(a), int(b)) for a, b in pairs if numbers[a] > 1 and numbers[b] > 1]
    near: dict[int, list[int]] = {}
    for a, b in bonds:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for b, c in bonds:
        for a in near[b]:
            for d in near[c]:
                if len({a, b, c, d}) == 4:
                    yield a, b, c, d
