"""Tables of speed."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from gaq.measure.ledger import Row
from gaq.report.numbers import significant

NOTHING = "–"
CONTROLS = (("torch-eager", "× eager"), ("torch-compiled", "× compiled"), ("native-fp32", "× our fp32"))


def spread(entry: Row | None, scale: float = 1.0) -> str:
    """Return a median with its percentiles."""
    if entry is None:
        return NOTHING
    if entry.p10 is None or entry.p90 is None:
        return significant(scale * entry.value)
    low, middle, high = (significant(scale * x) for x in (entry.p10, entry.value, entry.p90))
    return f"{middle} ({low}–{high})"


def find(rows: Sequence[Row], metric: str, control: str | None = None) -> Row | None:
    return next((r for r in rows if r.metric == metric and r.control == control), None)


def ratio(rows: Sequence[Row], control: str) -> str:
    """Return the speed relative to a control."""
    entry = find(rows, "speedup", control)
    return NOTHING if entry is None or (entry.engine != "native" and control != "torch-eager") else spread(entry)


def grouped(rows: Sequence[Row], *keys: str) -> dict[tuple[object, ...], list[Row]]:
    """Group rows by some fields, in order."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for entry in rows:
        groups.setdefault(tuple(getattr(entry, key) for key in keys), []).append(entry)
    return groups


def candidate(entry: Row) -> str:
    return entry.recipe if entry.engine == "native" else entry.engine


def compared(rows: Sequence[Row], more: Sequence[tuple[str, str, float]] = ()) -> str:
    """Return times and ratios; `more` are metrics with headings and scales."""
    head = ["candidate", "ms (10 %–90 %)", *(heading for _, heading in CONTROLS), *(heading for _, heading, _ in more)]
    lines = []
    groups = grouped(rows, "model", "recipe", "engine").values()
    for mine in sorted(groups, key=lambda group: group[0].engine == "native"):
        line = [candidate(mine[0]), spread(find(mine, "latency_ms"))]
        line += [ratio(mine, name) for name, _ in CONTROLS]
        lines.append([*line, *(spread(find(mine, metric), scale) for metric, _, scale in more)])
    return markdown(head, lines)


def modes(ledger: str, molecule: str) -> str:
    """Return the modes on one molecule."""
    rows = [entry for entry in rows_of(ledger) if entry.data == molecule]
    more = [("startup_ms", "start ms", 1.0), ("peak_memory_mb", "peak MB", 1.0), ("file_bytes", "file kB", 1e-3)]
    more.append(("force_mae", "F MAE meV/Å", 1.0))
    kept = [item for item in more if find(rows, item[0])]
    return compared(rows, kept)


def widths(channels: str) -> str:
    """Return the models of one width."""
    return compared([entry for entry in rows_of("engine-widths") if entry.model.startswith(f"f{channels}-")])


def sizes() -> str:
    """Return times and memory of boxes."""
    rows = rows_of("engine-sizes")
    head = ["box", "threads", "candidate", "ms (10 %–90 %)", "µs/atom", "kB/atom", *(h for _, h in CONTROLS)]
    lines = []
    memory = {(r.atoms, r.recipe): r for r in rows if r.metric == "memory_per_atom"}
    timed = [r for r in rows if r.metric != "memory_per_atom"]
    for (data, atoms, threads, *_), mine in grouped(timed, "data", "atoms", "threads", "recipe", "engine").items():
        first, latency = mine[0], find(mine, "latency_ms")
        each = NOTHING if latency is None else significant(1e3 * latency.value / first.atoms)
        held = memory.get((atoms, first.recipe)) if first.engine == "native" and threads == 1 else None
        line = [f"{atoms:,} atoms ({data})", str(threads), candidate(first), spread(latency), each, spread(held)]
        lines.append([*line, *(ratio(mine, name) for name, _ in CONTROLS)])
    return markdown(head, lines)


def batch() -> str:
    """Return structures per second."""
    rows = rows_of("engine-batch")
    head = ["candidate", "threads", "structures/s (10 %–90 %)", "× eager", "× our fp32"]
    lines = []
    for (threads, *_), mine in grouped(rows, "threads", "recipe", "engine").items():
        line = [candidate(mine[0]), str(threads), spread(find(mine, "throughput_per_s"))]
        lines.append([*line, *(ratio(mine, name) for name in ("torch-eager", "native-fp32"))])
    return markdown(head, lines)


def kernels() -> str:
    """Return the speed of kernels."""
    rows = rows_of("engine-kernels")
    names = list(dict.fromkeys(r.model for r in rows))
    isa = rows[0].isa or NOTHING
    lines = []
    for (shape,), mine in grouped(rows, "data").items():
        speeds = {r.model: significant(r.value) for r in mine}
        lines.append([str(shape), *(speeds.get(name, NOTHING) for name in names)])
    return markdown([f"rows × inputs → outputs, {isa}", *names], lines)


def peers(engine: str) -> str:
    """Return times and ratios of peers."""
    rows = rows_of("engine-peers")
    ours = [r for r in rows if r.engine == engine]
    names = list(dict.fromkeys(r.control for r in ours if r.control is not None))
    ratios = {(r.control, r.recipe): r for r in ours if r.metric == "speedup"}
    theirs = {r.engine: r for r in rows if r.metric == "latency_ms" and r.model == r.engine}
    lines = [["the peer, ms", "", *(spread(theirs.get(name)) for name in names)]]
    for entry in (r for r in ours if r.metric == "latency_ms"):
        lines.append([entry.recipe, spread(entry), *(spread(ratios.get((name, entry.recipe))) for name in names)])
    return markdown([engine, "ms", *(f"× {name}" for name in names)], lines)


def training() -> str:
    rows = rows_of("training-speed")
    head = ("model", "what", "ms", "times as fast as its control")
    return markdown(head, [_training_line(r, rows) for r in rows if r.metric == "latency_ms"])


def _training_line(row: Row, rows: Sequence[Row]) -> list[str]:
    own = [r for r in rows if (r.model, r.engine, r.metric) == (row.model, row.engine, "speedup")]
    return [row.model.removesuffix(".ckpt"), row.engine, _two_digits(row), _two_digits(own[0]) if own else "–"]


def _two_digits(row: Row) -> str:
    low, high = (significant(x, 2) if x is not None else "–" for x in (row.p10, row.p90))
    return f"{significant(row.value, 2)} ({low}–{high})"
