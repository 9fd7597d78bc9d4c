"""The section of docs/results.md on the speed of training, from the rows of training_speed.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from tables import markdown

INTRO = """## Training speed

One step on ten structures, one thread: loss and gradients operation by operation and as one compiled graph
([decision 16](decisions/0016-one-graph-for-a-training-step.md)), and the update of all matrices by our Muon and by that
of PyTorch. Candidates take turns within one run; the 10th and 90th percentiles are in brackets. Command:
`python benchmarks/training_speed.py --data PATH/rmd17`.
"""
HEAD = ("model", "what", "ms", "times as fast as its control")


def training_section(rows_of: Callable[[str], list[Row]]) -> list[str]:
    """The parts of the page; empty while nothing has been measured."""
    rows = rows_of("training-speed")
    return [INTRO, markdown(HEAD, [_line(r, rows) for r in rows if r.metric == "latency_ms"])] if rows else []


def _line(row: Row, rows: Sequence[Row]) -> list[str]:
    own = [r for r in rows if (r.model, r.engine, r.metric) == (row.model, row.engine, "speedup")]
    return [row.model.removesuffix(".ckpt"), row.engine, _spread(row), _spread(own[0]) if own else "–"]


def _spread(row: Row) -> str:
    low, high = (significant(x, 2) if x is not None else "–" for x in (row.p10, row.p90))
    return f"{significant(row.value, 2)} ({low}–{high})"
