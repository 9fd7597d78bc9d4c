"""Small molecules, boxes and networks for tests: every parameter random, forces of about 1 eV/Å."""

from __future__ import annotations

import numpy as np
import torch
from ase.build import molecule as built

from gaq.atoms.batch import AtomBatch, collate
from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Labels, Structure
from gaq.data.dataset import Dataset
from gaq.model.architectures import architecture_named
from gaq.model.forces import energy_and_forces
from gaq.model.layered import Layered, LayeredConfig
from gaq.model.nequip.network import NequIPConfig
from gaq.model.painn.network import PaiNNConfig
from gaq.model.transformer.network import TransformerConfig
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe
from gaq.train.checkpoint import Checkpoint, as_dtype
from gaq.train.config import TrainConfig
from gaq.train.session import quantize

SPECIES = (1, 6, 7, 8)
REFERENCES = {1: -13.6, 6: -1029.0, 7: -1484.0, 8: -2041.0}  # eV


def molecule(name: str, seed: int = 0, noise: float = 0.05) -> Structure:
    """A molecule of ASE's collection with `noise` (Å) on every coordinate."""
    atoms = built(name)
    shift = noise * np.random.default_rng(seed).standard_normal(atoms.positions.shape)
    return Structure.molecule(atoms.numbers, atoms.positions + shift)


def molecules(noise: float = 0.05) -> list[Structure]:
    """Five different molecules, one of them planar and one linear but for the noise."""
    return [molecule(name, k, noise) for k, name in enumerate(("CH3CH2OH", "H2O", "CH3NO2", "CO2", "CH3OH"))]


def box(seed: int = 0, atoms: int = 6, edge: float = 4.4) -> Structure:
    """A triclinic box in which every atom sees images of itself at a cutoff of 5 Å."""
    rng = np.random.default_rng(seed)
    cell = edge * np.array([[1.0, 0.0, 0.0], [0.2, 0.95, 0.0], [-0.15, 0.3, 1.05]])
    grid = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])[:atoms] / 2
    positions = (grid + 0.04 * rng.standard_normal((atoms, 3))) @ cell
    return Structure(rng.choice(SPECIES, atoms), positions, cell, np.ones(3, dtype=bool))


def batch_of(structures: list[Structure], cutoff: float = 5.0) -> AtomBatch:
    """One batch with its neighbour pairs."""
    return collate(structures, [find_neighbors(s, cutoff) for s in structures])


def settings(**changes: object) -> LayeredConfig:
    """The tiny network of the architecture that is named among the changes, a transformer without."""
    makers = {"painn": painn, "nequip": nequip}
    return makers.get(str(changes.get("architecture")), config)(**changes)


def config(**changes: object) -> TransformerConfig:
    """Eight channels, vectors, two layers."""
    sizes: dict[str, object] = {"channels": 8, "degrees": 1, "layers": 2, "heads": 2, "basis": 8, "hidden": 8}
    return TransformerConfig.model_validate(sizes | changes)


def painn(**changes: object) -> PaiNNConfig:
    """A PaiNN of eight channels and two layers."""
    return PaiNNConfig.model_validate({"channels": 8, "layers": 2, "basis": 8} | changes)


def nequip(**changes: object) -> NequIPConfig:
    """A NequIP of eight invariants, four vectors and four tensors, and two layers."""
    sizes: dict[str, object] = {"channels": 8, "vector_channels": [4, 4], "layers": 2, "basis": 8, "radial_hidden": [8]}
    return NequIPConfig.model_validate(sizes | changes)


LIMITS = (12.0, 20.0)  # of features, from the first channel to the last


def network(settings: LayeredConfig, dtype: torch.dtype = torch.float32, seed: int = 0) -> Layered:
    """A network none of whose parameters is zero, with rms force components of 1 eV/Å on `molecules()`."""
    draw = torch.Generator().manual_seed(seed)
    architecture = architecture_named(settings.architecture)
    model = as_dtype(architecture.build(settings, SPECIES), torch.float64)
    architecture.initialise_(model, draw)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters(), key=lambda named: _place(named[0])):
            if name.endswith("bias"):
                parameter.normal_(std=0.3, generator=draw)
            if name.endswith("temperature"):
                parameter.fill_(2.0)
        for name, buffer in model.named_buffers():
            if name.endswith(".limits"):  # one for each channel
                buffer.copy_(torch.linspace(*LIMITS, buffer.numel()).view_as(buffer))
    model.set_references(REFERENCES, 1.0)
    _, forces = energy_and_forces(model, batch_of(molecules(), settings.cutoff))
    model.set_references(REFERENCES, 1.0 / forces.square().mean().sqrt().item())
    return as_dtype(model, dtype)


def _place(name: str) -> tuple[bool, bool, str, bool, bool]:
    """Biases are drawn layer by layer for what comes before the updates, then for these, then for the readout.

    In an attention: projection, radial bias, output. Tolerances of tests were chosen for these numbers.
    """
    layer = name.partition("layers.")[2][:1]
    return "readout" in name, ".update." in name, layer, ".output." in name, name.endswith("attention.bias")


def dataset(count: int = 8, seed: int = 0, name: str = "tiny") -> Dataset:
    """Distorted water and methanol with energies and forces of harmonic springs between all atoms."""
    structures, labels = [], []
    for k in range(count):
        kind = ("CH3OH", "H2O")[k % 2]
        rest, moved = molecule(kind, noise=0.0).positions, molecule(kind, 1000 * seed + k, 0.08)
        structures.append(moved)
        labels.append(_springs(rest, moved))
    return Dataset(name, tuple(structures), tuple(labels), f"sha-of-{name}-{seed}-{count}")


def _springs(rest: np.ndarray, moved: Structure) -> Labels:
    """E = Σ_Z E_Z + Σ_{i<j} k/2 (r_ij − r⁰_ij)² with k = 5 eV/Å²."""
    energy, forces = sum(REFERENCES[int(z)] for z in moved.species), np.zeros_like(rest)
    for i in range(len(rest)):
        for j in range(i):
            arm = moved.positions[i] - moved.positions[j]
            stretch = np.linalg.norm(arm) - np.linalg.norm(rest[i] - rest[j])
            energy += 2.5 * stretch**2
            pull = 5.0 * stretch * arm / np.linalg.norm(arm)
            forces[i] -= pull
            forces[j] += pull
    return Labels(float(energy), forces)


def train_config(epochs: int = 3, dtype: str = "float32", seed: int = 0, **changes: object) -> TrainConfig:
    """Six training frames in batches of two; `changes` are sections such as loss={"symmetry": 0.1}."""
    sections: dict[str, object] = {
        "data": {"train": 6, "validation": 2},
        "model": config().model_dump(),
        "optimizer": {"ema": 0.9},
    }
    top = {"epochs": epochs, "dtype": dtype, "seed": seed, "batch": 2}
    return TrainConfig.model_validate(sections | top | changes)


def checkpoint(settings: LayeredConfig, recipe: Recipe | None = None) -> Checkpoint:
    """A float network, or one quantized by a recipe and calibrated on molecules."""
    model = network(settings)
    if recipe is None:
        return Checkpoint(model, preset("fp32"), {"note": "tiny"})
    return Checkpoint(quantize(model, recipe, molecules()), recipe, {"note": "tiny"})
