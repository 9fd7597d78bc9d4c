// Radial functions of a layer and their derivatives in t, as rows in memory: of all pairs, kept for both passes, or of the
// neighbours of one atom at a time.

inline void look_up(const TransformerLayer& layer, const PairInvariants& pairs, int64_t pair, float* values,
                    float* slopes) {
  const Radial radial(layer.radial, pairs, pair);
  for (int c = 0; c < layer.row; c += lanes) {
    Vec value, slope;
    radial.both(c, value, slope);
    store(values + c, value);
    store(slopes + c, slope);
  }
}

void radial_functions(const TransformerLayer& layer, const PairInvariants& pairs, Task task, const RadialRows& out) {
  for (int64_t pair = task.first; pair < task.last; ++pair)
    look_up(layer, pairs, pair, out.values + pair * layer.row, out.slopes + pair * layer.row);
}

// Where a kernel finds the functions of a message: kept by pair, or made for the neighbours of one atom.
struct Functions {
  const TransformerLayer& layer;
  const PairInvariants& pairs;
  const Adjacency& adjacency;
  const RadialRows& kept;
  Scratch* scratch;
  int64_t first = 0;
  const float *values = nullptr, *slopes = nullptr;

  // For the neighbours of an atom.
  void of(int64_t atom) {
    if (kept.values) {
      values = kept.values;
      slopes = kept.slopes;
      return;
    }
    first = adjacency.first[atom];
    const int64_t count = adjacency.first[atom + 1] - first, row = layer.row;
    std::vector<float>& rows = scratch->rows;
    if (rows.size() < size_t(2 * count * row)) rows.resize(size_t(2 * count * row));
    values = rows.data();
    slopes = rows.data() + count * row;
    for (int64_t k = 0; k < count; ++k)
      look_up(layer, pairs, adjacency.all[first + k].end / 2, rows.data() + k * row, rows.data() + (count + k) * row);
  }
  // Of message k.
  int64_t at(int64_t k) const { return (kept.values ? adjacency.all[k].end / 2 : k - first) * layer.row; }
};
