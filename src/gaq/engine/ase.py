"""Any ASE calculator as an `Engine`, so that MACE or xTB is measured by the same lines as a model of ours."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.elements import formula
from gaq.atoms.from_ase import to_ase
from gaq.atoms.structure import Prediction, Structure
from gaq.errors import BadStructure, NotAvailable, UsageError, nearest


class AseEngine:
    """Energies (eV) and forces (eV/Å) of an ASE calculator, one structure after the other.

    The energy is the force-consistent one (`free_energy`) where the calculator has it: the one whose slope is
    the force. Every structure is computed from scratch (`reset`), so that no answer depends on the question
    before. `species` may be left empty when the calculator does not say what it knows; its own complaint is
    then passed on.
    """

    name = "ase"
    recipe = "external"

    def __init__(
        self,
        calculator: Any,
        *,
        model: str | None = None,
        cutoff: float | None = None,
        species: Sequence[int] | frozenset[int] = (),
    ) -> None:
        self.calculator = calculator
        self.model = model or type(calculator).__name__
        self.cutoff = cutoff
        self.species = frozenset(int(z) for z in species)

    @staticmethod
    def from_spec(spec: str, arguments: str = "{}") -> AseEngine:
        """An engine from `module:Class` and a JSON object of its arguments.

        Example: `AseEngine.from_spec("tblite.ase:TBLite", '{"method": "GFN2-xTB", "verbosity": 0}')`.
        Raises `UsageError` for a text of another form or arguments that do not fit, `NotAvailable` for what
        is not installed.
        """
        build = _calculator_class(spec)
        keywords = _keywords(arguments)
        try:
            calculator = build(**keywords)
        except Exception as error:  # whatever a stranger's constructor raises
            raise UsageError(
                f"{spec} could not be made with the arguments {arguments}: {type(error).__name__}: {error}. "
                f"Give what it needs with --args, a JSON object"
            ) from error
        label = spec.partition(":")[2]
        variant = keywords.get("method") or keywords.get("model")
        return AseEngine(calculator, model=f"{label}({variant})" if isinstance(variant, str) else label)

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        """One prediction per structure, in order; raises `UnsupportedElement` and `BadStructure`."""
        for index, structure in enumerate(structures):
            check_structure(structure, index)
            check_species(structure, self.species, self.model, index)
        return [self._evaluate_one(index, structure) for index, structure in enumerate(structures)]

    def _evaluate_one(self, index: int, structure: Structure) -> Prediction:
        atoms = to_ase(structure)
        try:
            if hasattr(self.calculator, "reset"):
                self.calculator.reset()
            forces = self.calculator.get_property("forces", atoms)
            energy = self.calculator.get_property(self._energy_name(), atoms)
        except Exception as error:  # whatever a stranger's calculator raises
            raise BadStructure(
                f"{self.model} could not evaluate structure {index} ({formula(structure.species.tolist())}): "
                f"{type(error).__name__}: {error}"
            ) from error
        if energy is None or forces is None:
            raise BadStructure(f"{self.model} gave no energy or no forces for structure {index}; both are needed")
        return Prediction(float(np.asarray(energy).item()), np.array(forces, dtype=np.float64))

    def _energy_name(self) -> str:
        known = getattr(self.calculator, "implemented_properties", ())
        return "free_energy" if "free_energy" in known else "energy"


def _calculator_class(spec: str) -> Any:
    module_name, colon, class_name = spec.partition(":")
    if not (colon and module_name and class_name):
        raise UsageError(f"{spec!r} is not of the form module:Class, for example tblite.ase:TBLite")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise NotAvailable(
            f"{spec} needs the module {module_name!r}, which could not be imported ({error}). "
            f"Install it, for example with: pip install {module_name.partition('.')[0]}"
        ) from error
    if not hasattr(module, class_name):
        hint = nearest(class_name, (name for name in dir(module) if not name.startswith("_")))
        raise UsageError(f"module {module_name!r} has no class {class_name!r}.{hint}")
    return getattr(module, class_name)


def _keywords(arguments: str) -> dict[str, Any]:
    try:
        keywords = json.loads(arguments)
    except json.JSONDecodeError as error:
        raise UsageError(
            f'--args is not JSON ({error}): {arguments}. Write for example \'{{"method": "GFN2-xTB"}}\''
        ) from error
    if not isinstance(keywords, dict):
        raise UsageError(f'--args must be a JSON object such as \'{{"method": "GFN2-xTB"}}\', not {arguments}')
    return keywords
