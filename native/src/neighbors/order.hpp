// Atoms near in space stand near each other: the box is halved across its longest side, and each half again.
#pragma once

#include <cstdint>
#include <vector>

namespace gaq::neighbors {

// The atom at each place, for positions [atom][3]. Every run of `chunk` places, starting with the first, is one of the
// halves of halves. Depends on nothing but the positions.
std::vector<int32_t> order_in_space(const std::vector<double>& positions, int64_t chunk);

}  // namespace gaq::neighbors
