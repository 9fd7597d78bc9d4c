"""A model for torch-sim, which moves many systems at once: `ts.integrate(system, model_of("model.gaq"), ...)`.

Units of torch-sim are those of gaq: eV, Å and eV/Å³. The engine computes on the CPU in float64, all systems in one
call; results are copied to the device and type of the state.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.open import engine_of
from gaq.engine.protocol import Engine, gives_virial
from gaq.simulate.hosts import imported


def model_of(model: str | Path | Engine, *, threads: int | None = None, device: str = "cpu") -> Any:
    """Return the model as a `torch_sim.models.interface.ModelInterface`, in float64, on the device of the states.

    Gives stresses if the engine gives virials, as the native one does. Raises `BadFile`, `NotAvailable`.
    """
    imported("torch_sim")
    import torch
    from torch_sim.models.interface import ModelInterface

    class Model(ModelInterface):
        """Energies [system], forces [atom, 3] and stresses [system, 3, 3] from an engine."""

        def __init__(self, engine: Engine) -> None:
            super().__init__()
            self.engine = engine
            self._device, self._dtype = torch.device(device), torch.float64
            self._compute_forces, self._compute_stress = True, gives_virial(engine)

        def forward(self, state: Any) -> dict[str, torch.Tensor]:
            """Evaluate a state. Raises `BadStructure` and `UnsupportedElement`."""
            structures = structures_of(state)
            predictions = self.engine.evaluate(structures)

            def tensor(values: Any) -> torch.Tensor:
                return torch.as_tensor(np.asarray(values), device=self._device, dtype=self._dtype)

            found = {
                "energy": tensor([prediction.energy for prediction in predictions]),
                "forces": tensor(np.concatenate([prediction.forces for prediction in predictions])),
            }
            if self._compute_stress:
                pairs = zip(structures, predictions, strict=True)
                found["stress"] = tensor([_stress(structure, prediction.virial) for structure, prediction in pairs])
            return found

    return Model(engine_of(model, threads=threads))


def structures_of(state: Any) -> list[Structure]:
    """Return the systems of a `torch_sim.SimState` or an equivalent mapping, with lattice vectors in columns."""

    def get(name: str) -> Any:
        return state.get(name) if isinstance(state, dict) else getattr(state, name)

    def array(name: str, kind: type) -> np.ndarray:
        return np.asarray(get(name).detach().cpu().numpy(), dtype=kind)

    positions, numbers, cells = array("positions", float), array("atomic_numbers", np.int64), array("cell", float)
    index, periodic = get("system_idx"), np.broadcast_to(np.asarray(get("pbc"), dtype=bool), 3)
    starts = [0] if index is None else np.searchsorted(index.cpu().numpy(), np.arange(len(cells)))
    ends = [*starts[1:], len(numbers)]
    return [
        Structure(numbers[start:end], positions[start:end], np.where(periodic[:, None], cell.T, 0.0), periodic)
        for start, end, cell in zip(starts, ends, cells, strict=True)
    ]


def _stress(structure: Structure, virial: np.ndarray | None) -> np.ndarray:
    """Return the symmetric stress [3, 3] in eV/Å³; zero for systems without volume."""
    volume = abs(float(np.linalg.det(structure.cell)))
    if virial is None or volume == 0.0:
        return np.zeros((3, 3))
    return (virial + virial.T) / (2 * volume)
