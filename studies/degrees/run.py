"""Degrees 1, 2 and 3 of published networks: what rounding the features of each of them costs, and whole recipes.

python -m studies.degrees.run sevennet-0.ckpt sevennet-l3i5.ckpt

Checkpoints are those of `gaq import`; examples/sevennet writes what it reads.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.common.setup import on_one_core
from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine
from gaq.engine.pytorch import TorchEngine
from gaq.measure.ledger import Row, row, write_rows
from gaq.measure.symmetry import symmetry
from gaq.model.layered import Layered
from gaq.quant.direction_spec import Component, Octahedral
from gaq.quant.install import preset
from gaq.quant.observe import AbsMax
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.size import weight_footprint
from gaq.quant.spec import Framed, Polar, Spec, Uniform
from gaq.train.session import load, quantize
from gaq.units import MEV
from studies.degrees.systems import frames

# How the features of a degree are rounded, all other numbers in float.
SCHEMES: dict[str, Spec] = {
    "space": Uniform(8, per="vector"),
    "mddq": Polar(8, Component(8)),
    "mddq-atom": Polar(8, Component(8), per="atom"),
    "frames": Framed(Uniform(8, per="row")),
}
CODEBOOK = Polar(8, Octahedral(16))  # on the sphere of degree 1 alone
WHOLE = ("w8", "w4+gptq", "naive-int8", "gaq-w8a8", "frame-w8a8", "w4a16+gptq", "mixed-w4a16")
MIXINGS = ("send", "receive", "self_connection")
CALIBRATION, TEST, TURNED, ROTATIONS = 4, 4, 1, 8  # structures of each system
ROUNDS = 5
DATA = "ethanol and crystals"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/degrees"))
    arguments = parser.parse_args()
    on_one_core()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for path in arguments.checkpoints:
        model = load(path)
        parent = TorchEngine(model, path.stem, "fp32")
        test, turned = frames(TEST, 1), frames(TURNED, 2)
        rows += measured(parent, parent, test, turned)
        for recipe in recipes(model):
            child = quantize(model, recipe, frames(CALIBRATION, 0))
            found = list(measured(TorchEngine(child, path.stem, recipe.name), parent, test, turned))
            found += sizes(child, found[0])
            print(path.stem, recipe.name, *(f"{r.metric} {r.value:.3g}" for r in found), flush=True)
            rows += found
            write_rows(arguments.out / "rows.jsonl", rows)


def recipes(model: Layered) -> Iterator[Recipe]:
    """Yield recipes that round one degree, or all of them, and those of whole networks."""
    for name, spec in SCHEMES.items():
        for degree in range(1, model.degrees + 1):
            yield one_degree(f"{name}-l{degree}", degree, spec)
    yield one_degree("codebook-l1", 1, CODEBOOK)
    for name in WHOLE:
        yield replace(preset(name, 0), name=name)


def one_degree(name: str, degree: int, spec: Spec) -> Recipe:
    """Return the recipe that rounds features of one degree and nothing else."""
    rules = [Rule(f"layers.*.{mixing}.{degree}e.input", spec, AbsMax()) for mixing in MIXINGS]
    return replace(preset("fp32").with_rules(*rules), name=name)


def measured(engine: Engine, parent: Engine, test: Sequence[Structure], turned: Sequence[Structure]) -> Iterator[Row]:
    """Yield changes against the float network, equivariance errors, and time over that of the float network."""
    pairs = list(zip(engine.evaluate(test), parent.evaluate(test), strict=True))
    change = np.concatenate([(a.forces - b.forces).ravel() for a, b in pairs])
    forces = np.concatenate([prediction.forces for prediction in parent.evaluate(test)])
    yield row(engine, DATA, "force_norm", float(np.linalg.norm(forces, axis=1).mean()) / MEV, "meV/Å", len(forces))
    yield row(engine, DATA, "force_fidelity", np.sqrt((change**2).mean()) / MEV, "meV/Å", len(change))
    per_atom = [abs(a.energy - b.energy) / len(s) for (a, b), s in zip(pairs, test, strict=True)]
    yield row(engine, DATA, "energy_fidelity", float(np.mean(per_atom)) / MEV, "meV", len(test))
    wanted = ("lee_mean", "lee_max")
    yield from (r for r in symmetry(engine, turned, ROTATIONS, data=DATA) if r.metric in wanted)
    ratios = [seconds(engine, turned) / seconds(parent, turned) for _ in range(ROUNDS)]
    yield replace(row(engine, DATA, "cost", float(np.median(ratios)), "1", ROUNDS), control="fp32")


def seconds(engine: Engine, structures: Sequence[Structure]) -> float:
    """Return the time of one evaluation."""
    start = perf_counter()
    engine.evaluate(structures)
    return perf_counter() - start


def sizes(model: Layered, like: Row) -> Iterator[Row]:
    """Yield bits per weight, scales included."""
    found = weight_footprint(list(model.quantizers()))
    yield replace(like, metric="bits_per_weight", value=float(found["bits_per_weight"]), unit="1", n=1)


def bits_of_vector(spec: Spec, degree: int) -> float:
    """Return the bits of one vector of a degree, without steps that vectors share; a step of a vector has 32."""
    components = 2 * degree + 1
    if isinstance(spec, Polar):
        code = spec.direction_code(degree)
        return spec.bits + code.bits * (components if isinstance(code, Component) else 1)
    return 8 * components + (32 if isinstance(spec, Uniform) and spec.per == "vector" else 0)


if __name__ == "__main__":
    main()
