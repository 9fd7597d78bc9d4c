"""Writes docs/results.md and the table of the README from the ledgers under docs/ledger.

    python benchmarks/results.py                      # render what is there
    python benchmarks/results.py --collect runs       # take in the rows of ablations.py and others first

Nothing is measured here: every figure comes from a row that a benchmark wrote.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from checked_tables import checked_section
from claims import write_claims
from engine_tables import engine_sections
from feature_tables import feature_section, weight_section
from frame_tables import frames_section
from gaq.files import sha256_of, write_atomically
from gaq.measure.ledger import Row, read_rows, write_rows
from gaq.pack.format import read_packed
from gaq.report.numbers import significant, with_spread
from hosts_tables import hosts_section
from lammps_tables import farm_section, lammps_section
from methods_tables import methods_sections
from nanosecond_tables import nanosecond_section
from pareto_picture import pareto
from places import HERE, LEDGERS, SHIPPED
from readme_table import readme_table
from staircase_tables import staircase_section
from symmetry_picture import force_against_symmetry
from tables import markdown
from texts import ABLATIONS, CHOICES, CONTENTS, EXACTNESS, FLOAT, MODELS, PUBLISHED, RECIPES, SLOTS
from training_tables import training_section

MOLECULES = ("azobenzene", "ethanol")
ORDER = (
    "fp32",
    "fp32-control",
    "w8",
    "w4",
    "w4a16",
    "frame-w8a8",
    "frame-w4a8",
    "mixed-w4a16",
    "mixed-w4a8",
    "gaq-w8a8",
    "gaq-w4a8",
    "int8-per-vector",
    "naive-int8",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--collect", type=Path, help="folder with the outputs of the other benchmarks")
    arguments = parser.parse_args()
    if arguments.collect:
        collect(arguments.collect)
    page = "\n".join(
        [
            CONTENTS,
            FLOAT,
            float_table(),
            *methods_sections(rows_of),
            *recipe_sections(),
            *untouched_section(),
            *slot_section(),
            *feature_section(rows_of),
            *weight_section(rows_of),
            *ablation_sections(),
            *exactness_section(),
            *nanosecond_section(rows_of),
            *staircase_section(rows_of),
            *frames_section(rows_of),
            *checked_section(rows_of),
            *engine_sections(rows_of),
            *training_section(rows_of),
            *hosts_section(rows_of),
            *lammps_section(rows_of),
            *farm_section(rows_of),
        ]
    )
    write_atomically(HERE / "docs" / "results.md", lambda temporary: temporary.write_text(page, encoding="utf-8"))
    for molecule in MOLECULES:
        if methods := rows_of(f"methods-{molecule}"):
            title = f"{molecule} (rMD17), all trained alike; size of a point: bits per weight"
            force_against_symmetry(methods, title, HERE / "docs" / "pictures" / f"rmd17-{molecule}.png")
            speed = [r for r in rows_of("engine-methods") if r.engine == "native" and r.data == molecule]
            title = f"{molecule} (rMD17), all methods alike; the line is what nothing beats in both"
            pareto(methods, speed, title, HERE / "docs" / "pictures" / f"pareto-{molecule}.png")
    write_claims()
    list_models()
    into_readme(readme_table(rows_of))


def collect(runs: Path) -> None:
    """Copies rows into docs/ledger, a file for each benchmark that does not write there itself."""
    LEDGERS.mkdir(parents=True, exist_ok=True)
    for folder, name in (
        ("ablations", "ablations-ethanol"),
        ("slots", "slots-azobenzene"),
        ("untouched", "untouched-ethanol"),
        ("exactness", "exactness"),
    ):
        rows = runs / folder / "rows.jsonl"
        if rows.exists():
            write_rows(LEDGERS / f"{name}.jsonl", read_rows(rows))
    for folder in ("methods", "methods-long"):
        for rows in (runs / folder).glob("*.jsonl"):
            write_rows(LEDGERS / f"{folder}-{rows.name}", read_rows(rows))
    for rows in (runs / "engine").glob("engine-*.jsonl"):
        write_rows(LEDGERS / rows.name, read_rows(rows))


def rows_of(name: str) -> list[Row]:
    path = LEDGERS / f"{name}.jsonl"
    return read_rows(path) if path.exists() else []


def cell(rows: Sequence[Row], metric: str) -> str:
    """A value with its standard error, or a dash."""
    found = [r for r in rows if r.metric == metric]
    return with_spread(found[0].value, found[0].std_error) if found else "–"


def value(rows: Sequence[Row], metric: str) -> float | None:
    found = [r for r in rows if r.metric == metric]
    return found[0].value if found else None


def by_recipe(rows: Sequence[Row]) -> dict[str, list[Row]]:
    return {name: found for name in ORDER if (found := [r for r in rows if r.recipe == name])}


def float_table() -> str:
    """Our float models beside published ones."""
    head = ["molecule", "gaq fp32, E / F", *PUBLISHED["azobenzene"]]
    lines = []
    for molecule in MOLECULES:
        ours = by_recipe(rows_of(f"rmd17-{molecule}")).get("fp32", [])
        published = PUBLISHED[molecule]
        lines.append([molecule, f"{cell(ours, 'energy_mae')} / {cell(ours, 'force_mae')}", *published.values()])
    return markdown(head, lines)


def recipe_sections() -> list[str]:
    parts = [RECIPES]
    for molecule in MOLECULES:
        if rows_of(f"rmd17-{molecule}"):
            parts += [f"### {molecule}\n", recipe_table(molecule)]
    return parts


def recipe_table(molecule: str) -> str:
    """Every recipe of one molecule."""
    groups = by_recipe(rows_of(f"rmd17-{molecule}"))
    control = value(groups.get("fp32-control", []), "force_mae")
    lines = [recipe_line(name, rows, control) for name, rows in groups.items()]
    head = ["recipe", "bits / weight", "E MAE meV", "F MAE meV/Å", "F against the control"]
    head += ["F RMSE to FP32", "LEE mean / max meV/Å", "energies identical", "net torque meV", "path work meV/Å"]
    return markdown(head, lines)


def recipe_line(name: str, rows: Sequence[Row], control: float | None) -> list[str]:
    force, bits = value(rows, "force_mae"), value(rows, "bits_per_weight")
    against = _against(force, control)
    lee = f"{cell_short(rows, 'lee_mean')} / {cell_short(rows, 'lee_max')}"
    identical = value(rows, "frames_identical")
    line = [name, f"{bits:.1f}" if bits else "–", cell(rows, "energy_mae"), cell(rows, "force_mae"), against]
    line += ["0" if name == "fp32" else cell(rows, "force_fidelity"), lee]
    line.append("–" if identical is None else f"{100 * identical:.4g} %")
    return [*line, cell_short(rows, "net_torque"), cell(rows, "path_work")]


def cell_short(rows: Sequence[Row], metric: str) -> str:
    found = value(rows, metric)
    return "–" if found is None else significant(found, 2)


def untouched_section() -> list[str]:
    """How settings were chosen, and ethanol on the test frames that had no part in it."""
    groups = by_recipe(rows_of("untouched-ethanol"))
    control = value(groups.get("fp32-control", []), "force_mae")
    lines = []
    for name, rows in groups.items():
        against = _against(value(rows, "force_mae"), control)
        lines.append([name, cell(rows, "energy_mae"), cell(rows, "force_mae"), against])
    head = ["recipe", "E MAE meV", "F MAE meV/Å", "F against the control"]
    return [CHOICES, markdown(head, lines)] if groups else []


def exactness_section() -> list[str]:
    """Pairs of frames and rotations that are not exact, on every instruction set."""
    head = [
        "model",
        "instruction set",
        "pairs not exact",
        "largest LEE meV/Å",
        "largest net torque meV",
        "bits of scalar",
    ]
    rows, lines = rows_of("exactness"), []
    for model, isa in dict.fromkeys((r.model, r.isa) for r in rows):
        mine = {r.metric: r for r in rows if (r.model, r.isa) == (model, isa)}
        pairs, same = mine["pairs_exact"], mine["same_bits"]
        lines.append([model.removesuffix(".ckpt"), isa or "–", f"{round((1 - pairs.value) * pairs.n)} of {pairs.n:,}"])
        lines[-1] += [significant(mine[name].value) for name in ("lee_max", "net_torque")]
        lines[-1].append(f"{round(same.value * same.n)} of {same.n:,} frames")
    return [EXACTNESS, markdown(head, lines)] if rows else []


def _against(force: float | None, control: float | None) -> str:
    return f"{100 * (force / control - 1):+.1f} %" if force and control else "–"


def slot_section() -> list[str]:
    """Which slot costs what, the most expensive first."""
    rows = rows_of("slots-azobenzene")
    names = sorted({r.model for r in rows}, key=lambda n: -(value(_of(rows, n), "force_fidelity") or 0.0))
    lines = [[n.removeprefix("slots/"), cell(_of(rows, n), "force_fidelity")] for n in names]
    return [SLOTS, markdown(["slots", "F RMSE to FP32, meV/Å"], lines)] if rows else []


def _of(rows: Sequence[Row], model: str) -> list[Row]:
    return [r for r in rows if r.model == model]


def ablation_sections() -> list[str]:
    rows = rows_of("ablations-ethanol")
    if not rows:
        return []
    parts = [ABLATIONS["intro"]]
    names = list(dict.fromkeys(r.model for r in rows))
    for group in dict.fromkeys(name.split("/")[0] for name in names):
        head = [
            "row",
            "E MAE meV",
            "F MAE meV/Å",
            "F RMSE to its parent",
            "LEE mean meV/Å",
            "LEE max meV/Å",
            "path work",
        ]
        lines = []
        for name in (n for n in names if n.startswith(f"{group}/")):
            mine = [r for r in rows if r.model == name]
            metrics = ("energy_mae", "force_mae", "force_fidelity")
            line = [name.removeprefix(f"{group}/"), *(cell(mine, m) for m in metrics)]
            lines.append(
                [*line, cell_short(mine, "lee_mean"), cell_short(mine, "lee_max"), cell_short(mine, "path_work")]
            )
        parts += [ABLATIONS.get(group, f"### {group}\n"), markdown(head, lines)]
    return parts


def list_models() -> None:
    """Write models/README.md."""
    text = MODELS + "\n" + models_table()
    write_atomically(HERE / "models" / "README.md", lambda temporary: temporary.write_text(text, encoding="utf-8"))


def models_table() -> str:
    """Every shipped file with its size and hash, and the errors that the header of the packed file holds."""
    lines = []
    for path in sorted(SHIPPED.glob("*.*")):
        if path.suffix not in (".ckpt", ".gaq"):
            continue
        held = {
            found["metric"]: found for found in read_packed(path.with_suffix(".gaq")).accuracy
        }  # no checkpoint without it
        errors = [with_spread(held[m]["value"], held[m].get("std_error")) for m in ("energy_mae", "force_mae")]
        lines.append([path.name, f"{path.stat().st_size / 1000:.0f}", sha256_of(path)[:16], *errors])
    return markdown(["file", "kB", "SHA-256, first 16", "E MAE meV", "F MAE meV/Å"], lines)


def into_readme(table: Sequence[str]) -> None:
    """Replaces what stands between the markers of the README."""
    path = HERE / "README.md"
    begin, end = "<!-- table -->", "<!-- /table -->"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if begin in text and end in text:
        before, after = text.split(begin)[0], text.split(end)[1]
        changed = "\n".join([before + begin, *table, end + after])
        write_atomically(path, lambda temporary: temporary.write_text(changed, encoding="utf-8"))


if __name__ == "__main__":
    main()
