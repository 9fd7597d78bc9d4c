// Pieces of work on the threads of a pool, or one after another where there is none. Allocates nothing.
#pragma once

#include "threads/pool.hpp"

namespace gaq {

// work(n) for first ≤ n < last, in any order.
template <class Work>
inline void side_by_side(Pool* pool, int64_t first, int64_t last, const Work& work) {
  if (pool && pool->threads() > 1 && last - first > 1) {
    // Two references: small enough for std::function to hold without asking for memory.
    pool->run(last - first, [&first, &work](int64_t piece, int) { work(first + piece); });
  } else {
    for (int64_t n = first; n < last; ++n) work(n);
  }
}

}  // namespace gaq
