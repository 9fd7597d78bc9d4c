// Twin of simulate/thermostats.py, operation by operation.
#include "dynamics/thermostat.hpp"

#include <cmath>

#include "dynamics/random.hpp"

namespace gaq {
namespace {

constexpr uint64_t langevin_stream = 1, rescale_stream = 2;

void stop_centre(const Moment& moment, double* velocities) {
  double momentum[3] = {0, 0, 0}, mass = 0;
  for (int64_t a = 0; a < moment.atoms; ++a)
    if (moment.inverse[a] == 0) return;  // with fixed atoms there is no motion of the whole
  for (int64_t a = 0; a < moment.atoms; ++a) {
    const double own = 1 / moment.inverse[a];
    mass += own;
    for (int k = 0; k < 3; ++k) momentum[k] += own * velocities[3 * a + k];
  }
  for (int64_t a = 0; a < moment.atoms; ++a)
    for (int k = 0; k < 3; ++k) velocities[3 * a + k] -= momentum[k] / mass;
}

}  // namespace

double kinetic_energy(int64_t atoms, const double* inverse, const double* velocities) {
  double sum = 0;
  for (int64_t a = 0; a < atoms; ++a) {
    const double* v = velocities + 3 * a;
    sum += inverse[a] > 0 ? ((v[0] * v[0] + v[1] * v[1]) + v[2] * v[2]) / inverse[a] : 0;  // a fixed atom has none
  }
  return 0.5 * sum;
}

void langevin(const Moment& moment, double decay, double thermal_energy, double* velocities) {
  const double kept = std::sqrt(1 - decay * decay);
  for (int64_t a = 0; a < moment.atoms; ++a) {
    const Normals drawn = normals(moment.seed, langevin_stream, moment.step, a);
    const double spread = kept * std::sqrt(thermal_energy * moment.inverse[a]);
    for (int k = 0; k < 3; ++k) velocities[3 * a + k] = decay * velocities[3 * a + k] + spread * drawn.value[k];
  }
  stop_centre(moment, velocities);
}

void rescale(const Moment& moment, double decay, double thermal_energy, int32_t freedom, double* velocities) {
  const double kinetic = kinetic_energy(moment.atoms, moment.inverse, velocities);
  if (freedom < 1 || !(kinetic > 0)) return;
  double first = 0, squares = 0;
  for (int64_t block = 0; 4 * block < freedom; ++block) {
    const Normals drawn = normals(moment.seed, rescale_stream, moment.step, block);
    for (int k = 0; k < 4 && 4 * block + k < freedom; ++k) {
      if (block == 0 && k == 0) first = drawn.value[0];
      squares += drawn.value[k] * drawn.value[k];
    }
  }
  const double share = (1 - decay) * (0.5 * thermal_energy / kinetic);  // of one degree of freedom
  const double cross = std::sqrt(decay * share);
  const double squared = (decay + share * squares) + 2 * first * cross;
  double factor = std::sqrt(squared > 0 ? squared : 0);
  if (first * share + cross < 0) factor = -factor;
  for (int64_t n = 0; n < 3 * moment.atoms; ++n) velocities[n] *= factor;
}

}  // namespace gaq
