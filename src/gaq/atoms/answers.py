"""Whether an answer can be used: every number finite, and of a size that matter can have.

The engines in Python call this on their way out; the native engine has a twin in native/src/answer.hpp.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gaq.atoms.checks import structure_label
from gaq.atoms.structure import Prediction, Structure
from gaq.errors import NotFinite

# Generous on purpose: atoms of a molecule differ from their reference by some eV. A collision at 0.2 Å stays below both
# limits for elements up to argon.
MOST_ENERGY = 1e5  # eV per atom, from the reference energies; the virial alike
MOST_FORCE = 1e5  # eV/Å, each component

FAR_FROM_DATA = (
    "The structure is far from the training data of the model. Check elements, units and short distances, or train "
    "with structures like it."
)


def check_prediction(
    structure: Structure,
    prediction: Prediction,
    model: str,
    index: int = 0,
    *,
    references: Mapping[int, float] | None = None,
    blame: Callable[[], str] = lambda: FAR_FROM_DATA,
) -> None:
    """Refuse a prediction with a number that is not finite, or larger than any in matter.

    Energies are measured from `references`, eV by atomic number; without them any finite energy will do, since the zero
    of energies is then not known. `model` and `index` are named in the text, which ends with what `blame` returns: it
    is called only then, and may take time. Raises NotFinite.
    """
    fault = _worst(structure, prediction, references)
    if fault:
        raise NotFinite(f"{model}, {structure_label(index, '').lower()}: {fault}. {blame()}")


def _worst(structure: Structure, prediction: Prediction, references: Mapping[int, float] | None) -> str:
    """Return the worst fault of all, in words; empty if there is none."""
    atoms = max(len(structure), 1)
    zero = np.zeros(len(structure))
    if references is not None:
        zero = np.array([references.get(z, 0.0) for z in structure.species.tolist()])
    most = MOST_ENERGY if references is not None else np.inf
    if prediction.atomic_energies is not None:
        away = np.asarray(prediction.atomic_energies) - zero
        atom, found = _largest(away, most)
        if found is not None:
            return f"atom {atom} has an energy {found:g} eV away from its reference; {_expected(found)} {most:g} eV"
    atom, found = _largest(np.asarray(prediction.forces), MOST_FORCE)
    if found is not None:
        return f"atom {atom // 3} has a force of {found:g} eV/Å; {_expected(found)} {MOST_FORCE:g} eV/Å"
    _, found = _largest(np.array([prediction.energy - zero.sum()]), most * atoms)
    if found is not None:
        size = f" of at most {most:g} eV per atom, from those of lone atoms" if references is not None else ""
        return f"the energy is {found:g} eV; expected a finite number{size}"
    if prediction.virial is not None:
        _, found = _largest(np.asarray(prediction.virial), MOST_ENERGY * atoms)
        if found is not None:
            return f"the virial is {found:g} eV; {_expected(found)} {MOST_ENERGY:g} eV per atom"
    return ""


def _largest(values: np.ndarray, most: float) -> tuple[int, float | None]:
    """Place and value of the first number that is not finite, or of the largest beyond `most`; None for neither."""
    flat = values.ravel()
    size = np.where(np.isfinite(flat), np.abs(flat), np.inf)
    place = int(size.argmax()) if len(size) else 0
    wrong = len(size) > 0 and (not np.isfinite(size[place]) or size[place] > most)
    return place, float(flat[place]) if wrong else None


def _expected(value: float) -> str:
    return "expected at most" if np.isfinite(value) else "expected a finite number of at most"
