// Decoded directions of an octahedral code: float32 throughout, the operations of Python's `fold` in their order.
#include "quant/octahedral.hpp"

#include <cmath>
#include <cstddef>

namespace gaq {
namespace {

float with_sign(float size, float sign) { return sign < 0 ? -size : size; }

// z = (1 - |p|) - |q|; where z < 0 the square is folded under; then divided by √((x² + y²) + z²).
void fold(float p, float q, float* out) {
  const float z = (1 - std::fabs(p)) - std::fabs(q);
  const float x = z < 0 ? with_sign(1 - std::fabs(q), p) : p;
  const float y = z < 0 ? with_sign(1 - std::fabs(p), q) : q;
  const float length = std::sqrt((x * x + y * y) + z * z);
  out[0] = x / length;
  out[1] = y / length;
  out[2] = z / length;
}

}  // namespace

std::vector<float> octahedral_points(int levels) {
  std::vector<float> points(size_t(levels) * size_t(levels) * 3);
  const float last = float(levels - 1);
  for (int i = 0; i < levels; ++i)
    for (int j = 0; j < levels; ++j) {
      const float p = (2 * float(i) - last) / last, q = (2 * float(j) - last) / last;
      fold(p, q, points.data() + (size_t(i) * size_t(levels) + size_t(j)) * 3);
    }
  return points;
}

}  // namespace gaq
