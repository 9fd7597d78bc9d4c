"""NumPy archives (.npz) from outside: nothing is executed, and nothing is allocated that the file does not hold.

`numpy.load` allocates what the header of an array claims before it looks at the data. Here the claim is first compared
with the length of the member, and all members together with the length of the file.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Collection, Mapping
from functools import partial
from math import prod
from typing import IO, Any, TypeVar

import numpy as np
from numpy.lib import format as npy

from gaq.errors import BadFile
from gaq.files import readable_file

# Deflate makes zeros a thousand times shorter, and numbers of a simulation half as long.
MOST_TIMES_LONGER = 200
ALWAYS_ALLOWED = 2**26  # bytes, for short files
MOST_MEMBERS = 10_000
CHUNK = 2**22  # bytes
ENDING = ".npy"
BEGINNING = b"PK\x03\x04"

T = TypeVar("T")
Members = Mapping[str, Callable[[], np.ndarray]]


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Return whether the file begins as a zip archive does. Raises BadFile when it cannot be read."""
    with readable_file(path).open("rb") as stream:
        return stream.read(len(BEGINNING)) == BEGINNING


def array_names(path: str | os.PathLike[str], way_out: str) -> tuple[str, ...]:
    """Return the names of the arrays in an archive, in its order. Raises BadFile when it is none or truncated."""
    return _read(path, way_out, tuple)


def read_arrays(
    path: str | os.PathLike[str], way_out: str, names: Collection[str] | None = None
) -> dict[str, np.ndarray]:
    """Return the arrays of an archive by name, all or only `names`; names that it does not have are left out.

    `way_out` ends the sentence of an error. Raises BadFile: no archive, truncated or changed, an array of Python
    objects, a header that claims more than the file holds.
    """

    def read(members: Members) -> dict[str, np.ndarray]:
        return {name: array() for name, array in members.items() if names is None or name in names}

    return _read(path, way_out, read)


def _read(path: str | os.PathLike[str], way_out: str, read: Callable[[Members], T]) -> T:
    file = readable_file(path)
    try:
        with zipfile.ZipFile(file) as archive:
            infos = _infos(archive, file.stat().st_size)
            return read({name: partial(_array, archive, info, name) for name, info in infos.items()})
    except Exception as error:  # zipfile, zlib and NumPy fail in many ways; each of them means that the file is bad
        reason = str(error).splitlines()[0][:200] if str(error) else "it ends early"
        raise BadFile(f"{path} cannot be read as a NumPy archive ({reason}). {way_out}") from None


def _infos(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise ValueError(f"it has {len(infos)} members")
    total = sum(info.file_size for info in infos)
    if total > max(ALWAYS_ALLOWED, MOST_TIMES_LONGER * size):
        raise ValueError(f"its {size} bytes claim to hold {total}")
    members = {info.filename.removesuffix(ENDING): info for info in infos if info.filename.endswith(ENDING)}
    if len(members) != len(infos):
        raise ValueError("a member has a name twice, or is no array")
    return members


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> np.ndarray:
    with archive.open(info) as stream:
        shape, fortran, dtype = _header(stream)
        if dtype.hasobject:
            raise ValueError(f"array {name} holds Python objects, which could run code; they are not read")
        claimed, held = prod(shape) * dtype.itemsize, info.file_size - stream.tell()
        if claimed != held:
            raise ValueError(f"array {name} claims {claimed} bytes, shape {list(shape)}; the member holds {held}")
        content = np.empty(claimed, dtype=np.uint8)
        at = 0
        while at < claimed:
            part = stream.read(min(CHUNK, claimed - at))
            if not part:
                raise ValueError(f"array {name} ends after {at} of {claimed} bytes")
            content[at : at + len(part)] = np.frombuffer(part, dtype=np.uint8)
            at += len(part)
        if stream.read(1):  # also has zipfile compare the sum of the member
            raise ValueError(f"array {name} continues behind its end")
    if dtype.itemsize == 0:
        return np.zeros(shape, dtype)
    return content.view(dtype).reshape(shape, order="F" if fortran else "C")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"an array has version {version}")
    read: Any = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if any(n < 0 for n in shape):
        raise ValueError(f"an array has the shape {list(shape)}")
    return shape, fortran, dtype
