"""Rotations, reflections, translations, mirror images and molecules with a symmetry of their own: what is exact.

python -m studies.groups.run                       untrained networks, one of each architecture
python -m studies.groups.run sevennet0.ckpt …      float checkpoints too, by the names of their files
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.common.setup import on_one_core
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.engine.protocol import Engine
from gaq.engine.pytorch import TorchEngine
from gaq.measure.groups import enantiomers, inversion, own_symmetry
from gaq.measure.invariance import translation
from gaq.measure.ledger import Row, row, write_rows
from gaq.measure.symmetry import reflection, symmetry
from gaq.model.architectures import ARCHITECTURES, architecture_named
from gaq.model.forces import energy_and_forces
from gaq.model.geometry import Gauge
from gaq.model.layered import Layered
from gaq.quant.install import preset
from gaq.train.frames import prepare
from gaq.train.session import load, quantize
from gaq.units import MEV
from studies.groups.controls import floor_in_the_place_of_round, left_handed_frames
from studies.groups.molecules import GENERATORS, LACTALDEHYDE, mirrored, pair, symmetric

RECIPES = ("fp32", "w4", "naive-int8", "gaq-w8a8", "gaq-w8a8-component", "w4a16", "frame-w8a8")
SPECIES = (1, 6, 8)
SMALL = {"channels": 16, "layers": 3}
VARIANTS = {"nequip-natural": {"parities": "natural"}, "nequip-so3": {"parities": "ignored"}}
CALIBRATION, STRUCTURES, ROTATIONS = 32, 4, 16


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoints", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/groups"))
    arguments = parser.parse_args()
    on_one_core()
    arguments.out.mkdir(parents=True, exist_ok=True)
    data = read_dataset("embedded")
    rows: list[Row] = []
    for name, model in (*untrained(data), *((path.stem, load(path)) for path in arguments.checkpoints)):
        for recipe in RECIPES:
            child = model if recipe == "fp32" else quantize(model, preset(recipe, 0), data.structures[:CALIBRATION])
            rows += rows_of_engine(TorchEngine(child, name, recipe), data)
            print(name, recipe, *(f"{r.metric} {r.value:.2g}" for r in rows[-20:] if r.recipe == recipe), flush=True)
        rows += controls(model, name, data)
        write_rows(arguments.out / "rows.jsonl", rows)


def untrained(data: Dataset) -> Iterator[tuple[str, Layered]]:
    """Yield a small network of each architecture, and NequIP with each choice of parities; forces of 1 eV/Å."""
    settings: dict[str, tuple[str, dict[str, object]]] = {known.name: (known.name, {}) for known in ARCHITECTURES}
    settings |= {name: ("nequip", changes) for name, changes in VARIANTS.items()}
    for name, (known, changes) in settings.items():
        architecture = architecture_named(known)
        model = architecture.build(architecture.config.model_validate(SMALL | changes), SPECIES)
        architecture.initialise_(model, torch.Generator().manual_seed(0))
        frames = prepare(data, model.cutoff)
        batch, _ = next(iter(frames.batches(CALIBRATION)))
        _, forces = energy_and_forces(model, batch)
        model.set_references(dict.fromkeys(SPECIES, 0.0), 1.0 / float(forces.square().mean().sqrt()))
        yield name, model


def rows_of_engine(engine: Engine, data: Dataset) -> Iterator[Row]:
    """Yield every figure of one engine."""
    structures = data.structures[:STRUCTURES]
    wanted = ("lee_max", "frames_identical", "energy_invariance")
    yield from (r for r in symmetry(engine, structures, ROTATIONS, data=data.name) if r.metric in wanted)
    yield from reflection(engine, structures, ROTATIONS, data=data.name)
    yield from inversion(engine, structures, data.name)
    yield from translation(engine, structures, data=data.name)
    yield from enantiomers(engine, LACTALDEHYDE, data="lactaldehyde")
    yield from diastereomers(engine)
    for name in GENERATORS:
        yield from own_symmetry(engine, *symmetric(name), data=name)


def diastereomers(engine: Engine) -> Iterator[Row]:
    """Yield energies of pairs: of different pairs, which have other distances, and of mirror images of each other."""
    right, left = LACTALDEHYDE, mirrored(LACTALDEHYDE)
    pairs = [pair(right, right), pair(right, left), pair(left, left)]
    both, mixed, images = (p.energy / MEV for p in engine.evaluate(pairs))
    yield row(engine, "lactaldehyde", "diastereomer_energy", abs(mixed - both), "meV", 1)
    yield row(engine, "lactaldehyde", "mirror_pair_energy", abs(images - both), "meV", 1)


def controls(model: Layered, name: str, data: Dataset) -> Iterator[Row]:
    """Yield what quantizers that treat x and −x differently do, and frames that are left-handed."""
    structures = data.structures[:STRUCTURES]
    child = quantize(model, preset("frame-w8a8", 0), data.structures[:CALIBRATION])
    with floor_in_the_place_of_round():
        engine = TorchEngine(child, name, "frame-w8a8")
        found = [*symmetry(engine, structures, 4, data=data.name), *reflection(engine, structures, 4, data=data.name)]
        yield from (replace(r, control="floor") for r in found if r.metric in ("lee_max", "lee_reflection"))
    local = TorchEngine(model, name, "fp32", gauge=Gauge.LOCAL)
    before = local.evaluate(structures)
    with left_handed_frames():
        after = local.evaluate(structures)
    change = max(np.abs(a.forces - b.forces).max() for a, b in zip(after, before, strict=True)) / MEV
    yield replace(row(local, data.name, "force_change", float(change), "meV/Å", STRUCTURES), control="left-handed")


if __name__ == "__main__":
    main()
