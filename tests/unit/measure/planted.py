"""Small analytic force fields: one without fault, and one for each fault that the check must find."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.structure import Prediction, Structure

DEPTH, WIDTH, LENGTH = 2.0, 1.5, 1.2  # eV, 1/Å, Å of a Morse curve


class PairEngine:
    """Morse pairs with a cutoff that is smooth to the second derivative. Open space."""

    name = "analytic"
    recipe = "fp32"
    model = "pairs"
    cutoff = 4.0
    species = frozenset({1, 6, 8})
    stretch = np.ones(3)  # of distances, per axis

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        for index, structure in enumerate(structures):
            check_structure(structure, index)
            check_species(structure, self.species, self.model, index)
        return [self.one(s) for s in structures]

    def one(self, structure: Structure) -> Prediction:
        first, second = np.triu_indices(len(structure), k=1)
        apart = (structure.positions[second] - structure.positions[first]) * self.stretch
        distance = np.linalg.norm(apart, axis=1)
        strength = self.strength(structure, first, second)
        energy, slope = self.curve(distance)
        pull = (strength * slope / distance)[:, None] * apart * self.stretch
        forces = np.zeros_like(structure.positions)
        np.add.at(forces, first, pull)
        np.add.at(forces, second, -pull)
        return Prediction(float(strength @ energy), forces)

    def strength(self, structure: Structure, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.sqrt(structure.species[first] * structure.species[second]) / 6

    def curve(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Energy and its slope at distances r."""
        energy, slope = morse(r)
        x = np.minimum(r / self.cutoff, 1.0)
        envelope, fall = (1 - x**2) ** 3, -6 * x * (1 - x**2) ** 2 / self.cutoff
        return energy * envelope, slope * envelope + energy * fall


def morse(r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    decay = np.exp(-WIDTH * (r - LENGTH))
    return DEPTH * ((1 - decay) ** 2 - 1), 2 * DEPTH * WIDTH * decay * (1 - decay)


class Anisotropic(PairEngine):
    """Distances along z count a little more: conservative, but not rotation invariant."""

    stretch = np.array([1.0, 1.0, 1.01])


class CartesianRounding(PairEngine):
    """Forces rounded per component to 0.02 eV/Å, as a naive quantization of vectors does."""

    def one(self, structure: Structure) -> Prediction:
        exact = super().one(structure)
        return Prediction(exact.energy, np.round(exact.forces / 0.02) * 0.02)


class Tethered(PairEngine):
    """Every atom is tied to the origin by a weak spring: not translation invariant."""

    def one(self, structure: Structure) -> Prediction:
        free, x = super().one(structure), structure.positions
        return Prediction(free.energy + 0.005 * float(np.sum(x**2)), free.forces - 0.01 * x)


class ListOrder(PairEngine):
    """Atoms that are listed later count a little more."""

    def strength(self, structure: Structure, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return super().strength(structure, first, second) * (1 + 0.001 * (first + second))


class Truncated(PairEngine):
    """No envelope: the energy jumps where a pair crosses the cutoff."""

    def curve(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        energy, slope = morse(r)
        return np.where(r < self.cutoff, energy, 0.0), np.where(r < self.cutoff, slope, 0.0)


class Shifted(PairEngine):
    """Truncated and shifted: the energy is continuous at the cutoff, the force is not."""

    def curve(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        energy, slope = morse(r)
        edge, _ = morse(np.array([self.cutoff]))
        return np.where(r < self.cutoff, energy - edge, 0.0), np.where(r < self.cutoff, slope, 0.0)


class UnknownCutoff(Truncated):
    """The same jump in an engine that does not tell its cutoff."""

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        return Truncated().evaluate(structures)


UnknownCutoff.cutoff = None  # type: ignore[assignment]


class TooStrong(PairEngine):
    """Forces 2 % larger than the slope: a conservative field, of another energy."""

    def one(self, structure: Structure) -> Prediction:
        exact = super().one(structure)
        return Prediction(exact.energy, 1.02 * exact.forces)


class NotReciprocal(PairEngine):
    """Carbon feels 1 % more than it exerts: no energy has such forces."""

    def one(self, structure: Structure) -> Prediction:
        exact = super().one(structure)
        factor = np.where(structure.species == 6, 1.01, 1.0)
        return Prediction(exact.energy, exact.forces * factor[:, None])


class Twisted(PairEngine):
    """The first three atoms are turned about their normal: no net force, no equivariance error, but a
    torque.
    """

    def one(self, structure: Structure) -> Prediction:
        exact, forces = super().one(structure), super().one(structure).forces.copy()
        first, second, third = structure.positions[:3]
        arm = second - first
        push = 0.01 * np.cross(np.cross(arm, third - first), arm)
        forces[0] -= push
        forces[1] += push
        return Prediction(exact.energy, forces)


class Handed(PairEngine):
    """A term that knows left from right: c · (a × b) of the first four atoms."""

    def one(self, structure: Structure) -> Prediction:
        exact, forces = super().one(structure), super().one(structure).forces.copy()
        a, b, c = structure.positions[1:4] - structure.positions[0]
        slopes = 0.02 * np.array([np.cross(b, c), np.cross(c, a), np.cross(a, b)])
        forces[1:4] -= slopes
        forces[0] += slopes.sum(axis=0)
        return Prediction(exact.energy + 0.02 * float(a @ np.cross(b, c)), forces)


class NoForces(PairEngine):
    """The energy varies, the forces are zero: perfect by every symmetry test."""

    def one(self, structure: Structure) -> Prediction:
        return Prediction(super().one(structure).energy, np.zeros_like(structure.positions))


class Flat(PairEngine):
    """Always zero."""

    def one(self, structure: Structure) -> Prediction:
        return Prediction(0.0, np.zeros_like(structure.positions))


class NotANumber(PairEngine):
    """One force component is NaN."""

    def one(self, structure: Structure) -> Prediction:
        exact, forces = super().one(structure), super().one(structure).forces.copy()
        forces[0, 0] = np.nan
        return Prediction(exact.energy, forces)


class Stepped(PairEngine):
    """A pair within 1.2 Å has 20 meV more, at a distance that atoms of a molecule pass: no slope, but a step."""

    def curve(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        energy, slope = super().curve(r)
        return energy + 0.02 * (r < 1.2), slope


class Heating(PairEngine):
    """The twist of `Twisted`, strong enough to heat the molecule while one looks on."""

    def one(self, structure: Structure) -> Prediction:
        exact, twisted = super().one(structure), Twisted().one(structure)
        return Prediction(exact.energy, exact.forces + 20 * (twisted.forces - exact.forces))


class Loose(PairEngine):
    """Faultless, but for bonds a hundred times too weak: nothing holds together."""

    def curve(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        energy, slope = super().curve(r)
        return 0.01 * energy, 0.01 * slope


def ethanol() -> Structure:
    """Nine atoms near the minimum of ethanol."""
    from ase.build import molecule

    atoms = molecule("CH3CH2OH")
    return Structure.molecule(atoms.numbers, atoms.positions)


def ethanols(count: int, seed: int = 7) -> tuple[Structure, ...]:
    """Ethanol, each time rattled by 0.05 Å."""
    rng = np.random.default_rng(seed)
    base = ethanol()
    return tuple(base.moved(base.positions + 0.05 * rng.standard_normal(base.positions.shape)) for _ in range(count))


@cache
def settled(count: int, seed: int = 7) -> tuple[Structure, ...]:
    """Six atoms near an octahedron, at rest for `PairEngine`, each time rattled by 0.05 Å: a run from there holds."""
    from ase.optimize import BFGS

    from gaq.atoms.from_ase import from_ase, to_ase
    from gaq.simulate.calculator import Calculator

    corners = 0.9 * np.concatenate([np.eye(3), -np.eye(3)])
    atoms = to_ase(Structure.molecule([6, 8, 6, 1, 8, 6], corners))
    atoms.calc = Calculator(PairEngine())
    BFGS(atoms, logfile=None).run(fmax=0.01, steps=500)
    base, rng = from_ase(atoms), np.random.default_rng(seed)
    return tuple(base.moved(base.positions + 0.05 * rng.standard_normal(base.positions.shape)) for _ in range(count))
