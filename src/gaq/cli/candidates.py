"""Candidates of `gaq bench`: the native engine with every model, and PyTorch on the same network.

Each call passes positions of a slightly moving molecule and returns energies and forces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from gaq.atoms.structure import Structure
from gaq.cli.bench_models import BenchModel, NetworkKey
from gaq.errors import NotAvailable, UsageError
from gaq.measure.speed import Candidate, TimedSubject, small_motion

EAGER, COMPILED, NATIVE, NATIVE_FLOAT = "torch-eager", "torch-compiled", "native", "native-fp32"
CONTROLS = (EAGER, COMPILED, NATIVE_FLOAT)
FLOAT = "fp32"
COORDINATES_KEPT = 500_000  # atoms of all calls together; limits the memory for positions


@dataclass(frozen=True)
class Conditions:
    """Conditions that all candidates share."""

    structure: Structure
    data: str
    threads: int = 1
    batch: int = 1

    def subject(self, model: str, recipe: str, engine: str, isa: str | None = None) -> TimedSubject:
        """Return the description of a candidate in rows."""
        return TimedSubject(model, recipe, engine, self.data, len(self.structure), self.batch, self.threads, isa)

    def calls(self) -> list[list[Structure]]:
        """Return the batch of each call. Every structure moves on its own path; of large ones only a part moves."""
        paths = [small_motion(self.structure, seed=number) for number in range(self.batch)]
        kept = max(4, COORDINATES_KEPT // (len(self.structure) * self.batch))
        return [list(batch) for batch in zip(*(path[:kept] for path in paths), strict=True)]


@dataclass(frozen=True)
class Entrant:
    """A candidate, its description in rows, and its model."""

    subject: TimedSubject
    candidate: Candidate
    model: BenchModel
    backward: int | None = None

    @property
    def as_control(self) -> str | None:
        """Return its name as a control in rows; None if it is no control."""
        if self.subject.engine != NATIVE:
            return self.subject.engine
        return NATIVE_FLOAT if self.subject.recipe == FLOAT else None


@dataclass
class Field:
    """The candidates of a run, and notes on those that could not start."""

    entrants: list[Entrant] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def enter(
    models: Sequence[BenchModel],
    conditions: Conditions,
    backward: Sequence[int] = (),
    torch: bool = True,
    on_progress: Callable[[str], None] = lambda stage: None,
) -> Field:
    """Return all candidates: the native engine for every model and `backward` precision, and PyTorch.

    Raises `UsageError` with all reasons if none can start.
    """
    found = Field()
    for model in models:
        on_progress(f"opening {model.name}")
        # A float network has no codes, so it has only one kind of backward pass.
        for bits in (backward if model.recipe != FLOAT else ()) or (None,):
            enter_native(found, model, conditions, bits)
    if torch:
        enter_torch(found, models, conditions, on_progress=on_progress)
    if not found.entrants:
        raise UsageError("nothing to measure: " + "; ".join(found.notes))
    return found


def controls_of(entrant: Entrant, entrants: Sequence[Entrant]) -> dict[str, Entrant]:
    """Return the controls of one candidate by name: entrants with the same network that precede it in `CONTROLS`."""
    alike = [other for other in entrants if other.model.network == entrant.model.network]
    named = {other.as_control: other for other in reversed(alike)}
    before = CONTROLS.index(entrant.as_control) if entrant.as_control else len(CONTROLS)
    return {name: named[name] for name in CONTROLS[:before] if name in named}


def mode_name(recipe: str, bits: int | None) -> str:
    """Return the name of a recipe with `bits` in the backward pass; the plain name if the file decides."""
    return recipe if bits is None else f"{recipe}-b{bits}"


def enter_native(found: Field, model: BenchModel, conditions: Conditions, bits: int | None = None) -> None:
    """Add the native engine with `bits` in the backward pass (default: the file's), or a note on why it cannot run."""
    from gaq.engine.native import NativeEngine
    from gaq.engine.steps import native_steps

    if model.content is None:
        found.notes.append(f"{model.name}: not in the native engine: {model.reason}")
        return
    try:
        engine = NativeEngine(model.content, model.name, threads=conditions.threads, backward_bits=bits)
    except NotAvailable as error:
        found.notes.append(f"{model.name}: not in the native engine: {error}")
        return
    calls = conditions.calls()
    recipe = mode_name(model.recipe, bits)
    subject = conditions.subject(model.name, recipe, NATIVE, engine.isa)
    candidate = Candidate.calling(f"{model.name} {recipe}", _along(native_steps(engine, calls[0]), calls))
    found.entrants.append(Entrant(subject, candidate, model, bits))


def enter_torch(
    found: Field,
    models: Sequence[BenchModel],
    conditions: Conditions,
    kinds: Sequence[str] = (EAGER, COMPILED),
    on_progress: Callable[[str], None] = lambda stage: None,
) -> None:
    """Add PyTorch once for each distinct network, with float weights, or notes on why it cannot run."""
    chosen = _one_per_network(models, found)
    if not chosen:
        return
    import torch

    torch.set_num_threads(conditions.threads)
    for model in chosen:
        _enter_kinds(found, model, conditions, kinds, on_progress)


def _enter_kinds(
    found: Field, model: BenchModel, conditions: Conditions, kinds: Sequence[str], on_progress: Callable[[str], None]
) -> None:
    import torch

    from gaq.engine.compiled import compiled, eager, float_network
    from gaq.model.precision import float_model_in
    from gaq.train.checkpoint import load_checkpoint

    if model.checkpoint is None:
        return
    network = float_model_in(float_network(load_checkpoint(model.checkpoint).model), torch.float32)
    calls = conditions.calls()
    for kind in kinds:
        on_progress(
            f"opening {model.name} in PyTorch" if kind == EAGER else f"compiling {model.name} with torch.compile"
        )
        try:
            evaluate = (eager if kind == EAGER else compiled)(network, calls[0])
        except NotAvailable as error:
            found.notes.append(f"{model.name}: {error}")
            continue
        name = model.checkpoint.name
        candidate = Candidate.calling(f"{name} {kind}", _along(evaluate, calls))
        found.entrants.append(Entrant(conditions.subject(name, FLOAT, kind), candidate, model))


def _along(evaluate: Callable[[np.ndarray], object], calls: Sequence[Sequence[Structure]]) -> Callable[[int], object]:
    positions = [np.concatenate([s.positions for s in batch]) for batch in calls]
    return lambda k: evaluate(positions[k % len(positions)])


def _one_per_network(models: Sequence[BenchModel], found: Field) -> list[BenchModel]:
    """Return one model with a checkpoint for each network, preferably a float one."""
    chosen: dict[NetworkKey, BenchModel] = {}
    for model in sorted(models, key=lambda m: m.recipe != FLOAT):
        if model.checkpoint is not None:
            chosen.setdefault(model.network, model)
    for model in models:
        if model.network not in chosen:
            found.notes.append(f"{model.name}: no PyTorch to compare with: name its checkpoint with --control")
    return list(chosen.values())
