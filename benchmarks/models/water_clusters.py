"""PBE0 forces of clusters cut from liquid water, to stabilize the model for few molecules.

    pip install pyscf
    python -m benchmarks.models.water_clusters --data PATH/water -o benchmarks/models/water-clusters.xyz

Energies have another zero than the liquid's: frames set `config_energy_weight=0`. PBE0/def2-TZVP, density fitting,
without the liquid's dispersion (a few meV/Å).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.units import Bohr, Hartree

# molecules: number of clusters
COUNTS = {1: 80, 2: 70, 3: 24}
MONOMER_SPREAD = 0.06  # Å, on every second monomer
LARGEST_PULL = 1.8  # factor on distances in every second cluster


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with water_192.xyz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--out", type=Path, required=True)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    frames = ase.io.read(arguments.data / "water_192.xyz", index=":300")  # the training frames of water-fp32
    done = ase.io.read(arguments.out, index=":") if arguments.out.exists() else []
    clusters = [
        cut(frames[rng.integers(len(frames))], size, k % 2 == 1, rng) for size in COUNTS for k in range(COUNTS[size])
    ]
    for number, cluster in enumerate(clusters[len(done) :], start=len(done) + 1):
        ase.io.write(arguments.out, labelled(cluster), append=True, format="extxyz")
        print(f"{number} of {len(clusters)}: {len(cluster) // 3} molecules", flush=True)


def cut(box: Atoms, size: int, changed: bool, rng: np.random.Generator) -> Atoms:
    """Return molecules nearest to a random one; `changed` distorts them."""
    oxygens = np.flatnonzero(box.numbers == 8)
    hydrogens = np.flatnonzero(box.numbers == 1)
    centre = rng.choice(oxygens)
    to_others = box.get_distances(centre, oxygens, mic=True)
    molecules = []
    for oxygen in oxygens[np.argsort(to_others)[:size]]:
        bonds = box.get_distances(oxygen, hydrogens, mic=True, vector=True)
        near = np.argsort(np.linalg.norm(bonds, axis=1))[:2]
        start = box.get_distance(centre, oxygen, mic=True, vector=True) if oxygen != centre else np.zeros(3)
        molecules.append(np.vstack([start, start + bonds[near]]))
    if changed and size == 1:
        molecules[0] += rng.normal(scale=MONOMER_SPREAD, size=(3, 3))
    elif changed:
        factor = rng.uniform(1.0, LARGEST_PULL)
        molecules = [m + (factor - 1.0) * m[0] for m in molecules]
    return Atoms("OH2" * size, np.vstack(molecules))


def labelled(cluster: Atoms) -> Atoms:
    """Return the labelled cluster (eV, eV/Å)."""
    from pyscf import dft, gto

    molecule = gto.M(
        atom=list(zip(cluster.get_chemical_symbols(), cluster.positions, strict=True)), basis="def2-tzvp", verbose=0
    )
    solved = dft.RKS(molecule, xc="pbe0").density_fit()
    energy = solved.kernel() * Hartree
    if not solved.converged:
        raise SystemExit(f"no self-consistent field for {cluster}")
    forces = -solved.nuc_grad_method().kernel() * Hartree / Bohr
    cluster.info["config_energy_weight"] = 0.0
    cluster.calc = SinglePointCalculator(cluster, energy=energy, forces=forces)
    return cluster


if __name__ == "__main__":
    main()
