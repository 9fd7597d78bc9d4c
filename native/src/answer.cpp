#include "answer.hpp"

#include <cstdio>

namespace gaq {

std::string Worst::sentence() const {
  const char* expected = std::isfinite(value_) ? "expected at most" : "expected a finite number of at most";
  char text[200] = "";
  if (what_ == What::energy)
    std::snprintf(text, sizeof text, "atom %lld has an energy %g eV away from its reference; %s %g eV",
                  static_cast<long long>(atom_), value_, expected, most_energy);
  if (what_ == What::force)
    std::snprintf(text, sizeof text, "atom %lld has a force of %g eV/Å; %s %g eV/Å", static_cast<long long>(atom_),
                  value_, expected, most_force);
  if (what_ == What::virial)
    std::snprintf(text, sizeof text, "the virial is %g eV; %s %g eV per atom", value_, expected, most_energy);
  if (what_ == What::total)
    std::snprintf(text, sizeof text, "the energy of all atoms is %g eV; expected a finite number", value_);
  return text;
}

}  // namespace gaq
