// SPDX-License-Identifier: GPL-2.0-or-later
//
// Elements of pair_coeff against the masses of the atom types: elements in a wrong order give a run of another substance.
#include <cstdio>
#include <cmath>

#include "atom.h"
#include "comm.h"
#include "elements.h"
#include "error.h"
#include "pair_gaq.h"

using namespace LAMMPS_NS;

namespace {

constexpr double carbon_14 = 14.003242, nitrogen = 14.007;  // the one isotope with the weight of another element

std::string written(double mass) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", mass);
  return text;
}

}  // namespace

// Stops where the mass is that of another element of the model; warns where it is none of the element's isotopes, as when mass is
// moved from heavy atoms to hydrogen. Styles with a mass for each atom have none of types, and are left alone.
void PairGaq::check_masses() const {
  if (!atom->mass || !atom->mass_setflag) return;
  for (int type = 1; type <= atom->ntypes; ++type) {
    if (!atom->mass_setflag[type]) continue;  // LAMMPS itself stops
    const int z = number_[size_t(type)];
    const double mass = atom->mass[type];
    if (gaq_lammps::weighs(z, mass)) continue;
    const std::string start = "pair_coeff of pair style gaq calls atom type " + std::to_string(type) + " " +
                              gaq_lammps::symbol_of(z) + ", but its mass is " + written(mass);
    const bool is_carbon_14 = z == 6 && std::fabs(mass - carbon_14) < std::fabs(mass - nitrogen);
    for (int n = 0; n < info_.species_count && !is_carbon_14; ++n)
      if (gaq_lammps::weighs(info_.species[n], mass))
        error->all(FLERR, start + ", that of " + gaq_lammps::symbol_of(info_.species[n]) +
                              ". Give the elements in the order of the atom types, or correct the masses.");
    if (!gaq_lammps::may_weigh(z, mass) && comm->me == 0)
      error->warning(FLERR, start + "; expected about " + written(gaq_lammps::weight_of(z)) +
                                ". Check the order of the elements, unless masses were changed on purpose.");
  }
}
