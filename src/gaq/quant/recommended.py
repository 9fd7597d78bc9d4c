"""The recommended recipe: the default of `gaq quantize`, the first row of the demo, the recipe of the documentation."""

from __future__ import annotations

RECOMMENDED = "mixed-w4a16"
