"""The only conversion factors in the project. Inside gaq: eV, Å, fs, atomic mass units.

Values follow CODATA 2018, whose elementary charge, Avogadro and Boltzmann constants are exact.
"""

from __future__ import annotations

ELEMENTARY_CHARGE = 1.602176634e-19  # C, exact
AVOGADRO = 6.02214076e23  # 1/mol, exact
BOLTZMANN = 1.380649e-23 / ELEMENTARY_CHARGE  # eV/K

KCAL_PER_MOL = 4184.0 / (AVOGADRO * ELEMENTARY_CHARGE)  # eV; 0.0433641...
HARTREE = 27.211386245988  # eV
KJ_PER_MOL = 1000.0 / (AVOGADRO * ELEMENTARY_CHARGE)  # eV; 0.0103642...
MEV = 1e-3  # eV
GPA = 1e9 * 1e-30 / ELEMENTARY_CHARGE  # eV/Å³; 0.0062415...
BOHR = 0.529177210903  # Å
COULOMB = HARTREE * BOHR  # eV·Å: e² / (4πε₀); 14.3996454...
NANOMETER = 10.0  # Å
PICOSECOND = 1000.0  # fs
# eV/(amu Å) in Å/fs²: e N_A · 10³ J/kg, and 1 m²/s² is 10⁻¹⁰ Å²/fs². The same number turns amu Å²/fs² into eV.
ACCELERATION = ELEMENTARY_CHARGE * AVOGADRO * 1e3 * 1e-10
