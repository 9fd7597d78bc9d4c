// Radial functions of a layer and their derivatives in t, as rows in memory: of all pairs, kept for both passes, or of the
// neighbours of one atom at a time. Where all layers mix one basis, rows are products with that; else they are looked up.

// The basis of pairs.
void radial_basis(const TransformerPlan& plan, const PairInvariants& pairs, Task task, const RadialRows& basis) {
  for (int64_t pair = task.first; pair < task.last; ++pair) {
    const Radial radial(plan.basis, pairs, pair);
    for (int c = 0; c < basis.row; c += lanes) {
      Vec value, slope;
      radial.both(c, value, slope);
      store(basis.values + pair * basis.row + c, value);
      store(basis.slopes + pair * basis.row + c, slope);
    }
  }
}

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

inline void mix_basis(const TransformerLayer& layer, int64_t rows, const float* basis, float* out) {
  product_float(rows, basis, layer.mixing.inputs, layer.mixing, nullptr, nullptr, out, layer.row);
}

void radial_functions(const TransformerLayer& layer, const PairInvariants& pairs, Task task, const RadialRows& basis,
                      const RadialRows& out) {
  if (!basis.values) {
    for (int64_t pair = task.first; pair < task.last; ++pair)
      look_up(layer, pairs, pair, out.values + pair * layer.row, out.slopes + pair * layer.row);
    return;
  }
  mix_basis(layer, task.last - task.first, basis.values + task.first * basis.row, out.values + task.first * layer.row);
  mix_basis(layer, task.last - task.first, basis.slopes + task.first * basis.row, out.slopes + task.first * layer.row);
}

// Where a kernel finds the functions of a message: kept by pair, or made for the neighbours of one atom.
struct Functions {
  const TransformerLayer& layer;
  const PairInvariants& pairs;
  const Adjacency& adjacency;
  const RadialRows &basis, &kept;
  Scratch* scratch;
  int64_t first = 0;
  const float *values = nullptr, *slopes = nullptr;

  // For the neighbours of an atom. Slopes are made only if they are wanted.
  void of(int64_t atom, bool wants_slopes) {
    if (kept.values) {
      values = kept.values;
      slopes = kept.slopes;
      return;
    }
    first = adjacency.first[atom];
    const int64_t count = adjacency.first[atom + 1] - first, row = layer.row;
    std::vector<float>& rows = scratch->rows;
    const size_t needed = size_t(2 * count * row + count * basis.row);
    if (rows.size() < needed) rows.resize(needed);
    values = rows.data();
    slopes = rows.data() + count * row;
    float* gathered = rows.data() + 2 * count * row;
    for (int side = 0; side < (basis.values && wants_slopes ? 2 : 1); ++side) {
      float* out = rows.data() + side * count * row;
      for (int64_t k = 0; k < count; ++k) {
        const int64_t pair = adjacency.all[first + k].end / 2;
        if (basis.values)
          std::memcpy(gathered + k * basis.row, (side ? basis.slopes : basis.values) + pair * basis.row,
                      basis.row * sizeof(float));
        else
          look_up(layer, pairs, pair, out + k * row, out + (count + k) * row);
      }
      if (basis.values) mix_basis(layer, count, gathered, out);
    }
  }
  // Of message k.
  int64_t at(int64_t k) const { return (kept.values ? adjacency.all[k].end / 2 : k - first) * layer.row; }
};
