"""Rows of one network of the table of networks: the float network, and what benchmarks.networks.quantize made of it.

    python -m benchmarks.networks.measure painn painn.ckpt --data PATH/rmd17_ethanol_test_01.npz \
        --arrays painn.safetensors --peers build/peers

Rows of other networks in docs/ledger/networks.jsonl stay. The native engine is measured where it has the network,
PyTorch elsewhere; one core, the programs in turns, with the program of origin if its environment is there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.common.places import LEDGERS
from benchmarks.networks.originals import ORIGINALS
from benchmarks.networks.quantize import RUNS
from benchmarks.speed.peers.run import keep_to_one_core, started, written_path
from gaq.cli.deployed import open_deployed
from gaq.cli.evaluate import EvaluationPlan, Opened, measure
from gaq.cli.stage_progress import StageProgress
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.measure.ledger import Row, read_rows, write_rows
from gaq.measure.speed import Candidate, TimedSubject, interleaved, small_motion, speed_rows, speedup_row
from gaq.process import busy_with_others
from gaq.train.checkpoint import load_checkpoint
from gaq.train.memory import keep_freed_memory, use_threads

LEDGER = LEDGERS / "networks.jsonl"
FLOAT = "fp32"
TIMESTEP = 0.5  # fs
PICOSECONDS = 50.0


def main() -> None:
    asked = parsed()
    keep_to_one_core(asked.core)
    use_threads(1)
    keep_freed_memory()
    print(busy_with_others() or "the machine is quiet", file=sys.stderr)
    data = read_dataset(asked.data, asked.limit)
    files = {FLOAT: asked.model} | {
        folder.name: folder / "model.ckpt" for folder in sorted((RUNS / asked.name).glob("*")) if folder.is_dir()
    }
    opened = {name: Opened(found.engine, found) for name, file in files.items() if (found := deployed(file))}
    steps = round(1000 * asked.picoseconds / TIMESTEP)
    plan = EvaluationPlan(data, data.structures[:100], data.structures[:10], 8, 0, steps)
    with StageProgress() as watch:
        rows = measure(list(opened.items()), opened[FLOAT], plan, watch)
    rows = [replace(row, recipe=row.model, model=asked.name) for row in rows if row.control is None]
    rows += [counted(name, asked.name, model, data) for name, model in opened.items()]
    rows += timed(asked, opened, data)
    kept = [row for row in (read_rows(LEDGER) if LEDGER.exists() else ()) if row.model != asked.name]
    write_rows(LEDGER, [*kept, *(replace(row, threads=1) for row in rows)])


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="what the table calls the network")
    parser.add_argument("model", type=Path, help="float checkpoint")
    parser.add_argument("--data", required=True, help="labelled frames that it was not trained on")
    parser.add_argument("--limit", type=int, default=500, help="frames")
    parser.add_argument("--picoseconds", type=float, default=PICOSECONDS, help="of the run at constant energy")
    parser.add_argument("--arrays", type=Path, help="what the checkpoint was imported from, for its own program")
    parser.add_argument("--peers", type=Path, default=Path("build/peers"), help="folder of the environments")
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each candidate")
    parser.add_argument("--core", type=int, help="the core for all; without, the last that is usable")
    return parser.parse_args()


def deployed(file: Path):
    """Open a model; None where a training that was stopped left none."""
    return open_deployed(file, threads=1, torch_threads=1) if file.exists() else None


def counted(recipe: str, name: str, model: Opened, data: Dataset) -> Row:
    """Return the number of parameters of the network, without those of its quantizers."""
    network = load_checkpoint(model.deployed.path).model
    total = sum(value.numel() for path, value in network.named_parameters() if "quantizer" not in path)
    return Row("parameters", float(total), "1", name, recipe, model.engine.name, data.name, 1)


def timed(asked: argparse.Namespace, opened: dict[str, Opened], data: Dataset) -> list[Row]:
    """Return times of an evaluation of the first frame, and ratios to the program of origin."""
    molecule = data.structures[0]
    path = small_motion(molecule)
    candidates = {
        name: Candidate.calling(name, lambda k, engine=model.engine: engine.evaluate([path[k % len(path)]]))
        for name, model in opened.items()
    }
    with ExitStack() as stack:
        file = written_path(molecule, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        peers = [entry.given(asked.arrays) for entry in ORIGINALS.get(asked.name, ())] if asked.arrays else []
        found = [stack.enter_context(started(peer, asked.peers, file)) for peer in peers]
        originals = [candidate for candidate in found if candidate is not None]
        timings = interleaved([*candidates.values(), *originals], asked.seconds)
    rows: list[Row] = []
    for original in originals:
        subject = TimedSubject(asked.name, FLOAT, original.name, data.name, len(molecule))
        rows += speed_rows(subject, timings[original.name], TIMESTEP)
    for name, model in opened.items():
        subject = TimedSubject(asked.name, name, model.engine.name, data.name, len(molecule))
        rows += speed_rows(subject, timings[name], TIMESTEP)
        rows += [speedup_row(subject, timings[name], timings[o.name], o.name) for o in originals]
    return rows


if __name__ == "__main__":
    main()
