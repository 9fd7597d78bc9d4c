"""PaiNN of SchNetPack, float32: 64 features, three interactions, 20 Gaussians, untrained; or the arrays of a file.

$PAINN_ARRAYS is the safetensors file of a network with Gaussians and the cosine cutoff.
"""

from __future__ import annotations

import os
import tempfile
import typing

import serve

# SchNetPack's models are pickled.
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"

import numpy as np
import torch
import torch.utils.data.dataloader as dataloader

# SchNetPack 2.1.1 imports a type that PyTorch 2.13 removed.
if not hasattr(dataloader, "T_co"):
    dataloader.T_co = typing.TypeVar("T_co", covariant=True)

import schnetpack.properties as key
from one_graph import compiled_with_forces
from pairs import directed_pairs
from schnetpack.atomistic import Atomwise, Forces, PairwiseDistances
from schnetpack.model import NeuralNetworkPotential
from schnetpack.nn.cutoff import CosineCutoff
from schnetpack.nn.radial import GaussianRBF
from schnetpack.representation import PaiNN

FEATURES, INTERACTIONS, GAUSSIANS = 64, 3, 20


def build(form: str, numbers: np.ndarray, positions: np.ndarray) -> serve.Evaluate:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = network()
    cutoff = float(model.representation.cutoff_fn.cutoff)
    receiver, sender = directed_pairs(positions, cutoff)
    fixed = {
        key.Z: torch.from_numpy(numbers.astype(np.int64)),
        key.idx_i: torch.from_numpy(receiver),
        key.idx_j: torch.from_numpy(sender),
        key.idx_m: torch.zeros(len(numbers), dtype=torch.int64),
        key.n_atoms: torch.tensor([len(numbers)]),
        key.offsets: torch.zeros(len(receiver), 3),
    }
    model.requires_grad_(False).eval()
    if form == "ase":
        return through_ase(model, numbers, positions)
    if form == "compiled":
        representation = model.representation
        distances, atomwise = model.input_modules[0], model.output_modules[0]

        def energy(moved: torch.Tensor) -> torch.Tensor:
            # a plain sum over the only molecule
            return atomwise.outnet(representation(distances({**fixed, key.R: moved}))["scalar_representation"]).sum()

        graph = compiled_with_forces(energy, torch.from_numpy(positions).float())
        return lambda moved: graph(torch.from_numpy(moved).float())[1].numpy()
    return lambda moved: model({**fixed, key.R: torch.from_numpy(moved).float()})[key.forces].numpy()


def through_ase(model: NeuralNetworkPotential, numbers: np.ndarray, positions: np.ndarray) -> serve.Evaluate:
    """SchNetPack's calculator, neighbour list with a skin."""
    from ase import Atoms
    from schnetpack.interfaces import SpkCalculator
    from schnetpack.transform import MatScipyNeighborList, SkinNeighborList

    neighbors = SkinNeighborList(MatScipyNeighborList(float(model.representation.cutoff_fn.cutoff)), cutoff_skin=0.5)
    with tempfile.TemporaryDirectory() as folder:
        torch.save(model, f"{folder}/model")
        calculator = SpkCalculator(f"{folder}/model", neighbors, energy_unit="eV")
    atoms = Atoms(numbers, positions, calculator=calculator)

    def evaluate(moved: np.ndarray) -> np.ndarray:
        atoms.positions = moved
        return atoms.get_forces()

    return evaluate


def network() -> NeuralNetworkPotential:
    """Return the network in $PAINN_ARRAYS, or an untrained one."""
    arrays = os.environ.get("PAINN_ARRAYS")
    return trained(arrays) if arrays else potential(FEATURES, INTERACTIONS, GAUSSIANS, serve.CUTOFF)


def trained(file: str) -> NeuralNetworkPotential:
    from safetensors.torch import load_file

    arrays = load_file(file)
    features = arrays["representation.embedding.weight"].shape[1]
    interactions = len([name for name in arrays if name.endswith("mu_channel_mix.weight")])
    offsets = arrays["representation.radial_basis.offsets"]
    model = potential(features, interactions, len(offsets), float(arrays["representation.cutoff_fn.cutoff"]))
    model.load_state_dict({k: v for k, v in arrays.items() if not k.startswith("postprocessors.")})
    return model


def potential(features: int, interactions: int, gaussians: int, cutoff: float) -> NeuralNetworkPotential:
    representation = PaiNN(
        n_atom_basis=features,
        n_interactions=interactions,
        radial_basis=GaussianRBF(n_rbf=gaussians, cutoff=cutoff),
        cutoff_fn=CosineCutoff(cutoff),
    )
    return NeuralNetworkPotential(
        representation=representation,
        input_modules=[PairwiseDistances()],
        output_modules=[Atomwise(n_in=features, output_key=key.energy), Forces()],
    )


if __name__ == "__main__":
    serve.main(build, "PaiNN (SchNetPack)", ("eager", "compiled", "ase"))
