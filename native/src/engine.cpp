#include "engine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "error.hpp"

namespace gaq {

namespace {

constexpr double default_skin = 0.5;  // Å
constexpr int most_threads = 1024;
constexpr int64_t most_atoms = std::numeric_limits<int32_t>::max() / 4;

const Kernels& kernels_or_refuse() {
  const Kernels* kernels = choose_kernels();
  if (!kernels)
    throw Error(GAQ_BAD_ARGUMENT,
                "GAQ_ISA names an instruction set that this build or this machine does not have; here are " +
                    std::string(available_kernels()) + ". Unset it to take the best.");
  return *kernels;
}

System checked(const gaq_system& given) {
  if (given.atoms < 1) throw BadStructure("the structure has no atoms");
  if (given.atoms > most_atoms) throw BadStructure("the structure has more atoms than can be numbered");
  if (!given.species || !given.positions) throw Error(GAQ_BAD_ARGUMENT, "species or positions are missing");
  System system;
  system.atoms = given.atoms;
  system.species = given.species;
  system.positions = given.positions;
  for (int k = 0; k < 3; ++k) {
    system.periodic[k] = given.periodic[k] != 0;
    if (system.periodic[k] && !given.cell) throw BadStructure("the structure is periodic but has no cell");
    for (int a = 0; a < 3; ++a) system.cell[k][a] = given.cell ? given.cell[3 * k + a] : 0.0;
  }
  return system;
}

Results into(const gaq_result& given) { return {given.energy, given.forces, given.virial, given.atomic_energies}; }

}  // namespace

Engine::Engine(const void* bytes, size_t size, const std::string& name, const gaq_options& options)
    : model_(new Model) {
  if (options.threads < 0 || options.threads > most_threads)
    throw Error(GAQ_BAD_ARGUMENT, "threads is " + std::to_string(options.threads) + "; expected 1 to 1024");
  const int bits = options.backward_bits;
  if (bits != 0 && bits != 8 && bits != 16 && bits != 32)
    throw Error(GAQ_BAD_ARGUMENT, "backward_bits is " + std::to_string(bits) + "; expected 8, 16 or 32");
  if (!std::isfinite(options.skin)) throw Error(GAQ_BAD_ARGUMENT, "skin is not a finite number");
  if (options.strict != 0 && options.strict != 1)
    throw Error(GAQ_BAD_ARGUMENT, "strict is " + std::to_string(options.strict) + "; expected 0 or 1");
  strict_ = options.strict != 0;
  model_->kernels = &kernels_or_refuse();
  model_->description = read_description(bytes, size, name);
  model_->backward_bits = bits ? bits : model_->description.backward_bits;
  model_->network = open_network(model_->description, model_->backward_bits, *model_->kernels);
  const double skin = options.skin == 0 ? default_skin : std::max(options.skin, 0.0);
  const int threads = std::max(options.threads, 1);
  for (int k = 0; k < threads; ++k) evaluators_.emplace_back(new Evaluator(*model_, skin));
  if (threads > 1) pool_.reset(new Pool(threads));
}

gaq_info Engine::describe() const {
  const Description& d = model_->description;
  gaq_info info{};
  info.channels = d.channels;
  info.layers = d.layers;
  info.species_count = int32_t(d.species.size());
  info.backward_bits = model_->backward_bits;
  info.cutoff = d.cutoff;
  info.species = d.species.data();
  info.architecture = d.architecture.c_str();
  info.recipe = d.recipe.c_str();
  info.isa = model_->kernels->name;
  info.outside = outside_;
  for (const auto& evaluator : evaluators_) {
    info.arena_bytes += evaluator->memory();
    info.neighbor_builds += evaluator->builds();
  }
  return info;
}

void Engine::judge(const Outside& found) {
  if (!found.any()) return;
  ++outside_;
  if (!strict_ && !warning_.empty()) return;
  const std::string sentence = found.sentence(model_->description.cutoff);
  if (warning_.empty()) warning_ = sentence;
  if (strict_) throw Error(GAQ_OUTSIDE, "outside of the training data: " + sentence);
}

void Engine::evaluate(const gaq_system& system, const gaq_result& result) {
  const System atoms = checked(system);
  evaluators_[0]->evaluate(atoms, atoms.atoms, nullptr, into(result), tap_.call ? nullptr : pool(), tap_);
  judge(evaluators_[0]->outside());
}

void Engine::evaluate_domain(const gaq_system& system, int64_t owned, const gaq_exchange* exchange,
                             const gaq_result& result) {
  if (exchange && !(exchange->forward && exchange->backward))
    throw Error(GAQ_BAD_ARGUMENT, "the exchange lacks one of its functions");
  if (system.atoms == 0 && owned == 0) return evaluators_[0]->evaluate_nothing(exchange, into(result));
  const System atoms = checked(system);
  if (owned < 0 || owned > atoms.atoms) throw Error(GAQ_BAD_ARGUMENT, "owned lies outside of the atoms");
  if (owned < atoms.atoms && !exchange)
    throw Error(GAQ_BAD_ARGUMENT, "there are ghosts, but no exchange that fills them");
  evaluators_[0]->evaluate(atoms, owned, exchange, into(result), tap_.call ? nullptr : pool(), tap_);
  judge(evaluators_[0]->outside());
}

void Engine::evaluate_batch(int64_t count, const gaq_system* systems, const gaq_result* results, int64_t* failed) {
  if (failed) *failed = -1;
  std::vector<std::unique_ptr<Error>> errors(static_cast<size_t>(count));
  std::vector<Outside> outside(static_cast<size_t>(count));
  auto one = [&](int64_t index, int worker) {
    try {
      const System atoms = checked(systems[index]);
      Evaluator& evaluator = *evaluators_[worker];
      // Places of many atoms come from the list, and must not come from whatever this worker had before.
      const bool placed = atoms.atoms > NeighborList::single_chunk;
      if (placed) evaluator.forget();
      evaluator.evaluate(atoms, atoms.atoms, nullptr, into(results[index]), nullptr, Tap());
      if (placed) evaluator.forget();
      outside[size_t(index)] = evaluator.outside();
    } catch (const Error& error) {
      errors[index].reset(new Error(error));
    }
  };
  if (pool()) {
    pool()->run(count, one);
  } else {
    for (int64_t index = 0; index < count && (!index || !errors[index - 1]); ++index) one(index, 0);
  }
  for (int64_t index = 0; index < count; ++index) {
    if (failed) *failed = index;
    if (errors[index]) throw *errors[index];
    judge(outside[size_t(index)]);
  }
  if (failed) *failed = -1;
}

}  // namespace gaq
