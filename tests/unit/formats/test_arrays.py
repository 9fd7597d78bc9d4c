"""Archives of NumPy are read as they were written, and whatever is wrong with one is one sentence at once."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from gaq.errors import BadFile
from gaq.formats.arrays import array_names, read_arrays

KEPT = {
    "a": np.arange(6.0).reshape(2, 3),
    "b": np.array("eV, eV/Å"),
    "c": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(3, 2)),
    "d": np.zeros((0, 3)),
    "e": np.array([True, False]),
    "f": np.arange(3, dtype=">f8"),
}


def member(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def claims(shape: str, dtype: str = "<f8", data: bytes = b"") -> bytes:
    return member(f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}", data)


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return stream.getvalue()


def whole() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **KEPT)
    return stream.getvalue()


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_what_was_written_is_read(tmp_path, write):
    write(tmp_path / "a.npz", **KEPT)
    assert array_names(tmp_path / "a.npz", "") == tuple(KEPT)
    found = read_arrays(tmp_path / "a.npz", "")
    assert found.keys() == KEPT.keys()
    for name, array in KEPT.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert np.array_equal(found[name], array)
    assert read_arrays(tmp_path / "a.npz", "", ["c", "z"]).keys() == {"c"}


BAD = {
    "text": (b"hello there", "not a zip file"),
    "truncated": (whole()[:-30], "not a zip file"),
    "beginning": (whole()[:100], "not a zip file"),
    "112 GiB": (archive({"a.npy": claims("(15032385536,)", data=bytes(64))}), "claims 120259084288 bytes.*holds 64"),
    "2^70 numbers": (archive({"a.npy": claims(f"({2**35}, {2**35})")}), "claims .* bytes"),
    "too few": (archive({"a.npy": claims("(2,)", data=bytes(24))}), "claims 16 bytes.*holds 24"),
    "negative": (archive({"a.npy": claims("(-1,)")}), r"has the shape \[-1\]"),
    "objects": (archive({"a.npy": claims("(1,)", "|O", bytes(8))}), "Python objects"),
    "nested header": (archive({"a.npy": member("(" * 5000)}), "cannot be read as a NumPy archive"),
    "long header": (archive({"a.npy": member("{" + " " * 30_000)}), "cannot be read as a NumPy archive"),
    "no header": (archive({"a.npy": b""}), "cannot be read as a NumPy archive"),
    "header is a call": (archive({"a.npy": member("__import__('os').getpid()")}), "cannot be read"),
    "another member": (archive({"a.txt": b"1"}), "is no array"),
    "zip bomb": (
        archive({"a.npy": claims("(8388609,)", data=bytes(2**26 + 8))}, zipfile.ZIP_DEFLATED),
        "claim to hold",
    ),
    "many members": (archive({f"{i}.npy": b"" for i in range(10_001)}), "has 10001 members"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_a_sentence_and_costs_nothing(tmp_path, name):
    content, sentence = BAD[name]
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(BadFile, match=f"a.npz .*{sentence}.*Copy it again") as told:
            read_arrays(path, "Copy it again.")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400 + len(str(path))
    assert peak < 20e6 + 20 * len(content)


def test_every_truncation_is_told_and_no_flipped_bit_is_a_traceback(tmp_path):
    content, path = whole(), tmp_path / "a.npz"
    for end in range(1, len(content), 7):
        path.write_bytes(content[:end])
        with pytest.raises(BadFile):
            read_arrays(path, "")
    draw = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        broken = bytearray(content)
        broken[draw.integers(len(content))] ^= 1 << draw.integers(8)
        path.write_bytes(broken)
        try:
            read_arrays(path, "")
        except BadFile:
            refused += 1
    assert refused > 150


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(BadFile, match="there is no file"):
        read_arrays(tmp_path / "none.npz", "")
    with pytest.raises(BadFile, match="is a folder"):
        array_names(tmp_path, "")
