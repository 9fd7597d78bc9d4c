"""Table of the README, and of recipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.common.markdown import markdown
from benchmarks.common.method_rows import (
    CONTROL,
    MAIN_RECIPES,
    PARENT,
    excess_in_words,
    mean,
    over_seeds,
    rows_named,
)
from benchmarks.common.places import FIRST, rows_of
from benchmarks.render.dynamics import nanosecond_drift
from benchmarks.render.template import figure, rounded, wrapped
from gaq.measure.ledger import Row
from gaq.report.numbers import significant

NOTHING = "–"
NAMES = {PARENT: "fp32", CONTROL: "fp32-control"}
HEAD = ("recipe", "seeds", "bits / weight", "E MAE meV", "F MAE meV/Å", "F against the control", "F RMSE to FP32")
PHYSICS = ("LEE mean / max meV/Å", "energies identical")


class Shown(NamedTuple):
    """A row: title, model, mode, and what the names of its ledgers begin with."""

    title: str
    model: str
    mode: str
    generation: str = ""


README = (
    Shown("float: `fp32`", PARENT, "fp32"),
    Shown("recommended: `mixed-w4a16`", "mixed-w4a16/qat", "mixed-w4a16-b16"),
    Shown("smallest: `w4`", "w4/qat", "w4"),
    Shown("published: `gaq-w4a8`", "gaq-w4a8/qat", "gaq-w4a8-b16"),
    Shown("first generation: `mixed-w4a16`", "mixed-w4a16/qat", NOTHING, FIRST),
)
CONTROLS = ("native-fp32", "torch-compiled", "torch-eager")
COLUMNS = (
    "azobenzene",
    "bits per weight",
    "file, kB",
    "force error, meV/Å",
    "symmetry error, meV/Å",
    "drift, meV/atom/ps",
    "speed: × our float engine / × compiled PyTorch / × eager PyTorch",
)


def readme_table() -> list[str]:
    """Return the table and its caption."""
    speed = rows_of("engine-methods")
    return [markdown(COLUMNS, [_shown(row, speed) for row in README]), _words()]


def _shown(row: Shown, speed: Sequence[Row]) -> list[str]:
    mine = rows_named(rows_of(f"{row.generation}methods-azobenzene"), row.model)
    timed = [r for r in speed if (r.recipe, r.engine, r.data) == (row.mode, "native", "azobenzene")]
    bits, size, symmetry = mean(mine, "bits_per_weight"), mean(timed, "file_bytes"), mean(mine, "lee_mean")
    cells = [f"{bits:.1f}" if bits else NOTHING, f"{size / 1e3:.0f}" if size else NOTHING]
    cells += [over_seeds(mine, "force_mae"), NOTHING if symmetry is None else significant(symmetry, 2)]
    ratios = [_ratio(timed, control, own=row.mode == "fp32") for control in CONTROLS]
    return [row.title, *cells, _drift(row), " / ".join(ratios)]


def _ratio(timed: Sequence[Row], control: str, *, own: bool) -> str:
    if own and control == "native-fp32":
        return "1"
    found = [r.value for r in timed if r.metric == "speedup" and r.control == control]
    return rounded(found[0], 3 if found[0] < 2 else 2) if found else NOTHING


def _words() -> str:
    def times(peer: str) -> str:
        return figure(f"engine-peers|mixed-w4a16-b16|speedup|{peer}:2")

    timed = sorted({r.isa for r in rows_of("engine-methods") if r.engine == "native" and r.isa})

    return wrapped(
        "rMD17 azobenzene, two layers of 64 channels (the first generation: four), trained alike; ± over seeds or "
        "frames. Symmetry error: mean change of a force under rotation. Drift: over 1 ns. Speed: one thread, "
        f"all rows in one run with {' and '.join(f'`{isa}`' for isa in timed)} instructions. The recommended recipe is "
        f"{times('painn-compiled')} times as fast as compiled PaiNN (SchNetPack) and {times('mace-compiled')} times as "
        "fast as compiled MACE ([speed](docs/results/speed.md)).\n"
    )


def recipes(ledger: str) -> str:
    """Return the main recipes of one ledger."""
    rows = rows_of(ledger)
    return markdown([*HEAD, *PHYSICS], [_line(name, rows) for name in MAIN_RECIPES if rows_named(rows, name)])


def _line(name: str, rows: Sequence[Row]) -> list[str]:
    mine = rows_named(rows, name)
    bits, identical = mean(mine, "bits_per_weight"), mean(mine, "frames_identical")
    line = [NAMES.get(name, name.removesuffix("/qat")), str(len({r.seed for r in mine}))]
    line += [f"{bits:.1f}" if bits else NOTHING, over_seeds(mine, "energy_mae"), over_seeds(mine, "force_mae")]
    line += [excess_in_words(mine, rows), "0" if name == PARENT else over_seeds(mine, "force_fidelity")]
    line.append(" / ".join(_short(mine)))
    return [*line, NOTHING if identical is None else f"{100 * identical:.3g} %"]


def _short(mine: Sequence[Row]) -> Iterator[str]:
    for metric in ("lee_mean", "lee_max"):
        value = mean(mine, metric)
        yield NOTHING if value is None else significant(value, 2)


def _drift(row: Shown) -> str:
    """Return the drift over a nanosecond."""
    return nanosecond_drift(rows_of(f"{row.generation}nanosecond-methods"), row.model)
