// Products of codes by a unit that multiplies whole tiles: sixteen rows of sixty-four bytes. Sixteen-bit codes are two
// planes of bytes, code = 256 high + low, so that both halves are products of bytes and the integers are the same.

constexpr int tile_block = 24;  // rows whose totals are made at once: a tile of sixteen and one of eight

// Totals of a block of rows and sixteen outputs, as tiles leave them; by low bytes, then by high ones. Three kilobytes:
// at addresses that differ by four, a load would wait for a store that has nothing to do with it.
struct TileTotals {
  alignas(64) int32_t planes[2][tile_block * lanes];
  int64_t row = 0;
  int rows = 0, column = 0;
};

// By value: what a store writes could be what a reference refers to, as far as compilers see.
template <bool Planes, class After>
inline void put_totals(const TileTotals& t, const float* row_scale, const Output<After> out) {
  const Vec scale = out.scale ? load(out.scale + t.column) : set1(1.0f);
  const int64_t row = t.row;
  const int rows = t.rows, column = t.column;
  row_scale += row;
#pragma GCC unroll 4
  for (int r = 0; r < rows; ++r) {
    Ints total = load_ints(t.planes[0] + r * lanes);
    if constexpr (Planes) total = add_256_times(total, load_ints(t.planes[1] + r * lanes));
    out.put(row + r, column, to_float(total) * (set1(row_scale[r]) * scale));
  }
}

// Totals go to memory one step later than tiles make them, and from there to their places one step later still: neither
// waits for the other.
template <bool Planes, bool Eight, class After>
inline void multiply_block(int64_t row, int rows, const CodedRows& x, const Packed& w, const Output<After>& out) {
  TileTotals totals;
  const int inputs = whole_tiles(w.inputs);
  const int64_t stride = code_row_bytes(w.codes, w.inputs);
  for (int column = 0; column < w.outputs; column += lanes) {
    multiply_codes<Planes, Eight>(x.codes + row * stride, stride, w.bytes.data() + size_t(column) * inputs, inputs);
    put_totals<Planes>(totals, x.scale, out);
    store_totals<Planes, Eight>(totals.planes[0]);
    totals.row = row;
    totals.rows = rows;
    totals.column = column;
  }
  put_totals<Planes>(totals, x.scale, out);
}

template <bool Planes, class After>
void multiply_tiles(int64_t rows, const CodedRows& x, const Packed& w, const Output<After>& out) {
  for (int64_t row = 0; row < rows; row += tile_block) {
    const int here = int(std::min<int64_t>(rows - row, tile_block));
    if (here > 16)
      multiply_block<Planes, true>(row, here, x, w, out);
    else
      multiply_block<Planes, false>(row, here, x, w, out);
  }
}
