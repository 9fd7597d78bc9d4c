#include "evaluator.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include "error.hpp"

namespace gaq {

Evaluator::Evaluator(const Model& model, double skin)
    : model_(model),
      list_(model.description.config.cutoff, skin),
      geometry_(model.description, model.plan.shape.local),
      domain_(model.description) {}

template <class Work>
void Evaluator::over_blocks(Pool* pool, int64_t first, int64_t last, const Work& work) {
  const int64_t count = (last - first + block_atoms - 1) / block_atoms;
  auto one = [&](int64_t piece, int worker) {
    const int64_t start = first + piece * block_atoms;
    work(Block{start, std::min(start + block_atoms, last)}, scratch_[worker]);
  };
  if (pool && count > 1) {
    pool->run(count, [&one](int64_t piece, int worker) { one(piece, worker); });  // small enough to need no memory
  } else {
    for (int64_t piece = 0; piece < count; ++piece) one(piece, 0);
  }
}

template <class Work>
void Evaluator::over_tasks(Pool* pool, const Work& work) {
  for (const std::vector<Task>& round : pairs_.rounds) {
    if (pool && round.size() > 1) {
      pool->run(int64_t(round.size()), [&](int64_t piece, int) { work(round[piece]); });
    } else {
      for (const Task& task : round) work(task);
    }
  }
}

void Evaluator::find_species(const System& system) {
  const std::vector<int32_t>& known = model_.description.species;
  row_.resize(system.atoms);
  for (int64_t place = 0; place < system.atoms; ++place) {
    const int32_t z = system.species[list_.order()[place]];
    const auto found = std::lower_bound(known.begin(), known.end(), z);
    if (found == known.end() || *found != z)
      throw Error(GAQ_UNKNOWN_ELEMENT, "atom " + std::to_string(list_.order()[place]) + " has atomic number " +
                                           std::to_string(z) + ", which the model was not trained on");
    row_[place] = int32_t(found - known.begin());
  }
}

void Evaluator::lay_out(int64_t atoms, int64_t pairs, int workers) {
  const Shape& shape = model_.plan.shape;
  const int64_t C = shape.channels, M = shape.components, H = shape.hidden, wide = shape.sections() * C;
  const bool keep = atoms <= keep_atoms;
  layers_.resize(model_.plan.layers.size());
  scratch_.resize(workers);
  arena_.lay_out([&](Arena& arena) {
    for (size_t index = 0; index < layers_.size(); ++index) {
      LayerState& layer = layers_[index];
      layer = LayerState();
      arena.take(layer.s_in, atoms * C);
      arena.take(layer.projected, atoms * 4 * C);
      if (index) arena.take(layer.v_in, atoms * M * C);
      if (keep) arena.take(layer.weight, pairs * 2 * shape.heads);
      arena.take(layer.total, atoms * shape.heads_padded);
      arena.take(layer.m_scalar, atoms * C);
      arena.take(layer.m_vector, atoms * M * C);
      arena.take(layer.s_mid, atoms * C);
      if (keep) {
        arena.take(layer.unit, atoms * 2 * C);
        arena.take(layer.mixed, atoms * M * 2 * C);
        arena.take(layer.hidden, atoms * H);
        arena.take(layer.gates, atoms * wide);
      }
    }
    arena.take(s_out_, atoms * C);
    if (!keep) {  // one for all layers
      arena.take(unit_, atoms * 2 * C);
      float* weight = nullptr;
      arena.take(weight, pairs * 2 * shape.heads);
      for (LayerState& layer : layers_) layer.weight = weight;
    }
    arena.take(g_s_, atoms * C);
    arena.take(g_v_, atoms * M * C);
    arena.take(g_scalar_, atoms * C);
    arena.take(g_vector_, atoms * M * C);
    arena.take(g_total_, atoms * shape.heads_padded);
    arena.take(g_projected_, atoms * 4 * C);
    if (shape.local) arena.take(g_carried_, atoms * M * C);
    arena.take(energy_, atoms);
    arena.take(forces_, atoms * 3);
    const int64_t widest = std::max({M * 2 * C, wide, 4 * C, H});
    for (Scratch& scratch : scratch_) {
      for (float*& floats : scratch.floats) arena.take(floats, block_atoms * widest);
      arena.take(scratch.coefficients, block_atoms * M * model_.plan.coefficients);
      arena.take(scratch.scale, block_atoms * M);
      arena.take(scratch.bytes, block_atoms * widest);
      arena.take(scratch.words, block_atoms * widest);
    }
  });
}

void Evaluator::evaluate(const System& system, int64_t owned, const gaq_exchange* exchange, const Results& results,
                         Pool* pool, const Tap& tap) {
  compute(system, owned, exchange, results, pool, tap);
  const Worst found = worst(results);
  if (found.usable()) return;
  throw Error(GAQ_NOT_FINITE,
              found.sentence() +
                  (golden_frames_fail()
                       ? ". The model gives no usable answer for the structures in its own file either: the file is "
                         "damaged, or training diverged. Export or train the model again."
                       : ". The structure is far from the training data of the model. Check elements, units and short "
                         "distances, or train with structures like it."));
}

void Evaluator::compute(const System& system, int64_t owned, const gaq_exchange* exchange, const Results& results,
                        Pool* pool, const Tap& tap) {
  list_.update(system, owned, exchange != nullptr);
  find_species(system);
  atoms_ = system.atoms;
  owned_ = owned;
  geometry_.use(pool);
  geometry_.select(system, list_);
  lay_out(atoms_, int64_t(list_.pairs().size()), pool ? pool->threads() : 1);
  for (Scratch& scratch : scratch_) scratch.species = row_.data();
  // All that can be refused has been: a domain that fails has not called the exchange yet.
  geometry_.frames(row_, owned);
  if (model_.plan.shape.local && exchange) exchange->forward(exchange->context, geometry_.frame_rows().data(), 9, 8);
  geometry_.forward(pairs_, gradients_);
  forward(pool, exchange, tap);
  outside_ = domain_.look(geometry_.pairs(), geometry_.count(), row_, list_.order(), owned, s_out_);
  if (results.forces || results.virial) backward(pool, exchange);
  collect(results);
}

void Evaluator::evaluate_nothing(const gaq_exchange* exchange, const Results& results) const {
  const Shape& shape = model_.plan.shape;
  const int32_t widths[] = {int32_t(shape.channels), int32_t(shape.components * shape.channels)};
  const bool back = results.forces || results.virial;
  const size_t between = model_.plan.layers.size() - 1;
  if (results.energy) *results.energy = 0;
  if (results.virial) std::fill_n(results.virial, 9, 0.0);
  if (!exchange) return;
  if (shape.local) exchange->forward(exchange->context, nullptr, 9, 8);
  for (size_t n = 0; n < between; ++n)
    for (const int32_t width : widths) exchange->forward(exchange->context, nullptr, width, 4);
  for (size_t n = 0; back && n < between; ++n)
    for (const int32_t width : widths) exchange->backward(exchange->context, nullptr, width, 4);
  if (back && shape.local) exchange->backward(exchange->context, nullptr, 9, 8);
}

// Queries, keys and values of a block, and its sums of messages cleared: all that pairs of this layer will read and add to.
void Evaluator::prepare(size_t index, Block block, Scratch& scratch, const Tap& tap) {
  const Kernels& kernels = *model_.kernels;
  const Plan& plan = model_.plan;
  LayerState& state = layers_[index];
  const int64_t C = plan.shape.channels, M = plan.shape.components, heads = plan.shape.heads_padded;
  const int64_t count = block.last - block.first;
  kernels.project(plan, plan.layers[index], block, state, scratch, tap);
  kernels.unit_queries(plan, plan.layers[index], block, state.projected, state.unit ? state.unit : unit_, tap);
  std::memset(state.m_scalar + block.first * C, 0, count * C * sizeof(float));
  std::memset(state.m_vector + block.first * M * C, 0, count * M * C * sizeof(float));
  std::fill(state.total + block.first * heads, state.total + block.last * heads, 1.0f);
}

void Evaluator::forward(Pool* pool, const gaq_exchange* exchange, const Tap& tap) {
  const Kernels& kernels = *model_.kernels;
  const Plan& plan = model_.plan;
  const int64_t C = plan.shape.channels, M = plan.shape.components;
  over_blocks(pool, 0, atoms_, [&](Block block, Scratch& scratch) {
    for (int64_t atom = block.first; atom < block.last; ++atom)
      std::memcpy(layers_[0].s_in + atom * C, plan.embedding.data() + row_[atom] * C, C * sizeof(float));
    prepare(0, block, scratch, tap);
  });
  for (size_t index = 0; index < layers_.size(); ++index) {
    const LayerPlan& layer = plan.layers[index];
    LayerState& state = layers_[index];
    LayerState* next = index + 1 < layers_.size() ? &layers_[index + 1] : nullptr;
    if (index && exchange) {
      exchange->forward(exchange->context, state.s_in, int32_t(C), 4);
      exchange->forward(exchange->context, state.v_in, int32_t(M * C), 4);
      over_blocks(pool, owned_, atoms_, [&](Block block, Scratch& scratch) { prepare(index, block, scratch, tap); });
    }
    over_tasks(pool, [&](Task task) {
      kernels.attention(plan, layer, pairs_, task, state.unit ? state.unit : unit_, state.weight);
      kernels.messages(plan, layer, pairs_, task, state);
    });
    over_blocks(pool, 0, owned_, [&](Block block, Scratch& scratch) {
      kernels.update(plan, layer, block, state, next ? next->s_in : s_out_, next ? next->v_in : nullptr, scratch, tap);
      if (next) prepare(index + 1, block, scratch, tap);
    });
  }
  over_blocks(pool, 0, owned_, [&](Block block, Scratch& scratch) {
    kernels.readout(plan, block, s_out_, energy_, g_s_, scratch, tap);
  });
}

void Evaluator::backward(Pool* pool, const gaq_exchange* exchange) {
  const Kernels& kernels = *model_.kernels;
  const Plan& plan = model_.plan;
  const int64_t C = plan.shape.channels, M = plan.shape.components, heads = plan.shape.heads_padded;
  auto clear = [](float* rows, int64_t first, int64_t last, int64_t width) {
    std::fill(rows + first * width, rows + last * width, 0.0f);
  };
  const bool local = plan.shape.local;
  torque_.assign(local ? 3 * atoms_ : 0, 0.0);
  clear(g_v_, 0, atoms_, M * C);
  clear(g_s_, owned_, atoms_, C);
  clear(g_scalar_, owned_, atoms_, C);
  clear(g_vector_, owned_, atoms_, M * C);
  clear(g_total_, owned_, atoms_, heads);
  for (size_t index = layers_.size(); index-- > 0;) {
    const LayerPlan& layer = plan.layers[index];
    LayerState& state = layers_[index];
    auto prepare_back = [&](Block block) {
      if (!state.unit) kernels.unit_queries(plan, layer, block, state.projected, unit_, Tap());
      clear(g_projected_, block.first, block.last, 4 * C);
      if (local) clear(g_carried_, block.first, block.last, M * C);
    };
    over_blocks(pool, 0, owned_, [&](Block block, Scratch& scratch) {
      kernels.update_back(plan, layer, block, state, g_s_, g_v_, g_scalar_, g_vector_, g_total_, torque_.data(), scratch);
      prepare_back(block);
    });
    over_blocks(pool, owned_, atoms_, [&](Block block, Scratch&) { prepare_back(block); });
    over_tasks(pool, [&](Task task) {
      if (!state.unit) kernels.attention(plan, layer, pairs_, task, unit_, state.weight);
      kernels.messages_back(plan, layer, pairs_, gradients_, task, state, state.unit ? state.unit : unit_, g_scalar_,
                            g_vector_, g_total_, g_projected_, local ? g_carried_ : g_v_);
    });
    if (!index) break;  // what enters the first layer depends on the species alone
    over_blocks(pool, 0, atoms_, [&](Block block, Scratch& scratch) {
      kernels.project_back(plan, layer, block, state, g_projected_, g_s_, local ? g_carried_ : nullptr, g_v_, torque_.data(),
                           scratch);
    });
    if (exchange) {
      exchange->backward(exchange->context, g_s_, int32_t(C), 4);
      exchange->backward(exchange->context, g_v_, int32_t(M * C), 4);
      clear(g_s_, owned_, atoms_, C);
      clear(g_v_, owned_, atoms_, M * C);
    }
  }
  std::fill(forces_, forces_ + atoms_ * 3, 0.0);
  std::fill(virial_, virial_ + 9, 0.0);
  geometry_.backward_pairs(gradients_, torque_, owned_, forces_, virial_);
  if (plan.shape.local) {
    if (exchange) exchange->backward(exchange->context, geometry_.frame_gradient_rows().data(), 9, 8);
    geometry_.backward_frames(forces_, virial_, owned_);
  }
}

void Evaluator::collect(const Results& results) {
  const Description& description = model_.description;
  double total = 0;
  for (int64_t place = 0; place < owned_; ++place)
    energy_[place] = description.scale * energy_[place] + description.reference[row_[place]];
  if (results.forces)
    for (int64_t place = 0; place < atoms_; ++place)
      for (int k = 0; k < 3; ++k)
        results.forces[3 * list_.order()[place] + k] = description.scale * forces_[3 * place + k];
  if (results.virial)
    for (int k = 0; k < 9; ++k) results.virial[k] = description.scale * virial_[k];
  geometry_.repel(owned_, energy_, results.forces, results.virial);
  if (results.atomic_energies)
    for (int64_t place = 0; place < owned_; ++place) results.atomic_energies[list_.order()[place]] = energy_[place];
  for (int64_t place = 0; place < owned_; ++place) total += energy_[place];
  if (results.energy) *results.energy = total;
}

// What the caller is given, the repulsion included. Ghosts count too: their forces go to their owners.
Worst Evaluator::worst(const Results& results) const {
  const Description& description = model_.description;
  Worst found;
  for (int64_t place = 0; place < owned_; ++place)
    found.see(Worst::What::energy, list_.order()[place], energy_[place] - description.reference[row_[place]], most_energy);
  // References near the largest double are finite, their sum is not.
  const double total = std::accumulate(energy_, energy_ + owned_, 0.0);
  found.see(Worst::What::total, -1, total, std::numeric_limits<double>::max());
  if (results.forces)
    for (int64_t n = 0; n < 3 * atoms_; ++n) found.see(Worst::What::force, n / 3, results.forces[n], most_force);
  if (results.virial)
    for (int k = 0; k < 9; ++k)
      found.see(Worst::What::virial, -1, results.virial[k], most_energy * double(atoms_));
  return found;
}

// Whether the file or the structure is to blame: the structures in the file are of the training data.
bool Evaluator::golden_frames_fail() const {
  const GoldenFrames& golden = model_.description.golden;
  System system;
  system.atoms = int64_t(golden.species.size());
  system.species = golden.species.data();
  std::vector<double> forces(3 * golden.species.size());
  double energy = 0;
  for (size_t frame = 0; frame < golden.energies.size(); ++frame) {
    system.positions = golden.positions.data() + frame * forces.size();
    const Results results{&energy, forces.data(), nullptr, nullptr};
    Evaluator fresh(model_, 0);
    try {
      fresh.compute(system, system.atoms, nullptr, results, nullptr, Tap());
    } catch (const BadStructure&) {
      return true;
    }
    if (!fresh.worst(results).usable()) return true;
  }
  return false;
}

}  // namespace gaq
