// Products of rows and weights: float, and integers in eight or sixteen bits. Every output has one accumulator that
// runs over the inputs in their order, so tiles and instruction sets do not show in the result.

// Packed by tiles of tile_vectors · 16 outputs: [tile][k / group][vector][16 outputs][group of k].
inline int tile_width(int outputs, int tile) {
  int left = outputs / lanes - tile * tile_vectors;
  return left < tile_vectors ? left : tile_vectors;
}

template <class Number>
void pack_into(const float* w, int outputs, int inputs, int group, std::vector<Number>& out) {
  out.assign(size_t(outputs) * inputs, Number(0));
  Number* p = out.data();
  for (int tile = 0; tile * tile_vectors * lanes < outputs; ++tile)
    for (int k = 0; k < inputs; k += group)
      for (int v = 0; v < tile_width(outputs, tile); ++v)
        for (int lane = 0; lane < lanes; ++lane)
          for (int g = 0; g < group; ++g)
            *p++ = Number(w[size_t((tile * tile_vectors + v) * lanes + lane) * inputs + k + g]);
}

void pack(const float* w, int outputs, int inputs, Packed& packed) {
  packed.outputs = outputs;
  packed.inputs = inputs;
  packed.start.assign(outputs, 0);
  if (packed.arithmetic == Arithmetic::float32) {
    pack_into(w, outputs, inputs, 1, packed.floats);
  } else if (packed.arithmetic == Arithmetic::int8 && has_dot4) {
    pack_into(w, outputs, inputs, 4, packed.bytes);
    for (int o = 0; o < outputs; ++o)
      for (int k = 0; k < inputs; ++k) packed.start[o] -= dot4_offset * int32_t(w[size_t(o) * inputs + k]);
  } else {
    packed.arithmetic = Arithmetic::int16;
    pack_into(w, outputs, inputs, 2, packed.words);
  }
}

struct Output {
  const float *scale, *bias;
  float* y;
  int64_t stride;
  bool add;

  inline void put(int64_t row, int column, Vec value) const {
    float* at = y + row * stride + column;
    if (bias) value = value + load(bias + column);
    if (add) value = load(at) + value;
    store(at, value);
  }
};

template <int Rows, int Vectors>
inline void tile_float(const float* x, int64_t x_stride, const float* w, int inputs, int64_t row, int column,
                       const Output& out) {
  Vec total[Rows][Vectors];
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < Vectors; ++v) total[r][v] = zero();
  for (int k = 0; k < inputs; ++k, w += Vectors * lanes) {
    Vec weights[Vectors];
    for (int v = 0; v < Vectors; ++v) weights[v] = load(w + v * lanes);
    for (int r = 0; r < Rows; ++r) {
      Vec one = set1(x[r * x_stride + k]);
      for (int v = 0; v < Vectors; ++v) total[r][v] = fma(one, weights[v], total[r][v]);
    }
  }
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < Vectors; ++v) {
      int at = column + v * lanes;
      out.put(row + r, at, out.scale ? total[r][v] * load(out.scale + at) : total[r][v]);
    }
}

template <int Rows, int Vectors>
inline void tile_coded(const CodedRows& x, const Packed& packed, size_t offset, int64_t row, int column,
                       const Output& out) {
  Ints total[Rows][Vectors];
  const int inputs = packed.inputs;
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < Vectors; ++v) total[r][v] = load_ints(packed.start.data() + column + v * lanes);
  if (has_dot4 && packed.arithmetic == Arithmetic::int8) {
    const int8_t* w = packed.bytes.data() + offset;
    const uint8_t* first = x.bytes + row * inputs;
    for (int k = 0; k < inputs; k += 4, w += Vectors * lanes * 4)
      for (int r = 0; r < Rows; ++r)
        for (int v = 0; v < Vectors; ++v) total[r][v] = dot4(total[r][v], first + r * inputs + k, w + v * lanes * 4);
  } else {
    const int16_t* w = packed.words.data() + offset;
    const int16_t* first = x.words + row * inputs;
    for (int k = 0; k < inputs; k += 2, w += Vectors * lanes * 2)
      for (int r = 0; r < Rows; ++r)
        for (int v = 0; v < Vectors; ++v) total[r][v] = dot2(total[r][v], first + r * inputs + k, w + v * lanes * 2);
  }
  for (int r = 0; r < Rows; ++r) {
    Vec row_scale = set1(x.scale[row + r]);
    for (int v = 0; v < Vectors; ++v) {
      int at = column + v * lanes;
      out.put(row + r, at, to_float(total[r][v]) * (out.scale ? row_scale * load(out.scale + at) : row_scale));
    }
  }
}

// Calls body(rows, vectors) with both as compile-time constants.
template <int Rows, class Body>
inline void with_vectors(int vectors, Body body) {
  if constexpr (tile_vectors >= 4)
    if (vectors == 4) return body(std::integral_constant<int, Rows>(), std::integral_constant<int, 4>());
  if constexpr (tile_vectors >= 3)
    if (vectors == 3) return body(std::integral_constant<int, Rows>(), std::integral_constant<int, 3>());
  if constexpr (tile_vectors >= 2)
    if (vectors == 2) return body(std::integral_constant<int, Rows>(), std::integral_constant<int, 2>());
  return body(std::integral_constant<int, Rows>(), std::integral_constant<int, 1>());
}

template <class Body>
inline void over_tiles(int64_t rows, int outputs, int inputs, Body body) {
  size_t offset = 0;
  for (int tile = 0; tile * tile_vectors * lanes < outputs; ++tile) {
    const int vectors = tile_width(outputs, tile), column = tile * tile_vectors * lanes;
    int64_t row = 0;
    auto call = [&](auto r, auto v) { body(r, v, row, column, offset); };
    for (; row + tile_rows <= rows; row += tile_rows) with_vectors<tile_rows>(vectors, call);
    if constexpr (tile_rows > 3)
      for (; row + 3 <= rows; row += 3) with_vectors<3>(vectors, call);
    for (; row < rows; ++row) with_vectors<1>(vectors, call);
    offset += size_t(vectors) * lanes * inputs;
  }
}

void product_float(int64_t rows, const float* x, int64_t x_stride, const Packed& w, const float* scale,
                   const float* bias, float* y, int64_t y_stride, bool add) {
  const Output out{scale, bias, y, y_stride, add};
  over_tiles(rows, w.outputs, w.inputs, [&](auto r, auto v, int64_t row, int column, size_t offset) {
    tile_float<decltype(r)::value, decltype(v)::value>(x + row * x_stride, x_stride, w.floats.data() + offset, w.inputs,
                                                       row, column, out);
  });
}

void product_coded(int64_t rows, const CodedRows& x, const Packed& w, const float* scale, const float* bias, float* y,
                   int64_t y_stride, bool add) {
  const Output out{scale, bias, y, y_stride, add};
  over_tiles(rows, w.outputs, w.inputs, [&](auto r, auto v, int64_t row, int column, size_t offset) {
    tile_coded<decltype(r)::value, decltype(v)::value>(x, w, offset, row, column, out);
  });
}
