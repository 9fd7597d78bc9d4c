// Weights in the order in which products read them.

// By tiles of tile_vectors · 16 outputs: [tile][k / group][vector][16 outputs][group of k].
inline int tile_width(int outputs, int tile) {
  int left = outputs / lanes - tile * tile_vectors;
  return left < tile_vectors ? left : tile_vectors;
}

template <class Number>
void pack_into(const float* w, int outputs, int inputs, int group, AlignedVector<Number>& out) {
  out.assign(size_t(outputs) * inputs, Number(0));
  Number* p = out.data();
  for (int tile = 0; tile * tile_vectors * lanes < outputs; ++tile)
    for (int k = 0; k < inputs; k += group)
      for (int v = 0; v < tile_width(outputs, tile); ++v)
        for (int lane = 0; lane < lanes; ++lane)
          for (int g = 0; g < group; ++g)
            *p++ = Number(w[size_t((tile * tile_vectors + v) * lanes + lane) * inputs + k + g]);
}

// [16 outputs][k / 4][output][4 of k], inputs padded with zeros to whole tiles.
inline void pack_tiles(const float* w, int outputs, int inputs, AlignedVector<int8_t>& out) {
  const int padded = whole_tiles(inputs);
  out.assign(size_t(outputs) * padded, int8_t(0));
  for (int o = 0; o < outputs; ++o)
    for (int k = 0; k < inputs; ++k)
      out[size_t(o / lanes * lanes) * padded + size_t(k / 4 * lanes + o % lanes) * 4 + k % 4] = int8_t(
          w[size_t(o) * inputs + k]);
}

void pack(const float* w, int outputs, int inputs, Packed& packed) {
  packed.outputs = outputs;
  packed.inputs = inputs;
  packed.start.assign(outputs, 0);
  if (packed.arithmetic == Arithmetic::float32) {
    pack_into(w, outputs, inputs, 1, packed.floats);
  } else if (has_tiles) {
    pack_tiles(w, outputs, inputs, packed.bytes);
    packed.codes = packed.arithmetic == Arithmetic::int8 ? CodeLayout::tile_bytes : CodeLayout::tile_planes;
  } else if (has_dot4 && packed.arithmetic == Arithmetic::int8) {
    pack_into(w, outputs, inputs, 4, packed.bytes);
    packed.codes = CodeLayout::bytes;
    for (int o = 0; o < outputs; ++o)
      for (int k = 0; k < inputs; ++k) packed.start[o] -= dot4_offset * int32_t(w[size_t(o) * inputs + k]);
  } else {
    pack_into(w, outputs, inputs, 2, packed.words);
    packed.codes = CodeLayout::words;
  }
}
