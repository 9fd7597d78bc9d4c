"""Messages about a file that was read: labels used, labels and physics ignored."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gaq.data.keys import Keys, per_frame, results_of, unused_families
from gaq.data.stress import has_unused_stress

if TYPE_CHECKING:
    from ase import Atoms

# Parts of names of labels, and of quantities that a network of elements and positions cannot use.
PROPERTIES = (
    *("dipole", "quadrupole", "polarizability", "hessian", "born", "bec", "magmom", "magnetic_moment", "energies"),
    *("stresses", "charges", "mulliken", "hirshfeld", "bader", "spins", "virials_per", "atomic_virial", "homo", "lumo"),
)
FORCE_CONSISTENT = 1e-3  # eV per atom; larger differences between energy and free energy are reported


def remarks_of(frames: Sequence[Atoms], keys: Keys, unsaid: int) -> tuple[str, ...]:
    """Return the messages about one file; `unsaid` frames have a lattice without `pbc`."""
    lines = [f"labels: {', '.join(keys.used()) or 'none'}"]
    unused = [*unused_families(frames, keys), *_properties(frames)]
    if unused:
        lines.append(f"in the file and not used: {', '.join(unused)}")
    flat = sum(has_unused_stress(atoms, keys) for atoms in frames)
    if flat:
        lines.append(f"the stress of {flat} frames is not used: they are not periodic in three directions")
    if unsaid:
        lines.append(f"{unsaid} frames give a lattice without pbc: periodic in all directions, as extended XYZ says")
    repeats = {tuple(bool(p) for p in atoms.pbc) for atoms in frames}
    if len(repeats) > 1:
        shown = ", ".join(sorted("".join("T" if p else "F" for p in pbc) for pbc in repeats))
        lines.append(f"periodicity differs between frames: pbc {shown}")
    return tuple([*lines, *_free_energies(frames, keys)])


def _properties(frames: Sequence[Atoms]) -> list[str]:
    found = set()
    for atoms in frames:
        for place in (results_of(atoms), atoms.info, atoms.arrays):
            for name, value in place.items():
                if any(part in name.lower() for part in PROPERTIES) and value is not None and _any(value):
                    found.add(name)
        found |= {name for name in atoms.info if name.lower().endswith("weight") and not name.startswith("config_")}
    return sorted(found)


def _any(value: object) -> bool:
    array = np.asarray(value)
    return array.dtype.kind not in "iufb" or bool(np.any(array))


def _free_energies(frames: Sequence[Atoms], keys: Keys) -> list[str]:
    """Return a message if forces may belong to another energy: with smearing they are the slope of the free energy."""
    if keys.energy is None or keys.energy.lower() != "energy":
        return []
    off = []
    for atoms in frames:
        free, energy = results_of(atoms).get("free_energy"), per_frame(atoms, keys.energy)
        if isinstance(free, numbers.Real) and isinstance(energy, numbers.Real):
            off.append(abs(float(free) - float(energy)) / len(atoms))
    if not off or max(off) < FORCE_CONSISTENT:
        return []
    return [
        f"free_energy is there too, up to {1e3 * max(off):.3g} meV per atom from {keys.energy}: the forces of a "
        f"calculation with smearing are those of the free energy"
    ]
