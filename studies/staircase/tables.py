"""Tables of the staircase."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from gaq.measure.ledger import Row
from gaq.report.numbers import significant, with_spread

NOTHING = "–"
TIMESTEP = 0.5  # fs
Found = Mapping[tuple[str, str], Row]

SHIPPED = ("fp32", "w4", "w4a16", "w4a16-b8", "frame-w4a8", "gaq-w4a8", "naive-int8")
SERIES = ("a8-b32", "a10-b32", "a12-b32", "a14-b32", "a16-b32", "a8-b16", "a16-b16", "a16-b8")
MIXED = "a8, 16 in "
CURES = (
    *("a8-b32", "a8, dither", "a8, subtracted dither", "a8, fixed dither", "a8, mean of 4", "a8, error feedback"),
    *("a8, corrected energy", "a8, both"),
    *("frame-w4a8", "a8-b8, float every 2", "a8-b8, float every 4", "a8-b8, float every 8", "float"),
)
COSTS = {"a8, mean of 4": "4"}  # of cures that no engine runs fast
EVERY = "a8-b8, float every "


def more_bits() -> str:
    found = _found()
    mixtures = [name for name, metric in found if name.startswith(MIXED) and metric == "latency_ms"]
    return table(found, (*SHIPPED, "float", *SERIES, *mixtures), FINENESS)


def cures() -> str:
    return table(_found(), CURES, CURING)


def _found() -> Found:
    return {(entry.recipe, entry.metric): entry for entry in rows_of("staircase")}


def cell(found: Found, name: str, metric: str, spread: bool = False) -> str:
    entry = found.get((name, metric))
    if entry is None:
        return NOTHING
    return with_spread(entry.value, entry.std_error) if spread else significant(entry.value, 2)


def walks(found: Found, name: str) -> str:
    return f"{cell(found, name, 'energy_walk')} / {cell(found, name, 'total_energy_walk', True)}"


def drift(found: Found, name: str) -> str:
    """Return a drift; its error is at least √(6B/5T)/N."""
    entry, walk, run = (found.get((name, metric)) for metric in ("drift", "total_energy_walk", "stability"))
    if entry is None or walk is None or run is None:
        return NOTHING
    duration = run.value * TIMESTEP * 1e-3
    error = math.sqrt(1.2 / duration) * walk.value / (entry.atoms or 1)
    return with_spread(entry.value, max(error, entry.std_error or 0.0)) + ("" if run.passed else ", fell apart")


def works(found: Found, name: str) -> str:
    return f"{cell(found, name, 'path_work')} / {cell(found, name, 'path_work_open')}"


def time(found: Found, name: str) -> str:
    """Return times relative to frame-w4a8."""
    base, outer, entry = (found.get((n, "latency_ms")) for n in ("frame-w4a8", "float", name))
    if base is None or outer is None:
        return NOTHING
    if name.startswith(EVERY):
        return f"{1 + outer.value / base.value / int(name.removeprefix(EVERY)):.2f}"
    return COSTS.get(name, NOTHING) if entry is None else f"{entry.value / base.value:.2f}"


def turned(found: Found, name: str) -> str:
    entry = found.get((name, "frames_identical"))
    return NOTHING if entry is None else f"{100 * entry.value:.3g} %"


Columns = Mapping[str, Callable[[Found, str], str]]
NOISE: Columns = {
    "energy noise, meV": lambda found, name: cell(found, name, "energy_noise"),
    "second difference": lambda found, name: cell(found, name, "energy_roughness"),
    "E_tot scatter, meV": lambda found, name: cell(found, name, "energy_fluctuation"),
    "force noise, meV/Å": lambda found, name: cell(found, name, "force_noise"),
}
MEMORY: Columns = {"memory": lambda found, name: cell(found, name, "noise_memory")}
MOTION: Columns = {
    "walk, meV/√ps: errors / NVE": walks,
    "heating, meV/atom/ps": lambda found, name: cell(found, name, "heating"),
    "drift, meV/atom/ps": drift,
    "path work, meV/Å: closed / open": works,
    "× time": time,
}
TURNED: Columns = {"same energies when turned": turned}
FINENESS: Columns = {**NOISE, **MOTION}
CURING: Columns = {k: of for k, of in NOISE.items() if k != "second difference"} | {**MEMORY, **MOTION, **TURNED}


def table(found: Found, names: Sequence[str], columns: Columns) -> str:
    here = [name for name in dict.fromkeys(names) if any(candidate == name for candidate, _ in found)]
    return markdown(["features", *columns], [[name, *(of(found, name) for of in columns.values())] for name in here])


def parts() -> str:
    found = _found()
    metrics = ("energy_noise", "force_noise", "heating")
    head = ["part", *("8 bits there alone: energy noise, meV", "force noise, meV/Å", "heating, meV/atom/ps")]
    head += ["16 bits there alone: energy noise, meV", "force noise, meV/Å", "heating, meV/atom/ps"]
    names = [name.removeprefix("a16, 8 in ") for name, metric in found if metric == "heating" and "a16, 8 in" in name]
    lines = []
    for part in names:
        coarse, fine = ([cell(found, f"{how} in {part}", m) for m in metrics] for how in ("a16, 8", "a8, 16"))
        lines.append([part, *coarse, *fine])
    everywhere = [[cell(found, name, m) for m in metrics] for name in ("a8-b32", "a16-b32")]
    return markdown(head, [*lines, ["everywhere", *everywhere[0], *everywhere[1]]])
