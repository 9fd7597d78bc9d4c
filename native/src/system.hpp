// Atoms as an evaluation sees them: a view of the caller's buffers.
#pragma once

#include <cstdint>

namespace gaq {

struct System {
  int64_t atoms = 0;
  const int32_t* species = nullptr;   // [atoms] atomic numbers
  const double* positions = nullptr;  // [atoms][3] Å
  double cell[3][3] = {};             // rows are lattice vectors, Å
  bool periodic[3] = {false, false, false};
};

}  // namespace gaq
