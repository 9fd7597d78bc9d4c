// What the fuzzers call: a file with a right checksum either opens or is refused, and a model that opens either computes
// energies and forces that can be used, or says why it does not. This is the library as users have it, checksum included.
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "engine.hpp"
#include "error.hpp"
#include "promises.hpp"

namespace {

using gaq_fuzz::promise;

// Atoms at distances of a molecule, of all species in turn.
const std::vector<double> positions{0, 0, 0, 1.1, 0.1, 0.2, -0.3, 1.4, 0.1, 0.2, -0.4, 1.6, 2.3, 1.2, -0.9};

bool finite(const std::vector<double>& numbers) {
  for (double number : numbers)
    if (!std::isfinite(number)) return false;
  return true;
}

// `edge` of a periodic box; 0 for open space.
void check_evaluation(gaq::Engine& engine, size_t atoms, double edge) {
  const gaq_info info = engine.describe();
  std::vector<int32_t> species;
  for (size_t k = 0; k < atoms; ++k) species.push_back(info.species[k % size_t(info.species_count)]);
  const double cell[9] = {edge, 0, 0, 0.1, edge, 0, 0, 0.2, edge};
  const int32_t periodic = edge > 0;
  const gaq_system system{int64_t(atoms), species.data(), positions.data(), cell, {periodic, periodic, periodic}};
  // What is not written stays NaN.
  const double unwritten = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> energy{unwritten}, forces(3 * atoms, unwritten), virial(9, unwritten), parts(atoms, unwritten);
  try {
    engine.evaluate(system, {energy.data(), forces.data(), virial.data(), parts.data()});
  } catch (const gaq::Error& refusal) {  // anything else, such as no memory, is a finding
    promise(refusal.status == GAQ_NOT_FINITE || refusal.status == GAQ_BAD_STRUCTURE, "a refusal of the answer");
    return gaq_fuzz::promise_sentence(refusal.what());
  }
  promise(finite(energy) && finite(forces) && finite(virial) && finite(parts), "finite results");
  double sum = 0;
  for (double part : parts) sum += part;
  promise(sum == energy[0], "energies of atoms add up to the energy");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::unique_ptr<gaq::Engine> engine;
  try {
    engine.reset(new gaq::Engine(bytes, size, "x.gaq", gaq_options{}));
  } catch (const gaq::BadFile& refusal) {
    gaq_fuzz::promise_refusal(refusal.what());
    return 0;
  }
  check_evaluation(*engine, positions.size() / 3, 0);
  check_evaluation(*engine, 2, 4);
  check_evaluation(*engine, 1, 0);
  return 0;
}
