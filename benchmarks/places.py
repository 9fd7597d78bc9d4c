"""Where the benchmarks find the repository, and where they put their rows."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
LEDGERS = HERE / "docs" / "ledger"
