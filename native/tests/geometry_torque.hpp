// What layers that carry vectors sum by atom: what turning its axes does to a linear functional of what pairs see, in
// float64.
#pragma once

#include "geometry_cases.hpp"

namespace gaq_test {

// Adds dE/dω of both ends of one pair to t_i[3] and t_j[3], with E = Σ g · T of its transport T = R_iᵀ R_j.
// R → R (1 + [ω]×) takes T to (1 − [ω]×) T for R_i, to T (1 + [ω]×) for R_j.
inline void add_transport_torque(const double* transport, const double* g, double* t_i, double* t_j) {
  for (int k = 0; k < 3; ++k) {
    const double column[3] = {transport[k], transport[3 + k], transport[6 + k]},
                 g_column[3] = {g[k], g[3 + k], g[6 + k]};
    add_cross(t_i, g_column, column);
    add_cross(t_j, g + 3 * k, transport + 3 * k);
  }
}

template <int degrees>
FrameTorque torque_of_degrees(Described& d, const Case& one) {
  constexpr size_t n = 2 * components(degrees), width = 2 + n + 9;
  const std::vector<double> rows = exact_rows<degrees>(d, one), gradients = gradient_rows<degrees>(d);
  const std::vector<double>& frames = d.geometry.frame_rows();
  FrameTorque frame_torque(3 * d.list.order().size());
  CHECK_EQ(rows.size(), gradients.size());
  if (rows.size() != gradients.size()) return frame_torque;
  size_t next = 0;
  each_active(d, one, [&](const Pair& pair, const double* unit, double) {
    const double *seen = &rows[width * next + 2], *g = &gradients[width * next + 2];
    const size_t i = size_t(pair.i), j = size_t(pair.j);
    double along[3];
    local_pullback<degrees>(unit, &frames[9 * i], &frames[9 * j], g, along, &frame_torque[3 * i], &frame_torque[3 * j]);
    add_transport_torque(seen + n, g + n, &frame_torque[3 * i], &frame_torque[3 * j]);
    ++next;
  });
  return frame_torque;
}

// dE/dω [place][3] of the gradients that `d` holds, as the layers leave it: nothing in space's axes, and nothing where
// no vectors are carried, because the geometry adds what the directions do.
inline FrameTorque torque_of(Described& d, const Case& one) {
  if (d.axes == Axes::space) return {};
  if (d.axes == Axes::atoms) return FrameTorque(3 * d.list.order().size());
  const int degrees = d.description.degrees;
  return degrees == 1   ? torque_of_degrees<1>(d, one)
         : degrees == 2 ? torque_of_degrees<2>(d, one)
                        : torque_of_degrees<3>(d, one);
}

}  // namespace gaq_test
