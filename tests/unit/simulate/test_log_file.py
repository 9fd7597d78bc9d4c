"""The log gives back what was recorded, and goes on from where it was whole."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.engine.motion import MotionState
from gaq.errors import BadFile
from gaq.simulate.integrate import run_nve
from gaq.simulate.log import Record, recorded
from gaq.simulate.log_file import COLUMNS, LogFile, read_log
from unit.measure import planted


def records(count: int) -> list[Record]:
    states: list[MotionState] = []
    run_nve(planted.PairEngine(), planted.ethanol(), count - 1, each_record=states.append)
    return [recorded(state, 0.5) for state in states]


def test_the_same_bits_come_back(tmp_path):
    given = records(5)
    log = LogFile(tmp_path / "run.log")
    for record in given:
        log.write(record)
    log.close()
    assert read_log(tmp_path / "run.log") == given
    assert np.loadtxt(tmp_path / "run.log").shape == (5, COLUMNS)


def test_it_goes_on_from_a_mark(tmp_path):
    given, path = records(6), tmp_path / "run.log"
    log = LogFile(path)
    for record in given[:3]:
        log.write(record)
    mark = log.mark()
    log.write(given[5])
    log.close()
    again = LogFile(path, mark)
    for record in given[3:]:
        again.write(record)
    again.close()
    assert read_log(path) == given
    assert read_log(path, mark) == given[:3]


@pytest.mark.parametrize("text", ["1 2 3\n", "1 2 3 4 5 6 7 8 9 10 11 twelve\n", b"\xff\xfe\n"])
def test_what_is_no_log_is_refused(tmp_path, text):
    path = tmp_path / "run.log"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadFile, match=r"run\.log"):
        read_log(path)


def test_a_log_that_is_not_there(tmp_path):
    with pytest.raises(BadFile, match="none"):
        read_log(tmp_path / "none.log")
