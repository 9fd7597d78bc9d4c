"""Find why a run became unstable: units, time step, start, temperature or model, each by measurement.

The causes are tried in this order, because each of the earlier ones also shows the signs of the later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gaq.atoms.distances import neighbor_lengths
from gaq.atoms.structure import Structure
from gaq.engine.motion import Dynamics, MotionState
from gaq.engine.protocol import Engine
from gaq.errors import GaqError
from gaq.units import ACCELERATION, BOHR

UNITS, TIME_STEP, START, TEMPERATURE, MODEL = "units", "time step", "start", "temperature", "model"
USUAL_STEP = 0.5  # fs, with hydrogen
SHORTEST_STEP = 0.02  # fs; the fastest vibrations of molecules take 9 fs
LARGEST_FORCE = 15.0  # eV/Å; thermal motion of molecules at 500 K stays below 7
HOTTEST = 2000.0  # K; above, molecules break within picoseconds
IN_BOHR = (1.4, 2.3)  # distance to the nearest atom over a bond length, if positions in Bohr are read as Å
PARTS_OF_A_STEP = 0.5  # of the longest step that Verlet tolerates; above, anharmonic bonds break
DISPLACEMENT = 0.005  # Å
ROUNDS = 8  # of the power iteration: half a per cent of the frequency


@dataclass(frozen=True)
class Blame:
    """The cause, and a message with the evidence and the way out."""

    cause: str
    sentence: str


def blame(engine: Engine, dynamics: Dynamics, first: MotionState, temperature: float) -> Blame:
    """Find the cause of an unstable run that began with `first` (structure, masses and fixed atoms).

    `temperature` is that of the start in K. The engine evaluates the start and some displacements.
    """
    structure, dt = first.structure, abs(dynamics.dt)
    if (ratio := bohr_ratio(structure)) is not None:
        return Blame(UNITS, _in_bohr(ratio))
    longest = longest_step(engine, first)
    if longest is not None and dt > PARTS_OF_A_STEP * longest:
        period = math.pi * longest
        return Blame(
            TIME_STEP,
            f"The cause is the time step: {dt:g} fs, while the fastest vibration at the start takes {period:.2g} fs; "
            f"velocity Verlet is stable up to {longest:.2g} fs. Take {period / 18:.1g} fs.",
        )
    largest = _largest_force(engine, structure)
    if largest is not None and largest[0] > LARGEST_FORCE:
        force, atom = largest
        return Blame(
            START,
            f"The cause is the start: atom {atom} feels a force of {force:.3g} eV/Å, where thermal motion has about 5. "
            f"Relax it with this model, or use another start.",
        )
    if temperature > HOTTEST:
        return Blame(
            TEMPERATURE,
            f"The cause is the temperature: at {temperature:g} K bonds break, whatever the model. Take a lower one.",
        )
    borne = "" if longest is None else f" ({dt:g} fs; up to {PARTS_OF_A_STEP * longest:.2g} fs would do)"
    return Blame(
        MODEL,
        f"The cause is the model, or atoms unlike its training data: time step{borne}, units, temperature and forces "
        f"at the start are as they should be. Check it (gaq check), and train with frames such as its last one.",
    )


def remarks(structure: Structure, dynamics: Dynamics) -> list[str]:
    """Return warnings before a run begins."""
    found = []
    if (ratio := bohr_ratio(structure)) is not None:
        found.append(_in_bohr(ratio))
    if abs(dynamics.dt) < SHORTEST_STEP:
        found.append(
            f"The time step is {abs(dynamics.dt):g} fs: a picosecond takes {1000 / abs(dynamics.dt):,.0f} steps. Times "
            f"are in fs, and {USUAL_STEP} is usual with hydrogen."
        )
    return found


def bohr_ratio(structure: Structure) -> float | None:
    """Return the median distance of neighbours in bond lengths if it suggests Bohr read as Å.

    None otherwise, for example for atoms with bonds, or gases.
    """
    from ase.data import covalent_radii

    if len(structure) < 3:  # two atoms may have any distance
        return None
    radii = covalent_radii[structure.species]
    pairs, lengths = neighbor_lengths(structure, 2 * IN_BOHR[1] * float(radii.max()))
    ratios = np.full(len(structure), np.inf)
    np.minimum.at(ratios, pairs.receiver, lengths / (radii[pairs.receiver] + radii[pairs.sender]))
    low, high = IN_BOHR
    median = float(np.median(ratios))
    return median if low < median < high and ratios.min() > low else None


def longest_step(engine: Engine, state: MotionState) -> float | None:
    """Return the longest stable time step of velocity Verlet in fs: 2/ω, ω the highest frequency of the structure.

    Power iteration on the mass-weighted Hessian, from differences of forces; None if nothing vibrates or the
    structure cannot be evaluated. Hairer, Lubich, Wanner, Acta Numerica 12, 399 (2003).
    """
    structure = state.structure
    roots = np.sqrt(state.inverse_masses / ACCELERATION)[:, None]  # 1/√m, 0 for a fixed atom
    direction = np.random.default_rng(0).standard_normal(structure.positions.shape) * (roots > 0)
    curvature = 0.0
    try:
        for _ in range(ROUNDS):
            direction /= np.linalg.norm(direction)
            step = direction * roots
            size = DISPLACEMENT / float(np.abs(step).max())
            forward, back = engine.evaluate([structure.moved(structure.positions + s * step) for s in (size, -size)])
            bent = -(forward.forces - back.forces) / (2 * size) * roots
            curvature = float(np.sum(direction * bent))
            if not np.isfinite(bent).all() or not bent.any():
                return None
            direction = bent
    except GaqError:
        return None
    return 2 / math.sqrt(curvature * ACCELERATION) if curvature > 0 else None


def _largest_force(engine: Engine, structure: Structure) -> tuple[float, int] | None:
    try:
        (found,) = engine.evaluate([structure])
    except GaqError:
        return None
    sizes = np.linalg.norm(found.forces, axis=1)
    return float(sizes.max()), int(sizes.argmax())


def _in_bohr(ratio: float) -> str:
    return (
        f"The units look wrong: neighbours are {ratio:.2g} times as far apart as bonds are long, as if positions were "
        f"in Bohr. Expected Å; multiply positions and cell by {BOHR:.9g}."
    )
