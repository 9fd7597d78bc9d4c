"""Noise of 8-bit energies, effect and cures: about 35 minutes on one core. Existing rows are kept.

python -m studies.staircase.run --data PATH/rmd17
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks.common.places import HERE, STUDIES
from gaq.atoms.structure import Prediction, Structure
from gaq.data.read import read_structures
from gaq.engine.native import NativeEngine
from gaq.engine.protocol import Engine
from gaq.engine.steps import native_steps
from gaq.measure.ledger import Row, read_rows, row, write_rows
from gaq.measure.speed import Candidate, TimedSubject, interleaved, small_motion, speed_rows
from gaq.train.memory import keep_freed_memory, use_threads
from studies.staircase.candidates import (
    BACKWARD_BITS,
    CURES,
    FORWARD_BITS,
    MIXTURES,
    PARTS,
    SHIPPED,
    STEPS,
    WEIGHT_ONLY,
    Make,
    float_twin,
)
from studies.staircase.cures_picture import compare
from studies.staircase.measures import (
    Line,
    Trajectory,
    along,
    force_rows,
    line_row,
    noise_rows,
    nve_rows,
    path_rows,
    rotated_row,
    step_length,
    travelled,
)
from studies.staircase.picture import LENGTH, SHOWN, ZOOMS, draw
from studies.staircase.variants import BASE

LEDGER = STUDIES / "staircase" / "staircase.jsonl"
PICTURES = HERE / "docs" / "pictures"
DATA = "rmd17/azobenzene/test_01"
AT_REST, LONG, SHORT = 2_000, 8_000, 2_000  # steps of the common trajectory
NVE_LONG, NVE_SHORT, RECORD = 40_000, 8_000, 8
PATH_FRAMES, TURNED, SECONDS = 20, 40, 2.0


@dataclass(frozen=True)
class Job:
    """What all sections share; `quick` divides lengths."""

    frames: Sequence[Structure]
    quick: int
    known: dict[tuple[str, int], list[Prediction]] = field(default_factory=dict)

    @cached_property
    def trajectory(self) -> Trajectory:
        return travelled(float_twin(), self.frames[0], AT_REST // self.quick, LONG // self.quick)

    def steps(self, name: str) -> Trajectory:
        in_torch = name in CURES or name in WEIGHT_ONLY
        return self.trajectory.first(SHORT // self.quick) if in_torch else self.trajectory

    def true(self, base: str, trajectory: Trajectory) -> list[Prediction]:
        """Return predictions with float features."""
        key = base, len(trajectory.structures)
        if key not in self.known:
            self.known[key] = float_twin(base).evaluate(trajectory.structures)
        return self.known[key]


def main() -> None:
    arguments = parsed()
    use_threads(1)
    keep_freed_memory()
    frames = read_structures(arguments.data / "rmd17_azobenzene_test_01.npz", PATH_FRAMES)
    job = Job(frames, arguments.quick)
    chosen = arguments.only or (*SECTIONS, "speed", "picture")
    for section in (SECTIONS[name] for name in chosen if name in SECTIONS):
        for candidate, make in section.candidates.items():
            if not done(arguments.out, candidate, section.metric):
                found = section.measure(job, candidate, make())
                rows = [replace(entry, recipe=candidate) for entry in found]
                keep(arguments.out, rows)
                print(candidate, *(f"{r.metric} {r.value:.4g}" for r in rows), sep="; ", flush=True)
    if "speed" in chosen:
        keep(arguments.out, speed(job))
    if "picture" in chosen:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
        keep(arguments.out, picture(job, arguments.pictures / "staircase.png"))
        compare(arguments.pictures / "staircase-cures.png", read_rows(arguments.out))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--out", type=Path, default=LEDGER)
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="folder of the pictures")
    parser.add_argument("--only", nargs="*", choices=(*SECTIONS, "speed", "picture"))
    parser.add_argument("--quick", type=int, default=1, help="divide all lengths by this")
    return parser.parse_args()


def done(ledger: Path, candidate: str, metric: str) -> bool:
    rows = read_rows(ledger) if ledger.exists() else []
    return any(entry.recipe == candidate and entry.metric == metric for entry in rows)


def keep(ledger: Path, rows: Sequence[Row]) -> None:
    """Replace rows of the ledger."""
    new = {(entry.recipe, entry.metric) for entry in rows}
    old = read_rows(ledger) if ledger.exists() else []
    ledger.parent.mkdir(parents=True, exist_ok=True)
    write_rows(ledger, [*(entry for entry in old if (entry.recipe, entry.metric) not in new), *rows])


def noise(job: Job, name: str, engine: Engine) -> list[Row]:
    trajectory = job.steps(name)
    base = name.removesuffix("-b8") if name in SHIPPED else BASE
    true = job.true(base, trajectory)
    found = engine.evaluate(trajectory.structures)
    if name in STEPS:  # energies alternate between two models
        return force_rows(engine, found, true, trajectory, DATA)
    return noise_rows(engine, found, true, trajectory, DATA)


def paths(job: Job, name: str, engine: Engine) -> list[Row]:
    count = max(1, PATH_FRAMES // (4 if name in CURES else 1) // job.quick)
    return path_rows(engine, job.frames[:count], DATA)


def dynamics(job: Job, name: str, engine: Engine) -> list[Row]:
    steps = NVE_SHORT if name in CURES else NVE_LONG
    return nve_rows(engine, job.frames[0], steps // job.quick, RECORD, DATA)


def turned(job: Job, name: str, engine: Engine) -> list[Row]:
    (other,) = (section[name]() for section in (SHIPPED, FLOAT, STEPS, CURES) if name in section)
    return [rotated_row(engine, other, job.trajectory.structures[:TURNED], DATA)]


def speed(job: Job) -> list[Row]:
    candidates, subjects = [], {}
    moving = [s.positions for s in small_motion(job.frames[0])]
    for name, make in DEPLOYED.items():
        engine = make()
        assert isinstance(engine, NativeEngine)
        step = native_steps(engine, job.frames[:1])
        candidates.append(Candidate.calling(name, _calls(step, moving)))
        about = (engine.model, name, "native", DATA, len(job.frames[0]))
        subjects[name] = TimedSubject(*about, isa=engine.isa)
    timings = interleaved(candidates, SECONDS / job.quick)
    return [entry for name, timing in timings.items() for entry in speed_rows(subjects[name], timing, 0.5)]


def _calls(step: Callable[[np.ndarray], object], moving: Sequence[np.ndarray]) -> Callable[[int], object]:
    return lambda number: step(moving[number % len(moving)])


def picture(job: Job, path: Path) -> list[Row]:
    """Draw the picture and return its figures."""
    start, velocities = job.trajectory.structures[0], job.trajectory.velocities[0]

    def line(engine: Engine, length: float) -> Line:
        return along(engine, start, velocities, length)

    engines = {name: SHIPPED[name]() for name in SHOWN}
    recipes = {name: line(engine, LENGTH) for name, engine in engines.items()}
    travel = step_length(job.trajectory)
    draw(path, {length: line(engines[BASE], length) for length in ZOOMS}, recipes, travel)
    rows = [line_row(engine, recipes[name], DATA) for name, engine in engines.items()]
    about = row(float_twin(), DATA, "step_length", travel, "Å", len(job.trajectory.structures) - 1)
    return [*rows, replace(about, recipe="float")]


@dataclass(frozen=True)
class Section:
    """Candidates, measurement, and a metric of completion."""

    candidates: Mapping[str, Make]
    measure: Callable[[Job, str, Engine], list[Row]]
    metric: str


FLOAT: dict[str, Make] = {"float": float_twin}
BITS = FORWARD_BITS | BACKWARD_BITS
DEPLOYED = SHIPPED | FLOAT | BACKWARD_BITS | MIXTURES
# Two redundant cures are left out.
MOVED = {name: make for name, make in CURES.items() if name not in ("a8, subtracted dither", "a8, mean of 4")}
SECTIONS = {
    "noise": Section(SHIPPED | BITS | PARTS | MIXTURES | STEPS | CURES, noise, "force_noise"),
    "paths": Section(SHIPPED | FLOAT | BITS | MIXTURES | CURES, paths, "path_work"),
    "turned": Section(SHIPPED | FLOAT | STEPS | CURES, turned, "frames_identical"),
    "nve": Section(DEPLOYED | {"a8-b32": FORWARD_BITS["a8-b32"]} | STEPS | MOVED, dynamics, "stability"),
}

if __name__ == "__main__":
    main()
