// Twin of simulate/noise.py, operation by operation.
#include "dynamics/random.hpp"

#include <cmath>

namespace gaq {
namespace {

using Wide = unsigned __int128;

constexpr double half_pi = 1.57079632679489661923;
constexpr double log_two = 0.693147180559945309417;
constexpr double half_root = 0.707106781186547524401;  // √½
constexpr int log_terms = 11;    // of s²ᵏ⁺¹/(2k+1) with |s| < 0.172: less than 10⁻¹⁷ is left
constexpr int turn_terms = 9;    // of xᵏ/k! in x² with |x| < π/4: the same

// ln x for x > 0: x = m 2ᵉ with √½ ≤ m < √2, and ln m = 2 artanh((m − 1)/(m + 1)).
double logarithm(double x) {
  int exponent;
  double m = std::frexp(x, &exponent);
  if (m < half_root) {
    m = m * 2;
    exponent = exponent - 1;
  }
  const double s = (m - 1) / (m + 1), squared = s * s;
  double sum = 0;
  for (int k = log_terms; k >= 0; --k) sum = sum * squared + 1.0 / (2 * k + 1);
  return exponent * log_two + 2 * s * sum;
}

// cos and sin of 2π u for 0 ≤ u < 1, by the series about the middle of the quadrant.
void turn(double u, double& cosine, double& sine) {
  const double quarter = std::floor(4 * u);
  const double x = half_pi * ((4 * u - quarter) - 0.5), squared = x * x;
  double c = 0, s = 0;
  for (int k = turn_terms; k >= 1; --k) {
    c = (1 - c) * squared / ((2 * k - 1) * (2 * k));
    s = (1 - s) * squared / ((2 * k) * (2 * k + 1));
  }
  c = 1 - c;
  s = x * (1 - s);
  const double along = (c - s) * half_root, across = (c + s) * half_root;  // turned by π/4
  const int q = int(quarter);
  cosine = q == 0 ? along : q == 1 ? -across : q == 2 ? -along : across;
  sine = q == 0 ? across : q == 1 ? along : q == 2 ? -across : -along;
}

// In (0, 1) and in [0, 1), both with 53 bits.
double open_unit(uint64_t word) { return (double(word >> 11) + 0.5) * 0x1p-53; }
double unit(uint64_t word) { return double(word >> 11) * 0x1p-53; }

}  // namespace

Words philox(const uint64_t counter[4], const uint64_t key[2]) {
  uint64_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
  for (int round = 0; round < 10; ++round) {
    const Wide first = Wide(0xD2E7470EE14C6C93) * c[0], second = Wide(0xCA5A826395121157) * c[2];
    const uint64_t next[4] = {uint64_t(second >> 64) ^ c[1] ^ k[0], uint64_t(second),
                              uint64_t(first >> 64) ^ c[3] ^ k[1], uint64_t(first)};
    for (int n = 0; n < 4; ++n) c[n] = next[n];
    k[0] += 0x9E3779B97F4A7C15;
    k[1] += 0xBB67AE8584CAA73B;
  }
  return {{c[0], c[1], c[2], c[3]}};
}

Normals normals(uint64_t seed, uint64_t stream, int64_t step, int64_t block) {
  const uint64_t counter[4] = {uint64_t(block) + 1, uint64_t(step), 0, 0}, key[2] = {seed, stream};
  const Words drawn = philox(counter, key);
  Normals out;
  for (int pair = 0; pair < 2; ++pair) {
    double cosine, sine;
    turn(unit(drawn.word[2 * pair + 1]), cosine, sine);
    const double length = std::sqrt(-2 * logarithm(open_unit(drawn.word[2 * pair])));
    out.value[2 * pair] = length * cosine;
    out.value[2 * pair + 1] = length * sine;
  }
  return out;
}

}  // namespace gaq
