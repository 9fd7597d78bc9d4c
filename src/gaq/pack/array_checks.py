"""Checks of the arrays in a packed file: types, shapes, ranges, and no unknown array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gaq.errors import BadFile
from gaq.formats.container import NAMES, WAY_OUT
from gaq.model.layout import Layout, Numbers, Wanted
from gaq.pack.bits import NIBBLE_BITS, unpack_nibbles
from gaq.pack.checks import Slots
from gaq.pack.layout import wanted_arrays

LARGEST_RADIUS = 10.0  # Å
MOST_GOLDEN = 100_000  # atoms
MOST_PROBES = 64  # points at which harmonics are fitted
LOWEST_BYTE = -128  # no scheme has this code
UNIT = 1e-5  # by how much the square of a unit vector's length may be off

Arrays = Mapping[str, np.ndarray]


def check_arrays(
    arrays: Arrays,
    layout: Layout,
    config: Numbers,
    species: Sequence[int],
    knots: int,
    slots: Slots,
    name: str,
) -> None:
    """Each array that the model needs, and no other. Raises `BadFile`."""
    shapes = {key: array.shape for key, array in arrays.items()}
    wanted = wanted_arrays(layout, config, len(species), knots, slots, shapes)
    for key in sorted(set(wanted) ^ set(arrays)):
        raise BadFile(f"{name}: tensor {key!r} is {'missing' if key in wanted else 'unknown'}. {WAY_OUT}")
    for key, want in wanted.items():
        _check_array(arrays[key], want, f"{name}: tensor {key!r}")
    radii = arrays["radii"]
    if not ((radii > 0) & (radii < LARGEST_RADIUS)).all():
        raise BadFile(f"{name}: radii are {radii.tolist()}; expected more than 0 and less than {LARGEST_RADIUS} Å.")
    _check_golden(arrays, species, name)
    _check_wigner(arrays, config, name)
    _check_weights(arrays, layout, config, slots, name)
    for slot, scheme in slots.items():
        if scheme.get("directions") == "codebook":
            _check_book(arrays[f"{scheme.get('book', slot)}.points"], scheme["direction_bits"], slot, name)
    for key in arrays:
        if key.endswith(".step"):
            _check_step(arrays, key, name)
        elif key.endswith((".centre.scale", ".principal.scale")):
            _check_apart(arrays, key, name)
        elif key.endswith(".levels"):
            _check_levels(arrays, key, name)
        elif key.endswith(".points") and not key.startswith("wigner."):
            _check_directions(arrays, key, name)


def _check_array(array: np.ndarray, want: Wanted, what: str) -> None:
    same = len(array.shape) == len(want.shape)
    fits = same and all(w is None or w == n for w, n in zip(want.shape, array.shape, strict=True))
    if not fits or NAMES.get(array.dtype) != want.dtype or array.size == 0:
        shape = ", ".join("n" if w is None else str(w) for w in want.shape)
        came = f"{NAMES.get(array.dtype)} {list(array.shape)}"
        raise BadFile(f"{what} is {came}; expected {want.dtype} [{shape}]. {WAY_OUT}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadFile(f"{what} holds numbers that are not finite. {WAY_OUT}")


def _check_wigner(arrays: Arrays, config: Numbers, name: str) -> None:
    for degree in range(2, config.degrees + 1):
        points, inverse = arrays[f"wigner.points.l{degree}"], arrays[f"wigner.inverse.l{degree}"]
        if len(points) != inverse.shape[1] or not 2 * degree + 1 <= len(points) <= MOST_PROBES:
            raise BadFile(
                f"{name}: degree {degree} has {len(points)} points and an inverse for {inverse.shape[1]}; expected as "
                f"many, from {2 * degree + 1} to {MOST_PROBES}. {WAY_OUT}"
            )


def _check_golden(arrays: Arrays, species: Sequence[int], name: str) -> None:
    atoms = len(arrays["golden.species"])
    if atoms > MOST_GOLDEN:
        raise BadFile(f"{name}: golden frames have {atoms} atoms; expected at most {MOST_GOLDEN}. {WAY_OUT}")
    if arrays["golden.positions"].shape[1] != atoms or arrays["golden.forces"].shape[1] != atoms:
        raise BadFile(f"{name}: golden frames of {atoms} atoms have positions or forces of others. {WAY_OUT}")
    strange = set(arrays["golden.species"].tolist()) - set(species)
    if strange:
        raise BadFile(
            f"{name}: golden frames hold elements {sorted(strange)}, which the model does not know. {WAY_OUT}"
        )


def _check_weights(arrays: Arrays, layout: Layout, config: Numbers, slots: Slots, name: str) -> None:
    for layer in layout.linears(config):
        scheme = slots[f"{layer.name}.weight"]
        if scheme["kind"] == "identity":
            continue
        if (arrays[f"{layer.name}.scale"] < 0).any():
            raise BadFile(f"{name}: scales of {layer.name!r} are below zero. {WAY_OUT}")
        codes = arrays[f"{layer.name}.codes"]
        if scheme["bits"] <= NIBBLE_BITS:
            if layer.inputs % 2 and (codes[:, -1] >> NIBBLE_BITS).any():
                raise BadFile(f"{name}: codes of {layer.name!r} continue after the end of a row. {WAY_OUT}")
            codes = unpack_nibbles(codes, layer.inputs)
        high, most = 2 ** (scheme["bits"] - 1) - 1, int(np.abs(codes.astype(np.int16)).max())
        if most > high:
            raise BadFile(f"{name}: codes of {layer.name!r} reach {most}; {scheme['bits']} bits hold {high}. {WAY_OUT}")


def _check_step(arrays: Arrays, key: str, name: str) -> None:
    slot = key.removesuffix(".step")
    step, inverse = float(arrays[key][0]), float(arrays[f"{slot}.inverse_step"][0])
    if not step > 0 or abs(step * inverse - 1) > 1e-6:
        raise BadFile(f"{name}: slot {slot!r} has step {step} and inverse {inverse}; expected one above 0. {WAY_OUT}")


def _check_apart(arrays: Arrays, key: str, name: str) -> None:
    what = key.removesuffix(".scale")
    if (arrays[key] < 0).any() or (arrays[f"{what}.codes"] == LOWEST_BYTE).any():
        raise BadFile(f"{name}: {what!r} has scales below 0 or codes below -127. {WAY_OUT}")


def _check_levels(arrays: Arrays, key: str, name: str) -> None:
    slot = key.removesuffix(".levels")
    levels, thresholds = arrays[key], arrays[f"{slot}.thresholds"]
    between = (levels[:-1] <= thresholds) & (thresholds <= levels[1:]) & (levels[:-1] < levels[1:])
    if levels[0] != 0 or not between.all():
        raise BadFile(f"{name}: levels of slot {slot!r} do not ascend from 0 with thresholds between. {WAY_OUT}")


def _check_book(points: np.ndarray, bits: int, slot: str, name: str) -> None:
    if len(points) > 2**bits:
        raise BadFile(f"{name}: slot {slot!r} has {len(points)} directions; {bits} bits hold {2**bits}. {WAY_OUT}")


def _check_directions(arrays: Arrays, key: str, name: str) -> None:
    points = arrays[key].astype(np.float64)
    if (np.abs((points * points).sum(-1) - 1) > UNIT).any():
        raise BadFile(f"{name}: {key!r} holds vectors whose length is not 1. {WAY_OUT}")
    cells = arrays.get(f"{key.removesuffix('.points')}.cells")
    if cells is None:
        return
    side = round(len(cells) ** 0.5)
    if side * side != len(cells) or cells.shape[1] > len(points) or (cells < 0).any() or (cells >= len(points)).any():
        raise BadFile(f"{name}: the cells of {key!r} are no square grid of indices below {len(points)}. {WAY_OUT}")
