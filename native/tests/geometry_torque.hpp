// What turning the axes of an atom does to a linear functional of what pairs see, in float64: what layers sum by atom.
#pragma once

#include "geometry_cases.hpp"

namespace gaq_test {

// Adds dE/dω of both ends of one pair to t_i[3] and t_j[3], with E = Σ g_y · rows + Σ g_d · transport of
// `describe_local`. R → R (1 + [ω]×) takes Y of its receiver to (1 − Σ ω_a J_a) Y, and D = D(R_iᵀ R_j) to
// (1 − Σ ω_a J_a) D for R_i, D (1 + Σ ω_a J_a) for R_j.
template <int degrees>
void add_pair_torque(const double* rows, const double* transport, const double* g_y, const double* g_d, double* t_i,
                     double* t_j) {
  constexpr int components_of_all = components(degrees);
  static const std::vector<GeneratorEntry> entries = generators(degrees);
  for (const GeneratorEntry& entry : entries) {
    const int l = entry.m < 3 ? 1 : entry.m < 8 ? 2 : 3, size = 2 * l + 1, begin = l == 1 ? 0 : l == 2 ? 9 : 34;
    const int m = entry.m - (l * l - 1), n = entry.n - (l * l - 1);
    const double *d = transport + begin, *g = g_d + begin;
    double left = g_y[entry.m] * rows[entry.n], right = 0;
    for (int k = 0; k < size; ++k) {
      left += g[m * size + k] * d[n * size + k];
      right += g[k * size + n] * d[k * size + m];
    }
    right -= g_y[components_of_all + entry.m] * rows[components_of_all + entry.n];
    t_i[entry.axis] -= entry.value * left;
    t_j[entry.axis] += entry.value * right;
  }
}

template <int degrees>
FrameTorque torque_of_degrees(Described& d, const Case& one) {
  constexpr size_t n = 2 * components(degrees), width = 2 + n + transports(degrees);
  const std::vector<double> rows = exact_rows<degrees, true>(d, one), gradients = gradient_rows<degrees, true>(d);
  FrameTorque frame_torque(3 * d.list.order().size());
  CHECK_EQ(rows.size(), gradients.size());
  if (rows.size() != gradients.size()) return frame_torque;
  for (size_t pair = 0; pair < size_t(d.seen.count); ++pair) {
    const double *seen = &rows[width * pair + 2], *g = &gradients[width * pair + 2];
    add_pair_torque<degrees>(seen, seen + n, g, g + n, &frame_torque[3 * size_t(d.seen.i[pair])],
                             &frame_torque[3 * size_t(d.seen.j[pair])]);
  }
  return frame_torque;
}

// dE/dω [place][3] of the gradients that `d` holds; none in space's axes.
inline FrameTorque torque_of(Described& d, const Case& one) {
  if (!d.local) return {};
  const int degrees = d.description.degrees;
  return degrees == 1   ? torque_of_degrees<1>(d, one)
         : degrees == 2 ? torque_of_degrees<2>(d, one)
                        : torque_of_degrees<3>(d, one);
}

}  // namespace gaq_test
