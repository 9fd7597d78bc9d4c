"""Electronic state of the frames of a file: total charge, spin, external field.

The network sees elements and positions only. Frames that differ in these have different energies for what the
network takes to be the same input, so they are reported, and not trained on together unless requested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gaq.atoms.elements import formula
from gaq.atoms.structure import Structure
from gaq.errors import BadLabels

if TYPE_CHECKING:
    from gaq.data.dataset import Dataset

CHARGE = ("charge", "total_charge", "net_charge", "molecular_charge", "system_charge", "qtot")
SPIN = ("spin", "multiplicity", "spin_multiplicity", "total_spin", "uhf", "nspin_unpaired")
FIELD = ("electric_field", "external_field", "external_electric_field", "efield", "magnetic_field")
PREFIXES = ("", "ref_", "dft_")
NAMES = ("charge", "spin", "field")  # quantities that can differ, as users name them


@dataclass(frozen=True)
class ElectronicState:
    """Charge (e), spin as the file counts it, and external field of one frame; None if the file does not say."""

    charge: float | None = None
    spin: float | None = None
    field: tuple[float, ...] | None = None

    def get(self, name: str) -> float | tuple[float, ...]:
        """Return the value under one of `NAMES`; 0 if the file does not say."""
        value: float | tuple[float, ...] | None = getattr(self, name)
        if name == "field":
            return value if value is not None and any(value) else 0.0  # type: ignore[arg-type]
        return 0.0 if value is None else value


def state_of(info: Mapping[str, Any], name: str) -> ElectronicState:
    """Return the state in the entries of a frame; `name` is the frame in errors. Raises BadLabels."""
    lower = {key.lower(): value for key, value in info.items()}
    return ElectronicState(_number(lower, CHARGE, name), _number(lower, SPIN, name), _vector(lower, FIELD, name))


def differing(structures: Sequence[Structure], states: Sequence[ElectronicState]) -> dict[str, str]:
    """Return the quantities in which frames differ, each with a description.

    Spins count as different only among frames of one formula: the atoms distinguish a radical from closed shells.
    """
    found = {}
    for name in ("charge", "field"):
        values = Counter(state.get(name) for state in states)
        if len(values) > 1:
            found[name] = _counts(name, values)
    formulas: dict[str, set[Any]] = {}
    for structure, state in zip(structures, states, strict=False):
        if state.spin is not None:
            formulas.setdefault(formula(structure.species.tolist()), set()).add(state.spin)
    mixed = [name for name, spins in formulas.items() if len(spins) > 1]
    if mixed:
        found["spin"] = f"{_counts('spin', Counter(s.get('spin') for s in states))} ({mixed[0]} comes with both)"
    return found


def describe(states: Sequence[ElectronicState]) -> list[str]:
    """Return a line for each of charge, spin and field that the file mentions, with the number of frames."""
    lines = []
    for name in NAMES:
        if any(getattr(state, name) is not None for state in states):
            lines.append(_counts(name, Counter(state.get(name) for state in states)))
    return lines


def evaluation_remarks(dataset: Dataset) -> list[str]:
    """Return messages about differences that no model sees, for evaluations."""
    how = differing(dataset.structures, dataset.states).values()
    return [f"frames differ in what the model does not see: {line}" for line in how]


def check_states(
    structures: Sequence[Structure], states: Sequence[ElectronicState], where: str, ignored: Sequence[str] = ()
) -> None:
    """Refuse frames that differ in something invisible to the network and not in `ignored`. Raises BadLabels."""
    for name, how in differing(structures, states).items():
        if name not in ignored:
            raise BadLabels(
                f"{where} mixes frames of different {name}: {how}. The network sees elements and positions alone and "
                f'would take these for the same. Train on frames of one {name}, or add "{name}" to data.ignore.'
            )


def _counts(name: str, values: Counter[Any]) -> str:
    if len(values) == 1:
        return f"{name} {_plain(next(iter(values)))} in all frames"
    ordered = sorted(values.items(), key=lambda item: (-item[1], str(item[0])))
    shown = ", ".join(f"{_plain(value)} ({count} frames)" for value, count in ordered[:5])
    return f"{name} {shown}" + (f" and {len(ordered) - 5} more" if len(ordered) > 5 else "")


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(tuple(value))


def _find(info: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((info[p + n] for n in names for p in PREFIXES if info.get(p + n) is not None), None)


def _number(info: Mapping[str, Any], names: Sequence[str], name: str) -> float | None:
    value = _find(info, names)
    if value is None:
        return None
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise BadLabels(f"{name} has the {names[0]} {value!r}; expected one number. Repair the entry or remove it.")
    return float(array.reshape(()))


def _vector(info: Mapping[str, Any], names: Sequence[str], name: str) -> tuple[float, ...] | None:
    value = _find(info, names)
    if value is None:
        return None
    array = np.asarray(value)
    if array.size not in (1, 3) or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise BadLabels(f"{name} has the external field {value!r}; expected three numbers. Repair or remove it.")
    return tuple(float(v) for v in array.reshape(-1))
