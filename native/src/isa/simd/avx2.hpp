// Sixteen floats in two AVX registers; integer products in pairs of sixteen bits.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace gaq {
namespace GAQ_ISA_NAME {

struct Vec {
  __m256 a, b;
};

#define GAQ_BOTH(op, x, y) {op(x.a, y.a), op(x.b, y.b)}
inline Vec load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void store(float* p, Vec x) {
  _mm256_storeu_ps(p, x.a);
  _mm256_storeu_ps(p + 8, x.b);
}
inline Vec set1(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline Vec zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
inline Vec operator+(Vec x, Vec y) { return GAQ_BOTH(_mm256_add_ps, x, y); }
inline Vec operator-(Vec x, Vec y) { return GAQ_BOTH(_mm256_sub_ps, x, y); }
inline Vec operator*(Vec x, Vec y) { return GAQ_BOTH(_mm256_mul_ps, x, y); }
inline Vec operator/(Vec x, Vec y) { return GAQ_BOTH(_mm256_div_ps, x, y); }
inline Vec fma(Vec x, Vec y, Vec z) { return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)}; }
inline Vec fnma(Vec x, Vec y, Vec z) { return {_mm256_fnmadd_ps(x.a, y.a, z.a), _mm256_fnmadd_ps(x.b, y.b, z.b)}; }
inline Vec min(Vec x, Vec y) { return GAQ_BOTH(_mm256_min_ps, x, y); }
inline Vec max(Vec x, Vec y) { return GAQ_BOTH(_mm256_max_ps, x, y); }
inline Vec abs(Vec x) {
  __m256 mask = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  return {_mm256_and_ps(x.a, mask), _mm256_and_ps(x.b, mask)};
}
inline Vec sqrt(Vec x) { return {_mm256_sqrt_ps(x.a), _mm256_sqrt_ps(x.b)}; }
inline Vec round(Vec x) {
  constexpr int mode = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  return {_mm256_round_ps(x.a, mode), _mm256_round_ps(x.b, mode)};
}
inline Vec select_less(Vec p, Vec q, Vec x, Vec y) {
  return {_mm256_blendv_ps(y.a, x.a, _mm256_cmp_ps(p.a, q.a, _CMP_LT_OQ)),
          _mm256_blendv_ps(y.b, x.b, _mm256_cmp_ps(p.b, q.b, _CMP_LT_OQ))};
}
inline __m256 power_of_two(__m256 n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
inline Vec scale_by_power(Vec x, Vec n) {
  return {_mm256_mul_ps(x.a, power_of_two(n.a)), _mm256_mul_ps(x.b, power_of_two(n.b))};
}
inline void store_int32(int32_t* p, Vec codes) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_cvtps_epi32(codes.a));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), _mm256_cvtps_epi32(codes.b));
}
inline void store_int16(int16_t* p, Vec codes) {
  __m256i packed = _mm256_packs_epi32(_mm256_cvtps_epi32(codes.a), _mm256_cvtps_epi32(codes.b));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_permute4x64_epi64(packed, 0xD8));
}
inline void store_int8_offset(uint8_t* p, Vec codes) {
  int32_t whole[16];
  store_int32(whole, codes);
  for (int k = 0; k < 16; ++k) p[k] = uint8_t(whole[k] + 128);
}
inline __m128 quarter(Vec x) {  // lanes 8 apart, then 4 apart
  __m256 half = _mm256_add_ps(x.a, x.b);
  return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}
inline float sum(Vec x) {
  __m128 four = quarter(x);
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}
// Sizes by their bits, in whose order NaN is the largest: it is never lost.
// The larger of `best`, which is a size, and |x|.
inline Vec larger_size(Vec best, Vec x) {
  x = abs(x);
  return {_mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(best.a), _mm256_castps_si256(x.a))),
          _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(best.b), _mm256_castps_si256(x.b)))};
}
inline float largest_size(Vec x) {
  const __m256i half = _mm256_max_epi32(_mm256_castps_si256(x.a), _mm256_castps_si256(x.b));
  const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtss_f32(_mm_castsi128_ps(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xB1))));
}
inline Vec largest_sizes(const Vec* v) {
  float all[16];
  for (int k = 0; k < 16; ++k) all[k] = largest_size(v[k]);
  return load(all);
}
inline __m128 sums4(Vec a, Vec b, Vec c, Vec d) {
  __m128 qa = quarter(a), qb = quarter(b), qc = quarter(c), qd = quarter(d);
  __m128 ab = _mm_add_ps(_mm_unpacklo_ps(qa, qb), _mm_unpackhi_ps(qa, qb));  // a02 b02 a13 b13
  __m128 cd = _mm_add_ps(_mm_unpacklo_ps(qc, qd), _mm_unpackhi_ps(qc, qd));
  return _mm_add_ps(_mm_movelh_ps(ab, cd), _mm_movehl_ps(cd, ab));
}
inline void sum4(Vec a, Vec b, Vec c, Vec d, float* out) { _mm_storeu_ps(out, sums4(a, b, c, d)); }
inline Vec sum16(const Vec* v) {
  __m128 q[4];
  for (int k = 0; k < 4; ++k) q[k] = sums4(v[4 * k], v[4 * k + 1], v[4 * k + 2], v[4 * k + 3]);
  return {_mm256_set_m128(q[1], q[0]), _mm256_set_m128(q[3], q[2])};
}
#undef GAQ_BOTH

// Rows and vectors of outputs that a product keeps in registers.
inline constexpr int tile_rows = 3, tile_vectors = 2;

// Integer totals of sixteen outputs.
struct Ints {
  __m256i a, b;
};
inline Ints load_ints(const int32_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 8))};
}
inline Vec to_float(Ints x) { return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }
inline Ints add_256_times(Ints low, Ints high) {
  return {_mm256_add_epi32(low.a, _mm256_slli_epi32(high.a, 8)), _mm256_add_epi32(low.b, _mm256_slli_epi32(high.b, 8))};
}
inline int32_t four_bytes(const void* p) {  // at any address
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return x;
}
inline Ints dot2(Ints total, const int16_t* x, const int16_t* w) {
  __m256i both = _mm256_set1_epi32(four_bytes(x));
  const __m256i* weights = reinterpret_cast<const __m256i*>(w);
  total.a = _mm256_add_epi32(total.a, _mm256_madd_epi16(both, _mm256_loadu_si256(weights)));
  total.b = _mm256_add_epi32(total.b, _mm256_madd_epi16(both, _mm256_loadu_si256(weights + 1)));
  return total;
}
// What dot4 adds to every code: the caller starts its totals from minus this times the sum of the weights.
inline constexpr int dot4_offset = 0;
inline constexpr bool has_dot4 = false;
inline Ints dot4(Ints total, const uint8_t*, const int8_t*) { return total; }

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
