"""Energy and forces of azobenzene by other force fields, each in its own process: one core, in turns.

    python -m benchmarks.speed.peers.run --data PATH/rmd17 --peers build/peers

The form `ase` includes neighbour lists.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
from benchmarks.speed.engine import FEW, MODES, Job
from benchmarks.speed.engine_systems import first_frame
from gaq.atoms.from_ase import to_ase
from gaq.atoms.structure import Structure
from gaq.cli.candidates import Conditions, Entrant, Field, enter_native
from gaq.cli.stage_progress import StageProgress
from gaq.engine.native import NativeEngine
from gaq.measure.ledger import Row, write_rows
from gaq.measure.speed import Candidate, TimedSubject, Timing, interleaved, small_motion, speed_rows, speedup_row
from gaq.process import busy_with_others, keep_freed_memory
from gaq.simulate.calculator import Calculator

MOLECULE = "azobenzene"
TIMESTEP = 0.5  # fs


@dataclass(frozen=True)
class Peer:
    """A program and its environment."""

    name: str
    environment: str
    script: str
    form: str


PEERS = (
    Peer("painn-eager", "painn", "run_painn.py", "eager"),
    Peer("painn-compiled", "painn", "run_painn.py", "compiled"),
    Peer("painn-ase", "painn", "run_painn.py", "ase"),
    Peer("mace-eager", "mace", "run_mace.py", "eager"),
    Peer("mace-compiled", "mace", "run_mace.py", "compiled"),
    Peer("mace-ase", "mace", "run_mace.py", "ase"),
    Peer("so3krates-jax", "so3krates", "run_so3krates.py", "compiled"),
    Peer("gfn2-xtb", "xtb", "run_xtb.py", "restarted"),
)


def main() -> None:
    arguments = parsed(sys.argv[1:])
    keep_to_one_core(arguments.core)
    keep_freed_memory()
    print(busy_with_others() or "the machine is quiet", file=sys.stderr)
    molecule = first_frame(arguments.data, MOLECULE)
    with StageProgress() as watch, ExitStack() as stack:
        job = Job(arguments.data, arguments.models, arguments.models, arguments.seconds, watch)
        engines = native_entrants(job, molecule)
        path = written_path(molecule, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        peers: dict[str, Candidate] = {}
        for peer in PEERS:
            watch(f"starting {peer.name}", 0, 1)
            candidate = stack.enter_context(started(peer, arguments.peers, path))
            if candidate is not None:
                peers[peer.name] = candidate
        everyone = [*peers.values(), *(e.candidate for e in engines)]
        timings = interleaved(everyone, arguments.seconds, progress=watch.stage("measuring, in turns"))
    rows = all_rows(engines, peers, timings, len(molecule))
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_rows(arguments.out / "engine-peers.jsonl", rows)
    for entry in rows:
        if entry.metric in ("latency_ms", "speedup"):
            print(f"{entry.metric:11} {entry.engine:15} {entry.recipe:15} {entry.value:9.3f} {entry.control or ''}")


def parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--peers", type=Path, default=Path("build/peers"), help="folder of the environments")
    parser.add_argument("--models", type=Path, default=Path("runs/untrained"), help="made when they are not there")
    parser.add_argument("--out", type=Path, default=Path("runs/engine"))
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each candidate")
    parser.add_argument("--core", type=int, help="the core for all; without, the last that is usable")
    return parser.parse_args(words)


def keep_to_one_core(core: int | None) -> None:
    """Restrict all processes to one core."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0)) if core is None else core})


def native_entrants(job: Job, molecule: Structure) -> list[Entrant]:
    models, field = job.untrained(MOLECULE, 64, MODES), Field()
    for recipe, bits in MODES:
        enter_native(field, models[recipe], Conditions(molecule, MOLECULE), bits)
    if field.notes:
        sys.exit("\n".join(field.notes))
    return [*field.entrants, *(through_ase(e, molecule) for e in field.entrants if (e.model.recipe, e.backward) in FEW)]


def through_ase(entrant: Entrant, molecule: Structure) -> Entrant:
    atoms, path = to_ase(molecule), small_motion(molecule)
    engine = NativeEngine(entrant.model.content or b"", entrant.model.name, backward_bits=entrant.backward)
    atoms.calc = Calculator(engine)

    def step(number: int) -> None:
        atoms.positions = path[number % len(path)].positions
        atoms.get_forces()

    subject = replace(entrant.subject, engine="native-ase")
    return replace(entrant, subject=subject, candidate=Candidate.calling(f"{entrant.candidate.name} ase", step))


def written_path(molecule: Structure, folder: Path) -> Path:
    frames = np.stack([s.positions for s in small_motion(molecule)])
    file = folder / "path.json"
    file.write_text(json.dumps({"numbers": molecule.species.tolist(), "frames": frames.tolist()}), encoding="utf-8")
    return file


@contextmanager
def started(peer: Peer, environments: Path, path: Path) -> Iterator[Candidate | None]:
    """Start a peer; None if it fails."""
    python = environments.absolute() / peer.environment / "bin" / "python"
    if not python.exists():
        print(f"{peer.name}: not installed in {environments}; make peers", file=sys.stderr)
        yield None
        return
    command = [str(python), str(HERE / peer.script), str(path), "--form", peer.form, "--serve"]
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as process,
    ):
        if process.stdout.readline():
            yield Candidate(peer.name, lambda calls: _asked(process, calls))
        else:
            complaints.seek(0)
            print(f"{peer.name}: {complaints.read().strip().splitlines()[-1:]}", file=sys.stderr)
            yield None
        process.stdin.close()


def _asked(process: subprocess.Popen[str], calls: int) -> np.ndarray:
    print(calls, file=process.stdin, flush=True)
    return np.array(json.loads(process.stdout.readline()))


def all_rows(
    engines: Sequence[Entrant], peers: dict[str, Candidate], timings: dict[str, Timing], atoms: int
) -> list[Row]:
    """Return all times and ratios."""
    rows: list[Row] = []
    for name in peers:
        recipe = "method" if name == "gfn2-xtb" else "fp32"
        rows += speed_rows(TimedSubject(name, recipe, name, MOLECULE, atoms), timings[name], TIMESTEP)
    for entrant in engines:
        timing = timings[entrant.candidate.name]
        rows += speed_rows(entrant.subject, timing, TIMESTEP)
        alike = [name for name in peers if name.endswith("-ase") == entrant.subject.engine.endswith("-ase")]
        rows += [speedup_row(entrant.subject, timing, timings[name], name) for name in alike]
    return rows


if __name__ == "__main__":
    main()
