"""Tables of docs/parity.md."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.accuracy.parity import BITS, MOLECULES
from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from gaq.measure.ledger import Row
from gaq.report.numbers import significant


def measured_tables() -> list[str]:
    """Return the tables between the markers."""
    rows = rows_of("parity")
    tables = "\n".join(part for molecule in MOLECULES for part in (f"**{molecule}**\n", model_table(rows, molecule)))
    return [f"{tables}\n{slot_table(rows)}\n{control(rows)}"]


def model_table(rows: Sequence[Row], molecule: str) -> str:
    here = [entry for entry in rows if entry.model.startswith(f"rmd17-{molecule}-")]
    lines = []
    for model in dict.fromkeys(entry.model for entry in here):
        mine = {(entry.metric, entry.recipe): entry for entry in here if entry.model == model and entry.control is None}
        recipe = next(name for metric, name in mine if metric == "parity_energy")
        cells = [quantiles(mine["parity_energy", recipe])]
        cells += [quantiles(mine["parity_force", f"{recipe}-b{bits}"]) for bits in BITS]
        codes = mine.get(("parity_codes", recipe))
        lee = [mine.get(("lee_mean", f"{recipe}-b{bits}")) for bits in (32, 8)]
        cells.append("" if codes is None else significant(codes.value, 2))
        cells.append("" if None in lee else " / ".join(significant(e.value, 2) for e in lee if e is not None))
        lines.append([model.removeprefix(f"rmd17-{molecule}-").removesuffix(".ckpt"), *cells])
    head = [
        "model",
        "energy, meV/atom",
        *(f"force, {bits} bits, meV/Å" for bits in BITS),
        "codes that differ",
        "LEE, 32 / 8 bits",
    ]
    return markdown(head, lines)


def slot_table(rows: Sequence[Row]) -> str:
    """Return shares of differing codes by slot."""
    kinds: dict[str, dict[str, list[Row]]] = {}
    for entry in rows:
        if entry.metric == "parity_codes" and entry.control is not None:
            parts = entry.control.split(".")
            kind = ".".join(parts[2:] if parts[0] == "layers" else parts)
            kinds.setdefault(kind, {}).setdefault(entry.recipe, []).append(entry)
    recipes = list(dict.fromkeys(recipe for found in kinds.values() for recipe in found))
    lines = [[kind, *(joined(found.get(recipe, [])) for recipe in recipes)] for kind, found in kinds.items()]
    return "Share of codes that differ, by kind of slot:\n\n" + markdown(["slot", *recipes], lines)


def joined(rows: Sequence[Row]) -> str:
    count = sum(entry.n for entry in rows)
    return significant(sum(entry.value * entry.n for entry in rows) / count, 2) if count else ""


def control(rows: Sequence[Row]) -> str:
    """Return controls and limits."""
    words = [
        f"With multiply and add fused, {entry.value:.0f} of {entry.n} vectors between codewords have other codes."
        for entry in rows
        if entry.metric == "contracted_codes"
    ]
    tables = [entry for entry in rows if entry.metric in ("table_energy", "table_force")]
    words += [
        f"{entry.model}: {entry.metric.removeprefix('table_')} within {significant(entry.value, 2)} {entry.unit} of "
        f"the untabulated model in {entry.n} frames (limit {entry.limit:g})."
        for entry in tables
    ]
    return "\n".join(f"- {word}" for word in words) + "\n"


def quantiles(entry: Row) -> str:
    """Return `p90, largest` of the frames."""
    return f"{significant(entry.p90 or 0.0, 2)}, {significant(entry.value, 2)}"
