"""Agreement and speed of ASE, OpenMM, i-PI and torch-sim.

python -m benchmarks.programs.hosts --data PATH/rmd17
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common.places import LEDGERS, model_file
from benchmarks.programs.host_runs import BATCH, HOSTS
from benchmarks.programs.host_visits import Visited, visited
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures
from gaq.engine.native import NativeEngine
from gaq.measure.ledger import Row, row, write_rows
from gaq.process import busy_with_others
from gaq.simulate.calculator import Calculator
from gaq.simulate.integrate import start
from gaq.units import MEV

MOLECULES = ("ethanol", "azobenzene")
FRAMES = 50
STEPS = 200  # of a visit
ALONE = "native-engine"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=LEDGERS / "hosts.jsonl")
    arguments = parser.parse_args()
    print(busy_with_others() or "the machine is quiet", flush=True)
    rows: list[Row] = []
    for molecule in MOLECULES:
        model = model_file(f"rmd17-{molecule}-w4a16.gaq")
        structures = read_structures(arguments.data / f"rmd17_{molecule}_test_01.npz", FRAMES)
        with ExitStack() as stack:
            state = start(NativeEngine.from_file(model), structures[0], 300.0)
            hosts = {name: stack.enter_context(visited(name, model, state)) for name in HOSTS}
            rows += equality(model, hosts, structures)
            rows += speed(model, hosts, arguments.rounds, len(structures[0]))
    write_rows(arguments.out, rows)


def equality(model: Path, hosts: dict[str, Visited], structures: tuple[Structure, ...]) -> list[Row]:
    """Return differences from ASE: meV, meV/Å."""
    from gaq.atoms.from_ase import to_ase

    calculator, expected = Calculator(model), []
    for structure in structures:
        atoms = to_ase(structure)
        atoms.calc = calculator
        expected.append((atoms.get_potential_energy(), atoms.get_forces()))
    rows = []
    for name, host in hosts.items():
        found = [host.evaluate(structure) for structure in structures]
        energy = max(abs(a - b) for (a, _), (b, _) in zip(found, expected, strict=True)) / MEV
        force = max(np.abs(a - b).max() for (_, a), (_, b) in zip(found, expected, strict=True)) / MEV
        for metric, value, unit in (("energy_difference", energy, "meV"), ("force_difference", force, "meV/Å")):
            rows.append(_row(calculator.engine, name, metric, value, unit, len(structures), len(structures[0])))
        print(model.name, name, f"{energy:.2g} meV, {force:.2g} meV/Å", flush=True)
    return rows


def speed(model: Path, hosts: dict[str, Visited], rounds: int, atoms: int) -> list[Row]:
    """Return steps per second, and ratios."""
    names = list(hosts)
    found = np.zeros((rounds, len(names)))
    for turn in range(-1, rounds):  # first round: warm-up
        order = names if turn % 2 == 0 else names[::-1]
        for name in order:
            found[turn if turn >= 0 else 0, names.index(name)] = STEPS / hosts[name].seconds(STEPS)
    engine, rows = NativeEngine.from_file(model), []
    alone = found[:, names.index("gaq")]
    for name, mine in zip(names, found.T, strict=True):
        rows.append(_spread(engine, name, "steps_per_second", mine, "1/s", atoms, None))
        if name != "gaq":
            rows.append(_spread(engine, name, "speedup", mine / alone, "1", atoms, ALONE))
        print(model.name, name, f"{np.median(mine):.0f} steps/s, {np.median(mine / alone):.2f}", flush=True)
    return rows


def _row(engine: NativeEngine, host: str, metric: str, value: float, unit: str, n: int, atoms: int) -> Row:
    batch = BATCH if host == "torch-sim, batch" else 1
    return replace(row(engine, "rmd17", metric, value, unit, n), device=host, atoms=atoms, threads=1, batch=batch)


def _spread(
    engine: NativeEngine, host: str, metric: str, values: np.ndarray, unit: str, atoms: int, control: str | None
) -> Row:
    low, middle, high = (float(x) for x in np.percentile(values, (10, 50, 90)))
    return replace(_row(engine, host, metric, middle, unit, len(values), atoms), p10=low, p90=high, control=control)


if __name__ == "__main__":
    main()
