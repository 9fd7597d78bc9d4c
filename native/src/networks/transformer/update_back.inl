// The gradient of update.inl, of the projection.

// dE/d[s, ⟨A,B⟩, |B|] and dE/dV (after the layer) → dE/d[A | B].
template <class Shape>
inline void invariants_back(const Shape& shape, int64_t atoms, const Active& r, const float* g_s, const float* g_v,
                            const float* g_inputs, float* g_mixed) {
  const int C = shape.channels, L = shape.degrees, M = shape.components, wide = shape.sections() * C;
  const Vec floor = set1(length_floor);
  for (int64_t a = 0; a < atoms; ++a)
    for (int c = 0; c < C; c += lanes) {
      const Vec gs = load(g_s + a * C + c);
      for (int l = 1; l <= L; ++l) {
        const float* gates = r.gates + a * wide + c;
        const Vec g_product = fma(gs, load(gates + l * C), load(g_inputs + a * wide + l * C + c));
        const Vec size = load(r.inputs + a * wide + (L + l) * C + c) + floor;
        const Vec g_square = load(g_inputs + a * wide + (L + l) * C + c) / size;
        const Vec gate = load(gates + (L + l) * C);
        for (int m = l * l - 1; m < l * (l + 2); ++m) {
          const float* ab = r.mixed + (a * M + m) * 2 * C + c;
          const Vec x = load(ab), y = load(ab + C);
          float* out = g_mixed + (a * M + m) * 2 * C + c;
          store(out, g_v ? fma(gate, load(g_v + (a * M + m) * C + c), g_product * y) : g_product * y);
          store(out + C, fma(g_square, y, g_product * x));
        }
      }
    }
}

// dE/ds, dE/dV after the layer → dE/d(gates).
template <class Shape>
inline void gates_back(const Shape& shape, int64_t atoms, const Active& r, const float* g_s, const float* g_v,
                       float* out) {
  const int C = shape.channels, L = shape.degrees, M = shape.components, wide = shape.sections() * C;
  for (int64_t a = 0; a < atoms; ++a)
    for (int c = 0; c < C; c += lanes) {
      const Vec gs = load(g_s + a * C + c);
      float* row = out + a * wide + c;
      store(row, gs);
      for (int l = 1; l <= L; ++l) {
        store(row + l * C, gs * load(r.inputs + a * wide + l * C + c));
        Vec total = zero();
        if (g_v)
          for (int m = l * l - 1; m < l * (l + 2); ++m)
            total = fma(load(g_v + (a * M + m) * C + c), load(r.mixed + (a * M + m) * 2 * C + c), total);
        store(row + (L + l) * C, total);
      }
    }
}

// dE/d(normalised messages) → of their sums and of 1 + Σ φ e^logit.
template <class Shape>
inline void messages_scaled_back(const Shape& shape, Block block, const TransformerState& state,
                                 const float* g_scalar_in, const float* g_v, float* g_scalar, float* g_vector,
                                 float* g_total) {
  const int C = shape.channels, W = shape.head_width, M = shape.components;
  for (int64_t atom = block.first; atom < block.last; ++atom)
    for (int h = 0; h < shape.heads; ++h) {
      const Vec share = set1(1.0f / state.total[atom * shape.heads_padded + h]);
      Vec along = zero();
      for (int c = h * W; c < (h + 1) * W; c += lanes) {
        const Vec g = load(g_scalar_in + (atom - block.first) * C + c) * share;
        store(g_scalar + atom * C + c, g);
        along = fma(g, load(state.m_scalar + atom * C + c), along);
        for (int m = 0; m < M; ++m) {
          const int64_t at = (atom * M + m) * C + c;
          const Vec gv = load(g_v + at) * share;
          store(g_vector + at, gv);
          along = fma(gv, load(state.m_vector + at), along);
        }
      }
      g_total[atom * shape.heads_padded + h] = -sum(along);
    }
}

template <class Shape>
void update_back_of(const Shape& shape, const TransformerPlan& plan, const TransformerLayer& layer, Block block,
                    TransformerState& state, float* g_s, float* g_v, float* g_scalar, float* g_vector, float* g_total,
                    double* torque, Scratch& scratch) {
  const int C = shape.channels, M = shape.components, wide = shape.sections() * C;
  const int64_t atoms = block.last - block.first;
  const Active r = active_of(shape, block, state, scratch);
  float *gs = g_s + block.first * C, *gv = g_v + block.first * M * C;
  bool vectors_needed = !state.mixed;
  for (const LinearPlan& mix : layer.mix) vectors_needed |= looks_back(mix.scheme);
  if (vectors_needed) vectors_again(shape, block, state, r.vectors);
  const float* s_mid = state.s_mid + block.first * C;
  if (!state.mixed) mix_and_gate(shape, layer, block, s_mid, r, scratch, Tap(), true);
  float *g_gates = scratch.floats[scratch_gradient], *g_active = scratch.floats[scratch_other],
        *g_inputs = scratch.floats[scratch_more];
  gates_back(shape, atoms, r, gs, gv, g_gates);
  linear_back(layer.gates, atoms, 1, g_gates, wide, r.activated, shape.hidden, g_active, shape.hidden, scratch,
              TimesSlope{r.slopes, shape.hidden});
  linear_back(layer.hidden, atoms, 1, g_active, shape.hidden, r.inputs, wide, g_inputs, wide, scratch);
  float* g_mixed = scratch.floats[scratch_gradient];
  invariants_back(shape, atoms, r, gs, gv, g_inputs, g_mixed);
  for (int64_t a = 0; a < atoms; ++a)
    for (int c = 0; c < C; c += lanes) store(gs + a * C + c, load(gs + a * C + c) + load(g_inputs + a * wide + c));
  // dE/dV: what comes through the mixing is added to what passes by it.
  if (shape.degrees == 1) {
    add_linear_back(layer.mix[0], atoms * M, M, g_mixed, 2 * C, r.vectors, C, gv, C, scratch);
  } else {
    for (int l = 1; l <= shape.degrees; ++l) {
      const int N = 2 * l + 1;
      float* back = scratch.floats[scratch_other];
      const float* g = gather_degree(shape, l, 2 * C, atoms, g_mixed, scratch.floats[scratch_more]);
      const float* x = gather_degree(shape, l, C, atoms, r.vectors, scratch.floats[scratch_update]);
      linear_back(layer.mix[l - 1], atoms * N, N, g, 2 * C, x, C, back, C, scratch);
      for (int64_t a = 0; a < atoms; ++a)
        for (int k = 0; k < N * C; k += lanes) {
          float* at = gv + (a * M + l * l - 1) * C + k;
          store(at, load(at) + load(back + a * N * C + k));
        }
    }
  }
  float* g_message = scratch.floats[scratch_other];
  linear_back(layer.output, atoms, 1, gs, C, state.m_scalar + block.first * C, C, g_message, C, scratch);
  messages_scaled_back(shape, block, state, g_message, g_v, g_scalar, g_vector, g_total);
  // Turning the axes of a receiver turns what it receives the other way.
  if (shape.local)
    for (int64_t atom = block.first; atom < block.last; ++atom)
      add_torque(C, plan.generators, g_v + atom * M * C, state.m_vector + atom * M * C, -1, torque + 3 * atom);
}

void update_back(const TransformerPlan& plan, const TransformerLayer& layer, Block block, TransformerState& state,
                 float* g_s, float* g_v, float* g_scalar, float* g_vector, float* g_total, double* torque,
                 Scratch& scratch) {
  with_width(plan.shape, [&](const auto& shape) {
    update_back_of(shape, plan, layer, block, state, g_s, g_v, g_scalar, g_vector, g_total, torque, scratch);
  });
}

void project(const TransformerPlan& plan, const TransformerLayer& layer, Block block, TransformerState& state,
             Scratch& scratch, const Tap& tap) {
  const int C = plan.shape.channels;
  linear(layer.project, block.last - block.first, 1, state.s_in + block.first * C, C,
         state.projected + block.first * 4 * C, 4 * C, scratch, tap, block.first);
}

void project_back(const TransformerPlan& plan, const TransformerLayer& layer, Block block, TransformerState& state,
                  float* g_projected, float* g_s, const float* g_carried, float* g_v, double* torque,
                  Scratch& scratch) {
  const int C = plan.shape.channels, M = plan.shape.components;
  const int64_t atoms = block.last - block.first;
  unit_queries_back(plan, layer, block, state.projected, g_projected);
  add_linear_back(layer.project, atoms, 1, g_projected + block.first * 4 * C, 4 * C, state.s_in + block.first * C, C,
                  g_s + block.first * C, C, scratch);
  if (!g_carried) return;
  for (int64_t k = block.first * M * C; k < block.last * M * C; k += lanes)
    store(g_v + k, load(g_v + k) + load(g_carried + k));
  for (int64_t atom = block.first; atom < block.last; ++atom)
    add_torque(C, plan.generators, g_carried + atom * M * C, state.v_in + atom * M * C, 1, torque + 3 * atom);
}
