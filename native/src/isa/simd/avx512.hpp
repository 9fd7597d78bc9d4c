// Sixteen floats in one AVX-512 register; integer products by VNNI.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace gaq {
namespace GAQ_ISA_NAME {

struct Vec {
  __m512 v;
};

inline Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline void store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
inline Vec set1(float x) { return {_mm512_set1_ps(x)}; }
inline Vec zero() { return {_mm512_setzero_ps()}; }
inline Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec fnma(Vec a, Vec b, Vec c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
inline Vec min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
inline Vec max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
inline Vec abs(Vec a) { return {_mm512_abs_ps(a.v)}; }
inline Vec sqrt(Vec a) { return {_mm512_sqrt_ps(a.v)}; }
inline Vec round(Vec a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Vec select_less(Vec a, Vec b, Vec x, Vec y) {
  return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), y.v, x.v)};
}
inline Vec scale_by_power(Vec a, Vec n) {
  __m512i bits = _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n.v), _mm512_set1_epi32(127)), 23);
  return {_mm512_mul_ps(a.v, _mm512_castsi512_ps(bits))};
}
inline void store_int8_offset(uint8_t* p, Vec codes) {
  __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(codes.v), _mm512_set1_epi32(128));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(whole));
}
inline void store_int16(int16_t* p, Vec codes) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(codes.v)));
}
inline void store_int32(int32_t* p, Vec codes) { _mm512_storeu_si512(p, _mm512_cvtps_epi32(codes.v)); }

// Two vectors into one with half the lanes of each: lanes 8 apart are added. The low 256 bits belong to a, the high to b.
inline __m512 halve8(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
}
// The same within 256 bits: lanes 4 apart. Quarters of the result: a.0, a.1, b.0, b.1 of the two arguments.
inline __m512 halve4(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
}
inline __m512 halve2(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xEE));
}
inline __m512 halve1(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x88), _mm512_shuffle_ps(a, b, 0xDD));
}
inline float sum(Vec a) {
  __m512 x = halve1(halve2(halve4(halve8(a.v, a.v), a.v), a.v), a.v);
  return _mm512_cvtss_f32(x);
}
inline void sum4(Vec a, Vec b, Vec c, Vec d, float* out) {
  __m512 quarters = halve4(halve8(a.v, b.v), halve8(c.v, d.v));  // 128 bits each of a, b, c, d
  __m512 pairs = _mm512_add_ps(quarters, _mm512_shuffle_ps(quarters, quarters, 0x4E));
  __m512 total = _mm512_add_ps(pairs, _mm512_shuffle_ps(pairs, pairs, 0xB1));
  // lane 0 of each quarter
  __m512 packed = _mm512_permutexvar_ps(_mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 8, 4, 0), total);
  _mm_storeu_ps(out, _mm512_castps512_ps128(packed));
}
inline Vec sum16(const Vec* v) {
  __m512 quarters[4];  // quarters[k]: 128 bits each of vectors 4k … 4k+3
  for (int k = 0; k < 4; ++k)
    quarters[k] = halve4(halve8(v[4 * k].v, v[4 * k + 1].v), halve8(v[4 * k + 2].v, v[4 * k + 3].v));
  __m512 total = halve1(halve2(quarters[0], quarters[1]), halve2(quarters[2], quarters[3]));
  // lane 4q + k holds vector 4k + q
  const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
  return {_mm512_permutexvar_ps(order, total)};
}

// Sizes by their bits, in whose order NaN is the largest: it is never lost.
inline __m512i size_bits(Vec a) { return _mm512_castps_si512(_mm512_abs_ps(a.v)); }
inline __m512i larger(__m512i a, __m512i b) { return _mm512_max_epi32(a, b); }
// The larger of `best`, which is a size, and |x|.
inline Vec larger_size(Vec best, Vec x) {
  return {_mm512_castsi512_ps(larger(_mm512_castps_si512(best.v), size_bits(x)))};
}
inline float largest_size(Vec a) {
  __m512i x = _mm512_castps_si512(a.v);
  x = larger(x, _mm512_shuffle_i32x4(x, x, 0x4E));
  x = larger(x, _mm512_shuffle_i32x4(x, x, 0xB1));
  x = larger(x, _mm512_shuffle_epi32(x, _MM_PERM_BADC));
  x = larger(x, _mm512_shuffle_epi32(x, _MM_PERM_CDAB));
  return _mm512_cvtss_f32(_mm512_castsi512_ps(x));
}
// The largest lane of each of sixteen sizes; the tree is that of sum16.
inline Vec largest_sizes(const Vec* v) {
  auto halve = [](__m512 a, __m512 b, auto shuffle) {
    return _mm512_castsi512_ps(larger(_mm512_castps_si512(shuffle(a, b, 0)), _mm512_castps_si512(shuffle(a, b, 1))));
  };
  auto by8 = [](__m512 a, __m512 b, int high) {
    return high ? _mm512_shuffle_f32x4(a, b, 0xEE) : _mm512_shuffle_f32x4(a, b, 0x44);
  };
  auto by4 = [](__m512 a, __m512 b, int high) {
    return high ? _mm512_shuffle_f32x4(a, b, 0xDD) : _mm512_shuffle_f32x4(a, b, 0x88);
  };
  auto by2 = [](__m512 a, __m512 b, int high) {
    return high ? _mm512_shuffle_ps(a, b, 0xEE) : _mm512_shuffle_ps(a, b, 0x44);
  };
  auto by1 = [](__m512 a, __m512 b, int high) {
    return high ? _mm512_shuffle_ps(a, b, 0xDD) : _mm512_shuffle_ps(a, b, 0x88);
  };
  __m512 quarters[4];
  for (int k = 0; k < 4; ++k)
    quarters[k] = halve(halve(v[4 * k].v, v[4 * k + 1].v, by8), halve(v[4 * k + 2].v, v[4 * k + 3].v, by8), by4);
  const __m512 total = halve(halve(quarters[0], quarters[1], by2), halve(quarters[2], quarters[3], by2), by1);
  const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
  return {_mm512_permutexvar_ps(order, total)};
}

// Rows and vectors of outputs that a product keeps in registers.
inline constexpr int tile_rows = 6, tile_vectors = 4;

// Integer totals of sixteen outputs.
struct Ints {
  __m512i v;
};
inline Ints load_ints(const int32_t* p) { return {_mm512_loadu_si512(p)}; }
inline Vec to_float(Ints a) { return {_mm512_cvtepi32_ps(a.v)}; }
inline Ints add_256_times(Ints low, Ints high) { return {_mm512_add_epi32(low.v, _mm512_slli_epi32(high.v, 8))}; }
inline int32_t four_bytes(const void* p) {  // at any address
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return x;
}
// Assembly, not the intrinsic: gcc 12 spills the accumulators of the intrinsic.
inline Ints dot2(Ints total, const int16_t* x, const int16_t* w) {
  __m512i both = _mm512_set1_epi32(four_bytes(x));
  __m512i weights = _mm512_loadu_si512(w);
  __m512i sum = total.v;
  asm("vpdpwssd %1, %2, %0" : "+v"(sum) : "v"(both), "v"(weights));
  return {sum};
}
// What dot4 adds to every code: the caller starts its totals from minus this times the sum of the weights.
inline constexpr int dot4_offset = 128;
inline constexpr bool has_dot4 = true;
// total[o] += Σ_k x[k] w[o][k], x without sign, over four k
inline Ints dot4(Ints total, const uint8_t* x, const int8_t* w) {
  __m512i four = _mm512_set1_epi32(four_bytes(x));
  __m512i weights = _mm512_loadu_si512(w);
  __m512i sum = total.v;
  asm("vpdpbusd %1, %2, %0" : "+v"(sum) : "v"(weights), "v"(four));
  return {sum};
}

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
