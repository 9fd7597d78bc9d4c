// Sixty-four codes to memory, sixteen at a time. Values are rounded half to even; they are clamped already.
#pragma once

namespace gaq {
namespace GAQ_ISA_NAME {

inline void store_words(int16_t* p, const Vec* v) {
  for (int k = 0; k < 4; ++k) store_int16(p + 16 * k, v[k]);
}
inline void store_bytes(uint8_t* p, const Vec* v) {
  for (int k = 0; k < 4; ++k) store_int8_offset(p + 16 * k, v[k]);
}
inline void store_signed_bytes(uint8_t* p, const Vec* v) {
  int32_t codes[64];
  for (int k = 0; k < 4; ++k) store_int32(codes + 16 * k, v[k]);
  for (int k = 0; k < 64; ++k) p[k] = uint8_t(codes[k]);
}
// code = 256 high + low, the low byte without sign
inline void store_planes(uint8_t* low, uint8_t* high, const Vec* v) {
  int32_t codes[64];
  for (int k = 0; k < 4; ++k) store_int32(codes + 16 * k, v[k]);
  for (int k = 0; k < 64; ++k) low[k] = uint8_t(codes[k]), high[k] = uint8_t(uint32_t(codes[k]) >> 8);
}

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
