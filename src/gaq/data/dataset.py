"""A labelled set of structures from any file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from gaq.atoms.structure import Labels, Structure
from gaq.data.states import ElectronicState


@dataclass(frozen=True)
class Dataset:
    """Labelled structures, with the name used in rows of the ledger and the hash of the file."""

    name: str
    structures: tuple[Structure, ...]
    labels: tuple[Labels, ...]
    sha256: str
    states: tuple[ElectronicState, ...] = ()  # charge, spin and field of each frame; empty if the file format has none
    remarks: tuple[str, ...] = ()  # messages of the reader: labels used, entries ignored
    more: int = 0  # of the last frames: those of other files, which are for training alone and never held out

    def __len__(self) -> int:
        return len(self.structures)

    def with_more(self, other: Dataset) -> Dataset:
        """Return these frames and after them those of `other` for training alone, such as those of a teacher."""
        states: tuple[ElectronicState, ...] = ()
        if self.states or other.states:
            unsaid = ElectronicState()
            states = (*(self.states or (unsaid,) * len(self)), *(other.states or (unsaid,) * len(other)))
        return Dataset(
            self.name,
            (*self.structures, *other.structures),
            (*self.labels, *other.labels),
            hashlib.sha256(f"{self.sha256} {other.sha256}".encode()).hexdigest(),
            states,
            (*self.remarks, f"{len(other)} more frames to train on, of {other.name}", *other.remarks),
            self.more + len(other),
        )

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
