"""Where the error of eight bits comes from: each kind of slot quantized alone, the others in float.

    python benchmarks/slots.py --parent models/rmd17-azobenzene-fp32.ckpt --data PATH/rmd17 --out runs/slots

The recipe has eight bits in every slot (`everywhere`), also where our presets spend more. Rows carry the rms error of
forces against the float parent; they go to OUT/rows.jsonl. (Energies would mix in the shift that makes up for all
slots together.)
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from gaq.data.read import read_dataset
from gaq.engine.pytorch import TorchEngine
from gaq.measure.accuracy import fidelity
from gaq.measure.ledger import Row, write_rows
from gaq.quant.observe import UnitRange
from gaq.quant.presets import frame_w8a8
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.slot import Role
from gaq.quant.spec import Uniform
from gaq.train.memory import keep_freed_memory, use_threads
from gaq.train.session import load, quantize

TEST_FRAMES, CALIBRATION_FRAMES = 60, 30


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parent", type=Path, required=True, help="float checkpoint")
    parser.add_argument("--molecule", default="azobenzene")
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--out", type=Path, default=Path("runs/slots"))
    arguments = parser.parse_args()
    use_threads(1)
    keep_freed_memory()
    train, test = (
        read_dataset(arguments.data / f"rmd17_{arguments.molecule}_{part}_01.npz", limit)
        for part, limit in (("train", CALIBRATION_FRAMES), ("test", TEST_FRAMES))
    )
    network = load(arguments.parent)
    parent = TorchEngine(network, arguments.parent.name, "fp32")
    quantized = quantize(network, everywhere(), train)
    engine = TorchEngine(quantized, arguments.parent.name, everywhere().name)
    kinds = sorted({kind(q.slot.name) for q in quantized.quantizers() if q.fitted is not None})
    rows: list[Row] = []
    for chosen in ["all", *kinds]:
        for quantizer in quantized.quantizers():
            quantizer.active = chosen in ("all", kind(quantizer.slot.name))
        found = [entry for entry in fidelity(engine, parent, test) if entry.metric == "force_fidelity"]
        rows += [replace(entry, model=f"slots/{chosen}") for entry in found]
        print(f"{chosen:28s} {found[0].value:8.3f} {found[0].unit}", flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_rows(arguments.out / "rows.jsonl", rows)


def everywhere() -> Recipe:
    """frame-w8a8 with eight bits for queries, keys and the readout too."""
    recipe = frame_w8a8(warmup=0, readout_bits=8)
    keys = Rule(Role.QUERY_KEY, Uniform(8), UnitRange())
    rules = tuple(keys if rule.where is Role.QUERY_KEY else rule for rule in recipe.rules)
    return Recipe("w8a8-everywhere", rules, "eight bits everywhere")


def kind(slot: str) -> str:
    """The name of a slot without the number of its layer; all weights are one kind."""
    parts = slot.split(".")
    return "weights" if parts[-1] == "weight" else ".".join(parts[2:] if parts[0] == "layers" else parts)


if __name__ == "__main__":
    main()
