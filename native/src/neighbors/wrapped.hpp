// Atoms brought back into the box, and how many cells away they were.
#pragma once

#include <cstdint>
#include <vector>

#include "neighbors/lattice.hpp"
#include "system.hpp"

namespace gaq::neighbors {

// position = caller's position − Σ outside[m] · cell[m].
struct Wrapped {
  std::vector<double> positions;  // [atom][3] Å
  std::vector<int32_t> outside;   // [atom][3]
  double rounding = 0;            // Å by which numbers of this size may be wrong
};

// Throws BadStructure for an atom too many cells away.
Wrapped wrap(const System& system, const Lattice& lattice);

}  // namespace gaq::neighbors
