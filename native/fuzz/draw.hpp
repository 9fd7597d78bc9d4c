// Random choices of the mutators: the same seed gives the same file on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>

namespace gaq_fuzz {

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}

  size_t below(size_t count) { return count == 0 ? 0 : size_t(random_() % count); }
  bool once_in(size_t count) { return below(count) == 0; }
  template <class List>
  const auto& one_of(const List& list) {
    return *std::next(std::begin(list), std::ptrdiff_t(below(std::size(list))));
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace gaq_fuzz
