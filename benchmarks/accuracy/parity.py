"""Differences between native engine and PyTorch (docs/parity.md). contracted_codes needs `make contracted`.

python -m benchmarks.accuracy.parity --data PATH/rmd17
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common.places import HERE, LEDGERS, model_files
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures
from gaq.engine._library import FILE
from gaq.engine.packing import packed_in_memory
from gaq.engine.pytorch import TorchEngine
from gaq.engine.replay import Floats, NativeReplay, Recording, Whole, record
from gaq.measure.ledger import Row, row, write_rows
from gaq.measure.symmetry import symmetry
from gaq.quant.direction_spec import Fibonacci
from gaq.quant.directions import fixed_codebook
from gaq.quant.presets import gaq_w4a8
from gaq.train.checkpoint import Checkpoint, load_checkpoint
from gaq.train.memory import keep_freed_memory, use_threads
from gaq.train.session import quantize
from gaq.units import MEV

LEDGER = LEDGERS / "parity.jsonl"
MOLECULES = ("azobenzene", "ethanol")
BITS = (32, 16, 8)  # of the backward pass
# limits for radial tables
TABLE_ENERGY, TABLE_FORCE = 0.01, 0.02  # meV, meV/Å
ROTATIONS = 8
DIRECTIONS = Fibonacci(8)  # of the control
POLAR_SLOT = "layers.1.update.mix1.input"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--frames", type=int, default=100, help="of each molecule")
    parser.add_argument("--contracted", type=Path, default=HERE / "build" / "contract" / FILE)
    parser.add_argument("--out", type=Path, default=LEDGER)
    arguments = parser.parse_args()
    use_threads(1)
    keep_freed_memory()
    rows = [entry for molecule in MOLECULES for entry in of_molecule(arguments, molecule)]
    write_rows(arguments.out, rows)


def of_molecule(arguments: argparse.Namespace, molecule: str) -> Iterator[Row]:
    frames = list(read_structures(arguments.data / f"rmd17_{molecule}_test_01.npz", arguments.frames))
    data = f"rmd17/{molecule}/test_01"
    for path in model_files(f"rmd17-{molecule}-*.ckpt"):
        print(path.name, flush=True)
        checkpoint = load_checkpoint(path)
        engine = TorchEngine(checkpoint.model, path.name, checkpoint.recipe.name)
        expected = [record(engine, frame) for frame in frames]
        for bits in BITS:
            native = replay(checkpoint, path.name, bits)
            yield from compared(native, bits, frames, expected, data)
            if not checkpoint.recipe.name.startswith("fp32") and bits != 16:
                rows = symmetry(native, frames[:20], ROTATIONS, data=data)
                yield from (with_bits(entry, bits) for entry in rows if entry.metric == "lee_mean")
        if path.stem == "rmd17-ethanol-fp32" and arguments.contracted.exists():
            yield contracted(checkpoint, frames, arguments.contracted)


def replay(checkpoint: Checkpoint, name: str, bits: int = 32, library: Path | None = None) -> NativeReplay:
    content = packed_in_memory(checkpoint.model, checkpoint.recipe, backward_bits=bits)
    return NativeReplay(content, name, library=library)


def compared(
    native: NativeReplay, bits: int, frames: Sequence[Structure], expected: Sequence[Recording], data: str
) -> Iterator[Row]:
    found = [native.record(frame) for frame in frames]
    pairs = [(a.prediction, b.prediction) for a, b in zip(expected, found, strict=True)]
    forces = np.array([np.abs(a.forces - b.forces).max() for a, b in pairs]) / MEV
    yield with_bits(largest(native, data, "parity_force", forces, "meV/Å"), bits)
    if bits < 32:
        return
    energies = np.array([abs(a.energy - b.energy) for a, b in pairs]) / MEV
    atoms = np.array([len(frame) for frame in frames])
    yield largest(native, data, "parity_energy", energies / atoms, "meV/atom")
    if native.recipe == "fp32":
        for metric, values, unit, limit in (
            ("table_energy", energies, "meV", TABLE_ENERGY),
            ("table_force", forces, "meV/Å", TABLE_FORCE),
        ):
            entry = largest(native, data, metric, values, unit)
            yield replace(entry, limit=limit, passed=entry.value <= limit)
    yield from code_rows(native, expected, found, [native.rows_of(frame) for frame in frames], data)


def code_rows(
    native: NativeReplay,
    expected: Sequence[Recording],
    found: Sequence[Recording],
    species: Sequence[Whole],
    data: str,
) -> Iterator[Row]:
    """Return the share of differing codes."""
    unequal_of_all, all_codes = 0, 0
    for slot in expected[0].features:
        if native.schemes[slot]["kind"] == "identity":
            continue
        unequal, count = 0, 0
        for one, other, species_index in zip(expected, found, species, strict=True):
            codes = native.encode(slot, one.features[slot], species_index)
            some, several = native.encode(slot, other.features[slot], species_index).differing(
                codes, one.features[slot]
            )
            unequal, count = unequal + some, count + several
        yield replace(row(native, data, "parity_codes", unequal / count, "share", count), control=slot)
        unequal_of_all, all_codes = unequal_of_all + unequal, all_codes + count
    if all_codes:
        yield row(native, data, "parity_codes", unequal_of_all / all_codes, "share", all_codes)


def contracted(parent: Checkpoint, frames: Sequence[Structure], library: Path) -> Row:
    """Return the control with fused multiply-add."""
    recipe = replace(gaq_w4a8(warmup=0, directions=DIRECTIONS), name="gaq-fibonacci8")
    checkpoint = Checkpoint(quantize(parent.model, recipe, frames[:10]), recipe, {})
    good, fused = replay(checkpoint, recipe.name), replay(checkpoint, recipe.name, library=library)
    features = between_codewords()
    unequal, count = fused.encode(POLAR_SLOT, features).differing(good.encode(POLAR_SLOT, features))
    return row(good, "between codewords", "contracted_codes", unequal, "codes", count)


def between_codewords() -> Floats:
    """Return midpoints of codewords, also shifted by one unit: [vector, 3, 27]."""
    points = fixed_codebook(DIRECTIONS).points.numpy()
    near = np.argsort(-points @ points.T, axis=1)[:, 1:7]
    middles = (points[:, None] + points[near]).reshape(-1, 3)
    shifts = [np.nextafter(middles, middles + sign) for sign in (np.float32(-1), np.float32(0), np.float32(1))]
    return np.stack(
        [np.stack([shifts[i][:, 0], shifts[j][:, 1], shifts[k][:, 2]], 1) for i, j, k in np.ndindex(3, 3, 3)], 2
    )


def largest(native: NativeReplay, data: str, metric: str, values: np.ndarray, unit: str) -> Row:
    entry = row(native, data, metric, values.max(), unit, len(values))
    return replace(entry, p10=float(np.quantile(values, 0.1)), p90=float(np.quantile(values, 0.9)), threads=1)


def with_bits(entry: Row, bits: int) -> Row:
    return replace(entry, recipe=f"{entry.recipe}-b{bits}")


if __name__ == "__main__":
    main()
