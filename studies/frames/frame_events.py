"""Points where neighbours of a frame change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

import gaq.geometry.frames
from gaq.atoms.batch import collate, edge_vectors
from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.geometry.frames import build_frames, evenness
from gaq.geometry.vectors import length
from gaq.model.geometry import frame_choice

CUTOFF = 5.0  # Å, that of all shipped models
EXCHANGE, REPLACEMENT = "exchange", "replacement"
ORDERED = "ordered-frames"  # control: ordered neighbours


@dataclass(frozen=True)
class Event:
    """A change of neighbours."""

    before: float
    after: float
    atom: int
    kind: str


@contextmanager
def ordered_frames(wanted: bool = True) -> Iterator[None]:
    """Use the ordered frames of file format 1."""
    if wanted:
        gaq.geometry.frames.evenness = torch.zeros_like
    try:
        yield
    finally:
        gaq.geometry.frames.evenness = evenness


def frames_and_neighbors(structures: Sequence[Structure]) -> tuple[np.ndarray, np.ndarray]:
    """Return frames [structure, atom, 3, 3] and neighbours [structure, atom, 3]."""
    batch = collate(structures, [find_neighbors(s, CUTOFF) for s in structures])
    vectors = edge_vectors(batch)
    distance = length(vectors)
    unit = vectors / distance[:, None]
    key, choice = frame_choice(batch, distance, unit)
    asked = [
        torch.where(edge >= 0, batch.edges.sender[edge.clamp(min=0)], -1)
        for edge in (choice.first, choice.other, choice.second)
    ]
    count, atoms = len(structures), len(structures[0])
    first = torch.arange(count)[:, None, None] * atoms
    neighbors = torch.stack(asked, -1).reshape(count, atoms, 3)
    frames = build_frames(unit, key, choice).reshape(count, atoms, 3, 3)
    return frames.numpy(), torch.where(neighbors >= 0, neighbors - first, -1).numpy()


def turns(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return angles (degrees) of frames [..., 3, 3], up to signs of axes."""
    overlap = np.swapaxes(before, -1, -2) @ after
    diagonal = np.diagonal(overlap, axis1=-2, axis2=-1)
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    trace = (diagonal[..., None, :] * signs).sum(-1).max(-1)
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def kind_of(before: np.ndarray, after: np.ndarray) -> str:
    return EXCHANGE if set(before.tolist()) == set(after.tolist()) else REPLACEMENT


def events(at: Callable[[float], Structure], places: Sequence[float]) -> list[Event]:
    """Return all events, located between adjacent float64."""
    _, asked = frames_and_neighbors([at(t) for t in places])
    found = []
    for k, atom in np.argwhere((asked[1:] != asked[:-1]).any(-1)):
        before, after = places[k], places[k + 1]
        while before < (middle := (before + after) / 2) < after:
            _, now = frames_and_neighbors([at(middle)])
            before, after = (middle, after) if (now[0, atom] == asked[k, atom]).all() else (before, middle)
        found.append(Event(before, after, int(atom), kind_of(asked[k, atom], asked[k + 1, atom])))
    return found
