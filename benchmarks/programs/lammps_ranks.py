"""Agreement and speed of LAMMPS on 1, 2 and 4 ranks, in turns with the engine.

    python -m benchmarks.programs.lammps_ranks [--box water.xyz --model water.gaq]

LAMMPS is timed by its own clock.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms, units
from ase.build import molecule
from ase.data import chemical_symbols

from benchmarks.common.places import LEDGERS, SHIPPED, model_file
from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.lammps import build_plugin
from gaq.engine.motion import Dynamics, MotionState
from gaq.engine.native import NativeEngine
from gaq.measure.ledger import Row, row, write_rows
from gaq.measure.rotations import haar_rotations
from gaq.measure.slopes import slope_with_error
from gaq.process import busy_with_others, keep_freed_memory
from gaq.simulate.integrate import advance, start
from gaq.simulate.velocities import masses_of, thermal_velocities

ETHANOL = "rmd17-ethanol-w4a16.gaq"
PROGRAMS = Path(sys.executable).parent
ALONE = "native-engine"
DT, TEMPERATURE, SEED = 0.5, 300.0, 0  # fs, K
BAR = 1.602176634e6  # eV/Å³ in bar


@dataclass(frozen=True)
class System:
    """A model and its atoms."""

    name: str
    model: Path
    structure: Structure
    velocities: np.ndarray  # Å/fs
    steps: int  # of a timed visit
    rounds: int
    ranks: tuple[int, ...]


INPUT = """
units metal
boundary {boundary}
atom_style atomic
read_data atoms.data
plugin load {plugin}
pair_style gaq {options}
pair_coeff * * model.gaq {elements}
neighbor 1.0 bin
timestep {dt}
fix 1 all nve
"""
LOOK = """
compute energies all pe/atom
dump 1 all custom 1 dump.txt id fx fy fz c_energies
dump_modify 1 sort id format float %.17g
run 0
print "$(pe:%.17g) $(pxx:%.17g) $(pyy:%.17g) $(pzz:%.17g) $(pxy:%.17g) $(pxz:%.17g) $(pyz:%.17g)" file said.txt
"""
TIME = "thermo {steps}\nrun 5\nrun {steps}\n"
DRIFT = 'variable total equal etotal\nfix 2 all print 20 "${{total}}" file totals.txt title "" screen no\nrun {steps}\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--box", type=Path, help="a periodic box, its first vector along x, its second in the xy plane")
    parser.add_argument("--model", type=Path, default=SHIPPED / "water-w4a16.gaq", help="the packed model of the box")
    parser.add_argument("--rounds", type=int, default=9, help="of timing")
    parser.add_argument("--ranks", type=int, nargs="+", default=(1, 2, 4))
    parser.add_argument("--drift-steps", type=int, default=20_000, help="of ethanol at constant energy; 0 for none")
    parser.add_argument("--box-steps", type=int, default=20, help="of a timed visit")
    parser.add_argument("--out", type=Path, default=LEDGERS / "lammps.jsonl")
    arguments = parser.parse_args()
    keep_freed_memory()
    if warning := busy_with_others():
        print(warning, file=sys.stderr)
    plugin, _ = build_plugin()
    box = gas() if arguments.box is None else from_ase(ase.io.read(arguments.box))
    ranks = tuple(arguments.ranks)
    systems = (
        moving("ethanol", model_file(ETHANOL), from_ase(molecule("CH3CH2OH")), 2000, arguments.rounds, ranks),
        moving("box", arguments.model, box, arguments.box_steps, max(3, arguments.rounds // 3), ranks),
    )
    rows: list[Row] = []
    for system in systems:
        rows += shown(equality(system, plugin))
        rows += shown(speed(system, plugin))
        if len(system.structure) < 100 and arguments.drift_steps:
            rows += shown(drifts(system, plugin, arguments.drift_steps))
    write_rows(arguments.out, rows)


def gas() -> Structure:
    """Return isolated ethanol molecules, rotated at random."""
    one, places, spacing = molecule("CH3CH2OH"), (10, 8, 14), 12.0
    lattice = np.stack(np.meshgrid(*map(np.arange, places), indexing="ij"), axis=-1).reshape(-1, 3)
    rotations = haar_rotations(len(lattice), np.random.default_rng(SEED))
    inside = one.positions - one.positions.mean(axis=0)
    positions = np.concatenate(
        [inside @ rotation.T + spacing * (place + 0.5) for rotation, place in zip(rotations, lattice, strict=True)]
    )
    cell = np.diag(spacing * np.array(places))
    return Structure(np.tile(one.numbers, len(lattice)).astype(np.int64), positions, cell, np.ones(3, dtype=bool))


def moving(name: str, model: Path, structure: Structure, steps: int, rounds: int, ranks: tuple[int, ...]) -> System:
    rng = np.random.default_rng(SEED)
    velocities = thermal_velocities(structure, masses_of(structure), TEMPERATURE, rng)
    return System(name, model, structure, velocities, steps, rounds, ranks)


def equality(system: System, plugin: Path) -> Iterator[Row]:
    """Return differences with a float backward pass."""
    engine = NativeEngine.from_file(system.model, backward_bits=32)
    (expected,) = engine.evaluate([system.structure])
    for ranks in system.ranks:
        with tempfile.TemporaryDirectory() as folder:
            run(system, plugin, Path(folder), LOOK, ranks, "backward 32")
            found = differences(system.structure, expected, Path(folder))
        for metric, value, unit in found:
            yield _row(engine, system, ranks, metric, np.array([value]), unit, ALONE)


def differences(structure: Structure, expected: Prediction, folder: Path) -> list[tuple[str, float, str]]:
    said = [float(word) for word in (folder / "said.txt").read_text().split()]
    rows = np.loadtxt(folder / "dump.txt", skiprows=9)
    off = np.abs(rows[:, 1:4] - expected.forces)
    found = [
        ("energy_difference", 1e3 * abs(said[0] - expected.energy) / len(structure), "meV/atom"),
        ("force_difference", 1e3 * float(off.max()), "meV/Å"),
        ("force_difference_rms", 1e3 * float(np.sqrt((off**2).mean())), "meV/Å"),
        ("atomic_energies_difference", 1e3 * abs(float(rows[:, 4].sum()) - said[0]) / len(structure), "meV/atom"),
    ]
    if structure.periodic.any() and expected.virial is not None:
        virial = (expected.virial + expected.virial.T) / 2
        stress = -virial[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]] / abs(np.linalg.det(structure.cell)) * BAR
        # At rest, LAMMPS's pressure is the virial alone.
        found.append(("pressure_difference", float(np.abs(np.array(said[1:]) - stress).max()), "bar"))
    return found


def speed(system: System, plugin: Path) -> Iterator[Row]:
    """Return times of a step, and ratios."""
    engine = NativeEngine.from_file(system.model)
    state = start(engine, system.structure, TEMPERATURE, velocities=system.velocities)
    found: dict[int, list[float]] = {ranks: [] for ranks in (0, *system.ranks)}
    for count in range(system.rounds + 1):
        turns: list[tuple[int, Callable[[], float]]] = [(0, partial(_alone, engine, state, system.steps))]
        turns += [(ranks, partial(_loop, system, plugin, ranks)) for ranks in system.ranks]
        for ranks, turn in reversed(turns) if count % 2 else turns:
            seconds = turn()
            if count:  # first round: warm-up
                found[ranks].append(1e3 * seconds)
    alone = np.array(found[0])
    yield _row(engine, system, 0, "latency_ms", alone, "ms", ALONE)
    for ranks in system.ranks:
        inside = np.array(found[ranks])
        yield _row(engine, system, ranks, "latency_ms", inside, "ms", None)
        yield _row(engine, system, ranks, "slowdown", inside / alone, "1", ALONE)
        yield _row(engine, system, ranks, "overhead_us", 1e3 * (inside - alone), "µs", ALONE)


def _alone(engine: NativeEngine, state: MotionState, steps: int) -> float:
    began = time.perf_counter()
    advance(engine, state, Dynamics(DT), steps)
    return (time.perf_counter() - began) / steps


def _loop(system: System, plugin: Path, ranks: int) -> float:
    steps = system.steps if ranks == 1 or system.steps < 100 else system.steps // 20  # ranks wait for each other
    with tempfile.TemporaryDirectory() as folder:
        said = run(system, plugin, Path(folder), TIME.format(steps=steps), ranks)
    return float(re.findall(r"Loop time of (\S+) on", said)[-1]) / steps


def drifts(system: System, plugin: Path, steps: int) -> Iterator[Row]:
    """Return drifts in meV/atom/ps."""
    engine = NativeEngine.from_file(system.model)
    for ranks in system.ranks:
        made = steps if ranks == 1 else steps // 10
        with tempfile.TemporaryDirectory() as folder:
            run(system, plugin, Path(folder), DRIFT.format(steps=made), ranks)
            totals = np.loadtxt(Path(folder) / "totals.txt")
        times = 1e-3 * DT * 20 * np.arange(len(totals))
        slope, error = slope_with_error(times, 1e3 * totals / len(system.structure))
        entry = _row(engine, system, ranks, "drift", np.array([slope]), "meV/atom/ps", None)
        yield replace(entry, n=len(totals), std_error=error)


def run(system: System, plugin: Path, folder: Path, rest: str, ranks: int, options: str = "") -> str:
    structure = system.structure
    atoms = Atoms(structure.species, structure.positions, cell=structure.cell, pbc=structure.periodic)
    if not structure.periodic.any():
        atoms.center(vacuum=5.0)
    if rest is not LOOK:
        atoms.set_velocities(system.velocities / units.fs)
    elements = [chemical_symbols[z] for z in sorted(set(structure.species.tolist()))]
    ase.io.write(
        *(folder / "atoms.data", atoms), format="lammps-data", specorder=elements, masses=True, units="metal",
        velocities=rest is not LOOK, atom_style="atomic",
    )  # fmt: skip
    boundary = " ".join("p" if p else "s" for p in structure.periodic)
    script = INPUT.format(boundary=boundary, plugin=plugin, elements=" ".join(elements), dt=DT / 1000, options=options)
    (folder / "in.lammps").write_text(script + rest)
    (folder / "model.gaq").write_bytes(system.model.read_bytes())
    command = [*(() if ranks == 1 else (PROGRAMS / "mpiexec", "-n", str(ranks))), PROGRAMS / "lmp", "-in", "in.lammps"]
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"LAMMPS stopped: {done.stdout[-2000:]}{done.stderr[-1000:]}")
    return done.stdout


def shown(rows: Iterator[Row]) -> Sequence[Row]:
    found = []
    for entry in rows:
        error = "" if entry.std_error is None else f" ± {entry.std_error:.2g}"
        print(f"{entry.data:8} {entry.engine:10} {entry.metric:28} {entry.value:.4g}{error} {entry.unit}", flush=True)
        found.append(entry)
    return found


def _row(
    engine: NativeEngine, system: System, ranks: int, metric: str, values: np.ndarray, unit: str, control: str | None
) -> Row:
    """Return a row; 0 ranks: engine alone."""
    low, middle, high = (float(x) for x in np.percentile(values, (10, 50, 90)))
    entry = row(engine, system.name, metric, middle, unit, len(values))
    name = f"lammps-{ranks}" if ranks else entry.engine
    spread = {"p10": low, "p90": high} if len(values) > 1 else {}
    return replace(entry, engine=name, control=control, threads=1, atoms=len(system.structure), batch=1, **spread)


if __name__ == "__main__":
    main()
