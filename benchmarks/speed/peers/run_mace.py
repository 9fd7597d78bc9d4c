"""MACE, 64x0e + 64x1o: two layers, correlation 3, l up to 3, untrained, float32."""

from __future__ import annotations

import os

import serve

# e3nn 0.4.4 loads a table that PyTorch rejects as code by default.
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"

import numpy as np
import torch
from e3nn import o3
from mace import modules
from mace.tools.compile import prepare
from one_graph import compiled_with_forces
from pairs import directed_pairs

FEATURES = "64x0e + 64x1o"
NEIGHBORS = 14.0  # average for messages; irrelevant for speed


def build(form: str, numbers: np.ndarray, positions: np.ndarray) -> serve.Evaluate:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    fixed = _graph(numbers, positions)
    if form == "compiled":
        # `prepare` avoids TorchScript, which cannot be compiled.
        model = prepare(network)(np.unique(numbers)).requires_grad_(False).eval()

        def energy(moved: torch.Tensor) -> torch.Tensor:
            return model({**fixed, "positions": moved}, compute_force=False)["energy"]

        graph = compiled_with_forces(energy, torch.from_numpy(positions).float())
        return lambda moved: graph(torch.from_numpy(moved).float())[1].numpy()
    model = network(np.unique(numbers)).requires_grad_(False).eval()
    if form == "ase":
        return through_ase(model, numbers, positions)
    return lambda moved: model({**fixed, "positions": torch.from_numpy(moved).float()})["forces"].numpy()


def through_ase(model: torch.nn.Module, numbers: np.ndarray, positions: np.ndarray) -> serve.Evaluate:
    """MACE's own calculator."""
    from ase import Atoms
    from mace.calculators import MACECalculator

    atoms = Atoms(numbers, positions, calculator=MACECalculator(models=[model], default_dtype="float32"))

    def evaluate(moved: np.ndarray) -> np.ndarray:
        atoms.positions = moved
        return atoms.get_forces()

    return evaluate


def network(species: np.ndarray, features: str = FEATURES) -> torch.nn.Module:
    """MACE's default sizes, 64 channels, one degree."""
    kind = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    return modules.ScaleShiftMACE(
        r_max=serve.CUTOFF,
        num_bessel=8,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=kind,
        interaction_cls_first=kind,
        num_interactions=2,
        num_elements=len(species),
        hidden_irreps=o3.Irreps(features),
        MLP_irreps=o3.Irreps("16x0e"),
        gate=torch.nn.functional.silu,
        atomic_energies=np.zeros(len(species)),
        avg_num_neighbors=NEIGHBORS,
        atomic_numbers=[int(z) for z in species],
        correlation=3,
        radial_type="bessel",
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )


def _graph(numbers: np.ndarray, positions: np.ndarray) -> dict[str, torch.Tensor]:
    receiver, sender = directed_pairs(positions, serve.CUTOFF)
    species = np.unique(numbers)
    return {
        "node_attrs": torch.from_numpy((numbers[:, None] == species).astype(np.float32)),
        "edge_index": torch.from_numpy(np.stack([sender, receiver])),
        "shifts": torch.zeros(len(receiver), 3),
        "unit_shifts": torch.zeros(len(receiver), 3),
        "cell": torch.zeros(3, 3),
        "batch": torch.zeros(len(numbers), dtype=torch.int64),
        "ptr": torch.tensor([0, len(numbers)]),
        "head": torch.zeros(1, dtype=torch.int64),
    }


if __name__ == "__main__":
    torch.set_default_dtype(torch.float32)
    serve.main(build, "MACE 64x0e+64x1o (mace-torch)", ("eager", "compiled", "ase"))
