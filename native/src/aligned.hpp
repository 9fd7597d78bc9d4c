// Vectors that begin at a cache line, so that no load of a whole register reaches over two.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace gaq {

constexpr std::size_t cache_line = 64;

template <class Number>
struct LineAllocator {
  using value_type = Number;
  LineAllocator() = default;
  template <class Other>
  LineAllocator(const LineAllocator<Other>&) {}

  Number* allocate(std::size_t count) {
    if (count > std::size_t(-1) / sizeof(Number)) throw std::bad_array_new_length();
    return static_cast<Number*>(::operator new(count * sizeof(Number), std::align_val_t(cache_line)));
  }
  void deallocate(Number* first, std::size_t) { ::operator delete(first, std::align_val_t(cache_line)); }
  template <class Other>
  bool operator==(const LineAllocator<Other>&) const {
    return true;
  }
  template <class Other>
  bool operator!=(const LineAllocator<Other>&) const {
    return false;
  }
};

template <class Number>
using AlignedVector = std::vector<Number, LineAllocator<Number>>;

}  // namespace gaq
