// A box of any shape, brought to the basis with the shortest vectors: no cell is then so skewed that counting its
// images within the cutoff takes long.
#pragma once

#include <cstdint>

#include "system.hpp"

namespace gaq::neighbors {

// Coordinates s with x = s · axes. Where nothing repeats, the axis is a unit vector across the repeating ones, and
// s is a length in Å.
struct Lattice {
  bool periodic[3] = {};
  double axes[3][3] = {};     // rows; reduced lattice vectors where periodic
  double inverse[3][3] = {};  // s = x · inverse
  double height[3] = {};      // distance of the planes s_k = 0 and s_k = 1, Å
  int64_t combination[3][3] = {};  // axes[k] = Σ combination[k][m] · cell[m], for periodic k and m

  void coordinates(const double x[3], double s[3]) const {
    for (int k = 0; k < 3; ++k) s[k] = x[0] * inverse[0][k] + x[1] * inverse[1][k] + x[2] * inverse[2][k];
  }
};

// Throws BadStructure for a cell without volume, and for one whose own images coincide.
Lattice reduce(const System& system);

}  // namespace gaq::neighbors
