"""Checks of a packed file's header: species, radial knots, and a known scheme for each slot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import exp
from typing import Any

from gaq.errors import BadFile
from gaq.formats.container import WAY_OUT
from gaq.model.layout import Layout, Numbers
from gaq.quant.wrappers import MOST_DIRECTIONS

KNOTS = (4, 4096)
DECAY = (0.01, 50.0)  # times the cutoff: knots from nearly equidistant in r to crowded at small distances
CLOSEST = 0.2  # Å; engines refuse atoms closer than that, so the radial table must reach there
WEIGHT_BITS = (2, 8)
FEATURE_BITS = (2, 16)
LONGEST_NAME = 256  # bytes
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # control characters and ends of lines
LARGEST_NUMBER = 1e6
LARGEST_TOTAL = 2**31 - 1
PER_SCALAR = ("tensor", "row", "atom")
PER_VECTOR = (*PER_SCALAR, "vector")
PER_QUERY = ("tensor",)
QUERIES = (".attention.query", ".attention.key")  # ends of the names of their slots
POLAR = {
    "per": ("tensor", "atom"),
    "magnitude": ("linear", "log"),
    "gradient": ("geometric", "plain"),
    "directions": ("octahedral", "codebook", "component"),
}

Slots = dict[str, dict[str, Any]]


def check_name(text: str, key: str, name: str) -> str:
    """Return a text that people will read: one line, not too long. Raises `BadFile`."""
    if not text or len(text.encode("utf-8", "replace")) > LONGEST_NAME or UNPRINTABLE.search(text):
        raise BadFile(f"{name}: {key} is {text[:40]!r}; expected one line of at most {LONGEST_NAME} bytes.")
    return text


def check_radial(radial: object, cutoff: float, name: str) -> dict[str, Any]:
    """Return where the knots of the radial table lie, from the cutoff or beyond to coinciding atoms. Raises BadFile."""
    keys = ("knots", "decay", "low", "high")
    if not isinstance(radial, dict) or set(radial) != set(keys) or not all(_number(radial[key]) for key in keys):
        raise BadFile(f"{name}: radial is {radial!r}; expected an object of the numbers {', '.join(keys)}.")
    decay = radial["decay"]
    if not _integer(radial["knots"], *KNOTS) or not DECAY[0] <= decay * cutoff <= DECAY[1]:
        raise BadFile(
            f"{name}: radial is {radial!r}; expected {KNOTS[0]} to {KNOTS[1]} knots and a decay times the cutoff from "
            f"{DECAY[0]} to {DECAY[1]}."
        )
    at_cutoff, closest = exp(-decay * cutoff), exp(-decay * CLOSEST)
    if not (exp(-2 * decay * cutoff) <= radial["low"] <= at_cutoff * (1 + 1e-12) and closest <= radial["high"] <= 1):
        raise BadFile(
            f"{name}: radial is {radial!r}; expected knots from the cutoff (low at most {at_cutoff:.6g}) to atoms "
            f"that coincide (high from {closest:.6g} to 1)."
        )
    return radial


def check_slots(slots: object, layout: Layout, config: Numbers, name: str) -> Slots:
    """Return one scheme for each slot of the model, and none for any other. Raises `BadFile`."""
    wanted = layout.slot_names(config)
    if not isinstance(slots, dict):
        raise BadFile(f"{name}: slots are {type(slots).__name__}; expected an object. {WAY_OUT}")
    for slot in set(wanted) ^ set(slots):
        word = "lack" if slot in wanted else "have an unknown slot"
        raise BadFile(f"{name}: slots {word} {slot!r}, so they do not fit the model. {WAY_OUT}")
    vectors = {f"{layer.name}.input": layer.degree for layer in layout.linears(config) if layer.degree}
    messages = {slot for slot in layout.slots(config) if not slot.endswith(QUERIES)}
    for slot, scheme in slots.items():
        if not _known(slot, scheme, vectors.get(slot, 0), slot in messages):
            raise BadFile(
                f"{name}: slot {slot!r} holds {scheme!r}, which this gaq does not know. Use a newer gaq, or export the "
                "checkpoint anew."
            )
    for slot, scheme in slots.items():
        what = next((key for key in ("centred", "principal") if scheme.get(key)), None)
        if what and slots[slot.removesuffix(".input") + ".weight"].get("kind") == "identity":
            raise BadFile(f"{name}: slot {slot!r} is {what}, but its weight is float; expected codes. {WAY_OUT}")
    _check_sums(slots, layout, config, name)
    return slots


def largest_total(feature_bits: int, weight_bits: int, inputs: int) -> int:
    """Return the largest sum of so many products of codes; kernels move 8-bit features up by 128 to 0…255."""
    high = 255 if feature_bits <= 8 else 2 ** (feature_bits - 1) - 1
    return high * (2 ** (weight_bits - 1) - 1) * inputs


def _check_sums(slots: Slots, layout: Layout, config: Numbers, name: str) -> None:
    """Integer products must fit 32 bits in any order of their sum."""
    for layer in layout.linears(config):
        features, weight = slots[f"{layer.name}.input"], slots[f"{layer.name}.weight"]
        if features["kind"] != "uniform" or weight["kind"] != "uniform" or features["per"] == "vector":
            continue
        total = largest_total(features["bits"], weight["bits"], layer.inputs)
        if total > LARGEST_TOTAL:
            raise BadFile(f"{name}: layer {layer.name!r} can sum to {total}; expected at most {LARGEST_TOTAL}.")


def _known(slot: str, scheme: object, degree: int, message: bool) -> bool:
    if not isinstance(scheme, dict):
        return False
    if scheme.get("kind") == "identity":
        return set(scheme) == {"kind"}
    if message:
        return False
    if slot.endswith(".weight"):
        return _known_weight(scheme)
    if scheme.get("kind") == "polar":
        return degree > 0 and _known_polar(scheme, degree)
    query = slot.endswith(QUERIES)
    per = PER_VECTOR if degree else PER_QUERY if query else PER_SCALAR
    return (
        scheme.get("kind") == "uniform"
        and set(scheme) - {"centred", "principal"} == {"kind", "bits", "per", "framed"}
        and scheme["per"] in per
        and _integer(scheme["bits"], *FEATURE_BITS)
        and (scheme["framed"] is False or (scheme["framed"] is True and degree > 0))
        and (
            "centred" not in scheme
            or (scheme["centred"] is True and scheme["per"] == "row" and not degree and not query)
        )
        and ("principal" not in scheme or _known_principal(scheme))
    )


def _known_principal(scheme: Mapping[str, Any]) -> bool:
    beside = scheme["framed"] is True or scheme.get("centred") is True
    return beside and scheme["per"] == "row" and _integer(scheme["principal"], 1, MOST_DIRECTIONS)


def _known_weight(scheme: Mapping[str, Any]) -> bool:
    fits = scheme.get("kind") == "uniform" and set(scheme) == {"kind", "bits", "per"}
    return fits and scheme["per"] in ("tensor", "channel") and _integer(scheme["bits"], *WEIGHT_BITS)


def _known_polar(scheme: Mapping[str, Any], degree: int) -> bool:
    if set(scheme) - {"book"} != {"kind", "bits", "direction_bits", *POLAR}:
        return False
    if any(scheme[key] not in options for key, options in POLAR.items()):
        return False
    if not _integer(scheme["bits"], *FEATURE_BITS) or not _integer(scheme["direction_bits"], *FEATURE_BITS):
        return False
    if scheme["directions"] != "component" and degree > 1:
        return False  # codebooks lie on the sphere in three dimensions
    if scheme["directions"] == "octahedral" and (scheme["direction_bits"] % 2 or scheme["direction_bits"] < 4):
        return False
    return "book" not in scheme or (scheme["directions"] == "codebook" and isinstance(scheme["book"], str))


def _integer(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER
