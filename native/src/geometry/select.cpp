// Which pairs of the list are closer than the cutoff now, in the order of the list and of its tasks.
#include <algorithm>
#include <cmath>

#include "geometry/geometry.hpp"
#include "geometry/grow.hpp"
#include "geometry/side_by_side.hpp"
#include "neighbors/checks.hpp"

namespace gaq {

namespace {

// The one answer to "how far", used where pairs are counted and where they are gathered.
struct Separation {
  double vector[3], distance;
};

bool closer(const Pair& pair, const double* positions, const double (*cell)[3], double cutoff, Separation& out) {
  const double *x = positions + 3 * int64_t(pair.i), *y = positions + 3 * int64_t(pair.j);
  double* d = out.vector;
  for (int k = 0; k < 3; ++k) d[k] = y[k] - x[k];
  if (pair.shift[0] | pair.shift[1] | pair.shift[2])
    for (int k = 0; k < 3; ++k)
      d[k] += pair.shift[0] * cell[0][k] + pair.shift[1] * cell[1][k] + pair.shift[2] * cell[2][k];
  const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
  if (!(square < cutoff * cutoff * 1.000001)) return false;  // saves most roots
  out.distance = std::sqrt(square);
  return out.distance < cutoff;
}

}  // namespace

void Geometry::select(const System& system, const NeighborList& list) {
  list_ = &list;
  place_positions(system, list);
  list_tasks(list);
  int64_t capacity = 0;
  if (selections_.size() == 1) {
    capacity = selections_[0].listed.last - selections_[0].listed.first;  // one task needs no counting
  } else {
    side_by_side(pool_, 0, int64_t(selections_.size()),
                 [this](int64_t n) { selections_[n].count = count_active(selections_[n].listed); });
    for (Selection& selection : selections_) {
      selection.first = capacity;
      capacity += selection.count;
    }
  }
  grow(pairs_, capacity);
  side_by_side(pool_, 0, int64_t(selections_.size()), [this](int64_t n) { gather_active(selections_[n]); });
  count_ = selections_.empty() ? 0 : selections_.back().first + selections_.back().count;
  refuse_coinciding();
  list_active_tasks(list);
}

void Geometry::place_positions(const System& system, const NeighborList& list) {
  const std::vector<int32_t>& order = list.order();
  positions_.resize(3 * order.size());
  for (size_t place = 0; place < order.size(); ++place)
    std::copy_n(system.positions + 3 * int64_t(order[place]), 3, &positions_[3 * place]);
  std::copy_n(&system.cell[0][0], 9, &cell_[0][0]);
}

void Geometry::list_tasks(const NeighborList& list) {
  selections_.clear();
  for (const auto& round : list.rounds())
    for (const Task& task : round) selections_.push_back({task, 0, 0, -1});
}

int64_t Geometry::count_active(const Task& listed) const {
  int64_t count = 0;
  Separation unused;
  for (int64_t n = listed.first; n < listed.last; ++n)
    count += closer(list_->pairs()[n], positions_.data(), cell_, description_.cutoff, unused);
  return count;
}

void Geometry::gather_active(Selection& selection) {
  ActivePair* out = pairs_.data() + selection.first;
  double shortest = neighbors::coinciding;
  Separation found;
  for (int64_t n = selection.listed.first; n < selection.listed.last; ++n) {
    const Pair& pair = list_->pairs()[n];
    if (!closer(pair, positions_.data(), cell_, description_.cutoff, found)) continue;
    *out = {pair.i, pair.j, {found.vector[0], found.vector[1], found.vector[2]}, found.distance, n};
    if (found.distance < shortest) {
      shortest = found.distance;
      selection.closest = out - pairs_.data();
    }
    ++out;
  }
  selection.count = out - pairs_.data() - selection.first;
}

void Geometry::refuse_coinciding() const {
  const ActivePair* closest = nullptr;
  for (const Selection& selection : selections_) {
    if (selection.closest < 0) continue;
    const ActivePair& pair = pairs_[selection.closest];
    if (!closest || pair.distance < closest->distance) closest = &pair;
  }
  if (!closest) return;
  const std::vector<int32_t>& order = list_->order();
  neighbors::refuse_coinciding(closest->distance, order[size_t(closest->i)], order[size_t(closest->j)]);
}

// Tasks without an active pair go, and rounds without a task: what the skin adds leaves no trace.
void Geometry::list_active_tasks(const NeighborList& list) {
  tasks_.clear();
  round_ends_.clear();
  size_t next = 0, rounds = 0;
  for (const auto& listed : list.rounds()) {
    const size_t first = tasks_.size();
    for (size_t n = 0; n < listed.size(); ++n, ++next)
      if (const Selection& s = selections_[next]; s.count) tasks_.push_back({s.first, s.first + s.count});
    if (tasks_.size() == first) continue;
    round_ends_.push_back(int64_t(tasks_.size()));
    if (rounds == rounds_.size()) rounds_.emplace_back();
    rounds_[rounds++].assign(tasks_.begin() + int64_t(first), tasks_.end());
  }
  rounds_.resize(rounds);
}

}  // namespace gaq
