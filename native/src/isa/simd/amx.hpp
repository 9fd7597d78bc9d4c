// Products of whole tiles of bytes by AMX. The kernel lets a process use them after it has asked (kernels/dispatch.cpp).
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace gaq {
namespace GAQ_ISA_NAME {

inline constexpr bool has_tiles = true;

// Tiles 0, 1: totals of sixteen rows, by low bytes and by high ones; 4, 5: of the eight that follow; 2, 6: codes of these
// rows; 3: weights; 7: high bytes of sixteen rows whose codes are kept.
struct TileShapes {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 8, 8, 8, 16};
};
static_assert(sizeof(TileShapes) == 64, "what the processor reads");

// Of this thread; whatever else uses tiles in it sets its own shapes.
inline void begin_tiles() {
  alignas(64) static const TileShapes shapes;  // in memory: compilers do not see that all of it is read
  _tile_loadconfig(&shapes);
}
inline void end_tiles() { _tile_release(); }

// Totals of sixteen rows, or of twenty-four (`Eight`), and sixteen outputs, which stay in the tiles. Whole tiles are read:
// rows beyond the last too. With `Planes`, `inputs` low bytes without sign are followed by as many high ones with theirs.
template <bool Planes, bool Eight>
inline void multiply_codes(const uint8_t* codes, int64_t stride, const int8_t* weights, int inputs) {
  asm volatile("" ::: "memory");  // codes are written by now: compilers do not see that tiles are loaded from memory
  _tile_zero(0);
  if constexpr (Planes) _tile_zero(1);
  if constexpr (Eight) _tile_zero(4);
  if constexpr (Eight && Planes) _tile_zero(5);
  for (int k = 0; k < inputs; k += 64) {
    const uint8_t *here = codes + k, *eight = here + 16 * stride;
    _tile_loadd(3, weights + 16 * k, 64);
    _tile_loadd(2, here, stride);
    if constexpr (Eight) _tile_loadd(6, eight, stride);
    if constexpr (Planes) {
      _tile_dpbusd(0, 2, 3);
      if constexpr (Eight) _tile_dpbusd(4, 6, 3);
      _tile_loadd(2, here + inputs, stride);
      _tile_dpbssd(1, 2, 3);
      if constexpr (Eight) {
        _tile_loadd(6, eight + inputs, stride);
        _tile_dpbssd(5, 6, 3);
      }
    } else {
      _tile_dpbssd(0, 2, 3);
      if constexpr (Eight) _tile_dpbssd(4, 6, 3);
    }
  }
}

// Sixteen rows of one tile of inputs, which stay in the tiles for all outputs.
template <bool Planes>
inline void keep_codes(const uint8_t* codes, int64_t stride) {
  asm volatile("" ::: "memory");
  _tile_loadd(2, codes, stride);
  if constexpr (Planes) _tile_loadd(7, codes + 64, stride);
}
template <bool Planes>
inline void multiply_kept(const int8_t* weights) {
  _tile_zero(0);
  if constexpr (Planes) _tile_zero(1);
  _tile_loadd(3, weights, 64);
  if constexpr (Planes) {
    _tile_dpbusd(0, 2, 3);
    _tile_dpbssd(1, 7, 3);
  } else {
    _tile_dpbssd(0, 2, 3);
  }
}

// The totals, [plane][24 rows][16 outputs].
template <bool Planes, bool Eight>
inline void store_totals(int32_t* totals) {
  _tile_stored(0, totals, 64);
  if constexpr (Eight) _tile_stored(4, totals + 16 * 16, 64);
  if constexpr (Planes) _tile_stored(1, totals + 24 * 16, 64);
  if constexpr (Eight && Planes) _tile_stored(5, totals + 24 * 16 + 16 * 16, 64);
}

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
