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
  for (int c = 0; c < columns; c += lanes) best = larger_size(best, load(x + c));
  return largest_size(best);
}

inline Vec encode(Vec x, Vec inverse, Vec high) { return max(min(round(x * inverse), high), zero() - high); }

// Rows to be coded, as they are.
struct PlainRows {
  const float* x;
  int64_t stride;
  Vec at(int64_t row, int c) const { return load(x + row * stride + c); }
};

// With the scale of each column.
struct ScaledRows {
  const float* x;
  int64_t stride;
  const float* scale;
  Vec at(int64_t row, int c) const { return load(x + row * stride + c) * load(scale + c); }
};

// Codes of one row. What lies outside is clamped before it becomes an integer: beyond 2^31 there are none.
template <CodeLayout Layout, class Rows>
inline void encode_row(const Rows& x, int64_t row, int columns, float inverse, float high, uint8_t* out) {
  const Vec inv = set1(inverse), top = set1(high), bottom = set1(-high);
  constexpr int some = 4;  // registers, which are coded at once
  const int padded = whole_tiles(columns);
  for (int c = 0; c < columns; c += some * lanes) {
    Vec v[some];
    const int count = (columns - c) / lanes < some ? (columns - c) / lanes : some;
    for (int k = 0; k < some; ++k) v[k] = k < count ? max(min(x.at(row, c + k * lanes) * inv, top), bottom) : zero();
    if constexpr (Layout == CodeLayout::tile_bytes) {
      store_signed_bytes(out + c, v);
    } else if constexpr (Layout == CodeLayout::tile_planes) {
      store_planes(out + c, out + padded + c, v);
    } else if constexpr (Layout == CodeLayout::words) {
      int16_t* words = reinterpret_cast<int16_t*>(out) + c;
      if (count == some)
        store_words(words, v);
      else
        for (int k = 0; k < count; ++k) store_int16(words + k * lanes, v[k]);
    } else {
      if (count == some)
        store_bytes(out + c, v);
      else
        for (int k = 0; k < count; ++k) store_int8_offset(out + c + k * lanes, v[k]);
    }
  }
}

// Steps of sixteen rows, or atoms of `each` rows, are found at once: one division for all.
template <CodeLayout Layout, class Rows>
inline void encode_by(const Rows& x, Per per, Step fixed, int high, int64_t rows, int components, int columns,
                      uint8_t* codes, float* scale) {
  const int each = per == Per::atom ? components : 1;
  const int64_t bytes = code_row_bytes(Layout, columns);
  float steps[lanes], inverses[lanes];
  store(steps, set1(fixed.step));
  store(inverses, set1(fixed.inverse));
  for (int64_t first = 0; first < rows; first += lanes * each) {
    const int count = int(std::min<int64_t>((rows - first) / each, lanes));
    if (per != Per::tensor) {
      Vec best[lanes];
      for (int n = 0; n < lanes; ++n) best[n] = zero();
      for (int n = 0; n < count; ++n)
        for (int64_t row = first + n * each; row < first + (n + 1) * each; ++row)
          for (int c = 0; c < columns; c += lanes) best[n] = larger_size(best[n], x.at(row, c));
      const Vec sizes = largest_sizes(best);
      store(steps, sizes * set1(float(1.0 / high)));
      store(inverses, select_less(sizes, set1(smallest), zero(), set1(float(high)) / sizes));
    }
    for (int n = 0; n < count; ++n)
      for (int64_t row = first + n * each; row < first + (n + 1) * each; ++row) {
        scale[row] = steps[n];
        encode_row<Layout>(x, row, columns, inverses[n], float(high), codes + row * bytes);
      }
  }
}

template <class Rows>
inline void encode_any(CodeLayout layout, const Rows& x, Per per, Step fixed, int high, int64_t rows, int components,
                       int columns, uint8_t* codes, float* scale) {
  auto as = [&](auto chosen) {
    encode_by<decltype(chosen)::value>(x, per, fixed, high, rows, components, columns, codes, scale);
  };
  if constexpr (has_tiles) {
    if (layout == CodeLayout::tile_bytes) return as(std::integral_constant<CodeLayout, CodeLayout::tile_bytes>());
    return as(std::integral_constant<CodeLayout, CodeLayout::tile_planes>());
  } else {
    if (layout == CodeLayout::bytes) return as(std::integral_constant<CodeLayout, CodeLayout::bytes>());
    return as(std::integral_constant<CodeLayout, CodeLayout::words>());
  }
}

void encode_rows(const FeatureScheme& scheme, int64_t rows, int components, int columns, const float* x, int64_t stride,
                 CodeLayout layout, uint8_t* codes, float* scale) {
  encode_any(layout, PlainRows{x, stride}, scheme.per, {scheme.step, scheme.inverse_step}, scheme.high(), rows,
             components, columns, codes, scale);
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
