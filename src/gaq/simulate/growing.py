"""A file that is only added to, and that can be cut back to a mark.

A *mark* says how far a file is whole. A file that is opened at a mark is cut back to it and goes on from there, so that
a run which was killed leaves, once it is taken up again, the bytes it would have left.
"""

from __future__ import annotations

import os
from pathlib import Path

Mark = dict[str, int]


class GrowingFile:
    """Bytes at the end of a new file, or of an old one from a mark on."""

    def __init__(self, path: Path, at: Mark | None = None) -> None:
        self._stream = path.open("wb" if at is None else "r+b")
        if at is not None:
            self._stream.truncate(at["bytes"])
            self._stream.seek(at["bytes"])

    def append(self, text: str) -> None:
        """Add text, in UTF-8."""
        self._stream.write(text.encode())

    def mark(self) -> Mark:
        """Where the file ends now."""
        return {"bytes": self._stream.tell()}

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Nothing more is written."""
        self._stream.close()
