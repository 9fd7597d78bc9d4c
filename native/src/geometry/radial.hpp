// Functions of one distance: the envelope, and where a distance lies in the radial table; twin of geometry/radial.py.
#pragma once

#include <cstdint>

#include "description.hpp"
#include "geometry/exponential.hpp"

namespace gaq {

// φ(r) = 1 − 28 x⁶ + 48 x⁷ − 21 x⁸ with x = r / cutoff, zero beyond.
inline double envelope(double distance, double cutoff) {
  const double x = distance < cutoff ? distance / cutoff : 1, x2 = x * x;
  return 1 - x2 * x2 * x2 * (28 - x * (48 - 21 * x));
}

// dφ/dr = −168 x⁵ (1 − x)² / cutoff
inline double envelope_slope(double distance, double cutoff) {
  const double x = distance < cutoff ? distance / cutoff : 1, x2 = x * x, rest = 1 - x;
  return -168 * (x2 * x2 * x) * (rest * rest) / cutoff;
}

// Knots equidistant in u = exp(−decay r); between two of them a function is a polynomial in t, 0 ≤ t ≤ 1.
class RadialKnots {
 public:
  explicit RadialKnots(const RadialGrid& radial)
      : decay_(radial.decay),
        low_(radial.low),
        per_u_((radial.knots - 1) / (radial.high - radial.low)),
        last_(radial.knots - 2) {}

  // The left knot, t and dt/dr (per Å). Closer than the last knot functions stay what they are there.
  template <class Real>
  int32_t find(double distance, Real& fraction, Real& steepness) const {
    const double u = exponential(-decay_ * distance), place = (u - low_) * per_u_;
    const double inside = place < 0 ? 0 : place > last_ + 1 ? last_ + 1 : place;
    const int32_t knot = inside < last_ ? int32_t(inside) : last_;
    fraction = Real(inside - knot);
    steepness = Real(place > last_ + 1 ? 0 : -decay_ * u * per_u_);
    return knot;
  }

 private:
  double decay_, low_, per_u_;
  int32_t last_;
};

}  // namespace gaq
