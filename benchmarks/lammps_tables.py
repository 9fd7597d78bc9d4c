"""The sections of docs/results.md on LAMMPS and on farms, from the rows of lammps.py and farm.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine_tables import find, grouped, spread
from gaq.measure.ledger import Row
from gaq.report.numbers import significant, with_spread
from tables import markdown

LAMMPS = """## LAMMPS on 1, 2 and 4 ranks

`pair_style gaq` ([how to](lammps.md)) against the engine alone: largest differences of one evaluation, and the time
of a step at constant energy, medians of rounds in which all took turns, with 10th and 90th percentile; the ratio is
that within a round. On one rank a molecule has the same bits. On several, sums over neighbours have another order,
and where features are rounded some fall to the next code. Two cores: four ranks show that the answer is right, not
how it scales, and a second rank is no help for nine atoms. `box` is liquid water. Commands:

    gaq lammps --build
    python benchmarks/water_box.py --data PATH/water -o runs/water-box.xyz
    python benchmarks/lammps.py --box runs/water-box.xyz --model models/water-w4a16.gaq
"""
FARM = """## What a farm costs

Jobs on processes of this machine (`local`) and on workers of Dask's scheduler ([how to](farms.md)), one or two of one
thread: the cost of a job that does nothing, many at once and one after another, and frames of ethanol a second
against the engine alone in one thread; a frame takes a third of a millisecond, so this shows what a farm costs
rather than what it brings. Medians with 10th and 90th percentile. Command:

    python benchmarks/farm.py
"""
ALONE = "native-engine"
DIFFERENCES = ("energy_difference", "force_difference", "force_difference_rms", "pressure_difference")
HEAD = ("engine", "E, meV/atom", "largest F, meV/Å", "rms F", "pressure, bar", "ms a step", "× engine alone")


def lammps_section(rows_of: Callable[[str], list[Row]]) -> list[str]:
    """The part of the page; empty while nothing has been measured."""
    rows = rows_of("lammps")
    parts = [LAMMPS] if rows else []
    for (data, model, atoms), mine in grouped(rows, "data", "model", "atoms").items():
        parts += [f"### {data}: {atoms:,} atoms, {model}\n", _table(mine)]
    return parts


def farm_section(rows_of: Callable[[str], list[Row]]) -> list[str]:
    """The part of the page; empty while nothing has been measured."""
    rows = rows_of("farm")
    lines = []
    for (engine,), mine in grouped(rows, "engine").items():
        kinds = (("job_ms", None), ("job_in_a_row_ms", None), ("throughput_per_s", None), ("speedup", ALONE))
        lines.append([str(engine), *(spread(find(mine, metric, control)) for metric, control in kinds)])
    head = ("farm", "ms a job, many", "ms a job, in a row", "frames a second", "× engine alone")
    return [FARM, markdown(head, lines)] if rows else []


def _table(rows: Sequence[Row]) -> str:
    lines = []
    drifts = any(r.metric == "drift" for r in rows)
    groups = sorted(grouped(rows, "engine").items(), key=lambda group: group[0] != ("native",))
    for (engine,), mine in groups:
        alone = engine == "native"
        line = ["engine alone" if alone else f"LAMMPS, ranks: {str(engine).removeprefix('lammps-')}"]
        for metric in DIFFERENCES:
            entry = find(mine, metric, ALONE)
            line.append("–" if entry is None else significant(entry.value, 2))
        line.append(spread(find(mine, "latency_ms", ALONE if alone else None)))
        line.append(spread(find(mine, "slowdown", ALONE)))
        if drifts:
            drift = find(mine, "drift")
            line.append("–" if drift is None else with_spread(drift.value, drift.std_error))
        lines.append(line)
    return markdown((*HEAD, "drift, meV/atom/ps") if drifts else HEAD, lines)
