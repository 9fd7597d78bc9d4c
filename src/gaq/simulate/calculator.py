"""An ASE calculator for any engine: `atoms.calc = gaq.Calculator("model.gaq")`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator as AseCalculator
from ase.calculators.calculator import all_changes

from gaq.atoms.from_ase import as_structure
from gaq.engine.protocol import Engine


class Calculator(AseCalculator):
    """Energy (eV) and forces (eV/Å) of a model file or an `Engine` for ASE; also atomic energies (eV) and, for periodic
    systems, stress (eV/Å³), if the engine gives them, as gaq's engines do.

    Atoms unlike the training data are a warning (`gaq.errors.OutsideWarning`, once), or with `strict` an error
    (`OutsideData`). Checkpoints are computed by PyTorch, which is imported only for them.
    Raises `BadFile` for a path that is no model, `UnsupportedElement` and `BadStructure` for atoms it cannot
    evaluate, `NotFinite` for unusable results.
    """

    implemented_properties = ("energy", "free_energy", "energies", "forces", "stress")

    def __init__(
        self,
        model: str | Path | Engine,
        *,
        engine: str | None = None,
        device: str = "cpu",
        threads: int | None = None,
        strict: bool = False,
    ) -> None:
        super().__init__()
        self.engine: Engine
        if isinstance(model, str | Path):
            from gaq.engine.open import open_engine

            self.engine = open_engine(str(model), engine=engine, device=device, threads=threads, strict=strict)
        else:
            self.engine = model

    def calculate(
        self,
        atoms: Any = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute all properties together; ASE calls this after changes of positions, cell or species."""
        if atoms is not None and self.check_state(atoms):
            self.atoms = atoms.copy()
        (prediction,) = self.engine.evaluate([as_structure(self.atoms)])
        self.results = {
            "energy": prediction.energy,
            "free_energy": prediction.energy,
            "forces": np.array(prediction.forces),
        }
        if prediction.atomic_energies is not None:
            self.results["energies"] = np.array(prediction.atomic_energies)
        if prediction.virial is not None and self.atoms.pbc.any() and self.atoms.cell.rank == 3:
            self.results["stress"] = voigt(prediction.virial) / self.atoms.cell.volume

    def check_state(self, atoms: Any, tol: float = 0.0) -> list[str]:
        """Return what has changed since the last calculation, compared to the last bit.

        ASE's own comparison takes as long as a small molecule's forces.
        """
        last = self.atoms
        if last is None or len(last) != len(atoms):
            return list(all_changes)
        same = {
            "positions": np.array_equal(last.positions, atoms.positions),
            "numbers": np.array_equal(last.numbers, atoms.numbers),
            "cell": np.array_equal(last.cell.array, atoms.cell.array),
            "pbc": np.array_equal(last.pbc, atoms.pbc),
        }
        return [name for name, is_same in same.items() if not is_same]


def voigt(tensor: np.ndarray) -> np.ndarray:
    """Return a symmetric [3, 3] tensor as xx, yy, zz, yz, xz, xy; averages entries that differ by round-off."""
    return np.array([(tensor[i, j] + tensor[j, i]) / 2 for i, j in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))])
