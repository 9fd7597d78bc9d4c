"""Candidates take turns, ratios are those of neighbours in time, rows say what they should. Clocks are false ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from gaq.measure.speed import (
    FEWEST_ROUNDS,
    Candidate,
    TimedSubject,
    TimeSpread,
    Timing,
    interleaved,
    ratio,
    small_motion,
    speed_rows,
    speedup_row,
)
from tiny import molecule


@dataclass
class Clock:
    """Time that passes when somebody works; from the `storm`-th second on everything takes three times as long."""

    now: float = 0.0
    storm: float = float("inf")
    worked: list[str] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def candidate(self, name: str, seconds: float) -> Candidate:
        def work(number: int) -> None:
            self.worked.append(name)
            self.now += seconds * (3.0 if self.now >= self.storm else 1.0)

        return Candidate.calling(name, work, self)


def turns(worked: list[str]) -> str:
    """Names without repetitions."""
    return "".join(name for k, name in enumerate(worked) if k == 0 or worked[k - 1] != name)


def subject(batch: int = 1) -> TimedSubject:
    return TimedSubject("m.ckpt", "w4", "native", "azobenzene", 24, batch, 2, "avx2")


def test_candidates_take_turns_there_and_back():
    clock = Clock()
    candidates = [clock.candidate(name, 0.01) for name in "ABC"]
    interleaved(candidates, seconds=0.2, visit=0.05)
    # Warm-up, then five rounds, each in the opposite order of the last: whoever ends one begins the next.
    assert turns(clock.worked) == "ABC" + "ABCBABCBABC"


def test_everybody_has_the_same_time_and_the_faster_more_calls():
    clock = Clock()
    found = interleaved([clock.candidate("slow", 0.05), clock.candidate("fast", 0.01)], seconds=1.0, visit=0.1)
    assert [len(found[name].rounds) for name in ("slow", "fast")] == [10, 10]
    assert {len(visit) for visit in found["slow"].rounds} == {2}
    assert {len(visit) for visit in found["fast"].rounds} == {10}
    assert found["fast"].seconds == pytest.approx(0.01)


def test_one_call_of_every_visit_is_not_timed():
    clock = Clock()
    found = interleaved([clock.candidate("A", 0.02)], seconds=0.0, visit=0.05)
    timed = sum(len(visit) for visit in found["A"].rounds)
    warm_up = 2 * 3  # visits of one timed call until 0.05 s are over
    assert len(clock.worked) == warm_up + timed + FEWEST_ROUNDS
    assert len(found["A"].rounds) == FEWEST_ROUNDS


def test_a_machine_that_slows_down_leaves_the_ratio_as_it_is():
    clock = Clock(storm=0.6)
    found = interleaved([clock.candidate("A", 0.02), clock.candidate("B", 0.01)], seconds=0.3, visit=0.05)
    assert found["A"].seconds.max() == pytest.approx(0.06)
    assert found["A"].seconds.min() == pytest.approx(0.02)
    assert ratio(found["A"], found["B"]).median == pytest.approx(2.0)


def test_one_after_the_other_would_be_fooled():
    clock = Clock(storm=0.5)
    first = interleaved([clock.candidate("A", 0.02)], seconds=0.3, visit=0.05)["A"]
    second = interleaved([clock.candidate("B", 0.01)], seconds=0.3, visit=0.05)["B"]
    assert ratio(first, second).median < 1.0


def test_progress_is_told():
    clock, told = Clock(), []
    interleaved([clock.candidate("A", 0.1)], seconds=0.6, visit=0.1, progress=lambda *step: told.append(step))
    assert told == [(k, 6) for k in range(1, 7)]


def test_a_clock_that_stands_still_is_no_endless_loop():
    clock = Clock()
    found = interleaved([clock.candidate("A", 0.0)], seconds=0.0)
    assert len(found["A"].rounds) == FEWEST_ROUNDS


def test_rows_agree_with_each_other():
    rng = np.random.default_rng(0)
    timing = Timing("A", tuple(0.001 + 0.0002 * rng.random((6, 50))))
    rows = {r.metric: r for r in speed_rows(subject(), timing, timestep=0.5)}
    assert set(rows) == {"latency_ms", "throughput_per_s", "ns_per_day"}
    latency = rows["latency_ms"]
    assert latency.value == pytest.approx(1e3 * np.median(timing.seconds))
    assert latency.n == 300
    for entry in rows.values():
        assert entry.p10 < entry.value < entry.p90
        assert (entry.threads, entry.isa, entry.batch, entry.atoms) == (2, "avx2", 1, 24)
        assert (entry.model, entry.recipe, entry.engine, entry.data) == ("m.ckpt", "w4", "native", "azobenzene")
    assert rows["throughput_per_s"].value * latency.value == pytest.approx(1e3)
    # 86,400 s a day, 0.5 fs a step: 43.2 ns a day for each thousand steps a second.
    assert rows["ns_per_day"].value == pytest.approx(0.0432 * rows["throughput_per_s"].value)


def test_a_batch_counts_its_structures_and_has_no_ns_per_day():
    timing = Timing("A", (np.full(4, 0.5),))
    rows = {r.metric: r for r in speed_rows(subject(batch=64), timing, timestep=0.5)}
    assert set(rows) == {"latency_ms", "throughput_per_s"}
    assert rows["throughput_per_s"].value == pytest.approx(128.0)


def test_a_speedup_names_its_control_and_counts_rounds():
    slow, fast = (Timing(name, tuple(np.full((5, 3), s))) for name, s in (("slow", 0.4), ("fast", 0.1)))
    entry = speedup_row(subject(), fast, slow, "torch-eager")
    assert (entry.metric, entry.control, entry.n, entry.unit) == ("speedup", "torch-eager", 5, "1")
    assert entry.value == pytest.approx(4.0)


def test_percentiles():
    spread = TimeSpread.of(np.arange(101.0))
    assert (spread.p10, spread.median, spread.p90, spread.n) == (10.0, 50.0, 90.0, 101)


def test_the_motion_is_small_smooth_and_closed():
    structure = molecule("CH3CH2OH")
    path = small_motion(structure)
    assert np.array_equal(path[0].positions, structure.positions)
    frames = np.stack([s.positions for s in path])
    steps = np.linalg.norm(np.diff(frames, axis=0, append=frames[:1]), axis=-1)
    assert 0 < steps.max() < 0.05
    assert np.linalg.norm(frames - frames[0], axis=-1).max() < 0.3
    assert len({f.tobytes() for f in frames}) == len(frames)
    assert not np.array_equal(frames[1], small_motion(structure, seed=1)[1].positions)
