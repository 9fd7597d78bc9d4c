// When the list must be built anew, and the steps of building it.
#include "neighbors/neighbors.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "neighbors/cells.hpp"
#include "neighbors/checks.hpp"
#include "neighbors/chunks.hpp"
#include "neighbors/lattice.hpp"
#include "neighbors/order.hpp"
#include "neighbors/wrapped.hpp"

namespace gaq {
namespace {

constexpr int64_t smallest_chunk = 64;
constexpr int64_t largest_chunk = 4096;  // whose features fit into the third

// Atoms of a chunk: few enough that a thousand atoms keep several threads busy, and many enough that rounds are few:
// each round reads the features of all chunks anew.
int64_t chunk_size(int64_t atoms) {
  if (atoms <= NeighborList::single_chunk) return atoms;
  int64_t chunk = smallest_chunk;
  while (chunk < largest_chunk && chunk * 12 <= atoms) chunk *= 2;
  return chunk;
}

// Whether no atom moved further than the square root of `limit`; false when a position is not a number.
bool near(const double* x, const double* y, int64_t atoms, double limit) {
  constexpr int64_t block = 512;  // between looks at the answer, so that the loop inside has no branch
  for (int64_t first = 0; first < atoms; first += block) {
    int far = 0;
    for (int64_t k = first; k < std::min(first + block, atoms); ++k) {
      const double d[3] = {x[3 * k] - y[3 * k], x[3 * k + 1] - y[3 * k + 1], x[3 * k + 2] - y[3 * k + 2]};
      far |= !(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= limit);
    }
    if (far) return false;
  }
  return true;
}

}  // namespace

NeighborList::NeighborList(double cutoff, double skin) : cutoff_(cutoff), skin_(std::max(0.0, skin)) {}

bool NeighborList::update(const System& system, int64_t owned, bool in_place) {
  if (still_good(system, owned, in_place)) return false;
  positions_.clear();
  neighbors::check_numbers(system);
  build(system, owned, in_place);
  // Only now: after a failure the next call builds again.
  positions_.assign(system.positions, system.positions + 3 * system.atoms);
  species_.clear();
  if (system.species) species_.assign(system.species, system.species + system.atoms);
  std::memcpy(cell_, system.cell, sizeof cell_);
  std::memcpy(periodic_, system.periodic, sizeof periodic_);
  owned_ = owned;
  in_place_ = in_place;
  ++builds_;
  return true;
}

// Another species does not change the pairs, but what the caller keeps by place would no longer fit.
bool NeighborList::still_good(const System& system, int64_t owned, bool in_place) const {
  if (positions_.empty() || int64_t(positions_.size()) != 3 * system.atoms) return false;
  if (owned != owned_ || in_place != in_place_) return false;
  for (int k = 0; k < 3; ++k) {
    if (periodic_[k] != system.periodic[k]) return false;
    for (int m = 0; m < 3; ++m)
      if (periodic_[k] && cell_[k][m] != system.cell[k][m]) return false;
  }
  if (species_.empty() != (system.species == nullptr)) return false;
  if (system.species && !std::equal(species_.begin(), species_.end(), system.species)) return false;
  return near(system.positions, positions_.data(), system.atoms, skin_ * skin_ / 4);
}

void NeighborList::build(const System& system, int64_t owned, bool in_place) {
  const bool open = !system.periodic[0] && !system.periodic[1] && !system.periodic[2];
  order_.resize(size_t(system.atoms));
  std::iota(order_.begin(), order_.end(), 0);
  if (open && system.atoms <= single_chunk) return compare_all(system, owned);
  const neighbors::Lattice lattice = neighbors::reduce(system);
  const neighbors::Wrapped wrapped = neighbors::wrap(system, lattice);
  const int64_t chunk = chunk_size(system.atoms);
  const bool placed = !in_place && owned == system.atoms;
  if (system.atoms > single_chunk && placed) order_ = neighbors::order_in_space(wrapped.positions, chunk);
  neighbors::find_rows(system, lattice, wrapped, order_, cutoff_ + skin_, owned, rows_);
  neighbors::Schedule schedule{pairs_, rounds_};
  neighbors::make_schedule(rows_, order_, wrapped, lattice, chunk, schedule);
}

void NeighborList::compare_all(const System& system, int64_t owned) {
  const double reach = cutoff_ + skin_;
  neighbors::Coinciding close(system.atoms * system.atoms);
  pairs_.clear();
  for (int64_t i = 0; i < std::min(owned, system.atoms); ++i)
    for (int64_t j = i + 1; j < system.atoms; ++j) {
      const double *x = system.positions + 3 * i, *y = system.positions + 3 * j;
      const double d[3] = {y[0] - x[0], y[1] - x[1], y[2] - x[2]};
      const double squared = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      if (!(squared < reach * reach)) continue;
      pairs_.push_back({int32_t(i), int32_t(j), {0, 0, 0}});
      close.see(squared, i, j);
    }
  close.refuse_any();
  rounds_.assign(1, {{0, int64_t(pairs_.size())}});
}

}  // namespace gaq
