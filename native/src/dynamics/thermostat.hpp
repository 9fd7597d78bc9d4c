// What a thermostat does to velocities. Velocities are [atoms][3] in Å/fs; `inverse` holds, for each atom, the
// acceleration in Å/fs² that a force of 1 eV/Å gives it; energies are in eV.
#pragma once

#include <cstdint>

namespace gaq {

double kinetic_energy(int64_t atoms, const double* inverse, const double* velocities);

struct Moment {
  int64_t atoms;
  const double* inverse;
  uint64_t seed;
  int64_t step;  // the one that is being made
};

// Friction and noise for a time that lets velocities decay to the share `decay`, without what moves the centre of mass:
// v' = decay v + √(1 − decay²) √(kT/m) ξ. Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34 (step O of BAOAB).
void langevin(const Moment& moment, double decay, double thermal_energy, double* velocities);

// Stochastic velocity rescaling (CSVR): all velocities times one number that lets the kinetic energy decay to its mean
// with the share `decay` left, and gives it its canonical spread. Bussi, Donadio, Parrinello, J. Chem. Phys. 126,
// 014101 (2007), eq. A7.
void rescale(const Moment& moment, double decay, double thermal_energy, int32_t freedom, double* velocities);

}  // namespace gaq
