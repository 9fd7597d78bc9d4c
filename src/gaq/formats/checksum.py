"""The checksum of a packed file or a checkpoint: over all its bytes, its own digits taken as zeros."""

from __future__ import annotations

import hashlib

MARK = b'"checksum":"sha256:'  # once in a header: within a text of JSON, quotes have a backslash before them
DIGITS = 64
BLANK = "sha256:" + DIGITS * "0"  # what a header says before the sum is known


def checksum_of(content: bytes) -> str:
    """Return what the header of a file should say, `sha256:` and 64 digits; empty if it has no place for them."""
    at = _place(content)
    if at < 0:
        return ""
    total = hashlib.sha256(content[:at])
    total.update(b"0" * DIGITS)
    total.update(memoryview(content)[at + DIGITS :])
    return f"sha256:{total.hexdigest()}"


def sealed(content: bytes) -> bytes:
    """Return the same file with its checksum filled in; its header says `BLANK`, or the sum of what it was."""
    at = _place(content)
    if at < 0:
        raise ValueError("the header has no place for a checksum")
    digits = checksum_of(content).removeprefix("sha256:").encode()
    return content[:at] + digits + content[at + DIGITS :]


def _place(content: bytes) -> int:
    """Return where the digits begin; -1 if the mark is not there exactly once, or the header ends before the digits."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = content[:end]
    at = header.find(MARK) + len(MARK)
    return at if header.count(MARK) == 1 and at + DIGITS <= len(header) else -1
