// Noise with known values, and steps that keep what they must keep.
#include <cstring>

#include "dynamics/random.hpp"
#include "engine_cases.hpp"

namespace {

using namespace gaq_test;

// As numpy.random.Philox and simulate/noise.py give them for these counters and this key.
void check_noise() {
  const uint64_t seed = (uint64_t(1) << 63) + 11, counter[4] = {1, 7, 0, 0}, key[2] = {seed, 1};
  const uint64_t words[4] = {0xf89204e38a48b3b8, 0x1c9fb231b92a7f15, 0x4bc80ddc687e6a39, 0x23575ffa4210701c};
  const gaq::Words drawn = gaq::philox(counter, key);
  CHECK_EQ(std::memcmp(drawn.word, words, sizeof words), 0);
  const double values[4] = {-0x1.2531b592eb827p+0, 0x1.16bdac1fafe13p-1, -0x1.2346a4da2ab34p+1, 0x1.65b1a38fa203ep-2};
  const gaq::Normals normal = gaq::normals(seed, 1, 7, 2);
  for (int k = 0; k < 4; ++k) CHECK_EQ(normal.value[k], values[k]);
}

constexpr double acceleration = 0.0096485332;  // Å/fs² of 1 amu by 1 eV/Å

// Atoms in motion, and the buffers of it.
struct Moving {
  explicit Moving(const Subject& subject, const Atoms& given) : atoms(given) {
    const Answer answer = subject.evaluate(atoms);
    forces = answer.forces;
    energy = answer.energy;
    velocities.assign(atoms.positions.size(), 0.0);
    for (int32_t z : atoms.species) inverse_masses.push_back(acceleration / (2.0 * z));
    motion = {0, 0.0, inverse_masses.data(), atoms.positions.data(), velocities.data(), forces.data(), &energy};
  }
  Moving(const Moving&) = delete;

  int32_t go(const Subject& subject, const gaq_dynamics& dynamics, int64_t steps) {
    const gaq_system system = atoms.system();
    return gaq_move(subject.engine(), &system, &dynamics, &motion, steps);
  }
  double total() const {
    double sum = energy;
    for (size_t a = 0; a < inverse_masses.size(); ++a)
      for (int k = 0; k < 3; ++k) sum += 0.5 * velocities[3 * a + k] * velocities[3 * a + k] / inverse_masses[a];
    return sum;
  }

  Atoms atoms;
  std::vector<double> inverse_masses, velocities, forces;
  double energy = 0;
  gaq_motion motion{};
};

gaq_dynamics nve(double dt) { return {dt, 0, 0, 0, GAQ_NVE, 0}; }
gaq_dynamics bath(int32_t thermostat) { return {0.05, 0.02, 10.0, 3, thermostat, 18}; }

// The error of the energy falls with the square of the time step; back in time, atoms come back.
void check_energy_is_kept() {
  for (const char* name : smooth_models) {
    const Subject subject(name);
    double error[2];
    for (int n = 0; n < 2; ++n) {
      Moving moving(subject, molecule());
      const double dt = n ? 0.1 : 0.2, before = moving.total();
      CHECK_EQ(moving.go(subject, nve(dt), n ? 20 : 10), int32_t(GAQ_OK));
      error[n] = std::fabs(moving.total() - before);
      CHECK(error[n] < 0.05 * std::fabs(moving.total() - moving.energy));
      CHECK_EQ(moving.go(subject, nve(-dt), n ? 20 : 10), int32_t(GAQ_OK));
      CHECK(largest_difference(moving.atoms.positions, molecule().positions) < 1e-5);
      CHECK(largest(moving.velocities) < 1e-5);
    }
    CHECK(error[1] < 0.5 * error[0] || error[0] < 1e-5);
  }
}

// In pieces, in an engine that saw something else before, and with threads: the same bits.
void check_pieces() {
  for (const char* name : models_of_every_gauge)
    for (int32_t thermostat : {GAQ_NVE, GAQ_LANGEVIN, GAQ_CSVR}) {
      const Subject subject(name), threaded(name, {2, 0, 0, 0});
      const gaq_dynamics dynamics = bath(thermostat);
      Moving whole(subject, molecule()), pieces(threaded, molecule());
      CHECK_EQ(whole.go(subject, dynamics, 30), int32_t(GAQ_OK));
      for (int64_t steps : {0, 1, 12, 17}) {
        threaded.evaluate(on_grid(3, 2, 2, 1.7, 0.2, 9));
        CHECK_EQ(pieces.go(threaded, dynamics, steps), int32_t(GAQ_OK));
      }
      CHECK_EQ(pieces.motion.step, int64_t(30));
      CHECK((whole.atoms.positions == pieces.atoms.positions && whole.velocities == pieces.velocities));
      CHECK((whole.forces == pieces.forces && whole.energy == pieces.energy));
      CHECK_EQ(whole.motion.heat, pieces.motion.heat);
      CHECK_EQ(whole.motion.heat != 0, thermostat != GAQ_NVE);
    }
}

// What cannot be made leaves the last step that was.
void check_failures() {
  const Subject subject("fp32-l1");
  Moving moving(subject, molecule());
  CHECK_EQ(moving.go(subject, nve(0.1), 3), int32_t(GAQ_OK));
  const std::vector<double> positions = moving.atoms.positions, velocities = moving.velocities, forces = moving.forces;
  const double energy = moving.energy;
  for (double dt : {1e120, 1e200}) {
    const int32_t status = moving.go(subject, nve(dt), 1000);
    CHECK(status == GAQ_UNSTABLE || status == GAQ_BAD_STRUCTURE);
    CHECK(std::strlen(gaq_last_error(subject.engine())) > 10);
    CHECK(std::isfinite(largest(moving.atoms.positions)) && std::isfinite(largest(moving.velocities)));
    CHECK(std::isfinite(moving.energy));
    CHECK_EQ(subject.energy(moving.atoms), moving.energy);
    moving.atoms.positions = positions;
    moving.velocities = velocities;
    moving.forces = forces;
    moving.energy = energy;
  }
  const gaq_dynamics good = bath(GAQ_CSVR);
  gaq_dynamics bad[6] = {good, good, good, good, good, nve(0)};
  bad[0].thermostat = 3;
  bad[1].relaxation = 0;
  bad[2].thermal_energy = NAN;
  bad[3].dt = INFINITY;
  bad[4].dt = -1;
  for (const gaq_dynamics& dynamics : bad) CHECK_EQ(moving.go(subject, dynamics, 1), int32_t(GAQ_BAD_ARGUMENT));
  CHECK_EQ(moving.go(subject, good, -1), int32_t(GAQ_BAD_ARGUMENT));
  moving.inverse_masses[2] = -1;
  CHECK_EQ(moving.go(subject, good, 1), int32_t(GAQ_BAD_ARGUMENT));
  moving.motion.forces = nullptr;
  CHECK_EQ(moving.go(subject, good, 1), int32_t(GAQ_BAD_ARGUMENT));
  const gaq_system system = moving.atoms.system();
  CHECK_EQ(gaq_move(subject.engine(), &system, &good, nullptr, 1), int32_t(GAQ_BAD_ARGUMENT));
  CHECK((moving.atoms.positions == positions));
}

}  // namespace

int main() {
  check_noise();
  check_energy_is_kept();
  check_pieces();
  check_failures();
  return finish();
}
