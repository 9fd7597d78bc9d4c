// Three-vectors and 3×3 matrices (row-major) in float64, as arrays, and how numbers are rounded.
#pragma once

#include <cmath>
#include <cstdint>

namespace gaq {

inline double dot(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

inline void cross(const double* a, const double* b, double* out) {
  out[0] = a[1] * b[2] - a[2] * b[1];
  out[1] = a[2] * b[0] - a[0] * b[2];
  out[2] = a[0] * b[1] - a[1] * b[0];
}

// out += a × b
inline void add_cross(double* out, const double* a, const double* b) {
  for (int k = 0; k < 3; ++k) out[k] += a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3];
}

// out += s v
inline void add_scaled(double* out, double s, const double* v) {
  for (int k = 0; k < 3; ++k) out[k] += s * v[k];
}

// out = Mᵀ v, and out += M v
inline void turn_back(const double* m, const double* v, double* out) {
  for (int c = 0; c < 3; ++c) out[c] = m[c] * v[0] + m[3 + c] * v[1] + m[6 + c] * v[2];
}
inline void add_turned(double* out, const double* m, const double* v) {
  for (int r = 0; r < 3; ++r) out[r] += dot(m + 3 * r, v);
}

// out += a ⊗ b
inline void add_outer(double* out, const double* a, const double* b) {
  for (int r = 0; r < 3; ++r) add_scaled(out + 3 * r, a[r], b);
}

// out = Aᵀ B
inline void multiply_transposed(const double* a, const double* b, double* out) {
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) out[3 * r + c] = a[r] * b[c] + a[3 + r] * b[3 + c] + a[6 + r] * b[6 + c];
}

// To the nearest multiple of 2^-bits, ties to even: what is added makes that multiple the last place of a double.
// For |x| < 2^(51 - bits).
template <int bits>
inline double on_grid(double x) {
  constexpr double last_place = 6755399441055744.0 / double(int64_t(1) << bits);  // 1.5 · 2^52
  return (x + last_place) - last_place;
}

}  // namespace gaq
