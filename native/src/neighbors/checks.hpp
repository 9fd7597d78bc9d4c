// What makes a structure impossible, said in the words of src/gaq/atoms/checks.py. Each throws BadStructure.
#pragma once

#include <cstdint>
#include <limits>

#include "system.hpp"

namespace gaq::neighbors {

constexpr double coinciding = 0.2;  // Å
// Beyond this, neighbouring double precision numbers are more than 0.1 Å apart.
constexpr double farthest = 1e15;  // Å
// Cells that an atom may lie away from the box, and that a shift may count: differences of two fit an int32.
constexpr int64_t most_cells = int64_t(1) << 28;

// At least one atom; finite positions and cell; numbers that can be told apart.
void check_numbers(const System& system);

[[noreturn]] void refuse_flat(const System& system);
[[noreturn]] void refuse_thin(const System& system);  // more images within reach than can be counted
[[noreturn]] void refuse_unwrapped(int64_t atom);
[[noreturn]] void refuse_coinciding(double distance, int64_t first, int64_t second);

// The closest of the pairs that are too close. More of them than atoms mean that the list would grow without bound.
class Coinciding {
 public:
  explicit Coinciding(int64_t atoms) : atoms_(atoms) {}

  void see(double squared, int64_t first, int64_t second) {
    if (squared >= coinciding * coinciding) return;
    keep(squared, first, second);
  }
  void refuse_any() const;

 private:
  void keep(double squared, int64_t first, int64_t second);

  int64_t atoms_, count_ = 0, first_ = 0, second_ = 0;
  double squared_ = std::numeric_limits<double>::infinity();
};

}  // namespace gaq::neighbors
