"""The section of docs/results.md on other programs, from the rows of hosts.py; LAMMPS has lammps_tables.py.

A row is about the program that `device` names; `n` counts frames of an equality and rounds of a speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine_tables import find, grouped, spread
from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from tables import markdown

INTRO = """## In other programs

The same `.gaq` files in ASE, OpenMM, i-PI and torch-sim ([how to](hosts.md)). *Differences* are the largest
from ASE's calculator over the frames, as each program hands numbers on, through its units and back. *Steps per second*
are those of velocity Verlet at constant energy on one core, medians with 10th and 90th percentile; the ratio is that to
the engine alone (`gaq md` without its files) in the same round. A step of `torch-sim, batch` moves 32 molecules.
Commands:

    python -W ignore benchmarks/hosts.py --data PATH/rmd17
"""
ALONE = "native-engine"
HEAD = ("program", "atoms", "difference of E, meV", "of F, meV/Å", "steps per second", "× engine alone")


def hosts_section(rows_of: Callable[[str], list[Row]]) -> list[str]:
    """The parts of the page; empty while nothing has been measured."""
    rows = rows_of("hosts")
    parts = [INTRO] if rows else []
    for (model, data), mine in grouped(rows, "model", "data").items():
        parts += [f"### {model}, {data}\n", _table(mine)]
    return parts


def _table(rows: Sequence[Row]) -> str:
    lines = []
    for (program, atoms), mine in grouped(rows, "device", "atoms").items():
        line = [str(program or "gaq"), "–" if atoms is None else f"{atoms:,}"]
        for metric in ("energy_difference", "force_difference"):
            entry = find(mine, metric)
            line.append("–" if entry is None else significant(entry.value, 2))
        line += [spread(find(mine, "steps_per_second")), spread(find(mine, "speedup", ALONE))]
        lines.append(line)
    return markdown(HEAD, lines)
