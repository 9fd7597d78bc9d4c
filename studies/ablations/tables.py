"""Tables of the ablations."""

from __future__ import annotations

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from gaq.measure.ledger import Row
from gaq.report.numbers import significant, with_spread

EXACT = ("energy_mae", "force_mae", "force_fidelity")  # with their standard errors
SHORT = ("lee_mean", "lee_max", "path_work")
HEAD = ["row", "E MAE meV", "F MAE meV/Å", "F RMSE to its parent", "LEE mean meV/Å", "LEE max meV/Å", "path work"]


def group(name: str) -> str:
    rows = [row for row in rows_of("ablations-ethanol") if row.model.startswith(f"{name}/")]
    lines = []
    for model in dict.fromkeys(row.model for row in rows):
        mine = {row.metric: row for row in rows if row.model == model}
        line = [model.removeprefix(f"{name}/"), *(_cell(mine.get(metric)) for metric in EXACT)]
        lines.append([*line, *("–" if m not in mine else significant(mine[m].value, 2) for m in SHORT)])
    return markdown(HEAD, lines)


def _cell(row: Row | None) -> str:
    return "–" if row is None else with_spread(row.value, row.std_error)
