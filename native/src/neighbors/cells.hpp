// Which atoms are near which: cells a little wider than the reach, kept in a hash table of those that hold an atom, so
// that memory follows the number of atoms and not the volume.
#pragma once

#include <cstdint>
#include <vector>

#include "neighbors/lattice.hpp"
#include "neighbors/rows.hpp"
#include "neighbors/wrapped.hpp"
#include "system.hpp"

namespace gaq::neighbors {

// To `rows`: all pairs closer than `reach` (Å), but for those of two atoms that the caller numbers from `owned` on.
// `order[place]` is an atom; with `owned` < atoms it must be the identity.
void find_rows(const System& system, const Lattice& lattice, const Wrapped& wrapped, const std::vector<int32_t>& order,
               double reach, int64_t owned, Rows& rows);

}  // namespace gaq::neighbors
