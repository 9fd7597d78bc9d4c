#include "geometry/frames.hpp"

#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

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

double share_of_lead(double lead) { return std::fmin(std::fmax(lead / even_lead, 0), 1); }

// 1 for neighbours with equal keys, 0 where one leads by `even_lead`, and the slope of that.
double evenness(double lead) {
  const double x = share_of_lead(lead);
  return 1 - x * x * x * (10 + x * (6 * x - 15));
}
double evenness_slope(double lead) {
  const double x = share_of_lead(lead), bell = x * (1 - x);
  return -30 * bell * bell / even_lead;
}

void normalize(double* v) {
  const double length = std::sqrt(dot(v, v));
  for (int k = 0; k < 3; ++k) v[k] /= length;
}

double sine_between(const double* a, const double* b) {
  double normal[3];
  cross(a, b, normal);
  return on_grid<tie_bits>(std::sqrt(dot(normal, normal)));
}

// (g − (g·u) u) / r: the gradient along a displacement, from that along its unit vector.
void to_displacement(const double* unit, double distance, const double* g, double* out) {
  const double along = dot(g, unit), inverse = 1 / distance;
  for (int k = 0; k < 3; ++k) out[k] = (g[k] - along * unit[k]) * inverse;
}

}  // namespace

// Directions u and w to the two nearest, s, and the first two axes before they are made orthonormal.
struct FrameChooser::Axes {
  double first[3] = {0, 0, 1}, other[3] = {0, 0, 0}, share = 0, one[3], two[3];
};

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

double FrameChooser::scale(int64_t edge) const {
  const ActivePair& pair = pairs_[edge / 2];
  return choices_[pair.i].radius + choices_[pair.j].radius;
}

double FrameChooser::key(int64_t edge) const {
  const ActivePair& pair = pairs_[edge / 2];
  return pair.distance / scale(edge) + choices_[edge % 2 ? pair.i : pair.j].handicap;
}

double FrameChooser::lead(const FrameChoice& choice) const { return key(choice.other) - key(choice.first); }

void FrameChooser::choose_nearest(int64_t index) const {
  const ActivePair& pair = pairs_[index];
  const int32_t ends[2] = {pair.i, pair.j};
  const double scaled = scaled_distance(pair, choices_[pair.i], choices_[pair.j]);
  for (int side = 0; side < 2; ++side) {
    if (ends[side] >= owned_) continue;
    const double key = on_grid<tie_bits>(scaled + choices_[ends[1 - side]].handicap);
    consider_nearest(choices_[ends[side]], 2 * index + side, key);
  }
}

void FrameChooser::consider_nearest(FrameChoice& choice, int64_t edge, double key) const {
  if (key > choice.other_key || (key == choice.other_key && !before(edge, choice.other))) return;
  choice.other_key = key;
  choice.other = edge;
  if (key > choice.first_key || (key == choice.first_key && !before(edge, choice.first))) return;
  std::swap(choice.first_key, choice.other_key);
  std::swap(choice.first, choice.other);
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
  double e1[3], unit[3];
  column(frame, 0, e1);
  edge_direction(pairs_, edge, unit);
  const double sine = sine_between(e1, unit);
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

FrameChooser::Axes FrameChooser::axes(const FrameChoice& choice) const {
  Axes a;
  if (choice.first >= 0) edge_direction(pairs_, choice.first, a.first);
  if (choice.other >= 0) {
    edge_direction(pairs_, choice.other, a.other);
    a.share = evenness(lead(choice));
  }
  for (int k = 0; k < 3; ++k) a.one[k] = a.first[k] - a.share * a.other[k];
  if (choice.second < 0) {
    int least = 0;
    for (int k = 1; k < 3; ++k)
      if (std::fabs(a.one[k]) < std::fabs(a.one[least])) least = k;
    for (int k = 0; k < 3; ++k) a.two[k] = k == least;
    return a;
  }
  edge_direction(pairs_, choice.second, a.two);
  if (choice.second == choice.other) add_scaled(a.two, a.share, a.first);
  return a;
}

// Neighbours that are well off a line need no further search.
void FrameChooser::start(int64_t place, double* frame) const {
  FrameChoice& choice = choices_[place];
  Axes a = axes(choice);
  normalize(a.one);
  set_column(frame, 0, a.one);
  if (choice.other < 0 || sine_between(a.first, a.other) < sine_floor) return;
  choice.second = choice.other;
  choice.second_key = -std::numeric_limits<double>::infinity();
}

void FrameChooser::finish(int64_t place, double* frame) const {
  Axes a = axes(choices_[place]);
  double e1[3], e3[3];
  column(frame, 0, e1);
  add_scaled(a.two, -dot(a.two, e1), e1);
  normalize(a.two);
  cross(e1, a.two, e3);
  set_column(frame, 1, a.two);
  set_column(frame, 2, e3);
}

FrameChooser::Pull FrameChooser::pull_back(int64_t place, const double* frame, const double* gradient) const {
  const FrameChoice& choice = choices_[place];
  const Axes a = axes(choice);
  double e1[3], e2[3], g1[3], g2[3], g3[3], turn[3];
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
  // e2 = v / |v|, v = two − (two·e1) e1
  const double along = dot(a.two, e1);
  double v[3] = {a.two[0], a.two[1], a.two[2]}, g_two[3], g_one[3];
  add_scaled(v, -along, e1);
  to_displacement(e2, std::sqrt(dot(v, v)), g2, g_two);
  const double lost = dot(g_two, e1);
  add_scaled(g1, -lost, a.two);
  add_scaled(g1, -along, g_two);
  add_scaled(g_two, -lost, e1);
  to_displacement(e1, std::sqrt(dot(a.one, a.one)), g1, g_one);
  return pull_directions(choice, a, g_one, g_two);
}

// From the axes before they are made orthonormal: one = u − s w; two = w + s u, or the direction of `second` alone.
FrameChooser::Pull FrameChooser::pull_directions(const FrameChoice& choice, const Axes& a, const double* g_one,
                                                 const double* g_two) const {
  Pull pull;
  const bool both = choice.second >= 0 && choice.second == choice.other;
  double g_first[3] = {g_one[0], g_one[1], g_one[2]}, g_other[3] = {0, 0, 0}, g_share = -dot(g_one, a.other);
  add_scaled(g_other, -a.share, g_one);
  if (both) {
    add_scaled(g_first, a.share, g_two);
    add_scaled(g_other, 1, g_two);
    g_share += dot(g_two, a.first);
  } else if (choice.second >= 0) {
    to_displacement(a.two, pairs_[choice.second / 2].distance, g_two, pull.second);
  }
  if (choice.first >= 0) to_displacement(a.first, pairs_[choice.first / 2].distance, g_first, pull.first);
  if (choice.other < 0) return pull;
  to_displacement(a.other, pairs_[choice.other / 2].distance, g_other, pull.other);
  const double g_lead = g_share * evenness_slope(lead(choice));
  add_scaled(pull.first, -g_lead / scale(choice.first), a.first);
  add_scaled(pull.other, g_lead / scale(choice.other), a.other);
  return pull;
}

}  // namespace gaq
