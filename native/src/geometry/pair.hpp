// One pair of atoms: what both messages of it see, and the backward pass. `Real` is float in the engine; tests use double.
#pragma once

#include <type_traits>

#include "geometry/harmonics.hpp"
#include "geometry/vectors.hpp"

namespace gaq {

// Invariants are rounded to a grid before the cast. A float near zero has digits down to the round-off of a rotated
// copy, and its last ones would differ; on the grid a rotated copy has the same bits, but for a number that happens to
// lie within round-off of the middle between two.
constexpr int invariant_bits = 24;  // half a step is half a last place of the floats just below 1

template <class Real, int count>
inline void write_invariants(const double* values, Real* out) {
  for (int n = 0; n < count; ++n) {
    if constexpr (std::is_same_v<Real, float>)
      out[n] = float(on_grid<invariant_bits>(values[n]));
    else
      out[n] = values[n];
  }
}

// (−1)^l of each component
template <int degrees>
constexpr double parity(int component) {
  return component < 3 || component >= 8 ? -1 : 1;
}

// In space's axes: rows [2][components] of the unit vector i → j and of its opposite.
template <int degrees, class Real>
inline void describe_lab(const double* unit, Real* rows) {
  constexpr int n = components(degrees);
  double y[n];
  harmonics<degrees>(unit, y);
  for (int k = 0; k < n; ++k) {
    rows[k] = Real(y[k]);
    rows[n + k] = Real(parity<degrees>(k) * y[k]);
  }
}

// out[3] = dE/d(unit)
template <int degrees, class Real>
inline void lab_pullback(const double* unit, const Real* gradient, double* out) {
  constexpr int n = components(degrees);
  double g[n];
  for (int k = 0; k < n; ++k) g[k] = double(gradient[k]) + parity<degrees>(k) * double(gradient[n + k]);
  harmonics_pullback<degrees>(unit, g, out);
}

// In the axes of each receiver, with frames [9]. transport [9] is R_iᵀ R_j, for networks whose messages carry vectors;
// else null.
template <int degrees, class Real>
inline void describe_local(const double* unit, const double* frame_i, const double* frame_j, Real* rows,
                           Real* transport) {
  constexpr int n = components(degrees);
  const double opposite[3] = {-unit[0], -unit[1], -unit[2]};
  double turned[3], relative[9], y[n];
  turn_back(frame_i, unit, turned);
  harmonics<degrees>(turned, y);
  write_invariants<Real, n>(y, rows);
  turn_back(frame_j, opposite, turned);
  harmonics<degrees>(turned, y);
  write_invariants<Real, n>(y, rows + n);
  if (!transport) return;
  multiply_transposed(frame_i, frame_j, relative);
  write_invariants<Real, 9>(relative, transport);
}

// out[3] = dE/d(unit), the frames held fixed. torque_i, torque_j [3] += dE/dω of what turning either frame does to the
// directions that it sees; null where that is not wanted.
template <int degrees, class Real>
inline void local_pullback(const double* unit, const double* frame_i, const double* frame_j, const Real* rows,
                           double* out, double* torque_i, double* torque_j) {
  constexpr int n = components(degrees);
  double turned[3], g[n], along_i[3], along_j[3];
  turn_back(frame_i, unit, turned);
  for (int k = 0; k < n; ++k) g[k] = rows[k];
  harmonics_pullback<degrees>(turned, g, along_i);
  if (torque_i) add_cross(torque_i, along_i, turned);
  turn_back(frame_j, unit, turned);
  for (double& x : turned) x = -x;
  for (int k = 0; k < n; ++k) g[k] = rows[n + k];
  harmonics_pullback<degrees>(turned, g, along_j);
  if (torque_j) add_cross(torque_j, along_j, turned);
  for (double& x : along_j) x = -x;
  for (int k = 0; k < 3; ++k) out[k] = 0;
  add_turned(out, frame_i, along_i);
  add_turned(out, frame_j, along_j);
}

}  // namespace gaq
