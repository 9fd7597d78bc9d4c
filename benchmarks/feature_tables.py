"""The section of docs/results.md on what features say, from the rows of feature_spread.py."""

from __future__ import annotations

from collections.abc import Callable

from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from tables import markdown

INTRO = """## What a species says already

Features of the float models that enter linear layers. Scalars, for each kind of slot: the largest entry of a row less
the mean of its species, over the largest entry of the row; `frame-w8a8` and `frame-w4a8` round the former
([decision 17](decisions/0017-scalars-about-the-mean-of-their-species.md)). Vectors: the share of their squares along
the 1, 2, 4 and 8 strongest directions of each species among the 64 channels, which no law uses yet. Command:
`python benchmarks/feature_spread.py --data PATH/rmd17`.
"""


def feature_section(rows_of: Callable[[str], list[Row]]) -> list[str]:
    """The parts of the page; empty while nothing has been measured."""
    rows = rows_of("feature-spread")
    models = list(dict.fromkeys(r.model for r in rows))
    metrics = list(dict.fromkeys(r.metric for r in rows))
    lines = [
        [metric.replace("rest_share:", "").replace("explained:", "vectors, directions: ")]
        + [significant(next(r.value for r in rows if (r.model, r.metric) == (model, metric)), 2) for model in models]
        for metric in metrics
    ]
    return [INTRO, markdown(["", *(m.removesuffix("-fp32.ckpt") for m in models)], lines)] if rows else []
