#include "geometry/frames.hpp"

#include <cmath>
#include <tuple>

#include "geometry/vectors.hpp"

namespace gaq {

namespace {

double scaled_distance(const ActivePair& pair, const FrameChoice& a, const FrameChoice& b) {
  return pair.distance / (a.radius + b.radius);
}

void column(const double* frame, int c, double* out) {
  for (int k = 0; k < 3; ++k) out[k] = frame[3 * k + c];
}

void set_column(double* frame, int c, const double* v) {
  for (int k = 0; k < 3; ++k) frame[3 * k + c] = v[k];
}

// The second direction before it is made orthogonal to e1: that of an edge, or the axis of space least along e1.
void second_direction(const ActivePair* pairs, const FrameChoice& choice, const double* e1, double* out) {
  if (choice.second >= 0) return edge_direction(pairs, choice.second, out);
  int least = 0;
  for (int k = 1; k < 3; ++k)
    if (std::fabs(e1[k]) < std::fabs(e1[least])) least = k;
  for (int k = 0; k < 3; ++k) out[k] = k == least;
}

// (g − (g·u) u) / r: the gradient along a displacement, from that along its unit vector.
void to_displacement(const double* unit, double distance, const double* g, double* out) {
  const double along = dot(g, unit), inverse = 1 / distance;
  for (int k = 0; k < 3; ++k) out[k] = (g[k] - along * unit[k]) * inverse;
}

}  // namespace

void edge_direction(const ActivePair* pairs, int64_t edge, double* unit) {
  const ActivePair& pair = pairs[edge / 2];
  const double inverse = (edge % 2 ? -1 : 1) / pair.distance;
  for (int k = 0; k < 3; ++k) unit[k] = pair.displacement[k] * inverse;
}

bool FrameChooser::before(int64_t edge, int64_t other) const {
  const auto rank = [this](int64_t e) {
    const ActivePair& pair = pairs_[e / 2];
    const int32_t* shift = list_.pairs()[pair.source].shift;
    const int sign = e % 2 ? -1 : 1;
    return std::make_tuple(list_.order()[e % 2 ? pair.i : pair.j], sign * shift[0], sign * shift[1], sign * shift[2]);
  };
  return other < 0 || rank(edge) < rank(other);
}

void FrameChooser::choose_first(int64_t index) const {
  const ActivePair& pair = pairs_[index];
  const int32_t ends[2] = {pair.i, pair.j};
  const double scaled = scaled_distance(pair, choices_[pair.i], choices_[pair.j]);
  for (int side = 0; side < 2; ++side) {
    if (ends[side] >= owned_) continue;
    FrameChoice& choice = choices_[ends[side]];
    const double key = on_grid<tie_bits>(scaled + choices_[ends[1 - side]].handicap);
    const int64_t edge = 2 * index + side;
    if (key > choice.first_key || (key == choice.first_key && !before(edge, choice.first))) continue;
    choice.first_key = key;
    choice.first = edge;
  }
}

void FrameChooser::choose_second(int64_t index, const double* frames) const {
  const ActivePair& pair = pairs_[index];
  const int32_t ends[2] = {pair.i, pair.j};
  const double scaled = scaled_distance(pair, choices_[pair.i], choices_[pair.j]);
  for (int side = 0; side < 2; ++side) {
    if (ends[side] >= owned_) continue;
    const double key = on_grid<tie_bits>(scaled + choices_[ends[1 - side]].handicap);
    consider_second(choices_[ends[side]], 2 * index + side, key, frames + 9 * int64_t(ends[side]));
  }
}

// `second_key` stays infinite, and `second` the edge with the largest sine, until an edge is found that is well away
// from e1; from then on the smallest key wins. Most edges are too far to look at their sine.
void FrameChooser::consider_second(FrameChoice& choice, int64_t edge, double key, const double* frame) const {
  if (key > choice.second_key) return;
  double e1[3], unit[3], normal[3];
  column(frame, 0, e1);
  edge_direction(pairs_, edge, unit);
  cross(e1, unit, normal);
  const double sine = on_grid<tie_bits>(std::sqrt(dot(normal, normal)));
  if (sine >= sine_floor) {
    if (key == choice.second_key && !before(edge, choice.second)) return;
    choice.second_key = key;
    choice.second = edge;
  } else if (std::isinf(choice.second_key) && sine >= collinear_sine && sine >= choice.sine) {
    if (sine == choice.sine && !before(edge, choice.second)) return;
    choice.sine = sine;
    choice.second = edge;
  }
}

void start_frame(const ActivePair* pairs, const FrameChoice& choice, double* frame) {
  double e1[3] = {0, 0, 1};
  if (choice.first >= 0) edge_direction(pairs, choice.first, e1);
  set_column(frame, 0, e1);
}

void finish_frame(const ActivePair* pairs, const FrameChoice& choice, double* frame) {
  double e1[3], e2[3], e3[3];
  column(frame, 0, e1);
  second_direction(pairs, choice, e1, e2);
  add_scaled(e2, -dot(e1, e2), e1);
  const double length = std::sqrt(dot(e2, e2));
  for (double& x : e2) x /= length;
  cross(e1, e2, e3);
  set_column(frame, 1, e2);
  set_column(frame, 2, e3);
}

void frame_pullback(const ActivePair* pairs, const FrameChoice& choice, const double* frame, const double* gradient,
                    double* first, double* second) {
  double e1[3], e2[3], g1[3], g2[3], g3[3], raw[3], turn[3];
  column(frame, 0, e1);
  column(frame, 1, e2);
  column(gradient, 0, g1);
  column(gradient, 1, g2);
  column(gradient, 2, g3);
  // e3 = e1 × e2
  cross(e2, g3, turn);
  add_scaled(g1, 1, turn);
  cross(g3, e1, turn);
  add_scaled(g2, 1, turn);
  // e2 = w / |w|, w = b − (b·e1) e1, with b the second direction
  second_direction(pairs, choice, e1, raw);
  const double along = dot(raw, e1);
  double w[3] = {raw[0], raw[1], raw[2]}, gw[3];
  add_scaled(w, -along, e1);
  to_displacement(e2, std::sqrt(dot(w, w)), g2, gw);
  const double lost = dot(gw, e1);
  add_scaled(g1, -lost, raw);
  add_scaled(g1, -along, gw);
  add_scaled(gw, -lost, e1);

  for (int k = 0; k < 3; ++k) first[k] = second[k] = 0;
  if (choice.first >= 0) to_displacement(e1, pairs[choice.first / 2].distance, g1, first);
  if (choice.second >= 0) to_displacement(raw, pairs[choice.second / 2].distance, gw, second);
}

}  // namespace gaq
