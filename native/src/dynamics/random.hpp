// Random numbers that are a function of (seed, stream, step, block): nothing to store, nothing to share, the same for
// any number of threads, and a run that is taken up again draws what it would have drawn.
#pragma once

#include <cstdint>

namespace gaq {

// Four words of Philox 4×64 with ten rounds (Salmon et al., SC 2011); those of numpy.random.Philox.
struct Words {
  uint64_t word[4];
};
Words philox(const uint64_t counter[4], const uint64_t key[2]);

// Four independent standard normal numbers, by Box and Muller from additions, multiplications, divisions and square
// roots alone: the same bits on every machine, which the logarithm and cosine of a C library do not promise.
struct Normals {
  double value[4];
};
Normals normals(uint64_t seed, uint64_t stream, int64_t step, int64_t block);

}  // namespace gaq
