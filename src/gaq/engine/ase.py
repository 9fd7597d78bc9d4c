"""Any ASE calculator as an `Engine`, so that MACE or xTB is measured by the same code as gaq's models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.answers import check_prediction
from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.elements import formula
from gaq.atoms.from_ase import to_ase
from gaq.atoms.structure import Prediction, Structure
from gaq.engine import _serve
from gaq.engine.elsewhere import Complaint, Elsewhere
from gaq.errors import BadFile, BadStructure, GaqError, NotAvailable, UsageError, nearest
from gaq.formats.texts import shown, strict_json

# PyTorch's message if layers without a gradient lie between positions and energy.
SIGNS_OF_A_LOST_GRADIENT = ("does not require grad", "not have been used in the graph")
LOST_GRADIENT = " The model has no gradient, as after quantization of its layers: it has no forces"


class AseEngine:
    """Energies (eV) and forces (eV/Å) of an ASE calculator, one structure after the other.

    The energy is the force-consistent one (`free_energy`) if the calculator has it: the forces are its slope.
    Every structure is computed from scratch (`reset`), so that no result depends on the previous structure.
    `species` may be empty if the calculator does not list its elements; it then reports unsupported ones itself.
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
    def from_spec(
        spec: str, arguments: str = "{}", *, python: str | None = None, threads: int | None = None
    ) -> AseEngine:
        """Return an engine from `module:Class`, or a function that returns a calculator, and a JSON object of its
        arguments.

        Example: `AseEngine.from_spec("tblite.ase:TBLite", '{"method": "GFN2-xTB", "verbosity": 0}')`. A file is named
        `folder/file.py:function`. With `python`, the calculator runs in that interpreter, on so many `threads`.
        Raises `UsageError` for a text of another form or unsuitable arguments, `NotAvailable` for what is not
        installed.
        """
        keywords = _keywords(arguments)
        try:
            if python is None:
                calculator = _serve.calculator_from(spec, keywords)
            else:
                calculator = Elsewhere(python, spec, arguments, threads)
        except _serve.Trouble as trouble:
            raise _explained(trouble, spec, arguments, python) from trouble
        return AseEngine(calculator, model=_label(spec, keywords))

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        """Return one prediction per structure. Raises `UnsupportedElement`, `BadStructure` and `NotFinite`."""
        for index, structure in enumerate(structures):
            check_structure(structure, index)
            check_species(structure, self.species, self.model, index)
        return [self._evaluate_one(index, structure) for index, structure in enumerate(structures)]

    def _evaluate_one(self, index: int, structure: Structure) -> Prediction:
        try:
            energy, forces = _serve.ask(self.calculator, to_ase(structure))
        except GaqError:
            raise
        except Exception as error:  # third-party calculators may raise anything
            words = str(error) if isinstance(error, Complaint) else f"{type(error).__name__}: {error}"
            raise BadStructure(
                f"{self.model} could not evaluate structure {index} ({formula(structure.species.tolist())}): {words}"
                f"{LOST_GRADIENT if any(sign in words for sign in SIGNS_OF_A_LOST_GRADIENT) else ''}"
            ) from error
        if energy is None or forces is None:
            raise BadStructure(f"{self.model} gave no energy or no forces for structure {index}; both are needed")
        found = np.array(forces, dtype=np.float64)
        if found.shape != structure.positions.shape:
            raise BadStructure(
                f"{self.model} gave forces of shape {found.shape} for structure {index}; expected "
                f"{structure.positions.shape}, three for each atom"
            )
        prediction = Prediction(float(np.asarray(energy).item()), found)
        check_prediction(structure, prediction, self.model, index)
        return prediction


def _explained(trouble: _serve.Trouble, spec: str, arguments: str, python: str | None) -> GaqError:
    """Return the error for the user, with the way out."""
    place = spec.rpartition(":")[0]
    if trouble.kind == "form":
        return UsageError(f"{trouble}, for example tblite.ase:TBLite")
    if trouble.kind == "missing":
        return NotAvailable(f"{spec} could not be imported ({trouble}). {_way_to(place, python)}")
    if trouble.kind == "name":
        _, name, known = json.loads(str(trouble))
        return UsageError(f"{place} has no class {name!r}, nor a function of that name.{nearest(name, known)}")
    return UsageError(
        f"{spec} could not be made with the arguments {arguments}: {trouble}. Give what it needs with `arguments`, a "
        "JSON object"
    )


def _way_to(place: str, python: str | None) -> str:
    if place.endswith(".py"):
        return "Check the name of the file, and that what it imports is installed; `python` names another environment"
    if Path(f"{place}.py").is_file():
        return f"A file in this folder is named as {place}.py:NAME"
    install = f"{python or 'python'} -m pip install {place.partition('.')[0]}"
    other = "" if python else ", or name with `python` the interpreter of an environment that has it"
    return f"Install it, for example with: {install}{other}"


def _label(spec: str, keywords: dict[str, Any]) -> str:
    """Return the name of the calculator in rows: `TBLite(GFN2-xTB)`, or `file:function`."""
    place, _, name = spec.rpartition(":")
    label = f"{Path(place).stem}:{name}" if place.endswith(".py") else name
    variant = keywords.get("method") or keywords.get("model")
    return f"{label}({variant})" if isinstance(variant, str) else label


_EXAMPLE = 'Write for example \'{"method": "GFN2-xTB"}\'.'


def _keywords(arguments: str) -> dict[str, Any]:
    try:
        keywords = strict_json(arguments, f"`arguments` {shown(arguments)}", _EXAMPLE)
    except BadFile as error:
        raise UsageError(str(error)) from None
    if not isinstance(keywords, dict):
        raise UsageError(f"`arguments` {shown(arguments)} is not a JSON object. {_EXAMPLE}")
    return keywords
