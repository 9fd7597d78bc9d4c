"""The table of layers, from rows alone."""

from __future__ import annotations

from rich.console import Console

from gaq.measure.ledger import Row
from gaq.report.layers import layer_table


def test_one_line_a_layer_in_the_order_of_the_model():
    rows = [
        Row(metric, value, "1", f"layers/{k}", "r", "torch", "d", 3)
        for k in range(2)
        for metric, value in (("layer_defect", 0.01 + k), ("layer_defect_bound", 5.0 + k))
    ]
    console = Console(width=120)
    with console.capture() as text:
        console.print(layer_table([*rows, Row("lee_mean", 3.0, "meV/Å", "m", "r", "torch", "d", 1)], "title"))
    lines = [line.split() for line in text.get().splitlines() if line.strip()]
    assert lines[-2] == ["0", "–", "0.0100", "–", "–", "–", "5.00", "–", "–"]
    assert lines[-1] == ["1", "–", "1.01", "–", "–", "–", "6.00", "–", "–"]
