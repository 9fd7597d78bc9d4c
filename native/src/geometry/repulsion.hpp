// A wall between atoms closer than any in the training data; twin of model/repulsion.py.
#pragma once

#include <vector>

#include "description.hpp"
#include "geometry/exponential.hpp"

namespace gaq {

class Repulsion {
 public:
  explicit Repulsion(const Description& description);

  // Å; pairs from there on are left as they are. Zero for a model without a wall.
  double reach() const { return reach_; }
  // The distance (Å) that the network sees of a pair of species rows, and its slope: the wall is switched on with the
  // weight with which the network is switched off.
  double seen(double distance, int32_t row, int32_t other, double& slope) const {
    slope = 1;
    return seen_inside(distance, wall(row, other), slope);
  }
  // eV of the whole pair, and its slope in eV/Å; zero from the outer radius on.
  double energy(double distance, int32_t row, int32_t other, double& slope) const;

 private:
  struct Wall {
    double inner, outer, screening, strength;  // Å, Å, Å, eV·Å
  };

  const Wall& wall(int32_t row, int32_t other) const { return walls_[size_t(row) * count_ + size_t(other)]; }
  static double seen_inside(double distance, const Wall& wall, double& slope);

  size_t count_ = 0;
  double reach_ = 0;
  std::vector<Wall> walls_;  // [species][species]
};

}  // namespace gaq
