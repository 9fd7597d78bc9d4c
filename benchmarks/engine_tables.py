"""The section of docs/results.md on the speed of the native engine, from the rows of engine.py and peers/run.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from tables import markdown
from texts import ENGINE

NOTHING = "–"
CONTROLS = (("torch-eager", "× eager"), ("torch-compiled", "× compiled"), ("native-fp32", "× our fp32"))
Read = Callable[[str], list[Row]]


def engine_sections(rows_of: Read) -> list[str]:
    """The parts of the page; empty while nothing has been measured."""
    parts: list[str] = []
    for name, tables in PARTS.items():
        rows = rows_of(f"engine-{name}")
        if rows:
            parts += [ENGINE[name], *tables(rows)]
    return [ENGINE["intro"], *parts] if parts else []


def spread(entry: Row | None, scale: float = 1.0) -> str:
    """A median with its 10th and 90th percentile."""
    if entry is None:
        return NOTHING
    if entry.p10 is None or entry.p90 is None:
        return significant(scale * entry.value)
    low, middle, high = (significant(scale * x) for x in (entry.p10, entry.value, entry.p90))
    return f"{middle} ({low}–{high})"


def find(rows: Sequence[Row], metric: str, control: str | None = None) -> Row | None:
    """The row of a metric, or none."""
    return next((r for r in rows if r.metric == metric and r.control == control), None)


def ratio(rows: Sequence[Row], control: str) -> str:
    """How many times faster than a control the candidate of these rows is; of PyTorch, than eager alone."""
    entry = find(rows, "speedup", control)
    return NOTHING if entry is None or (entry.engine != "native" and control != "torch-eager") else spread(entry)


def grouped(rows: Sequence[Row], *keys: str) -> dict[tuple[object, ...], list[Row]]:
    """Rows by the values of some fields, in the order in which these first appear."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for entry in rows:
        groups.setdefault(tuple(getattr(entry, key) for key in keys), []).append(entry)
    return groups


def candidate(entry: Row) -> str:
    """What a table calls the candidate of a row: the recipe in our engine, or PyTorch."""
    return entry.recipe if entry.engine == "native" else entry.engine


def compared(rows: Sequence[Row], more: Sequence[tuple[str, str, float]] = ()) -> str:
    """Times and ratios of the candidates of one run; `more` are metrics with their headings and scales."""
    head = ["candidate", "ms (10 %–90 %)", *(heading for _, heading in CONTROLS), *(heading for _, heading, _ in more)]
    lines = []
    groups = grouped(rows, "model", "recipe", "engine").values()
    for mine in sorted(groups, key=lambda group: group[0].engine == "native"):
        line = [candidate(mine[0]), spread(find(mine, "latency_ms"))]
        line += [ratio(mine, name) for name, _ in CONTROLS]
        lines.append([*line, *(spread(find(mine, metric), scale) for metric, _, scale in more)])
    return markdown(head, lines)


def modes(rows: Sequence[Row]) -> list[str]:
    """One table for each molecule."""
    more = [("startup_ms", "start ms", 1.0), ("peak_memory_mb", "peak MB", 1.0), ("file_bytes", "file kB", 1e-3)]
    more.append(("force_mae", "F MAE meV/Å", 1.0))
    kept = [item for item in more if find(rows, item[0])]
    return [part for (data,), mine in grouped(rows, "data").items() for part in (f"**{data}**\n", compared(mine, kept))]


def widths(rows: Sequence[Row]) -> list[str]:
    """One table for each width; its name is the first part of the model's."""
    by_width: dict[str, list[Row]] = {}
    for entry in rows:
        by_width.setdefault(entry.model.split("-")[0].removeprefix("f"), []).append(entry)
    return [part for width, mine in by_width.items() for part in (f"**{width} channels**\n", compared(mine))]


def sizes(rows: Sequence[Row]) -> list[str]:
    """Time and memory per atom of every box, and the ratios to PyTorch where it took part."""
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
    return [markdown(head, lines)]


def batch(rows: Sequence[Row]) -> list[str]:
    """Structures per second, on one thread and on all."""
    head = ["candidate", "threads", "structures/s (10 %–90 %)", "× eager", "× our fp32"]
    lines = []
    for (threads, *_), mine in grouped(rows, "threads", "recipe", "engine").items():
        line = [candidate(mine[0]), str(threads), spread(find(mine, "throughput_per_s"))]
        lines.append([*line, *(ratio(mine, name) for name in ("torch-eager", "native-fp32"))])
    return [markdown(head, lines)]


def kernels(rows: Sequence[Row]) -> list[str]:
    """Kernels beside each other, a line for each shape."""
    names = list(dict.fromkeys(r.model for r in rows))
    isa = rows[0].isa or NOTHING
    lines = []
    for (shape,), mine in grouped(rows, "data").items():
        speeds = {r.model: significant(r.value) for r in mine}
        lines.append([str(shape), *(speeds.get(name, NOTHING) for name in names)])
    return [markdown([f"rows × inputs → outputs, {isa}", *names], lines)]


def peers(rows: Sequence[Row]) -> list[str]:
    """What each peer takes, and how many times faster the engine is in each mode: on its own, and behind ASE."""
    return [_peers(rows, "native"), _peers(rows, "native-ase")]


def _peers(rows: Sequence[Row], engine: str) -> str:
    ours = [r for r in rows if r.engine == engine]
    names = list(dict.fromkeys(r.control for r in ours if r.control is not None))
    ratios = {(r.control, r.recipe): r for r in ours if r.metric == "speedup"}
    theirs = {r.engine: r for r in rows if r.metric == "latency_ms" and r.model == r.engine}
    lines = [["the peer, ms", "", *(spread(theirs.get(name)) for name in names)]]
    for entry in (r for r in ours if r.metric == "latency_ms"):
        lines.append([entry.recipe, spread(entry), *(spread(ratios.get((name, entry.recipe))) for name in names)])
    return markdown([engine, "ms", *(f"× {name}" for name in names)], lines)


PARTS: dict[str, Callable[[Sequence[Row]], list[str]]] = {
    "modes": modes,
    "shipped": modes,
    "methods": modes,
    "widths": widths,
    "sizes": sizes,
    "batch": batch,
    "peers": peers,
    "kernels": kernels,
}
