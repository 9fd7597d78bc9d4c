"""The table of speeds shows what the rows say, the slowest first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from gaq.measure.ledger import Row
from gaq.report.speed_table import busy_notes, by_candidate, disturbed, kernel_table, speed_table


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
    assert [engine for _, _, engine in by_candidate(ROWS)] == ["torch-eager", "native"]


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
    assert by_candidate(kernels) == {}


def timed(**changes) -> Row:
    about = {"metric": "latency_ms", "value": 2.0, "p10": 1.9, "p90": 2.1, "busy": 0.0} | changes
    return Row(unit="ms", model="m", recipe="w4", engine="native", data="d", n=9, **about)


@pytest.mark.parametrize(
    ("changes", "marked"),
    [
        ({}, False),
        ({"busy": None}, False),
        ({"busy": 0.3}, True),
        ({"p90": 3.0}, True),
        ({"p10": None, "p90": None}, False),
        ({"metric": "speedup", "busy": 0.3}, True),
        ({"metric": "force_mae", "busy": 0.3}, False),
    ],
)
def test_times_of_a_busy_machine_are_marked(changes, marked):
    assert disturbed(timed(**changes)) is marked
    assert bool(busy_notes([timed(**changes)])) is marked


def test_the_mark_stands_in_the_table_and_is_explained():
    rows = [timed(busy=0.3), timed(metric="ns_per_day", value=40.0)]
    console = Console(width=120)
    with console.capture() as captured:
        console.print(speed_table(rows, "t"))
    assert "2.00*" in captured.get()
    assert "40.0*" not in captured.get()
    (note,) = busy_notes(rows)
    assert "30 % of the time" in note
