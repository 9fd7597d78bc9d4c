// For instruction sets without a unit that multiplies tiles.
#pragma once

#include <cstdint>

namespace gaq {
namespace GAQ_ISA_NAME {

inline constexpr bool has_tiles = false;
inline void begin_tiles() {}
inline void end_tiles() {}
template <bool Planes, bool Eight>
inline void multiply_codes(const uint8_t*, int64_t, const int8_t*, int) {}
template <bool Planes>
inline void keep_codes(const uint8_t*, int64_t) {}
template <bool Planes>
inline void multiply_kept(const int8_t*) {}
template <bool Planes, bool Eight>
inline void store_totals(int32_t*) {}

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
