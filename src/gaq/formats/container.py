"""A safetensors file as bytes: texts and named arrays. Nothing in it is trusted before it is checked.

Layout: the length of the header in 8 bytes (little-endian), the header (JSON, padded with blanks to a multiple of 8),
the arrays one after the other without gaps. Written by ourselves, so that equal contents are equal files; read by
ourselves, so that a reader needs NumPy alone and says what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from gaq.errors import BadFile
from gaq.files import readable_file
from gaq.formats.texts import shown, strict_json

DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
METADATA = "__metadata__"
LONGEST_HEADER = 2**25
MOST_AXES = 8
WAY_OUT = "It may have been cut short or changed on its way; copy it again or export it anew."


@dataclass(frozen=True)
class Container:
    """Texts by key and arrays by name; `content` is the whole file, its arrays begin after `header_bytes`."""

    metadata: dict[str, str]
    tensors: dict[str, np.ndarray]
    content: bytes
    header_bytes: int


def payload_of(tensors: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], bytes]:
    """Return the header's entries for the arrays, and their bytes: wide numbers first, so that all are aligned."""
    entries: dict[str, Any] = {}
    parts: list[bytes] = []
    at = 0
    for name in sorted(tensors, key=lambda n: (-tensors[n].dtype.itemsize, n)):
        array = tensors[name]
        part = np.ascontiguousarray(array).tobytes()
        entries[name] = {
            "dtype": NAMES[array.dtype.newbyteorder("<")],
            "shape": list(array.shape),
            "data_offsets": [at, at + len(part)],
        }
        parts.append(part)
        at += len(part)
    return entries, b"".join(parts)


def to_bytes(metadata: Mapping[str, str], entries: Mapping[str, Any], payload: bytes) -> bytes:
    """Return the whole file; keys of `metadata` in alphabetical order."""
    header = {METADATA: dict(sorted(metadata.items())), **entries}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + payload


def read_container(path: str | Path) -> Container:
    """Return the texts and arrays of a file. Raises `BadFile` for anything that is not whole and well formed."""
    file = readable_file(path)
    if not file.is_file():
        raise BadFile(f"{path} is a pipe or a device; a model is a file. Save it to one first.")
    content = file.read_bytes()
    return parse(content, str(path))


def parse(content: bytes, name: str) -> Container:
    """As `read_container`, of bytes; `name` is what the sentences call the file."""
    if len(content) < 8:
        raise BadFile(f"{name} has {len(content)} bytes, too few for a model. {WAY_OUT}")
    length = int.from_bytes(content[:8], "little")
    if not 2 <= length <= LONGEST_HEADER or content[8:9] != b"{":
        raise BadFile(
            f"{name} is not a model file: it does not begin with a header of the safetensors kind. "
            "Give a file that `gaq train` or `gaq export` wrote."
        )
    if 8 + length > len(content):
        raise BadFile(f"{name} ends after {len(content)} bytes, inside its header of {length}. {WAY_OUT}")
    header = _object(content[8 : 8 + length], name)
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise BadFile(f"{name}: {METADATA} in the header is not an object of texts. {WAY_OUT}")
    payload = memoryview(content)[8 + length :]
    return Container(metadata, _arrays(header, payload, name), content, 8 + length)


def _object(text: bytes, name: str) -> dict[str, Any]:
    header = strict_json(text, f"{name}: the header", WAY_OUT)
    if not isinstance(header, dict):
        raise BadFile(f"{name}: the header is not a JSON object. {WAY_OUT}")
    return header


def _arrays(entries: dict[str, Any], payload: memoryview, name: str) -> dict[str, np.ndarray]:
    tensors: dict[str, np.ndarray] = {}
    at = 0
    known = [_entry(key, entry, name) for key, entry in entries.items()]
    for key, dtype, shape, begin, end in sorted(known, key=lambda entry: entry[3:]):
        if begin != at:
            raise BadFile(f"{name}: tensor {shown(key)} begins at byte {begin}; expected {at}, without gap. {WAY_OUT}")
        if end - begin != dtype.itemsize * prod(shape):
            wanted = dtype.itemsize * prod(shape)
            raise BadFile(f"{name}: tensor {shown(key)} has {end - begin} bytes; its shape needs {wanted}. {WAY_OUT}")
        if end > len(payload):
            raise BadFile(f"{name} has {len(payload)} bytes of tensors; {shown(key)} ends at {end}. {WAY_OUT}")
        tensors[key] = np.frombuffer(payload[begin:end], dtype=dtype).reshape(shape)
        at = end
    if at != len(payload):
        raise BadFile(f"{name} has {len(payload) - at} bytes behind its last tensor. {WAY_OUT}")
    return tensors


def _entry(key: str, entry: Any, name: str) -> tuple[str, np.dtype[Any], tuple[int, ...], int, int]:
    what = f"{name}: tensor {shown(key)}"
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise BadFile(f"{what}: its entry in the header is not dtype, shape, data_offsets. {WAY_OUT}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise BadFile(f"{what} holds {shown(dtype)}; expected one of {', '.join(DTYPES)}. {WAY_OUT}")
    if not _sizes(shape) or len(shape) > MOST_AXES or not _sizes(offsets) or len(offsets) != 2:
        raise BadFile(f"{what} has shape {shown(shape)} at {shown(offsets)}. {WAY_OUT}")
    return key, DTYPES[dtype], tuple(shape), offsets[0], offsets[1]


def _sizes(value: Any) -> bool:
    whole = isinstance(value, list) and all(isinstance(n, int) and not isinstance(n, bool) for n in value)
    return whole and all(0 <= n < 2**48 for n in value)
