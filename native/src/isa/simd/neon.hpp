// Sixteen floats in four NEON registers; integer products by sdot where the compiler may use it, else in pairs.
#pragma once

#include <arm_neon.h>

#include <cstdint>

namespace gaq {
namespace GAQ_ISA_NAME {

struct Vec {
  float32x4_t q[4];
};

#define GAQ_QUARTERS for (int k = 0; k < 4; ++k)
inline Vec load(const float* p) {
  Vec r;
  GAQ_QUARTERS r.q[k] = vld1q_f32(p + 4 * k);
  return r;
}
inline void store(float* p, Vec x) { GAQ_QUARTERS vst1q_f32(p + 4 * k, x.q[k]); }
inline Vec set1(float x) {
  Vec r;
  GAQ_QUARTERS r.q[k] = vdupq_n_f32(x);
  return r;
}
inline Vec zero() { return set1(0.0f); }
inline Vec operator+(Vec x, Vec y) {
  GAQ_QUARTERS x.q[k] = vaddq_f32(x.q[k], y.q[k]);
  return x;
}
inline Vec operator-(Vec x, Vec y) {
  GAQ_QUARTERS x.q[k] = vsubq_f32(x.q[k], y.q[k]);
  return x;
}
inline Vec operator*(Vec x, Vec y) {
  GAQ_QUARTERS x.q[k] = vmulq_f32(x.q[k], y.q[k]);
  return x;
}
inline Vec operator/(Vec x, Vec y) {
  GAQ_QUARTERS x.q[k] = vdivq_f32(x.q[k], y.q[k]);
  return x;
}
inline Vec fma(Vec x, Vec y, Vec z) {
  GAQ_QUARTERS z.q[k] = vfmaq_f32(z.q[k], x.q[k], y.q[k]);
  return z;
}
inline Vec fnma(Vec x, Vec y, Vec z) {
  GAQ_QUARTERS z.q[k] = vfmsq_f32(z.q[k], x.q[k], y.q[k]);
  return z;
}
inline Vec min(Vec x, Vec y) {
  GAQ_QUARTERS x.q[k] = vminq_f32(x.q[k], y.q[k]);
  return x;
}
inline Vec max(Vec x, Vec y) {
  GAQ_QUARTERS x.q[k] = vmaxq_f32(x.q[k], y.q[k]);
  return x;
}
inline Vec abs(Vec x) {
  GAQ_QUARTERS x.q[k] = vabsq_f32(x.q[k]);
  return x;
}
inline Vec sqrt(Vec x) {
  GAQ_QUARTERS x.q[k] = vsqrtq_f32(x.q[k]);
  return x;
}
inline Vec round(Vec x) {
  GAQ_QUARTERS x.q[k] = vrndnq_f32(x.q[k]);
  return x;
}
inline Vec select_less(Vec a, Vec b, Vec x, Vec y) {
  GAQ_QUARTERS x.q[k] = vbslq_f32(vcltq_f32(a.q[k], b.q[k]), x.q[k], y.q[k]);
  return x;
}
inline Vec scale_by_power(Vec x, Vec n) {
  GAQ_QUARTERS {
    int32x4_t bits = vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(n.q[k]), vdupq_n_s32(127)), 23);
    x.q[k] = vmulq_f32(x.q[k], vreinterpretq_f32_s32(bits));
  }
  return x;
}
inline void store_int32(int32_t* p, Vec codes) { GAQ_QUARTERS vst1q_s32(p + 4 * k, vcvtnq_s32_f32(codes.q[k])); }
inline void store_int16(int16_t* p, Vec codes) {
  GAQ_QUARTERS vst1_s16(p + 4 * k, vmovn_s32(vcvtnq_s32_f32(codes.q[k])));
}
inline void store_int8_offset(uint8_t* p, Vec codes) {
  int32_t whole[16];
  store_int32(whole, codes);
  for (int k = 0; k < 16; ++k) p[k] = uint8_t(whole[k] + 128);
}
inline float32x4_t quarter(Vec x) { return vaddq_f32(vaddq_f32(x.q[0], x.q[2]), vaddq_f32(x.q[1], x.q[3])); }
inline float sum(Vec x) {
  float32x4_t four = quarter(x);
  float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
// Sizes by their bits, in whose order NaN is the largest: it is never lost.
inline float32x4_t larger_bits(float32x4_t x, float32x4_t y) {
  return vreinterpretq_f32_u32(vmaxq_u32(vreinterpretq_u32_f32(x), vreinterpretq_u32_f32(y)));
}
// The larger of `best`, which is a size, and |x|.
inline Vec larger_size(Vec best, Vec x) {
  x = abs(x);
  GAQ_QUARTERS best.q[k] = larger_bits(best.q[k], x.q[k]);
  return best;
}
inline float largest_size(Vec x) {
  const float32x4_t four = larger_bits(larger_bits(x.q[0], x.q[1]), larger_bits(x.q[2], x.q[3]));
  return vgetq_lane_f32(vreinterpretq_f32_u32(vdupq_n_u32(vmaxvq_u32(vreinterpretq_u32_f32(four)))), 0);
}
inline Vec largest_sizes(const Vec* v) {
  float all[16];
  for (int k = 0; k < 16; ++k) all[k] = largest_size(v[k]);
  return load(all);
}
inline void sum4(Vec a, Vec b, Vec c, Vec d, float* out) {
  out[0] = sum(a);
  out[1] = sum(b);
  out[2] = sum(c);
  out[3] = sum(d);
}
inline Vec sum16(const Vec* v) {
  float out[16];
  for (int k = 0; k < 16; ++k) out[k] = sum(v[k]);
  return load(out);
}

// Rows and vectors of outputs that a product keeps in registers.
inline constexpr int tile_rows = 3, tile_vectors = 2;

// Integer totals of sixteen outputs.
struct Ints {
  int32x4_t q[4];
};
inline Ints load_ints(const int32_t* p) {
  Ints r;
  GAQ_QUARTERS r.q[k] = vld1q_s32(p + 4 * k);
  return r;
}
inline Vec to_float(Ints x) {
  Vec r;
  GAQ_QUARTERS r.q[k] = vcvtq_f32_s32(x.q[k]);
  return r;
}
inline Ints add_256_times(Ints low, Ints high) {
  GAQ_QUARTERS low.q[k] = vaddq_s32(low.q[k], vshlq_n_s32(high.q[k], 8));
  return low;
}
inline Ints dot2(Ints total, const int16_t* x, const int16_t* w) {
  GAQ_QUARTERS {
    int16x4x2_t pairs = vld2_s16(w + 8 * k);  // the first factors of four outputs, then the second
    total.q[k] = vmlal_n_s16(vmlal_n_s16(total.q[k], pairs.val[0], x[0]), pairs.val[1], x[1]);
  }
  return total;
}
// What dot4 adds to every code: the caller starts its totals from minus this times the sum of the weights.
inline constexpr int dot4_offset = 0;
#if defined(__ARM_FEATURE_DOTPROD)
inline constexpr bool has_dot4 = true;
// Codes come with an offset of 128; sdot wants signs, so the offset is taken off, and the caller starts from zero.
inline Ints dot4(Ints total, const uint8_t* x, const int8_t* w) {
  uint32_t four;
  __builtin_memcpy(&four, x, 4);
  int8x16_t codes = vreinterpretq_s8_u32(vdupq_n_u32(four ^ 0x80808080u));
  GAQ_QUARTERS total.q[k] = vdotq_s32(total.q[k], vld1q_s8(w + 16 * k), codes);
  return total;
}
#else
inline constexpr bool has_dot4 = false;
inline Ints dot4(Ints total, const uint8_t*, const int8_t*) { return total; }
#endif
#undef GAQ_QUARTERS

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
