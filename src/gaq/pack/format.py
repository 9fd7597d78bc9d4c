"""A `.gaq` file: contents, writing, and reading. NumPy only.

Container, checksum, keys and types are checked here; what the fields mean is checked by the engine, through which users
read and write (`gaq.engine.packed_file`). The layout of the bytes and every key and array: docs/format.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.elements import species_in_file
from gaq.errors import BadFile
from gaq.files import write_atomically
from gaq.formats import container
from gaq.formats.checksum import BLANK, checksum_of, sealed
from gaq.formats.texts import finite, shown, strict_json, to_json
from gaq.model.generations import TRANSFORMER, first_generation
from gaq.model.layout import Layout, Numbers
from gaq.model.layouts import LAYOUTS, layout_named
from gaq.pack.checks import check_arrays, check_name, check_radial, check_slots
from gaq.version import __version__

FORMAT = "gaq-packed"
# 1 had frames of neighbours in their order, 2 no repulsion and no domain, 3 one basis alone, 4 the first transformer,
# 5 no limits of features.
FORMAT_VERSION = 6
FIRST_TRANSFORMER = tuple(map(str, range(1, 5)))
LONGEST_HEADER = 2**23  # bytes
UNITS = {"length": "Angstrom", "energy": "eV"}
BACKWARD_BITS = (8, 16, 32)
# Keys with JSON texts, and the JSON type.
JSON_KEYS: dict[str, type] = {
    **{"config": dict, "species": list, "units": dict, "recipe": dict, "radial": dict, "slots": dict},
    **{"repulsion": dict, "domain": dict, "manifest": dict, "accuracy": list},
}
TEXT_KEYS = (*("format", "format_version", "gaq_version", "architecture", "recipe_name", "backward_bits"), "checksum")
KEYS = (*TEXT_KEYS, *JSON_KEYS)


@dataclass(frozen=True, eq=False)
class PackedModel:
    """Everything that a file says. Arrays are NumPy and, when they come from a file, read-only."""

    architecture: str  # its name
    config: Numbers
    species: tuple[int, ...]  # atomic numbers, ascending
    recipe_name: str
    recipe: dict[str, Any]
    backward_bits: int
    radial: dict[str, Any]  # knots, decay (1/Å), low, high
    slots: dict[str, dict[str, Any]]  # the scheme in each slot of the model
    arrays: dict[str, np.ndarray]
    repulsion: dict[str, Any] = field(default_factory=dict)  # empty for none: gaq.atoms.short_range
    domain: dict[str, Any] = field(default_factory=dict)  # empty for none: gaq.atoms.domain
    manifest: dict[str, Any] = field(default_factory=dict)
    accuracy: list[dict[str, Any]] = field(default_factory=list)  # rows of the ledger
    gaq_version: str = __version__
    checksum: str = ""  # of the file it was read from
    header_bytes: int = 0  # of the file it was read from

    @property
    def layout(self) -> Layout:
        """Which layers, slots and arrays there are."""
        return LAYOUTS[self.architecture]


def write_packed(path: str | Path, model: PackedModel) -> None:
    """Write a file under a temporary name and rename it: equal models are equal files. Raises `BadFile`."""
    content = to_bytes(model)
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def to_bytes(model: PackedModel) -> bytes:
    """Return the bytes of the file, checked as `from_bytes` checks them."""
    entries, payload = container.payload_of(model.arrays)
    metadata = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "gaq_version": model.gaq_version,
        "architecture": model.architecture,
        "config": to_json(model.layout.said(model.config)),
        "species": to_json(list(model.species)),
        "units": to_json(UNITS),
        "recipe": to_json(model.recipe),
        "recipe_name": model.recipe_name,
        "backward_bits": str(model.backward_bits),
        "radial": to_json(model.radial),
        "slots": to_json(model.slots),
        "repulsion": to_json(model.repulsion),
        "domain": to_json(model.domain),
        "manifest": to_json(finite(model.manifest)),
        "accuracy": to_json(finite(model.accuracy)),
        "checksum": BLANK,
    }
    content = sealed(container.to_bytes(metadata, entries, payload))
    from_bytes(content, "the packed model")
    return content


def read_packed(path: str | Path) -> PackedModel:
    """Read and verify a file. Raises `BadFile` for one that is damaged, of another kind or version."""
    return _packed(container.read_container(path), str(path))


def from_bytes(content: bytes, name: str) -> PackedModel:
    """As `read_packed`, of bytes; `name` is what the sentences call the file."""
    return _packed(container.parse(content, name), name)


def is_packed(metadata: Mapping[str, str]) -> bool:
    """Return whether the texts of a safetensors file say that it is a packed model."""
    return metadata.get("format") == FORMAT


def _packed(file: container.Container, name: str) -> PackedModel:
    texts = file.metadata
    _check_kind(texts, name)
    if file.header_bytes - 8 > LONGEST_HEADER:
        raise BadFile(
            f"{name} has a header of {file.header_bytes - 8} bytes; expected at most {LONGEST_HEADER}. "
            f"{container.WAY_OUT}"
        )
    if checksum_of(file.content) != texts["checksum"]:
        raise BadFile(f"{name} is damaged: it does not have the checksum in its header. {container.WAY_OUT}")
    said = {key: _parsed(texts, key, name) for key in JSON_KEYS}
    layout = layout_named(texts["architecture"], name)
    config = layout.numbers_from(said["config"], name)
    species = species_in_file(said["species"], name)
    radial = check_radial(said["radial"], name)
    slots = check_slots(said["slots"], layout, config, name)
    check_arrays(file.tensors, layout, config, species, radial["knots"], slots, name)
    return PackedModel(
        architecture=layout.name,
        config=config,
        species=species,
        recipe_name=check_name(texts["recipe_name"], "recipe_name", name),
        recipe=said["recipe"],
        backward_bits=_backward_bits(texts["backward_bits"], name),
        radial=radial,
        slots=slots,
        arrays=file.tensors,
        repulsion=said["repulsion"],
        domain=said["domain"],
        manifest=said["manifest"],
        accuracy=said["accuracy"],
        gaq_version=check_name(texts["gaq_version"], "gaq_version", name),
        checksum=texts["checksum"],
        header_bytes=file.header_bytes,
    )


def _check_kind(texts: Mapping[str, str], name: str) -> None:
    if texts.get("format") == "gaq-checkpoint":
        raise BadFile(f"{name} is a checkpoint, not a packed model. Make one of it: gaq export {name}")
    if not is_packed(texts):
        raise BadFile(f"{name} is a safetensors file, but no packed model. Expected a file written by `gaq export`.")
    version, writer = texts.get("format_version"), shown(texts.get("gaq_version", "unknown"))
    if version in FIRST_TRANSFORMER and texts.get("architecture") == TRANSFORMER:
        raise BadFile(first_generation(name, version, FORMAT_VERSION, writer))
    if version != str(FORMAT_VERSION):
        raise BadFile(
            f"{name} has format version {version}; this gaq ({__version__}) reads version {FORMAT_VERSION}. Export its "
            f"checkpoint anew, gaq export MODEL.ckpt, or use the gaq that wrote it ({writer})."
        )
    lacking = [key for key in KEYS if key not in texts]
    unknown = [key for key in texts if key not in KEYS]
    if lacking or unknown:
        what = f"lacks {', '.join(lacking)}" if lacking else f"has an unknown key {unknown[0]!r}"
        raise BadFile(f"{name}: the header {what}. {container.WAY_OUT}")
    layout_named(texts["architecture"], name)


def _parsed(texts: Mapping[str, str], key: str, name: str) -> Any:
    value = strict_json(texts[key], f"{name}: {key} in the header", container.WAY_OUT)
    if not isinstance(value, JSON_KEYS[key]):
        came, expected = type(value).__name__, JSON_KEYS[key].__name__
        raise BadFile(f"{name}: {key} in the header is {came}; expected {expected}. {container.WAY_OUT}")
    if key == "units" and value != UNITS:
        raise BadFile(f"{name} is in units {value!r}; this gaq reads {UNITS!r}.")
    return value


def _backward_bits(text: str, name: str) -> int:
    if text not in map(str, BACKWARD_BITS):
        raise BadFile(f"{name}: backward_bits is {text!r}; expected 8, 16 or 32. {container.WAY_OUT}")
    return int(text)
