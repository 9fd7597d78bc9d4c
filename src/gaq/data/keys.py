"""Choose the label entries of a file: energy, forces, stress and virial of one family of names.

A family shares a prefix: `REF_energy` with `REF_forces`, `dft_energy` with `dft_forces`, `energy` with `forces`.
Energies of one method with forces of another would train without an error and be meaningless.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gaq.atoms.checks import structure_label
from gaq.errors import BadLabels, UsageError

if TYPE_CHECKING:
    from ase import Atoms

# In order of preference, lower case: names are compared without case.
ENERGY = ("energy", "total_energy", "free_energy", "u0")
FORCES = ("forces", "force")
STRESS = ("stress",)
VIRIAL = ("virial", "virials")
REFERENCE = "ref_"  # REF_ names reference labels, whatever else the file contains
PREFIXES = (REFERENCE, "dft_", "")
PLAIN = "plain"  # the user's name for the family without a prefix


@dataclass(frozen=True)
class Keys:
    """The names of the labels in one file; None for a label that no frame has."""

    energy: str | None
    forces: str | None
    stress: str | None = None
    virial: str | None = None

    def used(self) -> list[str]:
        """Return the names that are present."""
        return [name for name in (self.energy, self.forces, self.stress, self.virial) if name is not None]


@dataclass(frozen=True)
class _Family:
    prefix: str
    keys: Keys

    @property
    def complete(self) -> bool:
        return self.keys.energy is not None and self.keys.forces is not None


def results_of(atoms: Atoms) -> Mapping[str, Any]:
    """Return the results of a frame's calculator, where ASE's readers put `energy`, `forces` and `stress`."""
    return atoms.calc.results if atoms.calc is not None else {}


def per_frame(atoms: Atoms, key: str | None) -> Any:
    """Return an entry of the frame as a whole, or None."""
    return None if key is None else _entry(key, results_of(atoms), atoms.info)


def per_atom(atoms: Atoms, key: str | None) -> Any:
    """Return an entry with one row per atom, or None."""
    return None if key is None else _entry(key, results_of(atoms), atoms.arrays)


def choose_keys(frames: Sequence[Atoms], where: str, wanted: str = "") -> Keys:
    """Return the names of the labels of all frames of a file.

    `wanted` is a prefix such as `REF_`, the word `plain`, or the names `ENERGY,FORCES` themselves. Without it the
    complete `REF_` family is preferred; otherwise there must be only one. Raises BadLabels for several families, or
    energies of one and forces of another; UsageError if `wanted` is not in the file.
    """
    frame_names = _names(frames, lambda atoms: (results_of(atoms), atoms.info))
    atom_names = _names(frames, lambda atoms: (results_of(atoms), atoms.arrays))
    if wanted:
        return _wanted(wanted, frame_names, atom_names, where)
    families = [_family(prefix, frame_names, atom_names) for prefix in PREFIXES]
    found = [family for family in families if family.keys.energy or family.keys.forces]
    if found and (len(found) == 1 or (found[0].prefix == REFERENCE and found[0].complete)):
        return found[0].keys
    if not found:
        return Keys(None, None)
    given = "; ".join(" and ".join(key for key in (f.keys.energy, f.keys.forces) if key) for f in found)
    choices = ", ".join(repr(_name(f.prefix)) for f in found if f.complete)
    raise BadLabels(
        f"{where} has labels of several families: {given}. Energies and forces must be of one method, and so of one "
        f"family. Choose the family of labels ({choices or 'none of these is complete'}), name the two entries as "
        f"ENERGY,FORCES (such as {_pair(found)}), or rename the entries."
    )


def other_family(atoms: Atoms, keys: Keys, stems: Collection[str], per_atoms: bool) -> list[str]:
    """Return the entries of a frame that are this label in another family."""
    places = (results_of(atoms), atoms.arrays if per_atoms else atoms.info)
    names = {name for place in places for name in place if place.get(name) is not None}
    known = {prefix + stem for prefix in PREFIXES for stem in stems}
    return sorted(name for name in names if name.lower() in known and name not in keys.used())


def unused_families(frames: Sequence[Atoms], keys: Keys) -> list[str]:
    """Return the label entries of other families, which are in the file and not read."""
    stems = (*ENERGY, *FORCES, *STRESS, *VIRIAL)
    known = {prefix + stem for prefix in PREFIXES for stem in stems} - {"free_energy"}
    names = _names(frames, lambda atoms: (results_of(atoms), atoms.info, atoms.arrays))
    return sorted(name for name in names if name.lower() in known and name not in keys.used())


def no_energy(frames: Sequence[Atoms], keys: Keys, index: int, where: str) -> BadLabels:
    """Return the error of a frame without an energy."""
    atoms = frames[index]
    there = other_family(atoms, keys, ENERGY, per_atoms=False)
    found = ", ".join(sorted({*results_of(atoms), *atoms.info})) or "none"
    looked = keys.energy or "REF_energy, dft_energy, energy, total_energy, free_energy, U0"
    other = f" ({', '.join(there)}: another family than that of the file)" if there and keys.energy else ""
    return BadLabels(
        f"{structure_label(index, where)} has no energy. Looked for {looked}; found {found}{other}. Rename the "
        f"entry, or label the structures first (gaq data label). A frame with forces only is accepted if other "
        f"frames have energies, or if it sets config_energy_weight=0."
    )


def no_forces(frames: Sequence[Atoms], keys: Keys, index: int, where: str) -> BadLabels:
    """Return the error of a frame without forces."""
    atoms = frames[index]
    there = other_family(atoms, keys, FORCES, per_atoms=True)
    found = ", ".join(sorted(({*results_of(atoms), *atoms.arrays}) - {"numbers", "positions", "energy"})) or "none"
    looked = keys.forces or "REF_forces, dft_forces, forces, force"
    other = f" ({', '.join(there)}: another family than that of the file)" if there and keys.forces else ""
    return BadLabels(
        f"{structure_label(index, where)} has an energy and no forces. Looked for {looked}; per-atom entries found: "
        f"{found}{other}. Training needs forces: rename the entry, choose another file, or write "
        f"config_forces_weight=0 into frames that are to be trained on their energy alone."
    )


def _entry(key: str, *places: Mapping[str, Any]) -> Any:
    return next((place[key] for place in places if place.get(key) is not None), None)


def _names(frames: Sequence[Atoms], places: Any) -> list[str]:
    names = {name for atoms in frames for place in places(atoms) for name in place if place[name] is not None}
    return sorted(names)


def _family(prefix: str, frame_names: Sequence[str], atom_names: Sequence[str]) -> _Family:
    def first(stems: Sequence[str], names: Sequence[str]) -> str | None:
        # Exact lower case first, so that `energy` comes before `Energy` if a file has both.
        return next((name for stem in stems for name in reversed(names) if name.lower() == prefix + stem), None)

    return _Family(
        prefix,
        Keys(
            first(ENERGY, frame_names),
            first(FORCES, atom_names),
            first(STRESS, frame_names),
            first(VIRIAL, frame_names),
        ),
    )


def _wanted(wanted: str, frame_names: Sequence[str], atom_names: Sequence[str], where: str) -> Keys:
    energy, comma, forces = (part.strip() for part in wanted.partition(","))
    if comma:
        missing = [name for name, names in ((energy, frame_names), (forces, atom_names)) if name not in names]
        if missing:
            raise UsageError(f"{where} has no {' and no '.join(missing)}; {_there(frame_names, atom_names)}.")
        return Keys(energy, forces)
    keys = _family("" if wanted == PLAIN else wanted.lower(), frame_names, atom_names).keys
    if keys.energy is None and keys.forces is None:
        raise UsageError(
            f"{where} has no labels of the family {wanted!r}; {_there(frame_names, atom_names)}. Give a prefix such "
            f"as REF_, the word {PLAIN}, or the names ENERGY,FORCES."
        )
    return keys


def _there(frame_names: Sequence[str], atom_names: Sequence[str]) -> str:
    return f"found {', '.join(sorted({*frame_names, *atom_names} - {'numbers', 'positions'})) or 'none'}"


def _name(prefix: str) -> str:
    return {REFERENCE: "REF_", "": PLAIN}.get(prefix, prefix)


def _pair(found: Sequence[_Family]) -> str:
    energy = next((f.keys.energy for f in found if f.keys.energy), "energy")
    forces = next((f.keys.forces for f in found if f.keys.forces), "forces")
    return f"{energy},{forces}"
