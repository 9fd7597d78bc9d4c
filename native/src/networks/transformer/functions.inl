// Radial functions of a layer as rows in memory, [values, derivatives in t] with radial.row of each: those of all pairs, kept
// for both passes, or of the neighbours of one atom at a time.

// Columns first ≤ c < last; derivatives only if they are wanted.
template <bool Slopes>
inline void look_up(const RadialPlan& plan, const PairInvariants& pairs, int64_t pair, int first, int last,
                    float* row) {
  const Radial radial(plan, pairs, pair);
  float* slopes = row + plan.row;
  for (int c = first; c < last; c += lanes) {
    if constexpr (!Slopes) {
      store(row + c, radial.at(c));
      continue;
    }
    Vec value, slope;
    radial.both(c, value, slope);
    store(row + c, value);
    store(slopes + c, slope);
  }
}

void radial_functions(const TransformerLayer& layer, const PairInvariants& pairs, Task task, float* rows) {
  const int row = layer.radial.row;
  for (int64_t pair = task.first; pair < task.last; ++pair)
    look_up<true>(layer.radial, pairs, pair, 0, row, rows + 2 * pair * row);
}

// Where a kernel finds the functions of a message: kept by pair, or made for the neighbours of one atom.
struct Functions {
  const TransformerLayer& layer;
  const PairInvariants& pairs;
  const Adjacency& adjacency;
  const float* kept;
  Scratch* scratch;
  int64_t first = 0;
  const float* rows = nullptr;
  const int row = 2 * layer.radial.row;

  // For the neighbours of an atom: the columns first ≤ c < last; derivatives only if they are wanted.
  template <bool Slopes>
  void of(int64_t atom, int first_column, int last_column) {
    rows = kept;
    if (kept) return;
    first = adjacency.first[atom];
    const int64_t count = adjacency.first[atom + 1] - first;
    if (scratch->rows.size() < size_t(count * row)) scratch->rows.resize(size_t(count * row));
    for (int64_t k = 0; k < count; ++k)
      look_up<Slopes>(layer.radial, pairs, adjacency.all[first + k].end / 2, first_column, last_column,
                      scratch->rows.data() + k * row);
    rows = scratch->rows.data();
  }
  // Of message k.
  const float* at(int64_t k) const { return rows + (kept ? adjacency.all[k].end / 2 : k - first) * row; }
};
