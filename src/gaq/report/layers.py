"""The equivariance error added by each layer, its estimate and its bound: the table of `--bound`."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from gaq.measure.ledger import Row, find
from gaq.report.numbers import significant

PREFIX = "layers/"
COLUMNS = (
    ("layer_size", "size of\nfeatures"),
    ("layer_defect", "measured\nmean"),
    ("layer_defect_max", "measured\nlargest"),
    ("layer_defect_rms", "measured\nrms"),
    ("layer_defect_estimate", "estimate\nrms"),
    ("layer_defect_bound", "bound\nmean"),
    ("layer_defect_bound_max", "bound\nlargest"),
    ("layer_defect_energy", "in the energy\nrms meV"),
)


def layer_table(rows: Sequence[Row], title: str | None = None) -> Table:
    """Return one line per layer, in the order of the model."""
    groups: dict[str, list[Row]] = {}
    for entry in rows:
        if entry.model.startswith(PREFIX):
            groups.setdefault(entry.model.removeprefix(PREFIX), []).append(entry)
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("layer")
    for _, heading in COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, group in groups.items():
        found = [find(group, metric) for metric, _ in COLUMNS]
        table.add_row(name, *("–" if entry is None else significant(entry.value, 3) for entry in found))
    return table
