// Twin of simulate/integrate.py: the same operations in the same order, so that both give the same bits.
#include "dynamics/dynamics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "dynamics/thermostat.hpp"
#include "error.hpp"
#include "neighbors/checks.hpp"

namespace gaq {
namespace {

// Place of the first number that is not finite, or -1.
int64_t first_not_finite(const double* numbers, int64_t count) {
  double sum = 0;  // of numbers times 0: 0 unless one of them is not finite
  for (int64_t n = 0; n < count; ++n) sum += numbers[n] * 0;
  if (sum == 0) return -1;
  return std::find_if(numbers, numbers + count, [](double x) { return !std::isfinite(x); }) - numbers;
}

void check(const gaq_dynamics& dynamics, const gaq_motion& motion, int64_t atoms, int64_t steps) {
  const auto refuse = [](const std::string& sentence) { throw Error(GAQ_BAD_ARGUMENT, sentence); };
  if (!motion.inverse_masses || !motion.positions || !motion.velocities || !motion.forces || !motion.energy)
    refuse("the motion lacks one of its buffers");
  if (steps < 0 || motion.step < 0) refuse("a negative number of steps");
  if (steps > std::numeric_limits<int64_t>::max() - motion.step) refuse("more steps than can be counted");
  if (!(std::isfinite(dynamics.dt) && dynamics.dt != 0)) refuse("dt must be a number other than 0");
  if (dynamics.thermostat < GAQ_NVE || dynamics.thermostat > GAQ_CSVR) refuse("there is no such thermostat");
  for (int64_t a = 0; a < atoms; ++a)
    if (!(motion.inverse_masses[a] >= 0 && std::isfinite(motion.inverse_masses[a])))
      refuse("the inverse mass of atom " + std::to_string(a) + " is not a number of 0 or more");
  const std::pair<const char*, const double*> rows[] = {{"velocity", motion.velocities}, {"force", motion.forces}};
  for (const auto& [name, numbers] : rows)
    if (const int64_t n = first_not_finite(numbers, 3 * atoms); n >= 0)
      refuse("the " + std::string(name) + " of atom " + std::to_string(n / 3) + " is not a finite number");
  if (!std::isfinite(*motion.energy) || !std::isfinite(motion.heat)) refuse("energy or heat is not a finite number");
  if (dynamics.thermostat == GAQ_NVE) return;
  if (!(dynamics.thermal_energy >= 0 && std::isfinite(dynamics.thermal_energy)))
    refuse("the thermal energy must be a number and not negative");
  if (!(dynamics.relaxation > 0)) refuse("the relaxation time must be positive");
  if (dynamics.thermostat == GAQ_CSVR && dynamics.degrees_of_freedom < 0)
    refuse("the degrees of freedom must not be negative");
  if (dynamics.dt < 0) refuse("a thermostat cannot run back in time");
}

class Run {
 public:
  Run(Engine& engine, const gaq_system& system, const gaq_dynamics& dynamics, gaq_motion& motion)
      : engine_(engine),
        system_(system),
        dynamics_(dynamics),
        motion_(motion),
        numbers_(3 * system.atoms),
        kick_(size_t(system.atoms)),
        decay_(dynamics.thermostat == GAQ_NVE ? 1 : std::exp(-dynamics.dt / dynamics.relaxation)) {
    system_.positions = motion.positions;
    for (int64_t a = 0; a < system.atoms; ++a) kick_[size_t(a)] = 0.5 * dynamics.dt * motion.inverse_masses[a];
  }

  void step() {
    if (motion_.step % GAQ_REBUILD_STEPS == 0) engine_.forget();
    keep();
    try {
      make_step();
      if (!still_finite()) throw Error(GAQ_NOT_FINITE, "a velocity is not a finite number");
    } catch (const Error& error) {
      go_back();
      if (error.status != GAQ_NOT_FINITE) throw;
      throw Error(GAQ_UNSTABLE, "unstable at step " + std::to_string(motion_.step + 1) + ": " + error.what());
    } catch (...) {
      go_back();
      throw;
    }
    ++motion_.step;
  }

 private:
  void make_step() {
    half_kick();
    if (dynamics_.thermostat == GAQ_LANGEVIN) {
      drift(0.5 * dynamics_.dt);
      thermostat();
      drift(0.5 * dynamics_.dt);
    } else {
      drift(dynamics_.dt);
    }
    engine_.evaluate(system_, {motion_.energy, motion_.forces, nullptr, nullptr});
    half_kick();
    if (dynamics_.thermostat == GAQ_CSVR) thermostat();
  }

  void thermostat() {
    const Moment moment{system_.atoms, motion_.inverse_masses, dynamics_.seed, motion_.step};
    const double before = kinetic_energy(system_.atoms, motion_.inverse_masses, motion_.velocities);
    if (dynamics_.thermostat == GAQ_LANGEVIN)
      langevin(moment, decay_, dynamics_.thermal_energy, motion_.velocities);
    else
      rescale(moment, decay_, dynamics_.thermal_energy, dynamics_.degrees_of_freedom, motion_.velocities);
    motion_.heat += kinetic_energy(system_.atoms, motion_.inverse_masses, motion_.velocities) - before;
  }

  void half_kick() {
    for (int64_t a = 0; a < system_.atoms; ++a)
      for (int k = 0; k < 3; ++k) motion_.velocities[3 * a + k] += kick_[size_t(a)] * motion_.forces[3 * a + k];
  }

  void drift(double time) {
    for (int64_t n = 0; n < numbers_; ++n) motion_.positions[n] += time * motion_.velocities[n];
  }

  void keep() {
    const double* buffers[3] = {motion_.positions, motion_.velocities, motion_.forces};
    for (int n = 0; n < 3; ++n) kept_[n].assign(buffers[n], buffers[n] + numbers_);
    energy_ = *motion_.energy;
    heat_ = motion_.heat;
  }

  void go_back() {
    double* buffers[3] = {motion_.positions, motion_.velocities, motion_.forces};
    for (int n = 0; n < 3; ++n) std::copy(kept_[n].begin(), kept_[n].end(), buffers[n]);
    *motion_.energy = energy_;
    motion_.heat = heat_;
  }

  // Positions, energy and forces need no look: the evaluation has checked them.
  bool still_finite() const { return first_not_finite(motion_.velocities, numbers_) < 0; }

  Engine& engine_;
  gaq_system system_;
  const gaq_dynamics& dynamics_;
  gaq_motion& motion_;
  int64_t numbers_;
  std::vector<double> kick_, kept_[3];
  double energy_ = 0, heat_ = 0, decay_;
};

}  // namespace

void move(Engine& engine, const gaq_system& system, const gaq_dynamics& dynamics, gaq_motion& motion, int64_t steps) {
  if (system.atoms < 1) throw BadStructure("the structure has no atoms");
  if (system.atoms > neighbors::most_cells) throw BadStructure("the structure has more atoms than can be numbered");
  check(dynamics, motion, system.atoms, steps);
  Run run(engine, system, dynamics, motion);
  for (int64_t n = 0; n < steps; ++n) run.step();
}

}  // namespace gaq
