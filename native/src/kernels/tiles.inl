// Products of codes by a unit that multiplies whole tiles: sixteen rows of sixty-four bytes. Sixteen-bit codes are two
// planes of bytes, code = 256 high + low, so that both halves are products of bytes and the integers are the same.

constexpr int tile_block = 24;  // rows whose totals are made at once: a tile of sixteen and one of eight

// Totals to where outputs belong. All is given by value: what a store writes could be what a reference refers to, as far
// as compilers see.
template <bool Planes, class After>
[[gnu::always_inline]] inline void put_totals(const int32_t* totals, int rows, int64_t row, int column,
                                              const float* row_scale, const Output<After> out) {
  const Vec scale = out.scale ? load(out.scale + column) : set1(1.0f);
  const Vec bias = out.bias ? load(out.bias + column) : zero();
  float* y = out.y + row * out.stride + column;
  for (int r = 0; r < rows; ++r, y += out.stride) {
    Ints total = load_ints(totals + r * lanes);
    if constexpr (Planes) total = add_256_times(total, load_ints(totals + (tile_block + r) * lanes));
    const Vec value = to_float(total) * (set1(row_scale[r]) * scale);
    out.after(y, row + r, column, out.bias ? value + bias : value);
  }
}

// Totals go to memory one step later than tiles make them, and from there to their places one step later still: neither
// waits for the other.
enum class TileRows { some, more, kept };  // up to sixteen; up to twenty-four; sixteen whose codes fit one tile

template <bool Planes, TileRows Rows, class After>
inline void multiply_block(int64_t row, int rows, const CodedRows& x, const Packed& w, const Output<After> out) {
  constexpr bool eight = Rows == TileRows::more;
  constexpr int full = eight ? tile_block : 16;
  // By low bytes, then by high ones, as tiles leave them. Three kilobytes: at addresses that differ by four, a load would
  // wait for a store that has nothing to do with it.
  alignas(64) int32_t totals[2 * tile_block * lanes];
  const int inputs = whole_tiles(w.inputs), outputs = w.outputs;
  const int64_t stride = code_row_bytes(w.codes, w.inputs);
  const uint8_t* codes = x.codes + row * stride;
  const int8_t* weights = w.bytes.data();
  const float* row_scale = x.scale + row;
  auto step = [&](int column) {
    const int8_t* here = weights + size_t(column) * inputs;
    if constexpr (Rows == TileRows::kept)
      multiply_kept<Planes>(here);
    else
      multiply_codes<Planes, eight>(codes, stride, here, inputs);
  };
  auto put = [&](int column) {
    if (rows == full)  // twice, so that compilers see a number
      put_totals<Planes>(totals, full, row, column, row_scale, out);
    else
      put_totals<Planes>(totals, rows, row, column, row_scale, out);
  };
  if constexpr (Rows == TileRows::kept) keep_codes<Planes>(codes, stride);
  step(0);
  store_totals<Planes, eight>(totals);
  for (int column = lanes; column < outputs; column += lanes) {
    step(column);
    put(column - lanes);
    store_totals<Planes, eight>(totals);
  }
  put(outputs - lanes);
}

template <bool Planes, class After>
void multiply_tiles(int64_t rows, const CodedRows& x, const Packed& w, const Output<After>& out) {
  const bool keeps = rows > tile_block && whole_tiles(w.inputs) == 64;
  for (int64_t row = 0, here; row < rows; row += here) {
    here = std::min<int64_t>(rows - row, keeps ? 16 : tile_block);
    if (keeps)
      multiply_block<Planes, TileRows::kept>(row, int(here), x, w, out);
    else if (here > 16)
      multiply_block<Planes, TileRows::more>(row, int(here), x, w, out);
    else
      multiply_block<Planes, TileRows::some>(row, int(here), x, w, out);
  }
}
