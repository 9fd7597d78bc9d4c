// Sixteen floats, one after the other: what every other instruction set must equal to the last bit.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace gaq {
namespace GAQ_ISA_NAME {

struct Vec {
  float lane[16];
};

// a·b + c rounded once, also on machines without such an instruction: the product is exact in double; only when the sum
// lies exactly half way between two floats does its own rounding error decide.
inline float fused(float a, float b, float c) {
  double product = double(a) * double(b);
  double sum = product + double(c);
  double size = sum < 0 ? -sum : sum;
  if (!(size > 3e-38 && size < 3e38)) return std::fma(a, b, c);
  uint64_t bits;
  std::memcpy(&bits, &sum, 8);
  if ((bits & 0x1FFFFFFFu) == 0x10000000u) {
    double back = sum - product;
    double error = (product - (sum - back)) + (double(c) - back);
    if (error != 0) bits += (error > 0) == (sum > 0) ? 1 : -1;
    std::memcpy(&sum, &bits, 8);
  }
  return float(sum);
}

#define GAQ_LANES for (int k = 0; k < 16; ++k)
inline Vec load(const float* p) {
  Vec r;
  std::memcpy(r.lane, p, 64);
  return r;
}
inline void store(float* p, Vec a) { std::memcpy(p, a.lane, 64); }
inline Vec set1(float x) {
  Vec r;
  GAQ_LANES r.lane[k] = x;
  return r;
}
inline Vec zero() { return set1(0.0f); }
inline Vec operator+(Vec a, Vec b) {
  GAQ_LANES a.lane[k] = a.lane[k] + b.lane[k];
  return a;
}
inline Vec operator-(Vec a, Vec b) {
  GAQ_LANES a.lane[k] = a.lane[k] - b.lane[k];
  return a;
}
inline Vec operator*(Vec a, Vec b) {
  GAQ_LANES a.lane[k] = a.lane[k] * b.lane[k];
  return a;
}
inline Vec operator/(Vec a, Vec b) {
  GAQ_LANES a.lane[k] = a.lane[k] / b.lane[k];
  return a;
}
inline Vec fma(Vec a, Vec b, Vec c) {
  GAQ_LANES a.lane[k] = fused(a.lane[k], b.lane[k], c.lane[k]);
  return a;
}
inline Vec fnma(Vec a, Vec b, Vec c) {
  GAQ_LANES a.lane[k] = fused(-a.lane[k], b.lane[k], c.lane[k]);
  return a;
}
inline Vec min(Vec a, Vec b) {
  GAQ_LANES a.lane[k] = a.lane[k] < b.lane[k] ? a.lane[k] : b.lane[k];
  return a;
}
inline Vec max(Vec a, Vec b) {
  GAQ_LANES a.lane[k] = a.lane[k] > b.lane[k] ? a.lane[k] : b.lane[k];
  return a;
}
inline Vec abs(Vec a) {
  GAQ_LANES a.lane[k] = std::fabs(a.lane[k]);
  return a;
}
inline Vec sqrt(Vec a) {
  GAQ_LANES a.lane[k] = std::sqrt(a.lane[k]);
  return a;
}
inline Vec round(Vec a) {
  GAQ_LANES a.lane[k] = std::nearbyint(a.lane[k]);
  return a;
}
// a < b ? x : y
inline Vec select_less(Vec a, Vec b, Vec x, Vec y) {
  GAQ_LANES x.lane[k] = a.lane[k] < b.lane[k] ? x.lane[k] : y.lane[k];
  return x;
}
// As vector instructions convert: what is NaN, or outside the range, to the least integer.
inline int32_t to_int(float x) { return x >= -2147483648.0f && x < 2147483648.0f ? int32_t(x) : INT32_MIN; }
// a · 2ⁿ for whole n in the lanes of `n`, within the range of normal floats
inline Vec scale_by_power(Vec a, Vec n) {
  GAQ_LANES {
    int32_t bits = int32_t(uint32_t(to_int(n.lane[k]) + 127) << 23);
    float power;
    std::memcpy(&power, &bits, 4);
    a.lane[k] = a.lane[k] * power;
  }
  return a;
}
// To the nearest integers, half to even.
inline void store_int32(int32_t* p, Vec a) { GAQ_LANES p[k] = to_int(std::nearbyint(a.lane[k])); }
inline void store_int8_offset(uint8_t* p, Vec a) { GAQ_LANES p[k] = uint8_t(to_int(std::nearbyint(a.lane[k])) + 128); }
inline void store_int16(int16_t* p, Vec a) { GAQ_LANES p[k] = int16_t(to_int(std::nearbyint(a.lane[k]))); }

// The one tree of every horizontal sum: lanes eight apart, then four, two, one.
inline float sum(Vec a) {
  for (int width = 8; width; width /= 2)
    for (int k = 0; k < width; ++k) a.lane[k] = a.lane[k] + a.lane[k + width];
  return a.lane[0];
}
// Sizes by their bits, whose order is that of numbers without sign and in which NaN is the largest: it is never lost.
inline uint32_t size_bits(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return bits & 0x7FFFFFFFu;
}
// The larger of `best`, which is a size, and |x|.
inline Vec larger_size(Vec best, Vec x) {
  GAQ_LANES if (size_bits(best.lane[k]) < size_bits(x.lane[k])) best.lane[k] = std::fabs(x.lane[k]);
  return best;
}
inline float largest_size(Vec a) {
  float best = a.lane[0];
  GAQ_LANES if (size_bits(best) < size_bits(a.lane[k])) best = a.lane[k];
  return best;
}
// The largest lane of each of sixteen sizes.
inline Vec largest_sizes(const Vec* v) {
  Vec r;
  GAQ_LANES r.lane[k] = largest_size(v[k]);
  return r;
}
inline void sum4(Vec a, Vec b, Vec c, Vec d, float* out) {
  out[0] = sum(a);
  out[1] = sum(b);
  out[2] = sum(c);
  out[3] = sum(d);
}
inline Vec sum16(const Vec* v) {
  Vec r;
  GAQ_LANES r.lane[k] = sum(v[k]);
  return r;
}
#undef GAQ_LANES

// Rows and vectors of outputs that a product keeps in registers.
inline constexpr int tile_rows = 2, tile_vectors = 1;

// Integer totals of sixteen outputs.
struct Ints {
  int32_t lane[16];
};
inline Ints load_ints(const int32_t* p) {
  Ints r;
  std::memcpy(r.lane, p, 64);
  return r;
}
inline Vec to_float(Ints a) {
  Vec r;
  for (int k = 0; k < 16; ++k) r.lane[k] = float(a.lane[k]);
  return r;
}
// low + 256 high
inline Ints add_256_times(Ints low, Ints high) {
  for (int k = 0; k < 16; ++k) low.lane[k] = int32_t(uint32_t(low.lane[k]) + (uint32_t(high.lane[k]) << 8));
  return low;
}
// total[o] += x[0] w[o][0] + x[1] w[o][1]
inline Ints dot2(Ints total, const int16_t* x, const int16_t* w) {
  uint32_t pair;  // in one piece: of two loads gcc 12 makes vectors that reach beyond the last row
  std::memcpy(&pair, x, 4);
  const int32_t even = int16_t(pair & 0xFFFFu), odd = int16_t(pair >> 16);
  for (int k = 0; k < 16; ++k) total.lane[k] += even * w[2 * k] + odd * w[2 * k + 1];
  return total;
}
// What dot4 adds to every code: the caller starts its totals from minus this times the sum of the weights.
inline constexpr int dot4_offset = 0;
inline constexpr bool has_dot4 = false;
inline Ints dot4(Ints total, const uint8_t*, const int8_t*) { return total; }

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
