// Whether an answer can be used: every number finite, and of a size that matter can have.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

namespace gaq {

// Generous on purpose. The total energy of a heavy atom's electrons is near 1e6 eV, and what atoms of a molecule differ
// by from their reference is some eV; a collision at 0.2 Å stays below both limits for elements up to argon.
// Twin: src/gaq/atoms/answers.py.
constexpr double most_energy = 1e5;  // eV from the reference energy of the species; the virial: times the atoms
constexpr double most_force = 1e5;   // eV/Å, each component

// The worst number of an answer.
class Worst {
 public:
  enum class What { nothing, energy, force, virial, total };

  // Keeps the number if it exceeds the limit by more than those before it; one that is not finite exceeds by most.
  void see(What what, int64_t atom, double value, double limit) {
    if (std::fabs(value) <= limit) return;
    const double excess = std::isfinite(value) ? std::fabs(value) / limit : INFINITY;
    if (excess > excess_) excess_ = excess, what_ = what, atom_ = atom, value_ = value;
  }
  bool usable() const { return what_ == What::nothing; }
  // "atom 3 has a force of nan eV/Å; expected ..."
  std::string sentence() const;

 private:
  What what_ = What::nothing;
  int64_t atom_ = -1;
  double value_ = 0, excess_ = 0;
};

}  // namespace gaq
