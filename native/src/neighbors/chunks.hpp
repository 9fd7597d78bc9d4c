// Pairs sorted into tasks between chunks of places, and tasks into rounds in which no two touch the same chunk.
#pragma once

#include <cstdint>
#include <vector>

#include "neighbors/lattice.hpp"
#include "neighbors/neighbors.hpp"
#include "neighbors/rows.hpp"
#include "neighbors/wrapped.hpp"

namespace gaq::neighbors {

struct Schedule {
  std::vector<Pair>& pairs;
  std::vector<std::vector<Task>>& rounds;
};

// Round 0 holds one task per chunk, the pairs inside it. `order` and `wrapped` say how images of wrapped atoms become
// shifts between the caller's.
void make_schedule(const Rows& rows, const std::vector<int32_t>& order, const Wrapped& wrapped, const Lattice& lattice,
                   int64_t chunk, Schedule& schedule);

}  // namespace gaq::neighbors
