// exp from additions and multiplications alone, so that every machine and every C library has the same bits.
#pragma once

#include <cstdint>
#include <cstring>

#include "geometry/vectors.hpp"

namespace gaq {

// e^x with a relative error below 1e-15 for −700 ≤ x ≤ 700; beyond, the value at the end.
// x = n ln 2 + t with |t| ≤ ln 2 / 2, and e^t is its Taylor polynomial of degree 13 (the rest is below 5e-18).
inline double exponential(double x) {
  x = x < -700 ? -700 : x > 700 ? 700 : x;
  const double n = on_grid<0>(x * 1.4426950408889634);
  // ln 2 in two parts; the first has so few digits that its product with n is exact.
  const double t = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  const double t2 = t * t, t4 = t2 * t2;
  const double low = (1 + t) + t2 * (1 / 2. + t * (1 / 6.));
  const double middle = (1 / 24. + t * (1 / 120.)) + t2 * (1 / 720. + t * (1 / 5040.));
  const double high = (1 / 40320. + t * (1 / 362880.)) + t2 * (1 / 3628800. + t * (1 / 39916800.));
  const double top = 1 / 479001600. + t * (1 / 6227020800.);
  const double polynomial = low + t4 * (middle + t4 * (high + t4 * top));
  const int64_t exponent = (int64_t(n) + 1023) << 52;
  double power;
  std::memcpy(&power, &exponent, sizeof power);
  return polynomial * power;
}

}  // namespace gaq
