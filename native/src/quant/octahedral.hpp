// Decoded directions of an octahedral code: twin of src/gaq/geometry/octahedral.py, equal to the bit.
#pragma once

#include <vector>

namespace gaq {

// [levels²][3], unit vectors; codeword i · levels + j.
std::vector<float> octahedral_points(int levels);

}  // namespace gaq
