"""What e3nn and sevenn compute, for tests/references: run in an environment with sevenn and safetensors.

python tools/references/sevennet.py tests/references/sevennet

Writes real Wigner 3j symbols of e3nn, two small random SevenNets with their energies, forces and virials, and those of
the published networks in the wheel of sevenn.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from ase import Atoms
from ase.build import bulk, molecule
from e3nn.o3 import wigner_3j
from sevenn.calculator import SevenNetCalculator
from sevenn.model_build import build_E3_equivariant_model
from sevenn.util import load_checkpoint, pretrained_name_to_path

ARRAYS = Path(__file__).parents[2] / "examples" / "sevennet" / "arrays.py"
SPECIES = ["Cu", "H", "C", "O"]
POLYNOMIAL = {"cutoff_function_name": "poly_cut", "poly_cut_p_value": 6}
XPLOR = {"cutoff_function_name": "XPLOR", "cutoff_on": 3.0}
SMALL = {
    "unit-l3": {"lmax": 3, "between": "6x0e+4x1e+3x2e+2x3e", "cutoff_function": POLYNOMIAL, "_normalize_sph": True},
    "solid-l2": {"lmax": 2, "between": "6x0e+4x1e+3x2e", "cutoff_function": XPLOR, "_normalize_sph": False},
    "parities": {"lmax": 2, "is_parity": True, "self_connection_type": "nequip", "cutoff_function": POLYNOMIAL},
    "fidelities": {"lmax": 2, "between": "6x0e+4x1e+3x2e", "cutoff_function": POLYNOMIAL, "use_modality": True},
}
PUBLISHED = {
    "sevennet-0": pretrained_name_to_path("7net-0"),
    "sevennet-0-may": pretrained_name_to_path("7net-0").replace("11Jul2024", "22May2024"),
    "sevennet-l3i5": pretrained_name_to_path("7net-l3i5"),
    "sevennet-mf-0": pretrained_name_to_path("7net-mf-0"),
}
ASKED = "PBE"  # of networks of several fidelities


def structures() -> dict[str, Atoms]:
    """Molecules, a sheared crystal and a cell smaller than the cutoff."""
    copper = bulk("Cu", "fcc", a=3.6, cubic=True)
    copper.rattle(0.08, seed=3)
    copper.set_cell(copper.cell @ (np.eye(3) + 0.03 * np.array([[0, 1, 0], [0, 0, 0.5], [0, 0, 1]])), scale_atoms=True)
    oxide = bulk("CuO", "rocksalt", a=4.2)
    oxide.rattle(0.05, seed=2)
    return {name: molecule(name) for name in ("CH3CH2OH", "H2O")} | {"Cu4": copper, "CuO": oxide}


def answers(calculator: SevenNetCalculator) -> dict:
    """Energy, forces, and stress times volume of each structure, with the structure."""
    found = {}
    for name, atoms in structures().items():
        atoms.calc = calculator
        found[name] = {
            "species": atoms.numbers.tolist(),
            "positions": atoms.positions.tolist(),
            "cell": atoms.cell.array.tolist() if atoms.pbc.all() else None,
            "energy": float(atoms.get_potential_energy()),
            "forces": atoms.get_forces().astype(float).tolist(),
        }
        if atoms.pbc.all():
            found[name]["virial"] = (atoms.get_stress(voigt=False) * atoms.get_volume()).tolist()
    return found


def small(settings: dict, seed: int) -> dict:
    """The content of a checkpoint of a small network with random weights."""
    config = dict(load_checkpoint("7net-0").config)
    between = settings.get("between")
    manual = [between.split("+")[0], between, between, between.split("+")[0]] if between else False
    numbers = [Atoms(symbol).numbers[0] for symbol in SPECIES]
    config |= {name: value for name, value in settings.items() if name != "between"}
    config |= {
        "cutoff": 4.0,
        "channel": 6 if between else 4,
        "irreps_manual": manual,
        "num_convolution_layer": 3 if between else 4,
        "weight_nn_hidden_neurons": [8, 8],
        "chemical_species": SPECIES,
        "_type_map": {int(z): k for k, z in enumerate(numbers)},
        "_number_of_species": len(SPECIES),
        "_chemical_species_by_atomic_number": [int(z) for z in numbers],
        "shift": [0.1, -0.2, 0.3, -0.4],
        "scale": 1.5,
        "use_species_wise_shift_scale": True,
        "conv_denominator": [5.0, 6.0, 7.0] if between else [5.0, 6.0, 7.0, 8.0],
        "train_denominator": False,
    }
    if settings.get("use_modality"):
        config |= {f"use_modal_{layer}": True for layer in ("node_embedding", "output_block")}
        config |= {f"use_modal_self_inter_{layer}": True for layer in ("intro", "outro")}
        config |= {"_modal_map": {"R2SCAN": 0, ASKED: 1}, "_number_of_modalities": 2, "use_modal_wise_shift": True}
        config |= {"use_modal_wise_scale": False, "shift": [[0.1, -0.2, 0.3, -0.4], [0.5, 0.6, -0.7, 0.8]]}
        config |= {"scale": [1.5] * len(SPECIES)}
    torch.manual_seed(seed)
    model = build_E3_equivariant_model(config)
    return {"model_state_dict": model.state_dict(), "config": config, "epoch": 0, "version": config["version"]}


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    degrees = range(4)
    triples = [(a, b, c) for a in degrees for b in degrees for c in degrees if abs(a - b) <= c <= a + b]
    symbols = {f"{a}{b}{c}": wigner_3j(a, b, c, dtype=torch.float64).numpy() for a, b, c in triples}
    np.savez_compressed(out / "wigner_3j.npz", **symbols)
    for seed, (name, settings) in enumerate(SMALL.items()):
        (out / name).mkdir(exist_ok=True)
        checkpoint = out / name / "checkpoint.pth"
        torch.save(small(settings, seed), checkpoint)
        write(name, str(checkpoint), out)
        asked = [ASKED] if settings.get("use_modality") else []
        subprocess.run([sys.executable, ARRAYS, checkpoint, out / name / "arrays.safetensors", *asked], check=True)
        checkpoint.unlink()
    for name, checkpoint in PUBLISHED.items():
        write(name, checkpoint, out)


def write(name: str, checkpoint: str, out: Path) -> None:
    """Write the answers of a network."""
    several = load_checkpoint(checkpoint).config.get("use_modality")
    found = answers(SevenNetCalculator(checkpoint, device="cpu", modal=ASKED if several else None))
    (out / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
