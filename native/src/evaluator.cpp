#include "evaluator.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include "error.hpp"

namespace gaq {

namespace {

// Codes of a block's widest input, each row with zeros up to whole tiles, and what tiles read beyond the last row.
int64_t code_bytes(const Network& network) {
  const int64_t rows = block_atoms * network.components, widest = whole_tiles(network.widest);
  return 2 * (block_atoms * widest + rows * whole_tiles(1) + code_rows_slack * widest);
}

}  // namespace

Evaluator::Evaluator(const Model& model, double skin)
    : model_(model),
      list_(model.description.cutoff, skin),
      geometry_(model.description, model.network->local, model.network->carries),
      domain_(model.description),
      network_(model.network->execution()) {}

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
  const Network& network = *model_.network;
  scratch_.resize(workers);
  arena_.lay_out([&](Arena& arena) {
    network_->needs(arena, atoms, pairs);
    arena.take(energy_, atoms);
    arena.take(forces_, atoms * 3);
    for (Scratch& scratch : scratch_) {
      for (float*& floats : scratch.floats) arena.take(floats, block_atoms * network.widest);
      arena.take(scratch.coefficients, block_atoms * network.components * network.coefficients);
      arena.take(scratch.scale, block_atoms * network.components);
      arena.take(scratch.codes, code_bytes(network));
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
  const bool local = model_.network->local, back = results.forces || results.virial;
  // All that can be refused has been: a domain that fails has not called the exchange yet.
  geometry_.frames(row_, owned);
  if (local && exchange) exchange->forward(exchange->context, geometry_.frame_rows().data(), 9, 8);
  geometry_.forward(pairs_, gradients_);
  torque_.assign(local && back ? size_t(3 * atoms_) : 0, 0.0);
  Evaluation evaluation{model_.kernels, atoms_,  owned_,    row_.data(), &pairs_, &gradients_,
                        torque_.data(), energy_, &scratch_, exchange,    pool,    tap};
  const float* features = network_->forward(evaluation);
  outside_ = domain_.look(geometry_.pairs(), geometry_.count(), row_, list_.order(), owned, features,
                          model_.network->row);
  if (back) {
    network_->backward(evaluation);
    gather_forces(exchange);
  }
  collect(results);
}

void Evaluator::gather_forces(const gaq_exchange* exchange) {
  std::fill(forces_, forces_ + atoms_ * 3, 0.0);
  std::fill(virial_, virial_ + 9, 0.0);
  geometry_.backward_pairs(gradients_, torque_, owned_, forces_, virial_);
  if (!model_.network->local) return;
  if (exchange) exchange->backward(exchange->context, geometry_.frame_gradient_rows().data(), 9, 8);
  geometry_.backward_frames(forces_, virial_, owned_);
}

void Evaluator::evaluate_nothing(const gaq_exchange* exchange, const Results& results) const {
  const Network& network = *model_.network;
  const bool back = results.forces || results.virial;
  if (results.energy) *results.energy = 0;
  if (results.virial) std::fill_n(results.virial, 9, 0.0);
  if (!exchange) return;
  if (network.local) exchange->forward(exchange->context, nullptr, 9, 8);
  for (int n = 0; n < network.boundaries; ++n)
    for (const int32_t width : network.exchanged) exchange->forward(exchange->context, nullptr, width, 4);
  for (int n = 0; back && n < network.boundaries; ++n)
    for (const int32_t width : network.exchanged) exchange->backward(exchange->context, nullptr, width, 4);
  if (back && network.local) exchange->backward(exchange->context, nullptr, 9, 8);
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
    found.see(Worst::What::energy, list_.order()[place], energy_[place] - description.reference[row_[place]],
              most_energy);
  // References near the largest double are finite, their sum is not.
  const double total = std::accumulate(energy_, energy_ + owned_, 0.0);
  found.see(Worst::What::total, -1, total, std::numeric_limits<double>::max());
  if (results.forces)
    for (int64_t n = 0; n < 3 * atoms_; ++n) found.see(Worst::What::force, n / 3, results.forces[n], most_force);
  if (results.virial)
    for (int k = 0; k < 9; ++k) found.see(Worst::What::virial, -1, results.virial[k], most_energy * double(atoms_));
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
