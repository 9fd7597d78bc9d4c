"""Effect of thermostats on velocities. Twin of native/src/dynamics/thermostat.cpp, operation by operation."""

from __future__ import annotations

import math

import numpy as np

from gaq.engine.motion import Thermostat
from gaq.simulate.noise import LANGEVIN_STREAM, RESCALE_STREAM, normals


def langevin(
    heat_bath: Thermostat, decay: float, step: int, inverse_masses: np.ndarray, velocities: np.ndarray
) -> np.ndarray:
    """Apply friction and noise: v' = decay v + √(1 − decay²) √(kT/m) ξ, without moving the centre of mass.

    Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34 (step O of BAOAB). Velocities [atom, 3] in Å/fs.
    """
    noise = normals(heat_bath.seed, LANGEVIN_STREAM, step, len(velocities))[:, :3]
    spread = math.sqrt(1 - decay * decay) * np.sqrt(heat_bath.thermal_energy * inverse_masses)
    moved = decay * velocities + spread[:, None] * noise
    if not inverse_masses.all():  # fixed atoms: no overall motion
        return moved
    masses = 1 / inverse_masses
    momentum = _in_order(masses[:, None] * moved)
    return moved - momentum / _in_order(masses)


def rescale(
    heat_bath: Thermostat, decay: float, step: int, inverse_masses: np.ndarray, velocities: np.ndarray
) -> np.ndarray:
    """Apply stochastic velocity rescaling (CSVR): one factor makes the kinetic energy canonical.

    Bussi, Donadio, Parrinello, J. Chem. Phys. 126, 014101 (2007), eq. A7.
    """
    kinetic = kinetic_energy_in_order(inverse_masses, velocities)
    if heat_bath.freedom < 1 or not kinetic > 0:
        return velocities
    blocks = -(-heat_bath.freedom // 4)
    drawn = normals(heat_bath.seed, RESCALE_STREAM, step, blocks).ravel()[: heat_bath.freedom]
    first, squares = float(drawn[0]), float(_in_order(drawn * drawn))
    share = (1 - decay) * (0.5 * heat_bath.thermal_energy / kinetic)
    cross = math.sqrt(decay * share)
    squared = (decay + share * squares) + 2 * first * cross
    factor = math.sqrt(max(squared, 0.0))
    return velocities * (-factor if first * share + cross < 0 else factor)


def kinetic_energy_in_order(inverse_masses: np.ndarray, velocities: np.ndarray) -> float:
    """Return ½ Σ m v² in eV, summed atom by atom as in the native engine. A fixed atom has inverse mass 0 and no
    energy.
    """
    x, y, z = velocities.T
    squares = (x * x + y * y) + z * z
    return 0.5 * float(
        _in_order(np.divide(squares, inverse_masses, out=np.zeros_like(squares), where=inverse_masses > 0))
    )


def _in_order(terms: np.ndarray) -> np.ndarray:
    """Return the sum over the first axis in order; NumPy sums pairwise."""
    return np.asarray(np.cumsum(terms, axis=0)[-1])
