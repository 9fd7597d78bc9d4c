"""Write the page of a demo: that of `gaq report` for its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gaq.demo.folder import CURVE, PAGE, ROWS
from gaq.demo.plan import DEMO_MODELS, DemoPlan
from gaq.measure.ledger import Row, read_rows
from gaq.report.discover import discover
from gaq.report.gather import gather
from gaq.report.page import text_of
from gaq.report.publish import Published, publish


def collect(out: Path) -> tuple[Row, ...]:
    """Return rows of all candidates that have them, in the order of the table."""
    folders = [out / candidate.name for candidate in DEMO_MODELS]
    return tuple(entry for folder in folders if (folder / ROWS).exists() for entry in read_rows(folder / ROWS))


def words(rows: Sequence[Row], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the text above the table; the manifest stores it for later reports."""
    plan, seen = facts["plan"], {entry.recipe for entry in rows}
    fresh = "new frames, labelled with GFN2-xTB" if "fresh" in facts["test"] else "held-out frames"
    lead = (
        f"A float model of ethanol, trained on {plan['train']} embedded frames for {plan['epochs']} epochs; "
        f"five others made from it, four of them trained for {plan['tuning']} epochs; all measured on "
        f"{plan['test']} {fresh}. Steps of dynamics, and their times, are those of the {facts['engine']} engine, "
        f"{facts['threads_per_worker']} thread each, {facts['workers']} processes at once."
    )
    return {
        "title": "gaq demo: ethanol",
        "lead": lead,
        "about": {c.name: c.about for c in DEMO_MODELS if c.name in seen},
    }


def epochs_before(out: Path, plan: DemoPlan) -> dict[str, int]:
    """Return the earlier epochs of each training with a learning curve."""
    return {c.name: plan.epochs if c.trained else 0 for c in DEMO_MODELS if (out / c.name / CURVE).exists()}


def present(out: Path) -> tuple[Path, Published]:
    """Write the page; return its path and what is missing on it. Candidates are in the order of the table."""
    folders = [out / candidate.name for candidate in DEMO_MODELS]
    found = gather(discover([out / "manifest.json", *(folder for folder in folders if folder.is_dir())]))
    return out / PAGE, publish(out / PAGE, text_of(found, [out.name]), found, [])
