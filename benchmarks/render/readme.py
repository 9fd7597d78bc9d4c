"""The table of the README: azobenzene, the papers' methods and ours trained alike, with a nanosecond of dynamics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.common.markdown import markdown
from benchmarks.common.method_rows import CONTROL, IN_README, PARENT, excess_in_words, mean, over_seeds, rows_named
from benchmarks.common.places import rows_of
from benchmarks.render.dynamics import nanosecond_drift
from gaq.measure.ledger import Row
from gaq.report.numbers import significant

NAMES = {PARENT: "fp32", CONTROL: "fp32-control"}
HEAD = ("recipe", "seeds", "bits / weight", "E MAE meV", "F MAE meV/Å", "F against the control", "F RMSE to FP32")
PHYSICS = ("LEE mean / max meV/Å", "energies identical", "drift over 1 ns")

WORDS = (
    "Azobenzene (rMD17, 950 training frames, the whole official test set): published methods and ours, from one float "
    "model through one loop of twelve epochs,\nand `fp32-control`, that model trained as long; ± over seeds or frames. "
    "Errors: backward pass in float. Drift: slope of the total energy over 2,000,000 steps, in meV/atom/ps.\n"
)


def readme_table() -> list[str]:
    """Return the words and the table."""
    rows = rows_of("methods-azobenzene")
    lines = [[*_line(name, rows), _drift(name)] for name in IN_README if rows_named(rows, name)]
    return [WORDS, markdown([*HEAD, *PHYSICS], lines)]


def recipes(molecule: str) -> str:
    """Return the recipes of the README's table on any molecule, without dynamics."""
    rows = rows_of(f"methods-{molecule}")
    return markdown([*HEAD, *PHYSICS[:-1]], [_line(name, rows) for name in IN_README if rows_named(rows, name)])


def _line(name: str, rows: Sequence[Row]) -> list[str]:
    mine = rows_named(rows, name)
    bits, identical = mean(mine, "bits_per_weight"), mean(mine, "frames_identical")
    line = [NAMES.get(name, name.removesuffix("/qat")), str(len({r.seed for r in mine}))]
    line += [f"{bits:.1f}" if bits else "–", over_seeds(mine, "energy_mae"), over_seeds(mine, "force_mae")]
    line += [excess_in_words(mine, rows), "0" if name == PARENT else over_seeds(mine, "force_fidelity")]
    line.append(" / ".join(_short(mine)))
    return [*line, "–" if identical is None else f"{100 * identical:.3g} %"]


def _short(mine: Sequence[Row]) -> Iterator[str]:
    for metric in ("lee_mean", "lee_max"):
        value = mean(mine, metric)
        yield "–" if value is None else significant(value, 2)


def _drift(name: str) -> str:
    """Of the parent, which is shipped, in the ledger of shipped models."""
    if name == PARENT:
        return nanosecond_drift(rows_of("nanosecond"), "fp32")
    return nanosecond_drift(rows_of("nanosecond-methods"), name)
