"""The radii of short-range repulsion as files hold them: JSON, the same in checkpoints and in packed models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gaq.errors import BadFile
from gaq.formats.texts import shown

# Ziegler, Biersack and Littmark, The Stopping and Range of Ions in Solids, Pergamon 1985: a = LENGTH / (Z_i^p + Z_j^p).
LENGTH = 0.46850  # Å
POWER = 0.23
TABLES = ("inner", "outer", "screening")


def screening(species: Sequence[int]) -> np.ndarray:
    """Return the screening length of each two species [species · species] in Å, one row after the other."""
    power = np.array(species, dtype=np.float64) ** POWER
    lengths: np.ndarray = (LENGTH / (power[:, None] + power[None, :])).flatten()
    return lengths


def check_repulsion(said: object, species: Sequence[int], cutoff: float, name: str, way_out: str) -> dict[str, Any]:
    """Return the tables of a repulsion, or an empty object for none. Raises BadFile for anything else."""
    if said == {}:
        return {}
    keys = ("kind", *TABLES)
    if not isinstance(said, dict) or set(said) != set(keys) or said["kind"] != "zbl":
        raise BadFile(f"{name}: repulsion is {shown(said)}; expected kind zbl, {', '.join(TABLES)}, or {{}}. {way_out}")
    tables = {key: check_table(said[key], (len(species),) * 2, f"{name}: repulsion {key}", way_out) for key in TABLES}
    if any(not np.array_equal(t, t.T) for t in tables.values()):
        raise BadFile(f"{name}: the tables of the repulsion are not symmetric. {way_out}")
    inner, outer, lengths = (tables[key] for key in TABLES)
    if not ((inner >= 0) & (inner < outer) & (outer <= cutoff)).all():
        raise BadFile(
            f"{name}: the repulsion lies between {inner.min():.4g} and {outer.max():.4g} Å; expected an inner radius "
            f"below the outer one, and that within the cutoff of {cutoff} Å. {way_out}"
        )
    if not np.allclose(lengths.flatten(), screening(species), rtol=1e-9, atol=0):
        raise BadFile(f"{name}: the screening lengths of the repulsion are not those of its species. {way_out}")
    return said


def check_table(said: object, shape: tuple[int, ...], what: str, way_out: str) -> np.ndarray:
    """Return a list of finite numbers from 0 on, as an array of that shape. Raises BadFile."""
    count = int(np.prod(shape))
    numbers = isinstance(said, list) and all(isinstance(x, int | float) and not isinstance(x, bool) for x in said)
    if not isinstance(said, list) or not numbers or len(said) != count or not all(0 <= x < 1e9 for x in said):
        raise BadFile(f"{what} is {shown(said)}; expected {count} numbers from 0 on. {way_out}")
    return np.array(said, dtype=np.float64).reshape(shape)
