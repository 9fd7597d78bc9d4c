"""What a part of a model costs when it alone is quantized: in energy, force, symmetry and conservation."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from gaq.atoms.checks import check_species
from gaq.atoms.structure import Prediction
from gaq.cost.parts import ALL, alone, parts
from gaq.data.dataset import Dataset
from gaq.engine.pytorch import TorchEngine
from gaq.errors import UsageError
from gaq.measure.accuracy import fidelity
from gaq.measure.conservation import path_work
from gaq.measure.ledger import Row
from gaq.measure.symmetry import symmetry
from gaq.model.transformer import Transformer
from gaq.quant.recipe import Recipe
from gaq.quant.slot import Slot
from gaq.train.calibrate import quantized_copy
from gaq.train.frames import TrainFrames, prepare

PREFIX = "slots/"  # of what rows call a model in which one part alone is quantized
FLOOR = "fp32-floor"
METRICS = ("energy_fidelity", "force_fidelity", "lee_mean", "lee_max", "energy_invariance", "path_work")

OnPart = Callable[[str, int, int], None]  # the part that is next, parts done, parts in all


@dataclass(frozen=True)
class Trial:
    """A float model and what is tried on it: the recipe, frames to calibrate on, frames to measure on."""

    parent: Transformer
    name: str
    recipe: Recipe
    calibration: TrainFrames
    test: Dataset
    rotations: int = 4  # 0: symmetry is not measured
    turned: int = 10  # frames that are turned
    circled: int = 1  # frames that closed paths go around; 0: conservation is not measured
    seed: int = 0

    @property
    def slots(self) -> list[Slot]:
        """The slots of the model."""
        return [quantizer.slot for quantizer in self.parent.quantizers()]

    def engine(self, recipe: Recipe, name: str) -> TorchEngine:
        """Return the float model quantized by `recipe` as it is, without training."""
        return TorchEngine(quantized_copy(self.parent, recipe, self.calibration), name, recipe.name)


@dataclass(frozen=True)
class FloatReference:
    """The float parent as an engine, and its predictions on the test frames."""

    engine: TorchEngine
    predictions: list[Prediction]


def trial_on(
    parent: Transformer, name: str, recipe: Recipe, calibration: Dataset, test: Dataset, rotations: int = 4
) -> Trial:
    """Return a trial with its neighbour pairs found. Raises `UnsupportedElement`, and `UsageError` without frames."""
    for dataset in (calibration, test):
        if len(dataset) == 0:
            raise UsageError(f"{dataset.name} holds no frame; a cost is measured on at least one.")
        for index, structure in enumerate(dataset.structures):
            check_species(structure, parent.species, "the model", index)
    return Trial(parent, name, recipe, prepare(calibration, parent.cutoff), test, rotations)


def reference_of(trial: Trial) -> FloatReference:
    """Return the parent, evaluated once."""
    engine = TorchEngine(trial.parent, trial.name, "fp32")
    return FloatReference(engine, engine.evaluate(trial.test.structures))


def sensitivity(trial: Trial, by: str = "slot", on_progress: OnPart = lambda part, done, total: None) -> list[Row]:
    """Return rows of `METRICS` for all slots together (`slots/all`) and for each part alone (`slots/NAME`).

    Quantization is post-training, by the recipe's own rules, and the energy reference is refitted each time, so that
    energies show what a constant shift does not mend. The parent's symmetry comes last, with the control `fp32-floor`.
    Definitions: docs/physics.md. Raises `UsageError` for a recipe that leaves everything in float.
    """
    slots = trial.slots
    found = parts(slots, trial.recipe, by)
    if not found:
        raise UsageError(f"recipe {trial.recipe.name!r} leaves every slot in float: there is no cost to measure.")
    reference = reference_of(trial)
    groups = {ALL: [slot.name for slot in slots], **found}
    rows: list[Row] = []
    for done, (name, chosen) in enumerate(groups.items()):
        on_progress(name, done, len(groups))
        rows += _cost(trial, name, chosen, reference)
    on_progress("float parent", len(groups), len(groups))
    return [*rows, *(replace(entry, control=FLOOR) for entry in _physics(trial, reference.engine))]


def costs_of(trial: Trial, recipe: Recipe, reference: FloatReference) -> tuple[float, float]:
    """Return root mean square errors against the parent of the model quantized by `recipe`: force in meV/Å, energy in
    meV.
    """
    engine = trial.engine(recipe, trial.name)
    found = fidelity(engine, reference.engine, trial.test, parent_predictions=reference.predictions)
    values = {entry.metric: entry.value for entry in found}
    return values["force_fidelity"], values["energy_fidelity"]


def force_cost(trial: Trial, recipe: Recipe, reference: FloatReference) -> float:
    """Return the force error of `costs_of` alone, in meV/Å."""
    return costs_of(trial, recipe, reference)[0]


def _cost(trial: Trial, name: str, chosen: Collection[str], reference: FloatReference) -> list[Row]:
    engine = trial.engine(alone(trial.recipe, trial.slots, chosen), f"{PREFIX}{name}")
    rows = fidelity(engine, reference.engine, trial.test, parent_predictions=reference.predictions)
    return [entry for entry in [*rows, *_physics(trial, engine)] if entry.metric in METRICS]


def _physics(trial: Trial, engine: TorchEngine) -> list[Row]:
    frames, data = trial.test.structures, trial.test.name
    rows: list[Row] = []
    if trial.rotations and trial.turned:
        rows += symmetry(engine, frames[: trial.turned], trial.rotations, trial.seed, data=data)
    if trial.circled:
        rows += path_work(engine, frames[: trial.circled], seed=trial.seed, data=data)
    return [entry for entry in rows if entry.metric in METRICS]
