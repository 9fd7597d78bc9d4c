"""The settings of SchNetPack, as Hydra writes them: what gaq can represent, and a clear refusal of everything else.

SchNetPack 2 (Schütt et al., J. Chem. Phys. 158, 144801, 2023) is configured by classes and their arguments. An argument
that is left out has the default of its class, as of version 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gaq.errors import BadFile
from gaq.formats.texts import shown
from gaq.units import BOHR, HARTREE, KCAL_PER_MOL, KJ_PER_MOL, MEV

ENERGIES = {"kcal/mol": KCAL_PER_MOL, "ev": 1.0, "mev": MEV, "hartree": HARTREE, "ha": HARTREE, "kj/mol": KJ_PER_MOL}
LENGTHS = {"ang": 1.0, "angstrom": 1.0, "a": 1.0, "bohr": BOHR, "nm": 10.0}
DEFAULT_ENERGY = "kcal/mol"  # the default of schnetpack.interfaces.SpkCalculator, and Å
EPSILON = 1e-8  # of the norm of vectors
REFERENCE = re.compile(r"\$\{([\w.]+)\}")
# Elements of the molecules that these data sets of SchNetPack are about, by the class and its argument `molecule`.
MD17 = {
    "CH": ("benzene", "naphthalene", "toluene"),
    "CHO": ("aspirin", "ethanol", "malonaldehyde", "salicylic_acid"),
    "CHN": ("azobenzene",),
    "CHNO": ("paracetamol", "uracil"),
}
NUMBERS = {"C": 6, "H": 1, "N": 7, "O": 8}
# Classes by the place in the settings. All others are refused.
INPUTS = ("PairwiseDistances", "Strain")
OUTPUTS = ("Atomwise", "Forces")
POSTPROCESSORS = ("CastTo64", "CastTo32", "AddOffsets")
DATA_OF_MD17 = ("MD17", "rMD17")


class SchNetPackSettings:
    """The settings of one network; empty where there is no file of them."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._all = settings

    @property
    def given(self) -> bool:
        """Return whether there are settings of SchNetPack."""
        model = self._all.get("model")
        return isinstance(model, Mapping) and "_target_" in model

    def check(self) -> None:
        """Raise `BadFile` for a model that is not a PaiNN with an energy as the sum over atoms."""
        if not self.given:
            return
        self._expect_class("model", "NeuralNetworkPotential")
        self._expect_class("model.representation", "PaiNN")
        self._expect_class("model.representation.cutoff_fn", "CosineCutoff")
        self._expect_class("model.representation.radial_basis", "GaussianRBF", "GaussianRBFCentered", "BesselRBF")
        self._expect_silu("model.representation")
        epsilon = self.at("model.representation.epsilon")
        if epsilon is not None and _number(epsilon) != EPSILON:
            raise BadFile(f"setting model.representation.epsilon is {shown(epsilon)}; gaq represents {EPSILON:g} only.")
        for place, _ in self._list("model.input_modules"):
            self._expect_class(place, *INPUTS)
        heads = 0
        for place, module in self._list("model.output_modules"):
            self._expect_class(place, *OUTPUTS)
            if _class(module) == "Atomwise":
                heads += 1
                self._expect_silu(place)
                if module.get("aggregation_mode", "sum") != "sum" or heads > 1:
                    raise BadFile(f"{place} is no single energy that is a sum over atoms, the only head that gaq has.")
        for place, module in self._list("model.postprocessors"):
            self._expect_class(place, *POSTPROCESSORS)
            if _class(module) == "AddOffsets" and module.get("is_extensive", True) is not True:
                raise BadFile(f"{place}.is_extensive is not true: the energy is one per atom, which gaq does not have.")

    def adds(self, key: str) -> bool | None:
        """Return whether an offset is added (`add_mean`, `add_atomrefs`); None where there are no settings."""
        if not self.given or self.at("model.postprocessors") is None:
            return None
        return any(module.get(key) is True for _, module in self._list("model.postprocessors"))

    def energy_unit(self) -> str | None:
        """Return the unit of energy, or None where no setting says it."""
        places = (f"data.property_units.{self._property()}", "property_units.energy", "energy_unit")
        return next((str(unit) for place in places if (unit := self.at(place)) is not None), None)

    def energy_in_ev(self) -> float:
        """Return the unit of energy in eV, by default that of SchNetPack's calculator. Raises `BadFile`."""
        return _unit(self.energy_unit() or DEFAULT_ENERGY, ENERGIES, "energy")

    def length_in_angstrom(self) -> float:
        """Return the unit of length in Å, by default 1. Raises `BadFile`."""
        unit = self.at("data.distance_unit") or self.at("length_unit") or "Ang"
        return _unit(str(unit), LENGTHS, "length")

    def elements(self) -> tuple[int, ...]:
        """Return the atomic numbers of the molecule of MD17 that it was trained on; none for other data."""
        data, molecule = self.at("data"), str(self.at("data.molecule"))
        if not isinstance(data, Mapping) or _class(data) not in DATA_OF_MD17:
            return ()
        found = next((elements for elements, molecules in MD17.items() if molecule in molecules), "")
        return tuple(sorted(NUMBERS[symbol] for symbol in found))

    def at(self, path: str, depth: int = 0) -> Any:
        """Return the value at a path such as data.distance_unit, None where there is none; ${…} is followed."""
        value: Any = self._all
        for key in path.split("."):
            if isinstance(value, list) and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            elif isinstance(value, Mapping):
                value = value.get(key)
            else:
                return None
        reference = REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return self.at(reference[1], depth + 1) if reference and depth < len(self._all) + 8 else value

    def _property(self) -> str:
        """Return what the network calls its energy."""
        heads = self.at("model.output_modules")
        for number, module in enumerate(heads if isinstance(heads, list) else ()):
            if isinstance(module, Mapping) and _class(module) == "Atomwise":
                return str(self.at(f"model.output_modules.{number}.output_key") or "energy")
        return "energy"

    def _list(self, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        modules = self.at(path)
        if modules is not None and not isinstance(modules, list):
            raise BadFile(f"setting {path} is {shown(modules)}; expected a list.")
        for number, module in enumerate(modules or ()):
            if not isinstance(module, Mapping):
                raise BadFile(f"setting {path}.{number} is {shown(module)}; expected an object with _target_.")
            yield f"{path}.{number}", module

    def _expect_class(self, path: str, *names: str) -> None:
        found = self.at(path)
        name = _class(found) if isinstance(found, Mapping) else ""
        if name not in names:
            said = shown(name) if name else "missing"
            raise BadFile(f"setting {path}._target_ is {said}; gaq represents {' and '.join(names)} only.")

    def _expect_silu(self, path: str) -> None:
        activation = self.at(f"{path}.activation")
        name = activation.get("_target_") if isinstance(activation, Mapping) else activation
        if name is not None and str(name).rpartition(".")[2].lower() not in ("silu", "swish"):
            raise BadFile(f"setting {path}.activation is {shown(activation)}; gaq represents silu only.")


def _class(module: Mapping[str, Any]) -> str:
    return str(module.get("_target_", "")).rpartition(".")[2]


def _number(value: object) -> float | None:
    """Return a number, which YAML leaves as text in the form 1e-8."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _unit(name: str, units: Mapping[str, float], what: str) -> float:
    if name.lower() not in units:
        raise BadFile(f"the unit of {what} is {shown(name)}; expected one of {', '.join(units)}.")
    return units[name.lower()]
