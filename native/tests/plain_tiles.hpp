// The unit that multiplies tiles in plain C++: its twin, so that any machine tests what is built on it. It reads whole tiles,
// as the unit does.
#pragma once

#include <cstdint>
#include <cstring>

namespace gaq {
namespace GAQ_ISA_NAME {

inline constexpr bool has_tiles = true;
inline thread_local int tiles_in_use = 0;
inline void begin_tiles() { ++tiles_in_use; }
inline void end_tiles() { --tiles_in_use; }

inline thread_local uint32_t tile_totals[2][24][16];

template <bool Planes, bool Eight>
inline void multiply_codes(const uint8_t* codes, int64_t stride, const int8_t* weights, int inputs) {
  if (tiles_in_use != 1) __builtin_trap();
  std::memset(tile_totals, 0, sizeof tile_totals);
  for (int row = 0; row < (Eight ? 24 : 16); ++row)
    for (int k = 0; k < inputs; ++k)
      for (int n = 0; n < 16; ++n) {
        const int w = weights[(k / 4 * 16 + n) * 4 + k % 4];
        const uint8_t low = codes[row * stride + k];
        tile_totals[0][row][n] += uint32_t(w * (Planes ? int(low) : int(int8_t(low))));
        if (Planes) tile_totals[1][row][n] += uint32_t(w * int8_t(codes[row * stride + inputs + k]));
      }
}

// Low bytes of sixteen rows of one tile, then high ones: a copy, as tiles hold one.
inline thread_local uint8_t kept_codes[16][2 * 64];

template <bool Planes>
inline void keep_codes(const uint8_t* codes, int64_t stride) {
  if (tiles_in_use != 1) __builtin_trap();
  for (int row = 0; row < 16; ++row) std::memcpy(kept_codes[row], codes + row * stride, Planes ? 2 * 64 : 64);
}

template <bool Planes>
inline void multiply_kept(const int8_t* weights) {
  multiply_codes<Planes, false>(kept_codes[0], sizeof kept_codes[0], weights, 64);
}

template <bool Planes, bool Eight>
inline void store_totals(int32_t* totals) {
  for (int plane = 0; plane < (Planes ? 2 : 1); ++plane)
    std::memcpy(totals + plane * 24 * 16, tile_totals[plane], (Eight ? 24 : 16) * 16 * sizeof(int32_t));
}

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
