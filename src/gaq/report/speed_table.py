"""Rows of speed and memory as a table for a terminal: a line for each candidate, slowest first."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from gaq.measure.ledger import Row
from gaq.report.numbers import significant

NOTHING = "–"
CONTROLS = (("torch-eager", "× eager"), ("torch-compiled", "× compiled"), ("native-fp32", "× native fp32"))
KERNEL = "kernel_gops"
TIMES = frozenset({"latency_ms", "throughput_per_s", "ns_per_day", "speedup"})
BUSY = 0.05  # share of the time used by other programs above which a time is marked
WIDE = 1.5  # ratio of the 90th to the 10th percentile above which a time is marked
MARK = "*"
# Rows about speed or size, not quality.
SPEED_METRICS = frozenset(
    {
        *("latency_ms", "throughput_per_s", "ns_per_day", "speedup", "peak_memory_mb", "startup_ms", "file_bytes"),
        *("weight_bytes", "bits_per_weight", KERNEL),
    }
)


def speed_table(rows: Sequence[Row], title: str) -> Table:
    """Return medians with the 10th and 90th percentile below; ratios are those of the rows, not of the medians."""
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for heading in ("model", "recipe", "engine"):
        table.add_column(heading, overflow="fold")
    groups = by_candidate(rows)
    single = any(r.metric == "ns_per_day" for r in rows)
    ratios = [(name, heading) for name, heading in CONTROLS if any(r.control == name for r in rows)]
    extra = [item for item in EXTRA if any(r.metric == item[0] for r in rows)]
    for heading in ("ms", "per s", *(["ns/day"] if single else []), *(h for _, h in ratios), *(h for _, h, _ in extra)):
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True)
    for (model, recipe, engine), mine in groups.items():
        cells = [_spread(mine, "latency_ms"), _value(mine, "throughput_per_s")]
        cells += [_value(mine, "ns_per_day")] if single else []
        cells += [_value(mine, "speedup", control=name) for name, _ in ratios]
        cells += [_value(mine, metric, scale) for metric, _, scale in extra]
        table.add_row(model, recipe, engine, *cells)
    return table


EXTRA = (("peak_memory_mb", "peak MB", 1.0), ("startup_ms", "start ms", 1.0), ("file_bytes", "file kB", 1e-3))


def disturbed(row: Row) -> bool:
    """Return whether other programs used the processor during a measurement, or its samples scatter widely."""
    if row.metric not in TIMES:
        return False
    apart = row.p10 is not None and row.p90 is not None and row.p10 > 0 and row.p90 > WIDE * row.p10
    return apart or (row.busy is not None and row.busy > BUSY)


def busy_notes(rows: Sequence[Row]) -> list[str]:
    """Return a sentence that explains the marks in a table of these rows, if any."""
    marked = [row for row in rows if disturbed(row)]
    if not marked:
        return []
    shares = [row.busy for row in marked if row.busy is not None]
    taken = f" (up to {100 * max(shares):.0f} % of the time)" if shares and max(shares) > BUSY else ""
    return [
        f"{MARK} measured while the machine was busy with other programs{taken}, or with samples far apart: such times "
        "are too long, and ratios are uncertain. Measure again when it is quiet."
    ]


def by_candidate(rows: Sequence[Row]) -> dict[tuple[str, str, str], list[Row]]:
    """Return rows of each (model, recipe, engine), longest time of a call first."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for entry in rows:
        if entry.metric != KERNEL:
            groups.setdefault((entry.model, entry.recipe, entry.engine), []).append(entry)
    return dict(sorted(groups.items(), key=lambda item: -_number(item[1], "latency_ms")))


def kernel_table(rows: Sequence[Row]) -> Table:
    """Return the speed of kernels by shape."""
    table = Table(header_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("kernel")
    table.add_column("rows × inputs → outputs")
    for heading in ("G(FL)OP/s", "instruction set"):
        table.add_column(heading, justify="right")
    for entry in rows:
        if entry.metric == KERNEL:
            table.add_row(entry.model, entry.data, significant(entry.value), entry.isa or NOTHING)
    return table


def _find(rows: Sequence[Row], metric: str, control: str | None = None) -> Row | None:
    return next((r for r in rows if r.metric == metric and r.control == control), None)


def _number(rows: Sequence[Row], metric: str) -> float:
    entry = _find(rows, metric)
    return 0.0 if entry is None else entry.value


def _value(rows: Sequence[Row], metric: str, scale: float = 1.0, control: str | None = None) -> str:
    entry = _find(rows, metric, control)
    return NOTHING if entry is None else significant(scale * entry.value) + (MARK if disturbed(entry) else "")


def _spread(rows: Sequence[Row], metric: str) -> str:
    entry = _find(rows, metric)
    if entry is None or entry.p10 is None or entry.p90 is None:
        return NOTHING
    mark = MARK if disturbed(entry) else ""
    return f"{significant(entry.value)}{mark}\n{significant(entry.p10)}–{significant(entry.p90)}"
