// Radial functions of a layer, kept for both passes or taken from their table each time.

void radial_functions(const TransformerLayer& layer, const PairInvariants& pairs, Task task, TransformerState& state) {
  const int row = layer.radial.row;
  for (int64_t pair = task.first; pair < task.last; ++pair) {
    const Radial radial(layer.radial, pairs, pair);
    for (int c = 0; c < row; c += lanes) {
      Vec value, slope;
      radial.both(c, value, slope);
      store(state.radial + pair * row + c, value);
      store(state.slope + pair * row + c, slope);
    }
  }
}

// Radial functions that are kept.
struct Kept {
  const float *values, *slopes;

  Kept(const TransformerLayer& layer, const PairInvariants&, const TransformerState& state, int64_t pair)
      : values(state.radial + pair * layer.radial.row), slopes(state.slope + pair * layer.radial.row) {}
  Vec at(int column) const { return load(values + column); }
  void both(int column, Vec& value, Vec& slope) const {
    value = load(values + column);
    slope = load(slopes + column);
  }
};

// Radial functions from their table.
struct Looked : Radial {
  Looked(const TransformerLayer& layer, const PairInvariants& pairs, const TransformerState&, int64_t pair)
      : Radial(layer.radial, pairs, pair) {}
};
