"""Writes the packed models that the C++ tests evaluate: tiny networks, one for each kind of arithmetic.

Run by `make golden`. Each holds three ethanol molecules with the energies and forces that PyTorch computes.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests"))

import tiny  # noqa: E402
from gaq.pack.format import write_packed  # noqa: E402
from gaq.quant.install import preset  # noqa: E402
from packed import packed  # noqa: E402
from tiny import config, painn  # noqa: E402

# Name of the preset, degrees, attention, bits of the backward pass (none: those of the recipe).
MODELS = (
    ("fp32", 1, "cosine", None),
    ("fp32", 3, "dot", None),
    ("w4", 2, "cosine", None),
    ("naive-int8", 1, "cosine", None),
    ("gaq-w4a8", 1, "cosine", None),
    ("frame-w4a8", 1, "cosine", None),
    ("frame-w8a8", 3, "cosine", 16),
    ("w4a16", 2, "cosine", 8),
)


def main() -> None:
    """One file a model in golden/models."""
    tiny.LIMITS = (5.0, 8.0)  # low enough to matter
    folder = HERE / "golden" / "models"
    folder.mkdir(exist_ok=True)
    for name, degrees, attention, backward in MODELS:
        recipe = None if name == "fp32" else preset(name, 0)
        model = packed(recipe, config(degrees=degrees, attention=attention), backward_bits=backward)
        write_packed(folder / f"{name}-l{degrees}.gaq", model)
    for name in ("fp32", "frame-w4a8", "w4a16", "naive-int8"):
        # Few neighbours and wide functions: energies are smooth enough for integrals of forces along lines.
        model = packed(None if name == "fp32" else preset(name, 0), painn(basis=4, cutoff=3.0))
        write_packed(folder / f"painn-{name}.gaq", model)


if __name__ == "__main__":
    main()
