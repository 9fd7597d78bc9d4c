"""gaq.files: the old file or the new one, never half of each."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gaq.errors import BadFile
from gaq.files import LONGEST_LINE, lines_of, readable_file, sha256_of, writable_folder, write_atomically


def text_writer(text: str):
    return lambda path: path.write_text(text)


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_new_file_replaces_the_old_one(tmp_path):
    path = tmp_path / "model.ckpt"
    path.write_text("old")
    write_atomically(path, text_writer("new"))
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["model.ckpt"]


def test_the_temporary_name_keeps_folder_and_ending(tmp_path):
    seen = []
    write_atomically(tmp_path / "frames.npz", lambda path: (seen.append(path), path.write_text("x")))
    assert seen[0].parent == tmp_path
    assert seen[0].suffix == ".npz"
    assert seen[0].name != "frames.npz"


def test_the_mode_of_a_new_file_follows_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", text_writer("x"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "file")
    write_atomically(tmp_path / "link", text_writer("new"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "disk" / "file").read_text() == "new"


def test_a_pipe_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_atomically(pipe, text_writer("rows"))
    reader.join(timeout=10)
    assert read == ["rows"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), ValueError("a fault of our own")])
def test_an_interrupted_writer_leaves_the_old_file_and_nothing_else(tmp_path, interruption):
    path = tmp_path / "model.ckpt"
    path.write_text("old")

    def half(temporary: Path) -> None:
        temporary.write_text("hal")
        raise interruption

    with pytest.raises(type(interruption)):
        write_atomically(path, half)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["model.ckpt"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "way_out"),
    [(errno.ENOSPC, "Free some space"), (errno.EROFS, "Choose a folder"), (errno.EACCES, "Choose a folder")],
)
def test_a_full_or_read_only_disk_leaves_the_old_file(tmp_path, monkeypatch, call, number, way_out):
    path = tmp_path / "model.ckpt"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(BadFile, match="The file that was there is as it was") as caught:
        write_atomically(path, text_writer("new"))
    assert "model.ckpt" in str(caught.value)
    assert os.strerror(number).lower() in str(caught.value)
    assert way_out in str(caught.value)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["model.ckpt"]


def test_a_missing_folder_and_a_file_as_folder_are_named(tmp_path):
    with pytest.raises(BadFile, match="Nothing was left behind. Make the folder first"):
        write_atomically(tmp_path / "missing" / "a.txt", text_writer("x"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadFile, match="A part of the path is a file"):
        write_atomically(tmp_path / "file" / "a.txt", text_writer("x"))
    with pytest.raises(BadFile, match="it is a folder"):
        write_atomically(tmp_path, text_writer("x"))


def test_an_error_about_another_file_is_not_ours(tmp_path):
    with pytest.raises(FileNotFoundError, match="other"):
        write_atomically(tmp_path / "a", lambda _: (tmp_path / "other").read_text())
    assert names_in(tmp_path) == []


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 1000)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"abc" * 1000).hexdigest()
    (tmp_path / "a").write_bytes(b"abd" * 1000)
    assert sha256_of(tmp_path / "a") != hashlib.sha256(b"abc" * 1000).hexdigest()
    with pytest.raises(BadFile, match="there is no file .*missing"):
        sha256_of(tmp_path / "missing")
    with pytest.raises(BadFile, match="cannot read .*: is a directory"):
        sha256_of(tmp_path)


def test_readable_file(tmp_path):
    path = tmp_path / "a"
    path.write_text("x")
    assert readable_file(str(path)) == path
    path.write_text("")
    with pytest.raises(BadFile, match="is empty"):
        readable_file(path)
    with pytest.raises(BadFile, match="is a folder; a file was expected"):
        readable_file(tmp_path)
    with pytest.raises(BadFile, match="there is no file"):
        readable_file(tmp_path / "missing")
    with pytest.raises(BadFile, match="cannot read .*: not a directory"):
        readable_file(path / "below")


def test_writable_folder_is_made_and_left_empty(tmp_path):
    folder = writable_folder(tmp_path / "runs" / "a")
    assert folder.is_dir()
    assert names_in(folder) == []
    assert writable_folder(folder) == folder


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadFile, match="is a file; a folder for the output was expected"):
        writable_folder(tmp_path / "file")
    with pytest.raises(BadFile, match="A part of the path is a file"):
        writable_folder(tmp_path / "file" / "below")

    def refuse(self: Path, **_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(BadFile, match="read-only file system. Choose a folder that can be written to"):
        writable_folder(tmp_path)


KILLED = """
import os, signal, sys
from gaq.files import write_atomically
def write(temporary):
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
write_atomically(sys.argv[1], write)
"""


def test_what_a_killed_writer_left_is_removed_by_the_next_write(tmp_path):
    path = tmp_path / "a [1].b.ckpt"
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode == -9
    assert len(names_in(tmp_path)) >= 1
    write_atomically(tmp_path / "other.ckpt", text_writer("new"))
    assert len(names_in(tmp_path)) >= 2  # another name is not touched
    write_atomically(path, text_writer("new"))
    assert names_in(tmp_path) == ["a [1].b.ckpt", "other.ckpt"]


def test_what_a_living_writer_is_writing_is_left_alone(tmp_path):
    def write(temporary: Path) -> None:
        write_atomically(tmp_path / "a.txt", text_writer("inner"))
        assert temporary.exists()
        temporary.write_text("outer")

    write_atomically(tmp_path / "a.txt", write)
    assert (tmp_path / "a.txt").read_text() == "outer"


def test_what_another_host_left_is_removed_after_a_day_and_strangers_files_never(tmp_path):
    left = tmp_path / ".a.1f-2e-00000000-abcd.txt"
    mine = [tmp_path / name for name in (".a.txt", ".a.notes.txt", ".a.1f-2e-00000000-abcd.txt.bak", ".b.1f.txt")]
    for file in (left, *mine):
        file.write_text("x")
        os.utime(file, (0, 0))
    os.utime(left)
    write_atomically(tmp_path / "a.txt", text_writer("new"))
    assert left.exists()
    os.utime(left, (0, 0))
    write_atomically(tmp_path / "a.txt", text_writer("new"))
    assert not left.exists()
    assert all(file.exists() for file in mine)


def test_lines_end_with_a_line_feed_and_nothing_else(tmp_path):
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"
    (tmp_path / "a").write_bytes(f"{text}\r\n\n{text}".encode())
    assert list(lines_of(tmp_path / "a")) == [text, "", text]


def test_a_line_without_end_is_cut(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * (3 * LONGEST_LINE) + b"\nnext")
    assert [len(line) for line in lines_of(tmp_path / "a")] == [LONGEST_LINE, 4]


def test_bytes_that_are_no_text_are_replaced_or_raise(tmp_path):
    (tmp_path / "a").write_bytes(b"\xff\n")
    assert list(lines_of(tmp_path / "a")) == ["\ufffd"]
    with pytest.raises(UnicodeDecodeError):
        list(lines_of(tmp_path / "a", errors="strict"))
