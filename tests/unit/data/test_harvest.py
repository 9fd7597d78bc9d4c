"""What replicas make is brought in, kept, and gone on with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.data.harvest import Harvest
from gaq.data.label import partial_files
from gaq.data.partial import LabelProgress, Settings, load_progress

SETTINGS = Settings("h", (1,), ((0.0, 0.0, 0.0),), "gfn2-xtb", 300.0, 5, 1, 0.5, 0.0, 1, 2, 0, 1)


class Counting:
    """Makes one frame a stretch, without any chemistry: its energy counts the frames of the replica."""

    def __init__(self, until: int = 100) -> None:
        self.left = until
        self.starts: list[int] = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def run(self, work, shared, jobs, on_result):
        assert shared == SETTINGS
        waiting = list(enumerate(jobs))
        while waiting:
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            place, stretch = waiting.pop(0)
            start = stretch.start or LabelProgress(0, np.zeros((1, 3)), np.zeros((1, 3)), {})
            assert start.frames == ()
            self.starts.append(start.segments)
            frame = (np.zeros((1, 3)), float(start.segments), np.zeros((1, 3)))
            following = on_result(place, replace(start, segments=start.segments + 1, frames=(frame,)))
            if following is not None:
                waiting.append((place, following))


@pytest.fixture
def partials(tmp_path):
    return partial_files(tmp_path / "a.npz", 2)


def energies(partials) -> list[list[float]]:
    return [[e for _, e, _ in load_progress(p, SETTINGS).frames] for p in partials]


def test_frames_are_counted_and_kept(partials):
    counts: list[int] = []
    assert Harvest(SETTINGS, partials, counts.append).bring_in(Counting()) == 5
    assert counts == [1, 2, 3, 4, 5]
    assert energies(partials) == [[0.0, 1.0, 2.0], [0.0, 1.0]]


def test_ctrl_c_keeps_what_has_arrived(partials):
    assert Harvest(SETTINGS, partials, lambda count: None).bring_in(Counting(until=3)) == 3
    assert energies(partials) == [[0.0, 1.0], [0.0]]
    farm = Counting()
    assert Harvest(SETTINGS, partials, lambda count: None).bring_in(farm) == 5
    assert farm.starts == [2, 1]
    assert energies(partials) == [[0.0, 1.0, 2.0], [0.0, 1.0]]
