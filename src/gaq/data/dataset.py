"""A labelled set of structures, whatever file it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gaq.atoms.structure import Labels, Structure
from gaq.data.states import ElectronicState


@dataclass(frozen=True)
class Dataset:
    """Structures with labels, the name that rows of the ledger give them, and the hash of the file."""

    name: str
    structures: tuple[Structure, ...]
    labels: tuple[Labels, ...]
    sha256: str
    states: tuple[ElectronicState, ...] = ()  # charge, spin and field of each frame; empty where a file cannot say
    remarks: tuple[str, ...] = ()  # sentences of the reader: labels used, what is there and not used

    def __len__(self) -> int:
        return len(self.structures)

    def subset(self, indices: Sequence[int]) -> Dataset:
        """Return the frames with these indices, in this order."""
        return Dataset(
            self.name,
            tuple(self.structures[i] for i in indices),
            tuple(self.labels[i] for i in indices),
            self.sha256,
            tuple(self.states[i] for i in indices) if self.states else (),
            self.remarks,
        )
