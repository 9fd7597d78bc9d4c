// Pairs by their first atom, eight bytes each, before they are sorted into tasks.
#pragma once

#include <cstdint>
#include <vector>

namespace gaq::neighbors {

// A neighbour at a place j, in image s of the reduced lattice, as one number: sorted by j, then by image.
struct Neighbor {
  static constexpr int most = 1023;  // images in one direction

  static uint64_t pack(int32_t place, uint64_t image) { return uint64_t(place) << 33 | image; }
  static uint64_t pack_image(const int64_t image[3]) {
    return uint64_t(image[0] + 1024) << 22 | uint64_t(image[1] + 1024) << 11 | uint64_t(image[2] + 1024);
  }
  static int32_t place(uint64_t packed) { return int32_t(packed >> 33); }
  static int64_t image(uint64_t packed, int k) { return int64_t(packed >> (22 - 11 * k) & 2047) - 1024; }
};

// Neighbours j >= i of every place i.
struct Rows {
  std::vector<uint64_t> neighbors;   // sorted within a row
  std::vector<int64_t> first, last;  // [place] the row of each
};

}  // namespace gaq::neighbors
