// The uniform scheme on rows (docs/quantizers.md): code = clamp(round(x · inverse_step), -high, high), half to even, the
// product rounded once. Twin of quant/scheme.py.

constexpr float smallest = 0x1p-100f;  // rows whose largest entry is below decode to zero

struct Step {
  float step, inverse;
};

inline Step dynamic_step(float largest_entry, int high) {
  return {largest_entry * float(1.0 / high), largest_entry < smallest ? 0.0f : float(high) / largest_entry};
}

inline float largest_of(const float* x, int columns) {
  Vec best = zero();
  for (int c = 0; c < columns; c += lanes) best = max(best, abs(load(x + c)));
  return largest(best);
}

inline Vec encode(Vec x, Vec inverse, Vec high) { return max(min(round(x * inverse), high), zero() - high); }

inline void encode_row(const float* x, int columns, float inverse, float high, bool bytes, uint8_t* out8,
                       int16_t* out16) {
  const Vec inv = set1(inverse), top = set1(high);
  if (bytes)
    for (int c = 0; c < columns; c += lanes) store_int8_offset(out8 + c, encode(load(x + c), inv, top));
  else
    for (int c = 0; c < columns; c += lanes) store_int16(out16 + c, encode(load(x + c), inv, top));
}

void encode_rows(const FeatureScheme& scheme, int64_t rows, int components, int columns, const float* x, int64_t stride,
                 bool bytes, uint8_t* out8, int16_t* out16, float* scale) {
  const int high = scheme.high();
  Step step{scheme.step, scheme.inverse_step};
  for (int64_t row = 0; row < rows; ++row) {
    const float* at = x + row * stride;
    if (scheme.per == Per::row) {
      step = dynamic_step(largest_of(at, columns), high);
    } else if (scheme.per == Per::atom && row % components == 0) {
      float best = 0;
      for (int m = 0; m < components; ++m) {
        float here = largest_of(at + m * stride, columns);
        best = best > here ? best : here;
      }
      step = dynamic_step(best, high);
    }
    scale[row] = step.step;
    encode_row(at, columns, step.inverse, float(high), bytes, out8 + row * columns, out16 + row * columns);
  }
}

// Zeroes the gradient where a fixed step clipped what it read.
inline void mask_clipped(const FeatureScheme& scheme, int64_t rows, int columns, const float* x, int64_t x_stride,
                         float* g, int64_t g_stride) {
  if (scheme.scheme != Scheme::uniform || scheme.per != Per::tensor) return;
  const Vec inverse = set1(scheme.inverse_step), high = set1(float(scheme.high()));
  for (int64_t row = 0; row < rows; ++row)
    for (int c = 0; c < columns; c += lanes) {
      Vec rounded = abs(round(load(x + row * x_stride + c) * inverse));
      float* at = g + row * g_stride + c;
      store(at, select_less(high, rounded, zero(), load(at)));
    }
}
