"""The table of speeds shows what the rows say, the slowest first."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from gaq.measure.ledger import Row
from gaq.report.speed_table import by_contender, kernel_table, speed_table


def row(metric: str, value: float, engine: str, control: str | None = None) -> Row:
    entry = Row(metric, value, "u", "m.ckpt", "fp32", engine, "water", 9, threads=1, isa="avx2")
    return replace(entry, p10=0.9 * value, p90=1.1 * value, control=control)


ROWS = [
    row("latency_ms", 0.25, "native"),
    row("throughput_per_s", 4000.0, "native"),
    row("speedup", 21.7, "native", "torch-eager"),
    row("latency_ms", 5.4, "torch-eager"),
    row("throughput_per_s", 185.0, "torch-eager"),
    row("file_bytes", 391_000.0, "native"),
]


def text(table) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_the_slowest_comes_first():
    assert [engine for _, _, engine in by_contender(ROWS)] == ["torch-eager", "native"]


def test_numbers_and_spreads_are_those_of_the_rows():
    page = text(speed_table(ROWS, "water, 3 atoms"))
    for shown in ("water, 3 atoms", "0.250", "0.225–0.275", "4000", "21.7", "391", "eager"):
        assert shown in page
    assert "compiled" not in page
    assert "ns/day" not in page


def test_kernels_have_a_table_of_their_own():
    kernels = [replace(row("kernel_gops", 473.0, "native"), model="int8", data="24 × 64 → 64")]
    assert "24 × 64 → 64" in text(kernel_table(kernels))
    assert "473" in text(kernel_table(kernels))
    assert by_contender(kernels) == {}
