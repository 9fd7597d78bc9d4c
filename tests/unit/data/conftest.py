"""Small files of each kind, made from the embedded conformations of ethanol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.units import KCAL_PER_MOL

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="session")
def ethanol() -> Dataset:
    """Sixty labelled frames, taken from all over the embedded set."""
    return read_dataset("embedded").subset(range(0, 600, 10))


@pytest.fixture
def rmd17_arrays(ethanol: Dataset) -> Arrays:
    """The same as the arrays of an rMD17 file, in kcal/mol."""
    return {
        "nuclear_charges": ethanol.structures[0].species.astype(np.uint8),
        "coords": np.stack([s.positions for s in ethanol.structures]),
        "energies": np.array([label.energy for label in ethanol.labels]) / KCAL_PER_MOL,
        "forces": np.stack([label.forces for label in ethanol.labels]) / KCAL_PER_MOL,
        "old_indices": np.arange(len(ethanol)),
        "old_energies": np.zeros(len(ethanol)),
    }


@pytest.fixture
def write_npz(tmp_path: Path) -> Callable[[str, Arrays], Path]:
    """`write_npz(name, arrays)` writes an archive and returns its path."""

    def write(name: str, arrays: Arrays) -> Path:
        np.savez(tmp_path / name, **arrays)
        return tmp_path / name

    return write


@pytest.fixture
def write_xyz(tmp_path: Path, ethanol: Dataset) -> Callable[..., Path]:
    """`write_xyz(energy_key, force_key, energy_unit, force_unit)`; None for a key leaves the label out."""

    def write(
        energy_key: str | None = "energy",
        force_key: str | None = "forces",
        energy_unit: float = 1.0,
        force_unit: float = 1.0,
        frames: int = 60,
    ) -> Path:
        lines = []
        for structure, label in zip(ethanol.structures[:frames], ethanol.labels[:frames], strict=True):
            columns = "species:S:1:pos:R:3" + (f":{force_key}:R:3" if force_key else "")
            energy = f"{energy_key}={label.energy / energy_unit:.10f}" if energy_key else ""
            lines += [str(len(structure)), f'Properties={columns} {energy} pbc="F F F"']
            for z, x, f in zip(structure.species, structure.positions, label.forces, strict=True):
                numbers = [*x, *(f / force_unit)] if force_key else x
                lines.append({1: "H", 6: "C", 8: "O"}[int(z)] + "".join(f" {v:.10f}" for v in numbers))
        path = tmp_path / "frames.xyz"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write
