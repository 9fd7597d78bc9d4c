"""Bytes of a packed file by group: weights, tables, golden frames and the rest."""

from __future__ import annotations

from gaq.pack.format import PackedModel

FLOAT_BYTES = 4
GROUPS = (
    "weights",
    "scales",
    "biases",
    "radial table",
    "radial filters",
    "attention",
    "limits",
    "species",
    "steps and directions",
    "centres and directions",
    "golden frames",
)


def group_of(array: str) -> str:
    """Return what an array of the file is for, one of `GROUPS`."""
    ends = {"codes": "weights", "weight": "weights", "scale": "scales", "bias": "biases", "filters": "radial filters"}
    if array in ("embedding", "reference", "radii", "scale"):
        return "species"
    if ".attention." in array and array.endswith((".temperature", "attention.bias")):
        return "attention"
    if array.endswith(".limits"):
        return "limits"
    if ".centre." in array or ".principal." in array:
        return "centres and directions"
    begins = {"radial.": "radial table", "golden.": "golden frames"}
    begun = next((group for start, group in begins.items() if array.startswith(start)), None)
    return begun or ends.get(array.rpartition(".")[2], "steps and directions")


def bytes_by_group(model: PackedModel) -> dict[str, int]:
    """Return bytes of the arrays of each group that is there, in the order of `GROUPS`."""
    total = dict.fromkeys(GROUPS, 0)
    for name, array in model.arrays.items():
        total[group_of(name)] += array.nbytes
    return {group: size for group, size in total.items() if size}


def weight_count(model: PackedModel) -> int:
    """Return numbers in the weights of all linear layers."""
    return sum(layer.outputs * layer.inputs for layer in model.layout.linears(model.config))


def weight_bytes(model: PackedModel) -> int:
    """Return bytes of the weights of all linear layers as they are stored, with their scales."""
    sizes = bytes_by_group(model)
    return sizes["weights"] + sizes.get("scales", 0)


def float_parameter_bytes(model: PackedModel) -> int:
    """Return bytes of the same network's parameters as float32: weights, biases, filters, attention, embedding."""
    kept = ("biases", "radial filters", "attention")
    sizes = bytes_by_group(model)
    floats = sum(sizes.get(group, 0) for group in kept) + model.arrays["embedding"].nbytes
    return FLOAT_BYTES * weight_count(model) + floats
