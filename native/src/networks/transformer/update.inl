// From summed messages to the features after the layer, and back; a block of atoms at a time, so that it stays in cache.

// Rows of vectors [atom][M][columns] of one degree, contiguous for the linear layer; with L = 1 they already are.
template <class Shape>
inline const float* gather_degree(const Shape& shape, int degree, int columns, int64_t atoms, const float* x,
                                  float* scratch) {
  if (shape.degrees == 1) return x;
  const int first = degree * degree - 1, rows = 2 * degree + 1;
  for (int64_t a = 0; a < atoms; ++a)
    std::memcpy(scratch + a * rows * columns, x + (a * shape.components + first) * columns,
                sizeof(float) * rows * columns);
  return scratch;
}

template <class Shape>
inline void scatter_degree(const Shape& shape, int degree, int columns, int64_t atoms, const float* x, float* out) {
  const int first = degree * degree - 1, rows = 2 * degree + 1;
  for (int64_t a = 0; a < atoms; ++a)
    std::memcpy(out + (a * shape.components + first) * columns, x + a * rows * columns, sizeof(float) * rows * columns);
}

// m / (1 + Σ φ e^logit), and V + m.
template <class Shape>
inline void normalise_messages(const Shape& shape, Block block, TransformerState& state, float* vectors) {
  const int C = shape.channels, W = shape.head_width, M = shape.components;
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    float* rows = state.m_vector + atom * M * C;
    const float* v = state.v_in ? state.v_in + atom * M * C : nullptr;
    float* out = vectors + (atom - block.first) * M * C;
    for (int h = 0; h < shape.heads; ++h) {
      const Vec share = set1(1.0f / state.total[atom * shape.heads_padded + h]);
      for (int c = h * W; c < (h + 1) * W; c += lanes) {
        float* s = state.m_scalar + atom * C + c;
        store(s, load(s) * share);
        for (int m = 0; m < M; ++m) {
          const Vec message = load(rows + m * C + c) * share;
          store(rows + m * C + c, message);
          store(out + m * C + c, v ? load(v + m * C + c) + message : message);
        }
      }
    }
  }
}

// The vectors again, from what is kept.
template <class Shape>
inline void vectors_again(const Shape& shape, Block block, const TransformerState& state, float* vectors) {
  const int64_t size = int64_t(shape.components) * shape.channels;
  const float* message = state.m_vector + block.first * size;
  const int64_t count = (block.last - block.first) * size;
  if (!state.v_in) {
    std::memcpy(vectors, message, count * sizeof(float));
    return;
  }
  const float* v = state.v_in + block.first * size;
  for (int64_t k = 0; k < count; k += lanes) store(vectors + k, load(v + k) + load(message + k));
}

// The rows that the update's MLP reads: [s, ⟨A,B⟩_l …, |B|_l …].
template <class Shape>
inline void invariants(const Shape& shape, int64_t atoms, const float* s, const float* mixed, float* out) {
  const int C = shape.channels, L = shape.degrees;
  const Vec floor2 = set1(length_floor * length_floor), floor = set1(length_floor);
  for (int64_t a = 0; a < atoms; ++a) {
    float* row = out + a * shape.sections() * C;
    std::memcpy(row, s + a * C, sizeof(float) * C);
    for (int l = 1; l <= L; ++l)
      for (int c = 0; c < C; c += lanes) {
        const float* ab = mixed + (a * shape.components + l * l - 1) * 2 * C + c;
        Vec product = zero(), square = zero();
        for (int m = 0; m < 2 * l + 1; ++m, ab += 2 * C) {
          const Vec x = load(ab), y = load(ab + C);
          product = fma(x, y, product);
          square = fma(y, y, square);
        }
        store(row + l * C + c, product);
        store(row + (L + l) * C + c, sqrt(square + floor2) - floor);
      }
  }
}

struct Active {
  float *vectors, *inputs, *activated, *slopes, *mixed, *gates;
};

template <class Shape>
inline Active active_of(const Shape& shape, Block block, const TransformerState& state, Scratch& scratch) {
  const int C = shape.channels;
  auto at = [&](float* kept, int place, int64_t width) {
    return kept ? kept + block.first * width : scratch.floats[place];
  };
  return {scratch.floats[scratch_vectors],
          at(state.inputs, scratch_update, int64_t(shape.sections()) * C),
          at(state.activated, scratch_active, shape.hidden),
          at(state.slopes, scratch_hidden, shape.hidden),
          at(state.mixed, scratch_mixed, int64_t(shape.components) * 2 * C),
          at(state.gates, scratch_gates, int64_t(shape.sections()) * C)};
}

template <class Shape>
inline void mix_and_gate(const Shape& shape, const TransformerLayer& layer, Block block, const float* s_mid,
                         const Active& r, Scratch& scratch, const Tap& tap, bool gates_too) {
  const int C = shape.channels;
  const int64_t atoms = block.last - block.first;
  for (int l = 1; l <= shape.degrees; ++l) {
    const LinearPlan& mix = layer.mix[l - 1];
    const int64_t rows = atoms * (2 * l + 1);
    float* in = const_cast<float*>(gather_degree(shape, l, C, atoms, r.vectors, scratch.floats[scratch_other]));
    float* out = shape.degrees == 1 ? r.mixed : scratch.floats[scratch_more];
    linear(mix, rows, 2 * l + 1, in, C, out, 2 * C, scratch, tap, block.first * (2 * l + 1));
    if (shape.degrees > 1) {
      scatter_degree(shape, l, 2 * C, atoms, out, r.mixed);
      if (tap.call) scatter_degree(shape, l, C, atoms, in, r.vectors);
    }
  }
  invariants(shape, atoms, s_mid, r.mixed, r.inputs);
  if (!gates_too) return;
  linear(layer.hidden, atoms, 1, r.inputs, shape.sections() * C, r.activated, shape.hidden, scratch, tap, block.first,
         Activate{r.slopes, shape.hidden});
  linear(layer.gates, atoms, 1, r.activated, shape.hidden, r.gates, shape.sections() * C, scratch, tap, block.first);
}

template <class Shape>
void update_of(const Shape& shape, const TransformerLayer& layer, Block block, TransformerState& state, float* s_out,
               float* v_out, Scratch& scratch, const Tap& tap) {
  const int C = shape.channels, L = shape.degrees, M = shape.components;
  const int64_t atoms = block.last - block.first;
  const Active r = active_of(shape, block, state, scratch);
  normalise_messages(shape, block, state, r.vectors);
  float* s_mid = state.s_mid + block.first * C;
  linear(layer.output, atoms, 1, state.m_scalar + block.first * C, C, s_mid, C, scratch, tap, block.first,
         AddTo{state.s_in + block.first * C, C});
  mix_and_gate(shape, layer, block, s_mid, r, scratch, tap, true);
  for (int64_t a = 0; a < atoms; ++a) {
    const float *gates = r.gates + a * shape.sections() * C, *inputs = r.inputs + a * shape.sections() * C;
    for (int c = 0; c < C; c += lanes) {
      Vec s = load(s_mid + a * C + c) + load(gates + c);
      for (int l = 1; l <= L; ++l) s = fma(load(gates + l * C + c), load(inputs + l * C + c), s);
      store(s_out + (block.first + a) * C + c, s);
      if (!v_out) continue;
      for (int l = 1; l <= L; ++l) {
        const Vec gate = load(gates + (L + l) * C + c);
        for (int m = l * l - 1; m < l * (l + 2); ++m) {
          const Vec v = load(r.vectors + (a * M + m) * C + c), mixed = load(r.mixed + (a * M + m) * 2 * C + c);
          store(v_out + ((block.first + a) * M + m) * C + c, fma(gate, mixed, v));
        }
      }
    }
  }
}

void update(const TransformerPlan& plan, const TransformerLayer& layer, Block block, TransformerState& state,
            float* s_out, float* v_out, Scratch& scratch, const Tap& tap) {
  with_width(plan.shape, [&](const auto& shape) { update_of(shape, layer, block, state, s_out, v_out, scratch, tap); });
}
