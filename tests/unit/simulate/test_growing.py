"""A file grows from its mark on, and from no other file's."""

from __future__ import annotations

import pytest

from gaq.errors import BadFile
from gaq.simulate.growing import BYTES_OF_AN_END, GrowingFile


def grown(path, *texts, at=None):
    file = GrowingFile(path, at)
    marks = []
    for text in texts:
        file.append(text)
        marks.append(file.mark())
    file.close()
    return marks


@pytest.mark.parametrize("length", [1, 100, BYTES_OF_AN_END - 1, BYTES_OF_AN_END, 3 * BYTES_OF_AN_END])
def test_cut_back_and_continued_it_is_the_same_file(tmp_path, length):
    marks = grown(tmp_path / "a", "x" * length, "y" * length, "zé")
    whole = (tmp_path / "a").read_bytes()
    again = grown(tmp_path / "a", "y" * length, "zé", at=marks[0])
    assert again == marks[1:]
    assert (tmp_path / "a").read_bytes() == whole


def test_another_file_of_the_same_name_is_not_cut(tmp_path):
    (mark,) = grown(tmp_path / "a", "frames of a run\n" * 10)
    other = b"notes of a year, longer than that run\n" * 100
    (tmp_path / "a").write_bytes(other)
    with pytest.raises(BadFile, match="its content differs"):
        GrowingFile(tmp_path / "a", mark)
    assert (tmp_path / "a").read_bytes() == other
