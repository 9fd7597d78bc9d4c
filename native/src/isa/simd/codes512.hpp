// Sixty-four codes to memory at once. Values are rounded half to even by the conversion; they are clamped already.
#pragma once

namespace gaq {
namespace GAQ_ISA_NAME {

// Two registers of integers to thirty-two words: four of the first, four of the second, and so on.
inline __m512i words_of(const Vec* v) {
  return _mm512_packs_epi32(_mm512_cvtps_epi32(v[0].v), _mm512_cvtps_epi32(v[1].v));
}
// Bytes of two such registers, in order.
inline __m512i in_order(__m512i fours) {
  const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
  return _mm512_permutexvar_epi32(order, fours);
}
inline void store_words(int16_t* p, const Vec* v) {
  const __m512i order = _mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0);
  _mm512_storeu_si512(p, _mm512_permutexvar_epi64(order, words_of(v)));
  _mm512_storeu_si512(p + 32, _mm512_permutexvar_epi64(order, words_of(v + 2)));
}
inline __m512i signed_bytes(const Vec* v) { return in_order(_mm512_packs_epi16(words_of(v), words_of(v + 2))); }
inline void store_signed_bytes(uint8_t* p, const Vec* v) { _mm512_storeu_si512(p, signed_bytes(v)); }
inline void store_bytes(uint8_t* p, const Vec* v) {
  _mm512_storeu_si512(p, _mm512_xor_si512(signed_bytes(v), _mm512_set1_epi8(char(0x80))));
}
// code = 256 high + low, the low byte without sign
inline void store_planes(uint8_t* low, uint8_t* high, const Vec* v) {
  const __m512i a = words_of(v), b = words_of(v + 2), byte = _mm512_set1_epi16(0xFF);
  _mm512_storeu_si512(low, in_order(_mm512_packus_epi16(_mm512_and_si512(a, byte), _mm512_and_si512(b, byte))));
  _mm512_storeu_si512(high, in_order(_mm512_packs_epi16(_mm512_srai_epi16(a, 8), _mm512_srai_epi16(b, 8))));
}

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
