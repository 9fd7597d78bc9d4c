"""Packed files as users read and write them: Python checks keys and types, the engine what they mean.

Where there is no native engine, nothing runs from a file, and its keys and types alone are checked.
"""

from __future__ import annotations

from pathlib import Path

from gaq.engine.native import NativeEngine
from gaq.errors import NotAvailable
from gaq.files import write_atomically
from gaq.pack.format import PackedModel, from_bytes, to_bytes


def checked_model(content: bytes, name: str) -> PackedModel:
    """Return what the bytes of a packed file say; `name` is what the sentences call it. Raises `BadFile`."""
    found = from_bytes(content, name)
    _expect_sound(content, name)
    return found


def write_checked(path: str | Path, model: PackedModel) -> None:
    """Write a packed file that the engine opens, under a temporary name, and rename it. Raises `BadFile`."""
    content = to_bytes(model)
    _expect_sound(content, "the packed model")
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def _expect_sound(content: bytes, name: str) -> None:
    try:
        NativeEngine(content, name, watch=False)
    except NotAvailable:
        return
