"""Tables of symmetry and dynamics."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from benchmarks.render.published import DYNAMICS
from gaq.measure.ledger import Row
from gaq.report.numbers import significant, with_spread

NOTHING = "–"


def exactness() -> str:
    """Return inexact pairs per instruction set."""
    head = [
        "model",
        "instruction set",
        "pairs not exact",
        "largest LEE meV/Å",
        "largest net torque meV",
        "bits of scalar",
    ]
    rows, lines = rows_of("first-exactness"), []
    for model, isa in dict.fromkeys((r.model, r.isa) for r in rows):
        mine = {r.metric: r for r in rows if (r.model, r.isa) == (model, isa)}
        pairs, same = mine["pairs_exact"], mine["same_bits"]
        lines.append([model.removesuffix(".ckpt"), isa or "–", f"{round((1 - pairs.value) * pairs.n)} of {pairs.n:,}"])
        lines[-1] += [significant(mine[name].value) for name in ("lee_max", "net_torque")]
        lines[-1].append(f"{round(same.value * same.n)} of {same.n:,} frames")
    return markdown(head, lines)


def nanosecond_drift(rows: Sequence[Row], recipe: str) -> str:
    """Return the drift, or the failing step."""
    steps, drift = (_find(rows, "nve", recipe, metric) for metric in ("stability", "drift"))
    if steps is None:
        return NOTHING
    return f"fell apart at {steps.value * 5e-4:.0f} ps" if steps.passed is False else _cell(drift)


def methods() -> str:
    """Return nanoseconds of models of all methods."""
    rows = rows_of("first-nanosecond-methods")
    lines = []
    for mode in _modes(rows, "nve"):
        cells = [_cell(_find(rows, "nve", mode, name)) for name in ("drift", "drift_ratio", "temperature")]
        lines.append([mode.replace("/", ", "), *cells, _unstable(rows, mode)])
    return markdown(["recipe", "drift, meV/atom/ps", "ratio over 50 ps", "T mean, K", "became unstable"], lines)


def _unstable(rows: Sequence[Row], mode: str) -> str:
    steps = _find(rows, "nve", mode, "stability")
    return NOTHING if steps is None or steps.passed is not False else f"step {steps.value:,.0f}"


def conservation() -> str:
    """Return drift, angular momentum and path work."""
    rows = rows_of("first-nanosecond")
    head = ("mode", "drift, meV/atom/ps", "ratio over 50 ps", "T mean, K", "ΔL, relative", "became unstable")
    head += ("path work, meV/Å", "Jacobian asymmetry", "published")
    lines = []
    for mode in _modes(rows, "nve"):
        cells = [_cell(_find(rows, "nve", mode, name)) for name in ("drift", "drift_ratio", "temperature")]
        spin = _find(rows, "nve", mode, "angular_momentum_relative")
        cells.append(NOTHING if spin is None else significant(spin.value, 2))
        paths = [_cell(_find(rows, "paths", mode, name)) for name in ("path_work", "jacobian_asymmetry")]
        lines.append([mode, *cells, _unstable(rows, mode), *paths, DYNAMICS.get(mode, NOTHING)])
    return markdown(head, lines)


def time_steps() -> str:
    rows = rows_of("first-nanosecond")
    kinds = list(dict.fromkeys(r.data for r in rows if r.data.startswith("scaling")))
    head = ("mode", *(f"{kind.partition('-')[2]} fs: drift" for kind in kinds))
    lines = [[mode, *(_cell(_find(rows, kind, mode, "drift")) for kind in kinds)] for mode in _modes(rows, kinds[0])]
    return markdown(head, lines)


def distributions() -> str:
    rows = rows_of("first-nanosecond")
    head = ("mode", "T mean, K", "drift of E − heat, meV/atom/ps", "bonds, mÅ", "torsions, °")
    names = ("temperature", "drift", "bond_distance", "torsion_distance")
    lines = [[mode, *(_cell(_find(rows, "nvt", mode, name)) for name in names)] for mode in _modes(rows, "nvt")]
    return markdown(head, lines)


def large_box() -> str:
    rows = rows_of("large-box")
    found = {r.metric: r for r in rows}
    atoms = found["stability"].atoms
    head = ("atoms", "steps", "drift, meV/atom/ps", "T mean, K", "momentum, amu Å/fs", "ms/step")
    cells = [_cell(found.get(name)) for name in ("drift", "temperature", "momentum_change", "latency_ms")]
    return markdown(head, [[f"{atoms:,}", f"{found['stability'].value:,.0f}", *cells]])


def overhead() -> str:
    rows = rows_of("overhead")
    head = ("model", "atoms", "engine alone, ms", "`gaq md`, ms a step", "time of a step over that of the engine")
    lines = []
    for model in dict.fromkeys(r.model for r in rows):
        own = [r for r in rows if r.model == model]
        alone, step, ratio = (next(r for r in own if r.metric == m and r.control == c) for m, c in OVERHEAD_ROWS)
        lines.append([model, str(alone.atoms), *(_middle(r) for r in (alone, step, ratio))])
    return markdown(head, lines)


OVERHEAD_ROWS = (("latency_ms", "native-engine"), ("latency_ms", None), ("slowdown", "native-engine"))


def _middle(entry: Row) -> str:
    low, middle, high = (significant(x or entry.value) for x in (entry.p10, entry.value, entry.p90))
    return f"{middle} ({low}–{high})"


def _modes(rows: Sequence[Row], kind: str) -> list[str]:
    return list(dict.fromkeys(r.recipe for r in rows if r.data == kind))


def _find(rows: Sequence[Row], kind: str, mode: str, metric: str) -> Row | None:
    return next((r for r in rows if (r.data, r.recipe, r.metric) == (kind, mode, metric)), None)


def _cell(entry: Row | None) -> str:
    return NOTHING if entry is None else with_spread(entry.value, entry.std_error)
