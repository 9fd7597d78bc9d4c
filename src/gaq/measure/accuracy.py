"""Errors of energies and forces: against reference data, and against the float parent of a quantized
model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gaq.atoms.structure import Labels, Prediction, Structure
from gaq.data.dataset import Dataset
from gaq.data.labels import has_energy, has_forces, has_stress
from gaq.engine.protocol import Engine
from gaq.errors import BadLabels
from gaq.measure.ledger import Row, row
from gaq.measure.statistics import OnProgress, mean_by_frames, predict, root_by_frames, silent
from gaq.units import MEV


def accuracy(
    engine: Engine,
    dataset: Dataset,
    progress: OnProgress = silent,
    predictions: Sequence[Prediction] | None = None,
) -> list[Row]:
    """Return the mean absolute and root mean square errors against the labels that are known and have a weight.

    energy_mae, energy_rmse in meV per structure; energy_mae_per_atom, energy_rmse_per_atom in meV/atom;
    energy_mae_shifted with the mean error removed; force_mae, force_rmse in meV/Å per component;
    force_mae_relative, force_mae as a share of the root mean square force of the labels; stress_mae, stress_rmse in
    meV/Å³ per component of the stress, where the engine gives virials. Rows are left out where no frame has the label.
    Standard errors take frames as independent. `predictions` saves computing them again. Raises `BadLabels` for a data
    set without frames.
    """
    _require_frames(dataset)
    found = list(predictions) if predictions is not None else predict(engine, dataset.structures, progress)
    pairs = list(zip(found, dataset.labels, dataset.structures, strict=True))
    rows = _energy_rows(engine, dataset, [(p, w) for p, w, _ in pairs if has_energy(w)])
    rows += _force_rows(engine, dataset, [(p, w) for p, w, _ in pairs if has_forces(w)])
    return rows + _stress_rows(engine, dataset, [(p, w, s) for p, w, s in pairs if has_stress(w)])


def _energy_rows(engine: Engine, dataset: Dataset, pairs: Sequence[tuple[Prediction, Labels]]) -> list[Row]:
    if not pairs:
        return []
    energy, atoms = _energy_errors(*zip(*pairs, strict=True)), np.array([len(w.forces) for _, w in pairs])
    ones = np.ones(len(energy))
    values = {
        "energy_mae": (*mean_by_frames(np.abs(energy), ones), "meV"),
        "energy_rmse": (*root_by_frames(energy**2, ones), "meV"),
        "energy_mae_per_atom": (*mean_by_frames(np.abs(energy) / atoms, ones), "meV/atom"),
        "energy_rmse_per_atom": (*root_by_frames((energy / atoms) ** 2, ones), "meV/atom"),
        "energy_mae_shifted": (*mean_by_frames(np.abs(energy - np.mean(energy)), ones), "meV"),
    }
    return _rows(engine, dataset, values, len(pairs))


def _force_rows(engine: Engine, dataset: Dataset, pairs: Sequence[tuple[Prediction, Labels]]) -> list[Row]:
    if not pairs:
        return []
    squares, absolutes, components = _force_sums(*zip(*pairs, strict=True))
    values = {
        "force_mae": (*mean_by_frames(absolutes, components), "meV/Å"),
        "force_rmse": (*root_by_frames(squares, components), "meV/Å"),
    }
    scale = _root_mean_square([w.forces for _, w in pairs]) / MEV
    if scale > 0:
        mean, error, _ = values["force_mae"]
        values["force_mae_relative"] = (mean / scale, None if error is None else error / scale, "1")
    return _rows(engine, dataset, values, int(components.sum()))


def _stress_rows(engine: Engine, dataset: Dataset, pairs: Sequence[tuple[Prediction, Labels, Structure]]) -> list[Row]:
    errors = []
    for prediction, label, structure in pairs:
        if prediction.virial is None or label.virial is None:
            return []
        symmetric = 0.5 * (prediction.virial + prediction.virial.T)
        errors.append((symmetric - label.virial) / abs(np.linalg.det(structure.cell)) / MEV)
    if not errors:
        return []
    nine = np.full(len(errors), 9.0)
    values = {
        "stress_mae": (*mean_by_frames(np.array([np.abs(e).sum() for e in errors]), nine), "meV/Å³"),
        "stress_rmse": (*root_by_frames(np.array([np.sum(e**2) for e in errors]), nine), "meV/Å³"),
    }
    return _rows(engine, dataset, values, 9 * len(errors))


def fidelity(
    engine: Engine,
    parent: Engine,
    dataset: Dataset,
    progress: OnProgress = silent,
    predictions: Sequence[Prediction] | None = None,
    parent_predictions: Sequence[Prediction] | None = None,
) -> list[Row]:
    """Return root mean square deviation from the float parent: energy_fidelity (meV per structure), force_fidelity
    (meV/Å per component).

    Apart from the error against the data: a quantized model may be off from its parent and no worse against
    the truth.
    """
    _require_frames(dataset)
    found = list(predictions) if predictions is not None else predict(engine, dataset.structures, progress)
    wanted = (
        list(parent_predictions) if parent_predictions is not None else predict(parent, dataset.structures, progress)
    )
    energy = _energy_errors(found, wanted)
    squares, _, components = _force_sums(found, wanted)
    values = {
        "energy_fidelity": (*root_by_frames(energy**2, np.ones(len(energy))), "meV"),
        "force_fidelity": (*root_by_frames(squares, components), "meV/Å"),
    }
    energies = {"energy_fidelity": values.pop("energy_fidelity")}
    return _rows(engine, dataset, energies, len(energy)) + _rows(engine, dataset, values, int(components.sum()))


def _root_mean_square(forces: Sequence[np.ndarray]) -> float:
    components = np.concatenate([np.ravel(f) for f in forces])
    return float(np.sqrt(np.mean(components**2)))


def _rows(
    engine: Engine, dataset: Dataset, values: dict[str, tuple[float, float | None, str]], count: int
) -> list[Row]:
    """Return rows of values that are made of `count` samples each."""
    return [
        replace(row(engine, dataset.name, metric, value, unit, count), std_error=error)
        for metric, (value, error, unit) in values.items()
    ]


def _require_frames(dataset: Dataset) -> None:
    if len(dataset) == 0:
        raise BadLabels(f"{dataset.name} has no frames; errors need at least one")


def _energy_errors(found: Sequence[Prediction], wanted: Sequence[Labels | Prediction]) -> np.ndarray:
    return np.array([p.energy - w.energy for p, w in zip(found, wanted, strict=True)]) / MEV


def _force_sums(
    found: Sequence[Prediction], wanted: Sequence[Labels | Prediction]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sums over the components of each frame: squares, absolute values, how many."""
    errors = [(p.forces - w.forces) / MEV for p, w in zip(found, wanted, strict=True)]
    squares = np.array([np.sum(e**2) for e in errors])
    absolutes = np.array([np.sum(np.abs(e)) for e in errors])
    return squares, absolutes, np.array([e.size for e in errors], dtype=np.float64)
