// Wrapping into the reduced cell, counted in cells of the caller.
#include "neighbors/wrapped.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "neighbors/checks.hpp"

namespace gaq::neighbors {

Wrapped wrap(const System& system, const Lattice& lattice) {
  Wrapped wrapped;
  wrapped.positions.assign(system.positions, system.positions + 3 * system.atoms);
  wrapped.outside.assign(3 * size_t(system.atoms), 0);
  double largest = 0;
  for (int64_t atom = 0; atom < system.atoms; ++atom) {
    double* x = &wrapped.positions[3 * size_t(atom)];
    for (int m = 0; m < 3; ++m) largest = std::max(largest, std::fabs(x[m]));
    double s[3], outside[3] = {};
    lattice.coordinates(x, s);
    for (int k = 0; k < 3; ++k) {
      if (!lattice.periodic[k]) continue;
      const double whole = std::floor(s[k]);
      for (int m = 0; m < 3; ++m) {
        x[m] -= whole * lattice.axes[k][m];
        outside[m] += whole * double(lattice.combination[k][m]);
      }
    }
    for (int m = 0; m < 3; ++m) {
      if (!(std::fabs(outside[m]) <= double(most_cells))) refuse_unwrapped(atom);
      wrapped.outside[3 * size_t(atom) + m] = int32_t(outside[m]);
    }
  }
  for (int k = 0; k < 3; ++k)
    for (int m = 0; m < 3; ++m) largest = std::max(largest, std::fabs(lattice.axes[k][m]));
  wrapped.rounding = 64 * std::numeric_limits<double>::epsilon() * largest;
  return wrapped;
}

}  // namespace gaq::neighbors
