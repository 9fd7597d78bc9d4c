"""Tables of slots that need bits."""

from __future__ import annotations

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from gaq.measure.ledger import Row
from gaq.report.numbers import significant, with_spread


def features() -> str:
    """Return the structure of features."""
    rows = rows_of("feature-spread")
    models = list(dict.fromkeys(r.model for r in rows))
    metrics = list(dict.fromkeys(r.metric for r in rows))
    lines = [
        [metric.replace("rest_share:", "").replace("explained:", "vectors, directions: ")]
        + [significant(next(r.value for r in rows if (r.model, r.metric) == (model, metric)), 2) for model in models]
        for metric in metrics
    ]
    return markdown(["", *(m.removesuffix("-fp32.ckpt") for m in models)], lines)


def weights() -> str:
    """Return the cost of 4-bit weights."""
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
    return markdown(head, lines)


def slots() -> str:
    found = {row.model: row for row in rows_of("slots-azobenzene") if row.metric == "force_fidelity"}
    lines = [
        [name.removeprefix("slots/"), _spread(found[name])]
        for name in sorted(found, key=lambda n: (-found[n].value, n))
    ]
    return markdown(["slots", "F RMSE to FP32, meV/Å"], lines)


def _spread(row: Row) -> str:
    return with_spread(row.value, row.std_error)
