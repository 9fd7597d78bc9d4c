"""Table of shipped models."""

from __future__ import annotations

from benchmarks.common.markdown import markdown
from benchmarks.common.places import SHIPPED
from gaq.files import sha256_of
from gaq.pack.format import read_packed
from gaq.report.numbers import with_spread


def shipped() -> str:
    """Return size, hash and errors."""
    lines = []
    for path in sorted(path for path in SHIPPED.iterdir() if path.suffix in (".ckpt", ".gaq")):
        held = {found["metric"]: found for found in read_packed(path.with_suffix(".gaq")).accuracy}
        errors = [with_spread(held[m]["value"], held[m].get("std_error")) for m in ("energy_mae", "force_mae")]
        lines.append([path.name, f"{path.stat().st_size / 1000:.0f}", sha256_of(path)[:16], *errors])
    return markdown(["file", "kB", "SHA-256, first 16", "E MAE meV", "F MAE meV/Å"], lines)
