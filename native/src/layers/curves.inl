// Activation functions and their slopes; the exponential is our own, so that all machines agree on its bits.

// e^x, relative error below 1e-7; x is held within ±87.
inline Vec exponential(Vec x) {
  x = max(min(x, set1(87.0f)), set1(-87.0f));
  Vec n = round(x * set1(1.44269504088896341f));
  Vec r = fnma(n, set1(0.693359375f), x);
  r = fnma(n, set1(-2.12194440e-4f), r);
  Vec p = set1(1.9875691500e-4f);
  p = fma(p, r, set1(1.3981999507e-3f));
  p = fma(p, r, set1(8.3334519073e-3f));
  p = fma(p, r, set1(4.1665795894e-2f));
  p = fma(p, r, set1(1.6666665459e-1f));
  p = fma(p, r, set1(5.0000001201e-1f));
  p = fma(p, r * r, r) + set1(1.0f);
  return scale_by_power(p, n);
}

inline Vec sigmoid(Vec x) { return set1(1.0f) / (set1(1.0f) + exponential(zero() - x)); }
inline Vec silu(Vec x) { return x * sigmoid(x); }
inline Vec silu_slope(Vec x) {
  Vec s = sigmoid(x);
  return s * fma(x, set1(1.0f) - s, set1(1.0f));
}

// x / (1 + |x|⁴ / limit⁴)^¼ of a number, or of the components of a vector: geometry/vectors.py, limited. `square` is
// |x|² / limit².
inline Vec limit_factor(Vec square) { return set1(1.0f) / sqrt(sqrt(fma(square, square, set1(1.0f)))); }

template <int N>
inline Vec squared(const Vec (&x)[N]) {
  Vec total = zero();
  for (const Vec& component : x) total = fma(component, component, total);
  return total;
}

template <int N>
inline void limit(Vec (&x)[N], Vec inverse_square) {
  const Vec factor = limit_factor(squared(x) * inverse_square);
  for (Vec& component : x) component = component * factor;
}

// The gradient of what comes out → of x, which went in.
template <int N>
inline void limit_back(const Vec (&x)[N], Vec inverse_square, Vec (&g)[N]) {
  const Vec square = squared(x) * inverse_square, factor = limit_factor(square);
  Vec along = zero();
  for (int m = 0; m < N; ++m) along = fma(x[m], g[m], along);
  along = along * inverse_square * square / fma(square, square, set1(1.0f));
  for (int m = 0; m < N; ++m) g[m] = fnma(along, x[m], g[m]) * factor;
}

constexpr float length_floor = 1e-4f;  // geometry/vectors.py, smooth_length
