"""A file that is only appended to, and can be cut back to a mark.

A *mark* is the valid length of a file. A file opened at a mark is cut back to it and continued, so that a killed and
resumed run writes the same bytes as an uninterrupted one.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from gaq.errors import BadFile

Mark = dict[str, int]
BYTES_OF_AN_END = 4096


def end_of(path: Path, mark: Mark) -> bytes:
    """Return the last bytes before a mark. Raises `BadFile` if they differ from those that were written."""
    with path.open("rb") as stream:
        stream.seek(max(0, mark["bytes"] - BYTES_OF_AN_END))
        end = stream.read(min(mark["bytes"], BYTES_OF_AN_END))
    if "end" in mark and zlib.crc32(end) != mark["end"]:
        raise BadFile(
            f"{path} is not the file of its checkpoint: its content differs. Put the right one back, "
            f"or start again under another name"
        )
    return end


class GrowingFile:
    """Append to a new file, or to an old one from a mark on."""

    def __init__(self, path: Path, at: Mark | None = None) -> None:
        self._end = b"" if at is None else end_of(path, at)
        self._stream = path.open("wb" if at is None else "r+b")
        if at is not None:
            self._stream.truncate(at["bytes"])
            self._stream.seek(at["bytes"])

    def append(self, text: str) -> None:
        """Append text in UTF-8."""
        added = text.encode()
        self._stream.write(added)
        self._end = (self._end + added)[-BYTES_OF_AN_END:]

    def mark(self) -> Mark:
        """Return the current length of the file and a checksum of its last bytes."""
        return {"bytes": self._stream.tell(), "end": zlib.crc32(self._end)}

    def sync(self) -> None:
        """Wait until everything written is on the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
