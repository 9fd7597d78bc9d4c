#include "geometry/repulsion.hpp"

#include <algorithm>

#include "geometry/geometry.hpp"
#include "geometry/vectors.hpp"

namespace gaq {

namespace {

constexpr double coulomb = 27.211386245988 * 0.529177210903;  // eV·Å: Hartree · Bohr
// The universal screening function of Ziegler, Biersack and Littmark (1985).
constexpr double factors[4] = {0.18175, 0.50986, 0.28022, 0.02817};
constexpr double rates[4] = {3.19980, 0.94229, 0.40290, 0.20162};

double share_of(double distance, double inner, double outer) {
  return std::min(std::max((distance - inner) / (outer - inner), 0.0), 1.0);
}

}  // namespace

Repulsion::Repulsion(const Description& description) : count_(description.species.size()) {
  const RepulsionDescription& given = description.repulsion;
  for (size_t n = 0; n < given.outer.size(); ++n) {
    const double strength = coulomb * double(description.species[n / count_]) * double(description.species[n % count_]);
    walls_.push_back({given.inner[n], given.outer[n], given.screening[n], strength});
    reach_ = std::max(reach_, given.outer[n]);
  }
}

double Repulsion::seen_inside(double distance, const Wall& wall, double& slope) {
  if (!(distance < wall.outer)) return distance;
  const double width = wall.outer - wall.inner, x = share_of(distance, wall.inner, wall.outer), x2 = x * x;
  slope = x2 * x * (10 - x * (15 - 6 * x));
  return wall.outer - 0.5 * width + width * (x2 * x2) * (2.5 - x * (3 - x));
}

double Repulsion::energy(double distance, int32_t row, int32_t other, double& slope) const {
  slope = 0;
  if (!(distance < reach_)) return 0;
  const Wall& w = wall(row, other);
  if (!(distance < w.outer)) return 0;
  const double x = share_of(distance, w.inner, w.outer), rest = 1 - x;
  const double on = 1 - x * x * x * (10 - x * (15 - 6 * x));
  const double on_slope = -30 * (x * x) * (rest * rest) / (w.outer - w.inner);
  double screened = 0, screened_slope = 0;
  for (int k = 0; k < 4; ++k) {
    const double term = factors[k] * exponential(-rates[k] * (distance / w.screening));
    screened += term;
    screened_slope -= rates[k] / w.screening * term;
  }
  const double bare = w.strength / distance;
  slope = bare * (screened_slope * on - screened * on / distance + screened * on_slope);
  return bare * screened * on;
}

// One after another, in the order of the list: few pairs are ever inside, and the sum has one order.
void Geometry::repel(int64_t owned, double* energies, double* forces, double* virial) const {
  for (int64_t n = 0; n < count_; ++n) {
    const ActivePair& pair = pairs_[n];
    const double distance = float(pair.distance);
    if (!(distance < repulsion_.reach())) continue;
    double slope;
    const double energy = repulsion_.energy(distance, rows_[pair.i], rows_[pair.j], slope);
    const double half_i = pair.i < owned ? 0.5 : 0, half_j = pair.j < owned ? 0.5 : 0;
    if (pair.i < owned) energies[pair.i] += half_i * energy;
    if (pair.j < owned) energies[pair.j] += half_j * energy;
    const double along = (half_i + half_j) * slope / pair.distance;
    const int64_t i = list_->order()[size_t(pair.i)], j = list_->order()[size_t(pair.j)];
    if (forces) {
      add_scaled(forces + 3 * i, along, pair.displacement);
      add_scaled(forces + 3 * j, -along, pair.displacement);
    }
    if (!virial) continue;
    for (int r = 0; r < 3; ++r) add_scaled(virial + 3 * r, along * pair.displacement[r], pair.displacement);
  }
}

}  // namespace gaq
