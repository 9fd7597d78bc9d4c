"""Names of tensors in a checkpoint: those of the first version, so that every file stays readable.

A part of a dotted name that is an attribute here may have another name in files.
"""

from __future__ import annotations

STORED = {"weight_quantizer": "coded", "input_quantizer": "input", "calibrated": "fitted"}
ATTRIBUTES = {stored: attribute for attribute, stored in STORED.items()}


def stored_name(name: str) -> str:
    """Return the name in a file of a tensor that is called `name` in a network: messages.0.project.coded.…"""
    return ".".join(STORED.get(part, part) for part in name.split("."))


def network_name(name: str) -> str:
    """Return the name in a network of a tensor that is called `name` in a file, the inverse of `stored_name`."""
    return ".".join(ATTRIBUTES.get(part, part) for part in name.split("."))
