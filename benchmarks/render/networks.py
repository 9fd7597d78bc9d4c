"""The table of networks: a row for each network and recipe (docs/ledger/networks.jsonl)."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from benchmarks.render.accuracy import cell, cell_short, value
from benchmarks.render.speed import grouped
from gaq.measure.ledger import Row
from gaq.report.numbers import significant

HEAD = (
    *("network", "recipe", "parameters", "bits / weight", "file kB", "F RMSE to float meV/Å", "F MAE to data meV/Å"),
    *("LEE mean / max meV/Å", "path work meV/Å", "drift meV/atom/ps", "ms", "speed against its own program"),
)
ENGINES = ("native", "torch")


def recipes(network: str = "") -> str:
    """Return the rows of all networks, or of one."""
    rows = [row for row in rows_of("networks") if not network or row.model == network]
    mine = grouped([row for row in rows if row.engine in ENGINES], "model", "recipe")
    return markdown(HEAD, [line(str(name), str(recipe), found) for (name, recipe), found in mine.items()])


def line(name: str, recipe: str, rows: Sequence[Row]) -> list[str]:
    """Return one row of the table."""
    size, bits, count = (value(rows, metric) for metric in ("file_bytes", "bits_per_weight", "parameters"))
    own = [row for row in rows if row.metric == "speedup"]
    against = ", ".join(f"{significant(row.value, 2)} × {row.control}" for row in own)
    time = next((row for row in rows if row.metric == "latency_ms"), None)
    where = "" if time is None or time.engine == "native" else " (PyTorch)"
    return [
        *(name, recipe, "–" if count is None else f"{int(count):,}", "–" if bits is None else f"{bits:.1f}"),
        "–" if size is None else f"{size / 1000:,.0f}",
        "0" if recipe == "fp32" else cell(rows, "force_fidelity"),
        cell(rows, "force_mae"),
        f"{cell_short(rows, 'lee_mean')} / {cell_short(rows, 'lee_max')}",
        *(cell_short(rows, "path_work"), cell(rows, "drift")),
        ("–" if time is None else significant(time.value)) + where,
        against or "–",
    ]


def originals(network: str) -> str:
    """Return the times of the programs that a network comes from."""
    rows = [row for row in rows_of("networks") if row.model == network and row.metric == "latency_ms"]
    return markdown(
        ["program", "ms (10 %–90 %)"],
        [
            [row.engine, f"{significant(row.value)} ({significant(row.p10)}–{significant(row.p90)})"]
            for row in rows
            if row.engine not in ENGINES and row.p10 is not None and row.p90 is not None
        ],
    )
