#include "geometry/geometry.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "geometry/pair.hpp"
#include "geometry/grow.hpp"
#include "geometry/side_by_side.hpp"

namespace gaq {

namespace {

constexpr int64_t places_per_piece = 512;

// Calls work with the degrees as a constant.
template <class Work>
void with_degrees(int degrees, const Work& work) {
  if (degrees == 1) work(std::integral_constant<int, 1>());
  if (degrees == 2) work(std::integral_constant<int, 2>());
  if (degrees == 3) work(std::integral_constant<int, 3>());
}

void unit_vector(const ActivePair& pair, double* out) {
  const double inverse = 1 / pair.distance;
  for (int k = 0; k < 3; ++k) out[k] = pair.displacement[k] * inverse;
}

}  // namespace

Geometry::Geometry(const Description& description, bool local, bool carries)
    : description_(description),
      local_(local),
      carries_(carries),
      knots_(description.radial),
      repulsion_(description) {}

template <class Work>
void Geometry::each_task(const Work& work) const {
  side_by_side(pool_, 0, int64_t(tasks_.size()), work);
}

// Round by round, so that no two at a time share an atom, and every sum over pairs has the order of the list.
template <class Work>
void Geometry::each_task_in_rounds(const Work& work) const {
  int64_t first = 0;
  for (const int64_t end : round_ends_) {
    side_by_side(pool_, first, end, work);
    first = end;
  }
}

void Geometry::frames(const std::vector<int32_t>& species_row, int64_t owned) {
  const int64_t places = int64_t(list_->order().size());
  rows_ = species_row.data();
  if (!local_) return;
  frame_.assign(size_t(9 * places), 0);
  // As in Python, where a frame is read off edges: no edges, no choice.
  if (count_ == 0) {
    for (int64_t place = 0; place < owned; ++place)
      for (int k = 0; k < 3; ++k) frame_[9 * place + 4 * k] = 1;
    return;
  }
  choose_neighbors(species_row, owned);
}

void Geometry::choose_neighbors(const std::vector<int32_t>& species_row, int64_t owned) {
  constexpr double none = std::numeric_limits<double>::infinity();
  grow(choices_, int64_t(species_row.size()));
  for (size_t place = 0; place < species_row.size(); ++place) {
    const int32_t row = species_row[place];
    const double handicap = description_.species[row] == 1 ? hydrogen_handicap : 0;
    choices_[place] = {-1, -1, -1, none, none, none, 0, description_.radii[row], handicap};
  }
  const FrameChooser chooser(choices_.data(), owned, pairs_.data(), *list_);
  const int64_t pieces = (owned + places_per_piece - 1) / places_per_piece;
  const auto each_owned = [&](const auto& work) {
    side_by_side(pool_, 0, pieces, [&](int64_t piece) {
      const int64_t last = std::min(owned, (piece + 1) * places_per_piece);
      for (int64_t n = piece * places_per_piece; n < last; ++n) work(n, &frame_[9 * n]);
    });
  };
  each_task_in_rounds([&](int64_t n) {
    for (int64_t pair = tasks_[n].first; pair < tasks_[n].last; ++pair) chooser.choose_nearest(pair);
  });
  each_owned([&](int64_t place, double* frame) { chooser.start(place, frame); });
  each_task_in_rounds([&](int64_t n) {
    for (int64_t pair = tasks_[n].first; pair < tasks_[n].last; ++pair) chooser.choose_second(pair, frame_.data());
  });
  each_owned([&](int64_t place, double* frame) { chooser.finish(place, frame); });
}

void Geometry::forward(PairInvariants& out, PairGradients& gradients) {
  const int degrees = description_.degrees;
  const int64_t rows = 2 * components(degrees);
  out.count = count_;
  out.rounds = rounds_;
  for (auto* whole : {&out.i, &out.j, &out.knot}) grow(*whole, count_);
  for (auto* one : {&out.fraction, &out.steepness, &out.envelope}) grow(*one, count_);
  for (auto* side : {&gradients.radial, &gradients.envelope}) grow(*side, 2 * count_);
  for (auto* side : {&out.harmonics, &gradients.harmonics}) grow(*side, rows * count_);
  if (local_ && carries_) grow(out.transport, 9 * count_);
  with_degrees(degrees, [&](auto constant) {
    each_task([&](int64_t n) { describe<decltype(constant)::value>(tasks_[n], out, gradients); });
  });
}

template <int degrees>
void Geometry::describe(const Task& task, PairInvariants& out, PairGradients& gradients) const {
  constexpr int64_t rows = 2 * components(degrees);
  const double cutoff = description_.cutoff;
  for (int64_t n = task.first; n < task.last; ++n) {
    const ActivePair& pair = pairs_[n];
    double unit[3];
    unit_vector(pair, unit);
    out.i[n] = pair.i;
    out.j[n] = pair.j;
    // Cast first: the functions of it are then the same to the bit for every copy of a molecule that has the same
    // float, while their own float64 values would carry round-off, blown up by the number of knots, into many floats.
    double unused;
    const double distance = seen(pair, unused);
    out.knot[n] = knots_.find(distance, out.fraction[n], out.steepness[n]);
    out.envelope[n] = float(envelope(distance, cutoff));
    if (local_) {
      const double *frame_i = &frame_[9 * int64_t(pair.i)], *frame_j = &frame_[9 * int64_t(pair.j)];
      describe_local<degrees>(unit, frame_i, frame_j, &out.harmonics[rows * n],
                              carries_ ? &out.transport[9 * n] : nullptr);
    } else {
      describe_lab<degrees>(unit, &out.harmonics[rows * n]);
    }
  }
  const int64_t count = task.last - task.first;
  std::fill_n(&gradients.radial[2 * task.first], 2 * count, 0.0f);
  std::fill_n(&gradients.envelope[2 * task.first], 2 * count, 0.0f);
  std::fill_n(&gradients.harmonics[rows * task.first], rows * count, 0.0f);
}

void Geometry::backward_pairs(const PairGradients& gradients, FrameTorque& torque, int64_t owned, double* forces,
                              double* virial) {
  virials_.assign(9 * tasks_.size(), 0);
  torques_.assign(3 * tasks_.size(), 0);
  with_degrees(description_.degrees, [&](auto constant) {
    each_task_in_rounds([&](int64_t n) { pull_back<decltype(constant)::value>(n, gradients, torque, forces); });
  });
  for (size_t n = 0; n < virials_.size(); ++n) virial[n % 9] += virials_[n];
  if (local_) apply_frame_torque(torque, owned);
}

// dE/dω → dE/dR = R [ω']× with 2ω' = dE/dω, the gradient along rotations.
void Geometry::apply_frame_torque(const FrameTorque& torque, int64_t owned) {
  const int64_t places = int64_t(frame_.size()) / 9;
  frame_gradient_.assign(frame_.size(), 0);
  double left[3] = {0, 0, 0};
  if (owned == places) {
    for (size_t n = 0; n < torques_.size(); ++n) left[n % 3] += torques_[n];
    for (int64_t place = 0; place < places; ++place) add_turned(left, &frame_[9 * place], &torque[3 * place]);
    for (double& x : left) x /= double(places);
  }
  for (int64_t place = 0; place < places; ++place) {
    const double* frame = &frame_[9 * place];
    double share[3], half[3];
    turn_back(frame, left, share);
    for (int k = 0; k < 3; ++k) half[k] = 0.5 * (torque[3 * place + k] - share[k]);
    double* g = &frame_gradient_[9 * place];
    for (int m = 0; m < 3; ++m)
      for (int n = 0; n < 3; ++n) {
        const int p = (n + 1) % 3, q = (n + 2) % 3;
        g[3 * m + n] = frame[3 * m + p] * half[q] - frame[3 * m + q] * half[p];
      }
  }
}

template <int degrees>
void Geometry::pull_back(int64_t task, const PairGradients& gradients, FrameTorque& torque, double* forces) {
  constexpr int64_t rows = 2 * components(degrees);
  const double cutoff = description_.cutoff;
  double *virial = &virials_[9 * task], *turned = &torques_[3 * task];
  const bool turns = local_ && !carries_;
  for (int64_t n = tasks_[task].first; n < tasks_[task].last; ++n) {
    const ActivePair& pair = pairs_[n];
    double unit[3], turning[3], g[3];
    unit_vector(pair, unit);
    const int64_t i = pair.i, j = pair.j;
    if (local_) {
      local_pullback<degrees>(unit, &frame_[9 * i], &frame_[9 * j], &gradients.harmonics[rows * n], turning,
                              turns ? &torque[3 * i] : nullptr, turns ? &torque[3 * j] : nullptr);
      add_cross(turned, unit, turning);
    } else {
      lab_pullback<degrees>(unit, &gradients.harmonics[rows * n], turning);
    }
    double slope;
    const double distance = seen(pair, slope);
    const double by_radius = double(gradients.radial[2 * n]) + double(gradients.radial[2 * n + 1]);
    const double by_envelope = double(gradients.envelope[2 * n]) + double(gradients.envelope[2 * n + 1]);
    const double stretching = slope * (by_radius + by_envelope * envelope_slope(distance, cutoff));
    const double along = stretching - dot(turning, unit) / pair.distance;
    for (int k = 0; k < 3; ++k) g[k] = along * unit[k] + turning[k] / pair.distance;
    add_scaled(forces + 3 * i, 1, g);
    add_scaled(forces + 3 * j, -1, g);
    add_outer(virial, g, pair.displacement);
  }
}

void Geometry::backward_frames(double* forces, double* virial, int64_t owned) {
  if (!local_ || count_ == 0) return;
  const auto pull = [&](int64_t place, int64_t edge, const double* g) {
    if (edge < 0) return;
    const ActivePair& pair = pairs_[edge / 2];
    const int64_t other = edge % 2 ? pair.i : pair.j;
    add_scaled(forces + 3 * place, 1, g);
    add_scaled(forces + 3 * other, -1, g);
    double displacement[3] = {0, 0, 0};
    add_scaled(displacement, edge % 2 ? -1 : 1, pair.displacement);
    add_outer(virial, g, displacement);
  };
  const FrameChooser chooser(choices_.data(), owned, pairs_.data(), *list_);
  for (int64_t place = 0; place < owned; ++place) {
    const FrameChoice& choice = choices_[place];
    const FrameChooser::Pull along = chooser.pull_back(place, &frame_[9 * place], &frame_gradient_[9 * place]);
    pull(place, choice.first, along.first);
    pull(place, choice.other, along.other);
    pull(place, choice.second, along.second);
  }
}

}  // namespace gaq
