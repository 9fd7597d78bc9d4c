"""Speed and memory of anything that can be called: candidates take turns, so that a busy machine hits all alike.

A round visits every candidate once, in the order A B C, the next in the order C B A. A visit is one call that nobody
times, which brings the candidate's data back into the caches, and then as many timed ones as fill its share. Values are
medians over all timed calls, with the 10th and 90th percentile; a ratio is taken within each round, between medians
that are a fraction of a second apart, and its value is the median over the rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gaq.atoms.structure import Structure
from gaq.measure.ledger import Row

SECONDS_PER_DAY = 86_400.0
FS_PER_NS = 1e6
VISIT = 0.05  # seconds of timed calls in one visit
FEWEST_ROUNDS = 5
MOST_CALLS = 1000  # of one visit: more would add nothing but memory


@dataclass(frozen=True)
class Candidate:
    """Something to be timed, in this process or in another: what the results call it, and a visit to it.

    `visit(calls)` makes one call that nobody times and then so many timed ones, and returns the seconds of each.
    """

    name: str
    visit: Callable[[int], np.ndarray]

    @staticmethod
    def calling(name: str, call: Callable[[int], object], clock: Callable[[], float] = time.perf_counter) -> Candidate:
        """Return a candidate of this process: `call` is one evaluation, and is told its number within the visit."""

        def visit(calls: int) -> np.ndarray:
            call(0)
            ticks = np.empty(calls + 1)
            ticks[0] = clock()
            for number in range(1, calls + 1):
                call(number)
                ticks[number] = clock()
            return np.diff(ticks)

        return Candidate(name, visit)


@dataclass(frozen=True, eq=False)
class Timing:
    """Seconds of every timed call of one candidate, round by round."""

    name: str
    rounds: tuple[np.ndarray, ...]

    @property
    def seconds(self) -> np.ndarray:
        """All calls in one array."""
        return np.concatenate(self.rounds)

    @property
    def medians(self) -> np.ndarray:
        """[round] median of each visit, in seconds."""
        return np.array([np.median(visit) for visit in self.rounds])


@dataclass(frozen=True)
class TimeSpread:
    """A median with the percentiles around it, and the number of samples."""

    median: float
    p10: float
    p90: float
    n: int

    @staticmethod
    def of(samples: np.ndarray | Sequence[float]) -> TimeSpread:
        """Of at least one sample."""
        p10, median, p90 = np.percentile(samples, (10, 50, 90))
        return TimeSpread(float(median), float(p10), float(p90), len(samples))


def interleaved(
    candidates: Sequence[Candidate],
    seconds: float = 2.0,
    *,
    visit: float = VISIT,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Timing]:
    """Time all candidates in turns, each for about `seconds`, in rounds of `visit` seconds each; at least five rounds.

    Before the first round each is called until `visit` seconds are over, and at least twice: that fills caches,
    builds neighbour lists, and tells how many calls make a visit.
    """
    calls = {c.name: _warm_up(c, visit) for c in candidates}
    rounds = max(FEWEST_ROUNDS, round(seconds / visit))
    found: dict[str, list[np.ndarray]] = {c.name: [] for c in candidates}
    for number in range(rounds):
        for candidate in candidates if number % 2 == 0 else reversed(candidates):
            found[candidate.name].append(candidate.visit(calls[candidate.name]))
        if progress is not None:
            progress(number + 1, rounds)
    return {name: Timing(name, tuple(visits)) for name, visits in found.items()}


def ratio(control: Timing, candidate: Timing) -> TimeSpread:
    """Return how many times faster than its control a candidate is: time of the control over its own, round by
    round.
    """
    return TimeSpread.of(control.medians / candidate.medians)


@dataclass(frozen=True)
class TimedSubject:
    """What rows say of a candidate: which model in which engine, on what, and how."""

    model: str
    recipe: str
    engine: str
    data: str
    atoms: int  # of one structure
    batch: int = 1  # structures of one call
    threads: int = 1
    isa: str | None = None

    def row(self, metric: str, value: float, unit: str, n: int) -> Row:
        """Return a row about it."""
        about = (self.model, self.recipe, self.engine, self.data)
        where = replace(Row(metric, float(value), unit, *about, n), threads=self.threads, isa=self.isa)
        return replace(where, batch=self.batch, atoms=self.atoms)


def speed_rows(subject: TimedSubject, timing: Timing, timestep: float | None = None) -> list[Row]:
    """latency_ms of a call, throughput_per_s in structures, and for a single structure ns_per_day at `timestep` fs."""
    spread = TimeSpread.of(timing.seconds)
    latency = subject.row("latency_ms", 1e3 * spread.median, "ms", spread.n)
    rows = [replace(latency, p10=1e3 * spread.p10, p90=1e3 * spread.p90)]
    rates = [("throughput_per_s", "1/s", float(subject.batch))]
    if subject.batch == 1 and timestep is not None:
        rates.append(("ns_per_day", "ns/day", SECONDS_PER_DAY * timestep / FS_PER_NS))
    for metric, unit, per in rates:
        entry = subject.row(metric, per / spread.median, unit, spread.n)
        rows.append(replace(entry, p10=per / spread.p90, p90=per / spread.p10))
    return rows


def speedup_row(subject: TimedSubject, timing: Timing, control: Timing, name: str) -> Row:
    """speedup over the control, which rows call `name`; n is the number of rounds."""
    spread = ratio(control, timing)
    entry = subject.row("speedup", spread.median, "1", spread.n)
    return replace(entry, p10=spread.p10, p90=spread.p90, control=name)


def small_motion(structure: Structure, frames: int = 40, size: float = 0.03, seed: int = 0) -> tuple[Structure, ...]:
    """Return frames of a smooth closed path that begins at the structure, as of a molecule that vibrates.

    Each coordinate moves by about `size` Å in all and by a sixth of that from frame to frame: a list of neighbours with
    a skin is checked and never rebuilt, and nothing is computed twice for the same positions.
    """
    rng = np.random.default_rng(seed)
    along, across = size * rng.standard_normal((2, *structure.positions.shape))
    angles = 2 * np.pi * np.arange(frames) / frames
    return tuple(structure.moved(structure.positions + np.sin(a) * along + (np.cos(a) - 1.0) * across) for a in angles)


def _warm_up(candidate: Candidate, visit: float) -> int:
    """Return the number of calls that fill a visit."""
    spent, fastest = 0.0, float("inf")
    for _ in range(MOST_CALLS):
        (seconds,) = candidate.visit(1)
        spent, fastest = spent + seconds, min(fastest, seconds)
        if spent >= visit:
            break
    return min(max(1, round(visit / fastest)) if fastest > 0 else MOST_CALLS, MOST_CALLS)
