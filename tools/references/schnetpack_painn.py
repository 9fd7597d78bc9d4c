"""What SchNetPack computes, for tests/references: run in an environment with schnetpack 2.1 and safetensors.

python tools/references/schnetpack_painn.py tests/references/schnetpack

Writes small PaiNNs with random weights, their settings as Hydra would, and their energies and forces in float64. The
environment is the one that benchmarks/speed/peers/install.py makes, with safetensors.
"""

import json
import sys
import typing
from pathlib import Path

import numpy as np
import torch
import torch.utils.data.dataloader as dataloader
import yaml
from ase import Atoms
from ase.build import bulk, molecule

# SchNetPack 2.1.1 imports a type that PyTorch 2.13 removed.
if not hasattr(dataloader, "T_co"):
    dataloader.T_co = typing.TypeVar("T_co", covariant=True)

import schnetpack.properties as key
from safetensors.torch import save_file
from schnetpack.atomistic import Atomwise, Forces, PairwiseDistances
from schnetpack.model import NeuralNetworkPotential
from schnetpack.nn.cutoff import CosineCutoff
from schnetpack.nn.radial import BesselRBF, GaussianRBF, GaussianRBFCentered
from schnetpack.representation import PaiNN
from schnetpack.transform import AddOffsets, CastTo64, MatScipyNeighborList

BASES = {basis.__name__: basis for basis in (GaussianRBF, GaussianRBFCentered, BesselRBF)}
# channels, interactions, functions, cutoff, class of functions, shared filters, width of the readout, unit, offsets
SMALL = {
    "gaussians": (8, 2, 6, 4.0, "GaussianRBF", False, None, "kcal/mol", "mean"),
    "bessel": (12, 1, 5, 3.5, "BesselRBF", False, 7, "Hartree", "atomrefs"),
    "centred": (8, 3, 7, 4.5, "GaussianRBFCentered", True, None, "eV", "both"),
}
ELEMENTS = (1, 6, 8, 29)
ATOMREFS = {1: -0.5, 6: -3.0, 8: -7.25, 29: 1.0}


def structures() -> dict[str, Atoms]:
    """Molecules that were moved a little, and a cell smaller than the cutoff."""
    oxide = bulk("CuO", "rocksalt", a=4.2)
    oxide.rattle(0.05, seed=2)
    found = {"CuO": oxide}
    for name in ("CH3CH2OH", "H2O"):
        found[name] = molecule(name)
        found[name].rattle(0.05, seed=1)
    return found


def build(channels, interactions, count, cutoff, basis, shared, hidden, unit, offsets) -> NeuralNetworkPotential:
    representation = PaiNN(
        n_atom_basis=channels,
        n_interactions=interactions,
        radial_basis=BASES[basis](n_rbf=count, cutoff=cutoff),
        cutoff_fn=CosineCutoff(cutoff),
        shared_filters=shared,
    )
    refs = torch.zeros(100)
    refs[list(ATOMREFS)] = torch.tensor(list(ATOMREFS.values()))
    added = AddOffsets("energy", add_mean=offsets != "atomrefs", add_atomrefs=offsets != "mean")
    if offsets != "atomrefs":
        added.mean = torch.tensor(-4.25, dtype=torch.float64)
    if offsets != "mean":
        added.atomref = refs
    model = NeuralNetworkPotential(
        representation=representation,
        input_modules=[PairwiseDistances()],
        output_modules=[Atomwise(n_in=channels, n_hidden=hidden, output_key="energy"), Forces()],
        postprocessors=[CastTo64(), added],
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "bias" in name:
                parameter.normal_(std=0.3)
            if "embedding" in name:
                parameter.normal_()
    return model


def settings(channels, interactions, count, cutoff, basis, shared, hidden, unit, offsets) -> dict:
    """What Hydra writes, as far as it is about the network and its units."""
    radial = {"_target_": f"schnetpack.nn.radial.{basis}", "n_rbf": count, "cutoff": "${globals.cutoff}"}
    return {
        "globals": {"cutoff": cutoff},
        "model": {
            "_target_": "schnetpack.model.NeuralNetworkPotential",
            "representation": {
                "_target_": "schnetpack.representation.PaiNN",
                "n_atom_basis": channels,
                "n_interactions": interactions,
                "shared_filters": shared,
                "radial_basis": radial,
                "cutoff_fn": {"_target_": "schnetpack.nn.cutoff.CosineCutoff", "cutoff": "${globals.cutoff}"},
            },
            "input_modules": [{"_target_": "schnetpack.atomistic.PairwiseDistances"}],
            "output_modules": [
                {"_target_": "schnetpack.atomistic.Atomwise", "output_key": "energy", "n_hidden": hidden},
                {"_target_": "schnetpack.atomistic.Forces"},
            ],
            "postprocessors": [
                {"_target_": "schnetpack.transform.CastTo64"},
                {
                    "_target_": "schnetpack.transform.AddOffsets",
                    "property": "energy",
                    "add_mean": offsets != "atomrefs",
                    "add_atomrefs": offsets != "mean",
                },
            ],
        },
        "data": {"distance_unit": "Ang", "property_units": {"energy": unit}},
    }


def answer(model: NeuralNetworkPotential, atoms: Atoms, cutoff: float) -> dict:
    """Energy and forces in the units of the network, in float64, with the structure."""
    inputs = {
        key.Z: torch.from_numpy(atoms.numbers),
        key.R: torch.from_numpy(atoms.positions),
        key.cell: torch.from_numpy(atoms.cell.array)[None],
        key.pbc: torch.from_numpy(atoms.pbc),
        key.n_atoms: torch.tensor([len(atoms)]),
        key.idx_m: torch.zeros(len(atoms), dtype=torch.int64),
    }
    found = model(MatScipyNeighborList(cutoff)(inputs))
    return {
        "species": atoms.numbers.tolist(),
        "positions": atoms.positions.tolist(),
        "cell": atoms.cell.array.tolist() if atoms.pbc.all() else None,
        "energy": float(found["energy"][0]),
        "forces": found["forces"].tolist(),
    }


def main(out: Path) -> None:
    for seed, (name, numbers) in enumerate(SMALL.items()):
        (out / name).mkdir(parents=True, exist_ok=True)
        torch.manual_seed(seed)
        model = build(*numbers).requires_grad_(False).eval()
        save_file({n: t.contiguous() for n, t in model.state_dict().items()}, out / name / "painn.safetensors")
        (out / name / "config.yaml").write_text(yaml.safe_dump(settings(*numbers), sort_keys=False))
        model.double()
        answers = {title: answer(model, atoms, numbers[3]) for title, atoms in structures().items()}
        (out / f"{name}.json").write_text(json.dumps(answers, indent=1) + "\n")
        print(name, {t: (a["energy"], float(np.abs(a["forces"]).max())) for t, a in answers.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
