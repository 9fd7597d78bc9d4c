// One evaluation after another: neighbour list, geometry, network forward and back, on memory that is kept.
#pragma once

#include <memory>
#include <vector>

#include "answer.hpp"
#include "arena.hpp"
#include "domain.hpp"
#include "gaq.h"
#include "geometry/geometry.hpp"
#include "kernels/kernels.hpp"
#include "model.hpp"
#include "neighbors/neighbors.hpp"
#include "networks/evaluation.hpp"
#include "threads/pool.hpp"

namespace gaq {

// Where results go; null for what is not wanted. By the caller's atoms.
struct Results {
  double *energy = nullptr, *forces = nullptr, *virial = nullptr, *atomic_energies = nullptr;
};

class Evaluator {
 public:
  Evaluator(const Model& model, double skin);

  // `owned` atoms come first, ghosts follow; `exchange` may be null when there are none. `pool` spreads one large system.
  // Throws Error with GAQ_NOT_FINITE, after the last exchange, for an answer that cannot be used.
  void evaluate(const System& system, int64_t owned, const gaq_exchange* exchange, const Results& results, Pool* pool,
                const Tap& tap);
  // A domain without atoms: no energy, and the same calls of the exchange, for which other domains may wait.
  void evaluate_nothing(const gaq_exchange* exchange, const Results& results) const;

  // The next evaluation does not depend on this one, not even in the order of atoms in memory.
  void forget() { list_.forget(); }

  // What lay outside of the training data in the last evaluation.
  const Outside& outside() const { return outside_; }

  int64_t memory() const { return arena_.size(); }
  int64_t builds() const { return list_.builds(); }

 private:
  void compute(const System& system, int64_t owned, const gaq_exchange* exchange, const Results& results, Pool* pool,
               const Tap& tap);
  Worst worst(const Results& results) const;
  bool golden_frames_fail() const;
  void find_species(const System& system);
  void lay_out(int64_t atoms, int64_t pairs, int workers);
  void gather_forces(const gaq_exchange* exchange);
  void collect(const Results& results);

  const Model& model_;
  NeighborList list_;
  Geometry geometry_;
  DomainCheck domain_;
  Outside outside_;
  PairInvariants pairs_;
  PairGradients gradients_;
  Arena arena_;
  std::unique_ptr<Execution> network_;
  std::vector<Scratch> scratch_;
  std::vector<int32_t> row_;  // of the species, by place
  int64_t atoms_ = 0, owned_ = 0;
  FrameTorque torque_;
  double *energy_ = nullptr, *forces_ = nullptr;
  double virial_[9] = {};
};

}  // namespace gaq
