"""What users read a packed file by, in Python, refuses what the engine refuses, and nothing else.

Files are changed in structure, not in bits: a value of the header or an array becomes another, and the checksum is made
right again, so that every check behind it is reached.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from built import native_library
from gaq.engine.native import NativeEngine
from gaq.engine.packed_file import checked_model
from gaq.errors import BadFile
from gaq.formats import container
from gaq.formats.checksum import sealed
from gaq.pack.format import from_bytes
from packed import file_of
from tiny import config

CORPUS = sorted((Path(__file__).parents[2] / "native" / "fuzz" / "corpus").glob("*.gaq"))
CHANGES = 150  # of each seed
TEXTS = ["", "x", "tensor", "row", "atom", "vector", "polar", "uniform", "identity", "log", "codebook", "octahedral"]
NAMES = ["component", "\u2028", "\u2029", "\x85", "\u200b", "é", "a\x7fb", "a\nb", "x" * 300]
WHOLE = [0, -1, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 32, 64, 65, 118, 119, 255, 1024, 4096, 4097, 2**31, 2**53, 2**63]
VALUES: list[Any] = [*TEXTS, *NAMES, *WHOLE, 0.5, 1.0, 64.0, 1e-300, 1e308, -0.0, True, False, None, [], {}, [1]]
NUMBERS = [0, -1, 1, 127, -128, np.nan, np.inf, 1e38, 2e9, -0.0, 10, 7, 8, 0.5, 200]


def paths(value: Any, start: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where all values of plain data are."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, inner in pairs for path in [(*start, key), *paths(inner, (*start, key))]]


def change_text(draw: random.Random, texts: dict[str, Any]) -> None:
    key = draw.choice(
        [name for name in texts if name != "checksum"] + ["config", "slots", "slots", "radial", "species"]
    )
    places = paths(texts[key])
    if not places:
        texts[key] = draw.choice(VALUES)
        return
    *path, last = draw.choice(places)
    inner = texts[key]
    for step in path:
        inner = inner[step]
    kind = draw.random()
    if kind < 0.15:
        del inner[last]
    elif kind < 0.3 and isinstance(inner, dict):
        inner[draw.choice(["x", "book", "centred", "principal", "framed"])] = draw.choice(VALUES)
    elif kind < 0.5 and type(inner[last]) is int:
        inner[last] += draw.choice([-1, 1, 2])
    else:
        inner[last] = draw.choice(VALUES)


def change_array(draw: random.Random, arrays: dict[str, np.ndarray]) -> None:
    name, kind = draw.choice(list(arrays)), draw.random()
    array = arrays[name]
    with np.errstate(all="ignore"):
        if kind < 0.5:
            array.reshape(-1)[draw.randrange(array.size)] = np.array(draw.choice(NUMBERS)).astype(array.dtype)
        elif kind < 0.7:
            axis, first = draw.randrange(array.ndim), array.take([0], axis=0)
            longer = np.concatenate([array, array.take([0], axis=axis)], axis=axis)
            arrays[name] = longer if draw.random() < 0.5 else np.delete(array, 0, axis=axis)
            assert first.size
        elif kind < 0.8:
            del arrays[name]
        elif kind < 0.9:
            arrays[name + draw.choice(["x", ".bias"])] = array
        else:
            arrays[name] = array.astype(draw.choice(list(container.DTYPES.values())))


def changed(draw: random.Random, content: bytes) -> bytes:
    file = container.parse(content, "file")
    texts: dict[str, Any] = {}
    for key, text in file.metadata.items():
        try:
            texts[key] = json.loads(text)
        except json.JSONDecodeError:
            texts[key] = text
    arrays = {name: array.copy() for name, array in file.tensors.items()}
    for _ in range(draw.choice([1, 1, 1, 2])):
        if draw.random() < 0.55:
            change_text(draw, texts)
        elif arrays:
            change_array(draw, arrays)
    said = {k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in texts.items()}
    entries, payload = container.payload_of(arrays)
    return sealed(container.to_bytes(said, entries, payload))


def refusal(read: Any, content: bytes) -> str:
    """What a reader says of a file; empty when it takes it. Anything but `BadFile` is a fault."""
    try:
        read(content, "x.gaq")
    except BadFile as error:
        return str(error)
    return ""


@pytest.mark.parametrize("seed", range(4))
def test_both_readers_take_and_refuse_the_same_files(seed):
    native_library()
    draw, seen, by_itself = random.Random(seed), Counter[bool](), 0
    contents = [path.read_bytes() for path in CORPUS]
    for _ in range(CHANGES):
        content = changed(draw, draw.choice(contents))
        python, native = refusal(checked_model, content), refusal(NativeEngine, content)
        assert bool(python) == bool(native), f"Python: {python or 'takes it'}\nC++: {native or 'takes it'}"
        seen[bool(native)] += 1
        by_itself += bool(refusal(from_bytes, content))
    assert by_itself > seen[True] / 2, "keys and types are the most that can be wrong"
    assert min(seen[True], seen[False]) > CHANGES / 20, "changes that are all refused, or none, compare nothing"


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_both_take_what_was_not_changed(path):
    native_library()
    content = path.read_bytes()
    assert refusal(checked_model, content) == refusal(NativeEngine, content) == ""


@pytest.mark.parametrize(("heads", "refused"), [(4, False), (64, True)])
def test_a_small_file_that_takes_much_memory_is_refused(heads, refused):
    """Heads of one channel are padded to sixteen, and radial tables of all knots are made for each layer."""
    native_library()
    file = container.parse(file_of(None, config(channels=64, heads=heads, layers=2)), "file")
    texts, arrays = dict(file.metadata), dict(file.tensors)
    texts["radial"] = json.dumps(json.loads(texts["radial"]) | {"knots": 4096})
    for name in ("values", "slopes", "curvatures"):
        basis = arrays[f"radial.{name}"].shape[1]
        arrays[f"radial.{name}"] = np.zeros((4096, basis), dtype=np.float32)
    entries, payload = container.payload_of(arrays)
    said = refusal(checked_model, sealed(container.to_bytes(texts, entries, payload)))
    assert (" to run; expected at most 100 for each byte of the file" in said) is refused
    assert bool(said) is refused
