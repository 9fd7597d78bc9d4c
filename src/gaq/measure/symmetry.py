"""Does the force field commute with rotations? The local equivariance error, finite and infinitesimal, and
net force and torque.

Forces of an equivariant model obey F(RG) = R F(G) and its energy E(RG) = E(G). Definitions: docs/physics.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gaq.atoms.structure import Prediction, Structure
from gaq.engine.protocol import Engine
from gaq.errors import BadStructure, UsageError
from gaq.measure.ledger import Row, row
from gaq.measure.rotations import axis_rotation, haar_rotations
from gaq.measure.statistics import OnProgress, mean_by_frames, predict_lists, silent
from gaq.units import MEV

TURNED_AT_ONCE = 1000  # structures; so many copies are held
EXACT_LEE = 1e-9  # meV/Å; below it a pair counts as exact: float64 rounding of forces of some eV/Å lies near 1e-12


@dataclass(frozen=True)
class RotationErrors:
    """What turning every structure by every rotation did; meV and meV/Å."""

    lee_sums: np.ndarray  # [frame] sum over rotations and atoms
    lee_counts: np.ndarray  # [frame] how many terms that sum has
    lee_pairs: np.ndarray  # [rotation, frame] largest over the atoms
    energy: np.ndarray  # [rotation, frame] |E(RG) − E(G)|
    identical: np.ndarray  # [rotation, frame] bool: energies equal to the last bit
    force_norm: float  # mean ‖F_i‖ of the structures as given


def symmetry(
    engine: Engine,
    structures: Sequence[Structure],
    rotations: int = 32,
    seed: int = 0,
    progress: OnProgress = silent,
    data: str = "",
) -> list[Row]:
    """Local equivariance error ‖F_i(RG) − R F_i(G)‖₂ per atom under Haar rotations, and what belongs beside
    it.

    Rows: lee_mean, lee_max (meV/Å), lee_relative, energy_invariance (the largest) and its _mean (meV),
    frames_identical, lee_exact_share, lee_rest_max, pairs_exact, net_force (meV/Å), net_torque (meV;
    isolated structures only). Each rotation turns the whole list, in its order, so that the batches are those
    of the unturned list. Raises `BadStructure` for an empty list.
    """
    matrices = haar_rotations(rotations, np.random.default_rng(seed))
    references = _references(engine, structures)
    errors = rotation_errors(engine, structures, matrices, references, progress)
    rows = [*_lee_rows(engine, data, errors), *_energy_rows(engine, data, errors)]
    rows = [replace(entry, rotations=rotations, seed=seed) for entry in rows]
    return rows + balance(engine, structures, data, references)


def rotation_errors(
    engine: Engine,
    structures: Sequence[Structure],
    matrices: np.ndarray,
    references: Sequence[Prediction] | None = None,
    progress: OnProgress = silent,
) -> RotationErrors:
    """Return errors under given orthogonal matrices [rotation, 3, 3]: drawn ones, `octahedral_group()`, or
    reflections.
    """
    if len(matrices) == 0:
        raise UsageError("a symmetry test needs at least one rotation; `rotations` is 0")
    before = references if references is not None else _references(engine, structures)
    lee, energy, identical = [], [], []
    for done, (matrix, after) in enumerate(_turned(engine, structures, matrices), start=1):
        pairs = list(zip(before, after, strict=True))
        lee.append([np.linalg.norm(a.forces - b.forces @ matrix.T, axis=1) / MEV for b, a in pairs])
        energy.append([abs(a.energy - b.energy) / MEV for b, a in pairs])
        identical.append([a.energy == b.energy for b, a in pairs])
        progress(done, len(matrices))
    counts = np.array([len(s) * len(matrices) for s in structures], dtype=np.float64)
    return RotationErrors(
        lee_sums=np.array([sum(turned[f].sum() for turned in lee) for f in range(len(structures))]),
        lee_counts=counts,
        lee_pairs=np.array([[atoms.max() for atoms in turned] for turned in lee]),
        energy=np.array(energy),
        identical=np.array(identical),
        force_norm=float(np.mean(np.concatenate([np.linalg.norm(b.forces, axis=1) for b in before])) / MEV),
    )


def _turned(
    engine: Engine, structures: Sequence[Structure], matrices: np.ndarray
) -> Iterator[tuple[np.ndarray, list[Prediction]]]:
    """Yield each matrix, and the predictions of all structures turned by it."""
    together = max(1, TURNED_AT_ONCE // max(1, len(structures)))
    for start in range(0, len(matrices), together):
        group = matrices[start : start + together]
        yield from zip(group, predict_lists(engine, [[s.rotated(m) for s in structures] for m in group]), strict=True)


def reflection(
    engine: Engine,
    structures: Sequence[Structure],
    rotations: int = 8,
    seed: int = 0,
    progress: OnProgress = silent,
    data: str = "",
) -> list[Row]:
    """Return the largest LEE under improper rotations, −R: lee_reflection in meV/Å. Physics without magnetic fields has
    it zero.
    """
    matrices = -haar_rotations(rotations, np.random.default_rng(seed))
    errors = rotation_errors(engine, structures, matrices, None, progress)
    value = float(np.max(errors.lee_pairs))
    entry = row(engine, data, "lee_reflection", value, "meV/Å", int(errors.lee_counts.sum()))
    return [replace(entry, rotations=rotations, seed=seed)]


def lie_derivative(
    engine: Engine,
    structures: Sequence[Structure],
    angle: float = 1e-3,
    data: str = "",
) -> list[Row]:
    """Return the mean over atoms and the three axes of ‖d/dθ R(θ)ᵀ F_i(R(θ)G)‖₂ at θ = 0, in meV/Å per radian.

    Central difference with ± `angle` rad. A quantized model is piecewise constant, so the value depends on
    that angle. Gruver et al., ICLR 2023, arXiv 2210.02984, eq. 3.
    """
    _references_needed(structures)
    sums = np.zeros(len(structures))
    for axis in range(3):
        back = []
        for sign in (1.0, -1.0):
            matrix = axis_rotation(axis, sign * angle)
            turned = engine.evaluate([s.rotated(matrix) for s in structures])
            back.append([p.forces @ matrix for p in turned])
        slopes = [(plus - minus) / (2 * angle) / MEV for plus, minus in zip(*back, strict=True)]
        sums += np.array([np.linalg.norm(slope, axis=1).sum() for slope in slopes])
    counts = np.array([3.0 * len(s) for s in structures])
    value, error = mean_by_frames(sums, counts)
    entry = row(engine, data, "lie_derivative", value, "meV/Å/rad", int(counts.sum()))
    return [replace(entry, std_error=error)]


def balance(
    engine: Engine,
    structures: Sequence[Structure],
    data: str = "",
    predictions: Sequence[Prediction] | None = None,
) -> list[Row]:
    """Return the largest net force ‖Σ F_i‖ (meV/Å) and largest net torque ‖Σ (x_i − x̄) × F_i‖ (meV) over the
    structures.

    Both vanish for an energy that does not change when everything is moved or turned. A torque has no meaning
    in a periodic box; boxes are left out of it, and its row is absent when there is nothing else.
    """
    found = predictions if predictions is not None else _references(engine, structures)
    pairs = list(zip(structures, found, strict=True))
    forces = [np.linalg.norm(p.forces.sum(axis=0)) / MEV for _, p in pairs]
    rows = [row(engine, data, "net_force", np.max(forces), "meV/Å", len(forces))]
    torques = [_torque(s, p) / MEV for s, p in pairs if not s.periodic.any()]
    if torques:
        rows.append(row(engine, data, "net_torque", np.max(torques), "meV", len(torques)))
    return rows


def _torque(structure: Structure, prediction: Prediction) -> float:
    arms = structure.positions - structure.positions.mean(axis=0)
    return float(np.linalg.norm(np.cross(arms, prediction.forces).sum(axis=0)))


def _lee_rows(engine: Engine, data: str, errors: RotationErrors) -> list[Row]:
    samples, pairs = int(errors.lee_counts.sum()), errors.lee_pairs
    mean, error = mean_by_frames(errors.lee_sums, errors.lee_counts)
    identical = float(np.mean(errors.identical))
    exact = pairs <= EXACT_LEE
    relative = mean / errors.force_norm if errors.force_norm > 0 else np.nan
    rest = np.max(pairs[~exact]) if not exact.all() else 0.0
    return [
        replace(row(engine, data, "lee_mean", mean, "meV/Å", samples), std_error=error, frames_identical=identical),
        replace(row(engine, data, "lee_max", np.max(pairs), "meV/Å", samples), frames_identical=identical),
        row(engine, data, "lee_relative", relative, "1", samples),
        row(engine, data, "frames_identical", identical, "share", pairs.size),
        row(engine, data, "lee_exact_share", float(np.mean(exact)), "share", pairs.size),
        row(engine, data, "lee_rest_max", rest, "meV/Å", int((~exact).sum())),
        row(engine, data, "pairs_exact", float(np.mean(exact & errors.identical)), "share", pairs.size),
    ]


def _energy_rows(engine: Engine, data: str, errors: RotationErrors) -> list[Row]:
    identical = float(np.mean(errors.identical))
    turned, frames = errors.energy.shape
    mean, error = mean_by_frames(errors.energy.sum(axis=0), np.full(frames, float(turned)))
    largest = float(np.max(errors.energy))
    rows = [
        row(engine, data, "energy_invariance", largest, "meV", errors.energy.size),
        replace(row(engine, data, "energy_invariance_mean", mean, "meV", errors.energy.size), std_error=error),
    ]
    return [replace(entry, frames_identical=identical) for entry in rows]


def _references_needed(structures: Sequence[Structure]) -> None:
    if not structures:
        raise BadStructure("a symmetry test needs at least one structure; the list is empty")


def _references(engine: Engine, structures: Sequence[Structure]) -> list[Prediction]:
    _references_needed(structures)
    return engine.evaluate(structures)
