#include "geometry/wigner.hpp"

#include <cmath>

namespace gaq {

std::vector<GeneratorEntry> generators(int degrees) {
  const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::vector<GeneratorEntry> entries;
  int first = 0, at = 0;  // of a degree: its first component, and where its matrix begins
  for (int l = 1; l <= degrees; ++l) {
    const int size = 2 * l + 1;
    for (int m = 0; m < size; ++m)
      for (int n = 0; n < size; ++n) {
        double one[transports(3)] = {}, slope[9];
        one[at + m * size + n] = 1;
        wigner_pullback<3>(identity, one, slope);
        for (int axis = 0; axis < 3; ++axis) {
          const int p = (axis + 1) % 3, q = (axis + 2) % 3;  // [e_axis]× has -1 at (p, q) and 1 at (q, p)
          const double value = slope[3 * q + p] - slope[3 * p + q];
          if (std::fabs(value) > 1e-12) entries.push_back({axis, first + m, first + n, value});
        }
      }
    first += size;
    at += size * size;
  }
  return entries;
}

}  // namespace gaq
