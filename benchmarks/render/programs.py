"""Tables of other programs and jobs."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from benchmarks.render.speed import find, grouped, spread
from gaq.measure.ledger import Row
from gaq.report.numbers import significant, with_spread

ALONE = "native-engine"
DIFFERENCES = ("energy_difference", "force_difference", "force_difference_rms", "pressure_difference")
HEAD = ("engine", "E, meV/atom", "largest F, meV/Å", "rms F", "pressure, bar", "ms a step", "× engine alone")
HOSTS = ("program", "atoms", "difference of E, meV", "of F, meV/Å", "steps per second", "× engine alone")


def hosts(model: str) -> str:
    """Return the programs that ran a model."""
    return _host_lines([entry for entry in rows_of("hosts") if entry.model == model])


def lammps(data: str) -> str:
    return _ranks([entry for entry in rows_of("lammps") if entry.data == data])


def farm() -> str:
    rows = rows_of("farm")
    lines = []
    for (engine,), mine in grouped(rows, "engine").items():
        kinds = (("job_ms", None), ("job_in_a_row_ms", None), ("throughput_per_s", None), ("speedup", ALONE))
        lines.append([str(engine), *(spread(find(mine, metric, control)) for metric, control in kinds)])
    head = ("farm", "ms a job, many", "ms a job, in a row", "frames a second", "× engine alone")
    return markdown(head, lines)


def _host_lines(rows: Sequence[Row]) -> str:
    lines = []
    for (program, atoms), mine in grouped(rows, "device", "atoms").items():
        line = [str(program or "gaq"), "–" if atoms is None else f"{atoms:,}"]
        for metric in ("energy_difference", "force_difference"):
            entry = find(mine, metric)
            line.append("–" if entry is None else significant(entry.value, 2))
        line += [spread(find(mine, "steps_per_second")), spread(find(mine, "speedup", ALONE))]
        lines.append(line)
    return markdown(HOSTS, lines)


def _ranks(rows: Sequence[Row]) -> str:
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
