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

constexpr float length_floor = 1e-4f;  // geometry/vectors.py, smooth_length
