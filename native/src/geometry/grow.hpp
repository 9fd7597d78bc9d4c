// Arrays that keep their memory from step to step.
#pragma once

#include <cstdint>
#include <vector>

namespace gaq {

// At least `count` elements, never fewer than there were: after the largest system nothing is allocated. A sixteenth
// more than asked for, so that a pair or two that come into reach do not double the memory.
template <class Element>
void grow(std::vector<Element>& array, int64_t count) {
  if (int64_t(array.capacity()) < count) array.reserve(size_t(count + count / 16 + 16));
  if (int64_t(array.size()) < count) array.resize(size_t(count));
}

}  // namespace gaq
