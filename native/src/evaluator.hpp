// One evaluation after another: neighbour list, geometry, layers forward and back, on memory that is kept.
#pragma once

#include <memory>
#include <vector>

#include "answer.hpp"
#include "arena.hpp"
#include "description.hpp"
#include "domain.hpp"
#include "gaq.h"
#include "geometry/geometry.hpp"
#include "kernels/kernels.hpp"
#include "layers/plan.hpp"
#include "neighbors/neighbors.hpp"
#include "threads/pool.hpp"

namespace gaq {

// What a model needs to run, shared by all evaluators of an engine.
struct Model {
  Description description;
  const Kernels* kernels = nullptr;
  int backward_bits = 32;
  Plan plan;
};

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

  static constexpr int64_t block_atoms = 24;      // a block's phases stay in the first caches
  static constexpr int64_t keep_atoms = 512;      // beyond, what an update computes is computed again in the backward pass

 private:
  void compute(const System& system, int64_t owned, const gaq_exchange* exchange, const Results& results, Pool* pool,
               const Tap& tap);
  Worst worst(const Results& results) const;
  bool golden_frames_fail() const;
  void find_species(const System& system);
  void lay_out(int64_t atoms, int64_t pairs, int workers);
  void prepare(size_t index, Block block, Scratch& scratch, const Tap& tap);
  void forward(Pool* pool, const gaq_exchange* exchange, const Tap& tap);
  void backward(Pool* pool, const gaq_exchange* exchange);
  void collect(const Results& results);
  template <class Work>
  void over_blocks(Pool* pool, int64_t first, int64_t last, const Work& work);
  template <class Work>
  void over_tasks(Pool* pool, const Work& work);

  const Model& model_;
  NeighborList list_;
  Geometry geometry_;
  DomainCheck domain_;
  Outside outside_;
  PairInvariants pairs_;
  PairGradients gradients_;
  Arena arena_;
  std::vector<LayerState> layers_;
  std::vector<Scratch> scratch_;
  std::vector<int32_t> row_;  // of the species, by place
  int64_t atoms_ = 0, owned_ = 0;
  float *s_out_ = nullptr, *unit_ = nullptr;
  float *g_s_ = nullptr, *g_v_ = nullptr, *g_scalar_ = nullptr, *g_vector_ = nullptr, *g_total_ = nullptr;
  float *g_projected_ = nullptr, *g_carried_ = nullptr;
  FrameTorque torque_;
  double *energy_ = nullptr, *forces_ = nullptr;
  double virial_[9] = {};
};

}  // namespace gaq
