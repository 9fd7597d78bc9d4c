"""The sections of docs/results.md on where few bits lose: what features say, and which weights count."""

from __future__ import annotations

from collections.abc import Callable

from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from tables import markdown

INTRO = """## What a species says already

Features of the float models that enter linear layers. Scalars, for each kind of slot: the largest entry of a row less
the mean of its species, over the largest entry of the row; `frame-w8a8` and `frame-w4a8` round the former
([decision 17](decisions/0017-scalars-about-the-mean-of-their-species.md)). Vectors: the share of their squares along
the 1, 2, 4 and 8 strongest directions of each species among the 64 channels; both recipes round what is left beside
four ([decision 18](decisions/0018-features-beside-the-directions-of-their-species.md)). Command:
`python benchmarks/feature_spread.py --data PATH/rmd17`.
"""

WEIGHTS = """## Which weights four bits cost

Each kind of layer alone with four-bit weights, rounded by GPTQ, everything else in float, without training. The two
that read sums over neighbours, `attention.output` and `update.mix1`, are a quarter of the weights and cause most of the
error: `mixed-w4a8` and `mixed-w4a16` give them eight bits. Command:
`python benchmarks/weight_costs.py --data PATH/rmd17`.
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


def weight_section(rows_of: Callable[[str], list[Row]]) -> list[str]:
    """The parts of the page; empty while nothing has been measured."""
    rows = rows_of("weight-costs")
    models = list(dict.fromkeys(r.model for r in rows))
    values = {(r.model, r.metric): r.value for r in rows}
    kinds = [
        metric.removeprefix("share:") for model, metric in values if metric.startswith("share:") and model == models[0]
    ]
    lines = [
        [kind.removesuffix(".weight"), f"{100 * values[models[0], f'share:{kind}']:.0f} %"]
        + [significant(values[model, f"force_fidelity:{kind}"], 3) for model in models]
        for kind in kinds
    ]
    head = ["weights", "share of all", *(f"{m.removesuffix('-fp32.ckpt')}, F RMSE to FP32 meV/Å" for m in models)]
    return [WEIGHTS, markdown(head, lines)] if rows else []
