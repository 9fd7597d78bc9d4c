"""Files of the safetensors kind: written alike, read by others, refused when they are not whole."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from gaq.errors import BadFile
from gaq.formats.container import DTYPES, METADATA, parse, payload_of, read_container, to_bytes

ARRAYS = {
    "b": np.arange(6, dtype=np.float64).reshape(2, 3),
    "a": np.array([1.5, -2.0], dtype=np.float32),
    "c": np.array([[-1], [3]], dtype=np.int8),
    "empty": np.zeros((0, 4), dtype=np.float32),
}
TEXTS = {"z": "last", "a": 'µ Å and "quotes"'}


def whole(arrays: dict[str, np.ndarray] = ARRAYS) -> bytes:
    entries, payload = payload_of(arrays)
    return to_bytes(TEXTS, entries, payload)


def written(header: Any, payload: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + payload


def entry(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_what_is_written_is_read():
    found = parse(whole(), "file")
    assert found.metadata == TEXTS
    assert set(found.tensors) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert found.tensors[name].dtype == array.dtype
        np.testing.assert_array_equal(found.tensors[name], array)


def test_others_read_what_we_write():
    found = load(whole())
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)


def test_we_read_what_others_write():
    found = parse(save(ARRAYS, metadata=TEXTS), "file")
    assert found.metadata == TEXTS
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found.tensors[name], array)


def test_the_order_of_insertion_does_not_matter():
    assert whole() == whole(dict(reversed(ARRAYS.items())))


def test_every_array_is_aligned():
    content = whole()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    assert start % 8 == 0
    for name, array in ARRAYS.items():
        assert header[name]["data_offsets"][0] % array.dtype.itemsize == 0


def test_every_type_survives(rng):
    arrays = {name: rng.integers(0, 2, 5).astype(dtype) for name, dtype in DTYPES.items()}
    found = parse(whole(arrays), "file").tensors
    assert {name: array.dtype for name, array in found.items()} == DTYPES


def test_a_file_cut_short_anywhere_is_refused():
    content = whole()
    for length in range(len(content)):
        with pytest.raises(BadFile):
            parse(content[:length], "file")


def test_bytes_behind_the_end_are_refused():
    with pytest.raises(BadFile, match="1 bytes behind its last tensor"):
        parse(whole() + b"x", "file")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "too few"),
        (b"Once upon a time there was a molecule.", "is not a model file"),
        (b"\xff" * 64, "is not a model file"),
        (written(b"{" + b" " * 30), "is not JSON"),
        (written(b'{"a":NaN}  '), "is not JSON"),
        (written(b'{"a":1,"a":2}'), "a key occurs twice"),
        (written(b'{"a":' + b"[" * 200_000), "is not JSON"),
        (written(b'{"\xff":1}'), "is not JSON"),
        (written({METADATA: {"a": 1}}), "not an object of texts"),
        (written({METADATA: []}), "not an object of texts"),
        (written({"a": 1}), "is not dtype, shape, data_offsets"),
        (written({"a": entry() | {"more": 1}}), "is not dtype, shape, data_offsets"),
        (written({"a": entry(dtype="F33")}, bytes(4)), "holds 'F33'"),
        (written({"a": entry(dtype=["F32"])}, bytes(4)), "expected one of F64"),
        (written({"a": entry(shape=[-1])}, bytes(4)), "has shape"),
        (written({"a": entry(shape=[True])}, bytes(4)), "has shape"),
        (written({"a": entry(shape=[1.0])}, bytes(4)), "has shape"),
        (written({"a": entry(shape=[1] * 9)}, bytes(4)), "has shape"),
        (written({"a": entry(shape=[2**60])}, bytes(4)), "has shape"),
        (written({"a": entry(shape=[2])}, bytes(4)), "its shape needs 8"),
        (written({"a": entry(shape=[2**40, 2**40], offsets=[0, 4])}, bytes(4)), "its shape needs"),
        (written({"a": entry(offsets=[4, 0])}, bytes(4)), "without gap"),
        (written({"a": entry(offsets=[0, 4, 8])}, bytes(4)), "has shape"),
        (written({"a": entry(offsets=[4, 8])}, bytes(8)), "begins at byte 4; expected 0"),
        (written({"a": entry(), "b": entry()}, bytes(8)), "begins at byte 0; expected 4"),
        (written({"a": entry()}, bytes(2)), "has 2 bytes of tensors"),
    ],
)
def test_a_malformed_file_is_refused_in_words(content, sentence):
    with pytest.raises(BadFile, match=sentence):
        parse(content, "file")


def test_a_device_is_refused():
    with pytest.raises(BadFile, match="is a pipe or a device"):
        read_container("/dev/zero")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadFile, match="there is no file"):
        read_container(tmp_path / "none.gaq")
