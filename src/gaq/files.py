"""Files that are the old one or the new one, never half of each, and what to say of one that fails."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gaq.errors import BadFile
from gaq.owners import is_left_over, this_process

SECONDS_OF_A_WRITER = 24 * 3600.0  # after which a temporary file of another host is nobody's any more

LONGEST_LINE = 1 << 20  # bytes
WAYS_OUT = {
    errno.ENOSPC: "Free some space or write to another disk.",
    errno.EDQUOT: "Free some space or write to another disk.",
    errno.EROFS: "Choose a folder that can be written to.",
    errno.EACCES: "Choose a folder that you may write to.",
    errno.EPERM: "Choose a folder that you may write to.",
    errno.ENOENT: "Make the folder first, or choose one that exists.",
    errno.ENOTDIR: "A part of the path is a file; choose another folder.",
}


def write_atomically(path: str | os.PathLike[str], write: Callable[[Path], object]) -> None:
    """Have `write` fill a temporary file in the same folder, then put it in the place of `path` in one step.

    The temporary name keeps the ending of `path`, for writers that choose a format by it. Whatever happens
    before the last step leaves the old file as it was and nothing beside it; what a killed process left is
    removed by the next write to the same name. A pipe or a device, such as /dev/stdout, is written directly.
    Raises BadFile when the disk is full, the folder is missing or cannot be written to. An OSError about another
    file passes through, and so does what is no OSError: a library that hides a full disk in an error of its own
    should be asked for the bytes instead.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise BadFile(f"cannot write {path}: it is a folder. Give the name of a file in it.")
        if path.exists() and not path.is_file():
            write(path)
            return
        _replace(Path(os.path.realpath(path)), write)  # the file that a link points to, not the link
    except OSError as error:
        if not _is_about(path, error):
            raise
        raise BadFile(_unwritable(path, error)) from error


def readable_file(path: str | os.PathLike[str]) -> Path:
    """The path itself, once it is known to be a file that can be opened and has something in it.

    Raises BadFile, which says whether it is missing, a folder, empty or closed to this user.
    """
    path = Path(path)
    if path.is_dir():
        raise BadFile(f"{path} is a folder; a file was expected.")
    try:
        with path.open("rb") as stream:
            empty = stream.read(1) == b"" and path.is_file()
    except OSError as error:
        raise BadFile(_unreadable(path, error)) from error
    if empty:
        raise BadFile(f"{path} is empty. It may be what an interrupted download or copy left; fetch it again.")
    return path


def lines_of(path: str | os.PathLike[str], errors: str = "replace") -> Iterator[str]:
    """Yield the lines of a text file, one at a time, without their ends. Raises BadFile when it cannot be read.

    Lines end with a line feed and nothing else: other separators of Unicode, such as U+2028, are part of a line. Bytes
    that are not UTF-8 are replaced; with `errors` "strict" they raise UnicodeDecodeError. A line longer than
    `LONGEST_LINE` is cut there, so that a damaged file does not fill the memory.
    """
    with readable_file(path).open("rb") as stream:
        while line := stream.readline(LONGEST_LINE):
            rest = line
            while not rest.endswith(b"\n") and (rest := stream.readline(LONGEST_LINE)):
                pass
            yield line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", errors)


def sha256_of(path: str | os.PathLike[str]) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal. Raises BadFile when it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BadFile(_unreadable(Path(path), error)) from error


def writable_folder(path: str | os.PathLike[str]) -> Path:
    """Return the folder at `path`, made with its parents if need be, in which a file could be written just now.

    Better to know before a training of an hour than after it. Raises BadFile.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise BadFile(f"{path} is a file; a folder for the output was expected. Choose another name.")
    try:
        path.mkdir(parents=True, exist_ok=True)
        _remove_left_over(path / "probe")
        probe = _temporary(path / "probe")
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise BadFile(f"cannot write into {path}: {_reason(error)}.{_way_out(error)}") from error
    return path


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    _remove_left_over(path)
    temporary = _temporary(path)
    try:
        temporary.touch(exist_ok=False)  # by open(), so that its mode follows the umask
        write(temporary)
        _to_disk(temporary)
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C too
        temporary.unlink(missing_ok=True)
        raise


def _temporary(path: Path) -> Path:
    """Return a name that no file in the folder has: hidden, with the process that writes it and the ending of
    `path`.
    """
    return path.with_name(f".{path.stem}.{this_process().token}-{secrets.token_hex(2)}{path.suffix}")


def _remove_left_over(path: Path) -> None:
    """Remove the temporary files of `path` that processes left which were killed."""
    form = re.compile(
        rf"\.{re.escape(path.stem)}\.([0-9a-f]+-[0-9a-f]+-[0-9a-f]{{8}})-[0-9a-f]{{4}}{re.escape(path.suffix)}"
    )
    try:
        with os.scandir(path.parent) as entries:
            found = [(entry, match[1]) for entry in entries if (match := form.fullmatch(entry.name))]
    except OSError:  # what is wrong with the folder is said by the write
        return
    for entry, token in found:
        with contextlib.suppress(OSError):  # another process may remove it as well
            left = is_left_over(token)
            if left or (left is None and time.time() - entry.stat().st_mtime > SECONDS_OF_A_WRITER):
                os.unlink(entry.path)


def _to_disk(path: Path) -> None:
    """Wait until the bytes are on the disk: a rename may otherwise reach it before what was renamed."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_about(path: Path, error: OSError) -> bool:
    """Return whether the error names no file, this one or its temporary one; a writer may have read another."""
    names = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if name is not None]
    return not names or any(name == path or name.name.startswith(f".{path.stem}.") for name in names)


def _unwritable(path: Path, error: OSError) -> str:
    left = "The file that was there is as it was." if path.exists() else "Nothing was left behind."
    return f"cannot write {path}: {_reason(error)}. {left}{_way_out(error)}"


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no file {path}. Check the name; relative names start from {Path.cwd()}."
    return f"cannot read {path}: {_reason(error)}."


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _way_out(error: OSError) -> str:
    return f" {WAYS_OUT[error.errno]}" if error.errno in WAYS_OUT else ""
