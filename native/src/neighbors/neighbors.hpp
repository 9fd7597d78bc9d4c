// The neighbour list: every pair closer than cutoff + skin once, in an order that decides the order of every sum.
#pragma once

#include <cstdint>
#include <vector>

#include "neighbors/rows.hpp"
#include "system.hpp"

namespace gaq {

// Displacement: x[j] + shift · cell − x[i], with i <= j *places* (see `order`). A pair of an atom with its own image
// (i == j) is there once, with the lexicographically positive shift.
struct Pair {
  int32_t i, j;
  int32_t shift[3];
};

// Pairs [first, last) that no other task of the same round shares an atom with.
struct Task {
  int64_t first, last;
};

class NeighborList {
 public:
  NeighborList(double cutoff, double skin);

  // Makes the list good for `system`; true when it was built anew: another number of atoms, cell or periodicity, or an
  // atom moved more than half the skin since the last build. Throws BadStructure.
  // With `owned` < atoms, pairs of two atoms from `owned` on are left out (ghosts of a domain). Ghosts are exchanged in
  // the caller's order: with some, or if `in_place` says so, atoms keep their places.
  bool update(const System& system, int64_t owned, bool in_place = false);
  // The next update builds the list anew.
  void forget() { positions_.clear(); }

  // The atom of the caller that stands at each place. Up to `single_chunk` atoms the identity; beyond, atoms near in
  // space stand near each other.
  const std::vector<int32_t>& order() const { return order_; }
  // Sorted by (round, task, i, j, shift).
  const std::vector<Pair>& pairs() const { return pairs_; }
  // Tasks of one round may run side by side; rounds follow each other. Small systems: one round of one task.
  const std::vector<std::vector<Task>>& rounds() const { return rounds_; }
  int64_t builds() const { return builds_; }

  static constexpr int64_t single_chunk = 256;

 private:
  bool still_good(const System& system, int64_t owned, bool in_place) const;
  void build(const System& system, int64_t owned, bool in_place);
  void compare_all(const System& system, int64_t owned);  // small and open: every pair, in a double loop

  double cutoff_, skin_;
  int64_t builds_ = 0;
  std::vector<int32_t> order_;
  std::vector<Pair> pairs_;
  std::vector<std::vector<Task>> rounds_;
  neighbors::Rows rows_;           // kept for its memory: fresh pages are expensive
  std::vector<double> positions_;  // at the last build; empty when it failed
  std::vector<int32_t> species_;
  double cell_[3][3] = {};
  bool periodic_[3] = {};
  int64_t owned_ = 0;
  bool in_place_ = false;
};

}  // namespace gaq
