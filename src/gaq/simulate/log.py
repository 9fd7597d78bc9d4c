"""What a run at constant energy leaves behind: energies, temperature and momenta at each recorded step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class NveLog:
    """A record of NVE dynamics. eV, fs, K; momenta in amu Å/fs, angular momenta in amu Å²/fs about the centre
    of mass.
    """

    model: str
    atoms: int
    dt: float  # fs
    time: np.ndarray  # [record] fs
    potential: np.ndarray  # [record] eV
    kinetic: np.ndarray  # [record] eV
    temperature: np.ndarray  # [record] K
    momentum: np.ndarray  # [record, 3]
    angular_momentum: np.ndarray  # [record, 3]
    steps: int  # steps that were made
    unstable_at: int | None  # first recorded step at which a bond or the temperature was out of bounds, None if none

    @property
    def total(self) -> np.ndarray:
        """Total energy [record], eV."""
        return self.potential + self.kinetic
