// Products of rows and weights: float, and integers in eight or sixteen bits. Every output has one accumulator that
// runs over the inputs in their order, so tiles and instruction sets do not show in the result.

// `ahead`: what will be multiplied next, of which each input asks for a line. Weights and tables do not fit the second
// cache together, and the first pass over weights goes faster than the third cache delivers them.
template <int Rows, int Vectors, class After>
inline void tile_float(const float* x, int64_t x_stride, const float* w, const char* ahead, int inputs, int64_t row,
                       int column, const Output<After>& out) {
  Vec total[Rows][Vectors];
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < Vectors; ++v) total[r][v] = zero();
  for (int k = 0; k < inputs; ++k, w += Vectors * lanes) {
    Vec weights[Vectors];
    for (int v = 0; v < Vectors; ++v) weights[v] = load(w + v * lanes);
    __builtin_prefetch(ahead + int64_t(k) * cache_line);
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

template <int Rows, int Vectors, class After>
inline void tile_coded(const CodedRows& x, const Packed& packed, size_t offset, const char* ahead, int64_t row,
                       int column, const Output<After>& out) {
  Ints total[Rows][Vectors];
  const int inputs = packed.inputs;
  const int64_t stride = code_row_bytes(packed.codes, inputs);
  const uint8_t* first = x.codes + row * stride;
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < Vectors; ++v) total[r][v] = load_ints(packed.start.data() + column + v * lanes);
  if (has_dot4 && packed.codes == CodeLayout::bytes) {
    const int8_t* w = packed.bytes.data() + offset;
    for (int k = 0; k < inputs; k += 4, w += Vectors * lanes * 4, ahead += cache_line) {
      __builtin_prefetch(ahead);
      for (int r = 0; r < Rows; ++r)
        for (int v = 0; v < Vectors; ++v) total[r][v] = dot4(total[r][v], first + r * stride + k, w + v * lanes * 4);
    }
  } else {
    const int16_t* w = packed.words.data() + offset;
    for (int k = 0; k < inputs; k += 2, w += Vectors * lanes * 2, ahead += cache_line) {
      __builtin_prefetch(ahead);
      for (int r = 0; r < Rows; ++r)
        for (int v = 0; v < Vectors; ++v)
          total[r][v] = dot2(total[r][v], reinterpret_cast<const int16_t*>(first + r * stride) + k, w + v * lanes * 2);
    }
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

// What a block of rows asks for while it is multiplied with a tile of weights, a line for each step: its share of the
// tile that comes next, or of the weights that do.
inline const char* lines_ahead(const void* weights, size_t tile, size_t size, size_t all, const void* next,
                               int64_t pass, int vectors) {
  const char* here = static_cast<const char*>(weights) + tile;
  const void* wanted = tile + size < all ? here + size : next;
  if (!wanted || pass >= vectors) return here;  // nothing is left to ask for
  return static_cast<const char*>(wanted) + pass * int64_t(size) / vectors;
}

template <class After>
void multiply_float(int64_t rows, const float* x, int64_t x_stride, const Packed& w, const Output<After>& out) {
  over_tiles(rows, w.outputs, w.inputs, [&](auto r, auto v, int64_t row, int column, size_t offset) {
    const size_t number = sizeof(float), size = size_t(v) * lanes * w.inputs;
    const char* ahead = lines_ahead(w.floats.data(), offset * number, size * number, w.floats.size() * number, w.next,
                                    row / tile_rows, v);
    tile_float<decltype(r)::value, decltype(v)::value>(x + row * x_stride, x_stride, w.floats.data() + offset, ahead,
                                                       w.inputs, row, column, out);
  });
}

template <class After>
void multiply_coded(int64_t rows, const CodedRows& x, const Packed& w, const Output<After>& out) {
  if constexpr (has_tiles) {
    if (w.codes == CodeLayout::tile_planes) return multiply_tiles<true>(rows, x, w, out);
    return multiply_tiles<false>(rows, x, w, out);
  }
  const bool bytes = w.codes == CodeLayout::bytes;
  const size_t number = bytes ? sizeof(int8_t) : sizeof(int16_t), all = number * w.outputs * w.inputs;
  const void* weights = bytes ? static_cast<const void*>(w.bytes.data()) : w.words.data();
  over_tiles(rows, w.outputs, w.inputs, [&](auto r, auto v, int64_t row, int column, size_t offset) {
    const size_t size = number * v * lanes * w.inputs;
    const char* ahead = lines_ahead(weights, offset * number, size, all, w.next, row / tile_rows, v);
    tile_coded<decltype(r)::value, decltype(v)::value>(x, w, offset, ahead, row, column, out);
  });
}

void product_float(int64_t rows, const float* x, int64_t x_stride, const Packed& w, const float* scale,
                   const float* bias, float* y, int64_t y_stride) {
  multiply_float(rows, x, x_stride, w, Output<Keep>{scale, bias, y, y_stride, {}});
}

void product_coded(int64_t rows, const CodedRows& x, const Packed& w, const float* scale, const float* bias, float* y,
                   int64_t y_stride) {
  multiply_coded(rows, x, w, Output<Keep>{scale, bias, y, y_stride, {}});
}
