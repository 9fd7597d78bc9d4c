"""Writes what the C++ tests compare with, from the Python twins of the engine: one function a file in golden/.

Run as `make golden`, or as `python native/tests/make_golden.py`.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from ase.build import molecule

from gaq.atoms.batch import AtomBatch, collate
from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.model.geometry import Gauge, Geometry, describe

GOLDEN = Path(__file__).parent / "golden"
CUTOFF = 5.0  # Å


def geometry() -> str:
    """Structures with their frames, and of some pairs all invariants of the local gauge, in float64.

    Per structure: name, degrees, atoms; cell; periodic; species; positions; frames [atom, 3, 3]; number of pairs;
    per pair i, j, shift, envelope, harmonics of i ← j and of j ← i, degree after degree, and transport of vectors.
    """
    return "\n".join(line for name, system, degrees in _structures() for line in _case(name, system, degrees)) + "\n"


def _structures() -> Iterator[tuple[str, Structure, int]]:
    rng = np.random.default_rng(7)
    flat = _azobenzene()
    yield "azobenzene", flat.moved(flat.positions + rng.normal(size=flat.positions.shape) * 0.05), 3
    yield "ethanol", _from_ase("CH3CH2OH"), 2
    for name in ("CH4", "C6H6", "CO2", "C2H2", "H2"):  # equal neighbours; straight lines; one neighbour
        yield name, _from_ase(name), 1
    square = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [40, 0, 0]]) * 1.5
    yield "square-and-one-alone", Structure.molecule(np.array([8, 6, 6, 6, 6, 1]), square), 1
    yield from _close_calls()
    ring = _from_ase("C6H6")  # equal but for less than what counts as equal
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    yield "C6H6-uneven", ring.moved(ring.positions @ turn.T + rng.normal(size=ring.positions.shape) * 1e-11), 1
    cell = np.array([[3.1, 0.0, 0.0], [0.4, 3.4, 0.0], [-0.3, 0.2, 3.9]])  # narrower than the cutoff
    inside = np.array([[0.1, 0.2, 0.3], [1.7, 1.6, 2.1]])
    yield "thin-cell", Structure(np.array([6, 8]), inside, cell, np.ones(3, dtype=bool)), 2
    cubic = Structure(np.array([29]), np.zeros((1, 3)), np.eye(3) * 2.5, np.ones(3, dtype=bool))
    yield "simple-cubic", cubic, 1  # every neighbour is an image, and many are equal


def _close_calls() -> Iterator[tuple[str, Structure, int]]:
    """Choices that another constant of the rule would make otherwise."""
    carbon = np.array([6, 6, 6, 6])
    for name, sideways in (("below-the-floor", 0.28), ("above-the-floor", 0.32)):  # sine of the nearer second
        along = np.sqrt(1 - sideways**2)
        ends = np.array([[0, 0, 0], [1.4, 0, 0], [-1.5 * along, 1.5 * sideways, 0], [0.3, -0.2, 1.9]])
        yield name, Structure.molecule(carbon, ends), 1
    sides = np.array(
        [[0, 0, 0], [1.4, 0, 0], [-0.7, 1.6, 0], [0.3, -0.2, 2.9]]
    )  # the nearest leads by half of what counts
    yield "half-a-lead", Structure.molecule(carbon, sides), 2
    bridge = np.array([[0.01, 0.1, 0], [-1.2, 0, 0], [1.2, 0, 0], [0.1, -1.9, 0.3]])  # the nearest two nearly in line
    yield "proton-halfway", Structure.molecule(np.array([1, 8, 8, 6]), bridge), 2
    yield "widest", Structure.molecule(carbon, np.array([[0, 0, 0], [1.4, 0, 0], [-1.5, 0.1, 0], [-2.4, 0, 0.5]])), 1
    species = np.array([8, 1, 6])  # keys of the oxygen's neighbours: 1 + 1 for hydrogen, 1.97 or 2.03 for carbon
    for name, key in (("hydrogen-second", 1.97), ("hydrogen-first", 2.03)):
        ends = np.array([[0, 0, 0], [0.97, 0, 0], [0.3 * key * 1.42, np.sqrt(0.91) * key * 1.42, 0]])
        yield name, Structure.molecule(species, ends), 1


def _azobenzene() -> Structure:
    """Flat trans-azobenzene from ideal bond lengths and angles, one ring after the other."""
    angle = np.arange(6) * np.pi / 3
    ring = np.stack((np.cos(angle), np.sin(angle), np.zeros(6)), -1)
    half = np.concatenate((1.39 * ring, 2.48 * ring[1:]))
    nitrogen = np.array([1.39 + 1.43, 0, 0])
    middle = nitrogen + 0.625 * np.array([np.cos(np.pi / 3), np.sin(np.pi / 3), 0])
    one = np.concatenate((half, nitrogen[None])) - middle
    species = np.array([6] * 6 + [1] * 5 + [7])
    return Structure.molecule(np.concatenate((species, species)), np.concatenate((one, -one)))


def _from_ase(name: str) -> Structure:
    atoms = molecule(name)
    return Structure.molecule(atoms.numbers, atoms.positions)


def _case(name: str, system: Structure, degrees: int) -> Iterator[str]:
    batch = collate([system], [find_neighbors(system, CUTOFF)])
    frames = _describe(batch, 1, Gauge.LAB).frames
    assert frames is not None
    yield f"{name} {degrees} {len(system)}"
    yield _row(system.cell.ravel())
    yield _row(system.periodic.astype(int))
    yield _row(system.species)
    yield _row(system.positions.ravel())
    yield _row(frames[0].ravel().tolist())
    yield from _pairs(batch, _describe(batch, degrees, Gauge.LOCAL), sample=6)


def _describe(batch: AtomBatch, degrees: int, gauge: Gauge) -> Geometry:
    return describe(batch, degrees=degrees, cutoff=CUTOFF, basis=4, gauge=gauge, framed=True, dtype=torch.float64)


def _pairs(batch: AtomBatch, geometry: Geometry, sample: int) -> Iterator[str]:
    edges = [
        (i, j, *shift)
        for i, j, shift in zip(
            geometry.receiver.tolist(), geometry.sender.tolist(), batch.edges.shift.long().tolist(), strict=True
        )
    ]
    number = {edge: n for n, edge in enumerate(edges)}
    unordered = [e for e in edges if (e[0], e[1]) < (e[1], e[0]) or (e[0] == e[1] and e[2:] > (0, 0, 0))]
    chosen = unordered[:: max(1, len(unordered) // sample)]
    yield str(len(chosen))
    for i, j, *shift in chosen:
        there, back = number[(i, j, *shift)], number[(j, i, *(-s for s in shift))]
        assert geometry.transport is not None
        values = [geometry.envelope[there : there + 1]]
        values += [y[edge] for edge in (there, back) for y in geometry.harmonics]
        values += [geometry.transport[0][there].ravel()]
        yield _row((i, j, *shift)) + " " + _row(torch.cat(values).tolist(), digits=9)


def _row(numbers: Iterable[float], digits: int = 17) -> str:
    return " ".join(f"{x:.{digits}g}" for x in numbers)


if __name__ == "__main__":
    (GOLDEN / "geometry.txt").write_text(geometry())
    for script in sorted(GOLDEN.glob("write_*.py")):
        runpy.run_path(str(script), run_name="__main__")
