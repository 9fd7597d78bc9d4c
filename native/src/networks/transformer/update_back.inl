// The gradient of update.inl, and of the projection.

// dE/d(what the MLP reads) and dE/dV (after the layer) → dE/d[A | B].
template <class S>
inline void invariants_back(const S sizes, const TransformerLayer& layer, Block block, const Active& r,
                            const float* g_s, const Vectors& g_v, const float* g_inputs, const Vectors& g_mixed) {
  constexpr int L = S::degrees;
  const int C = sizes.channels(), wide = S::sections * C;
  const Vec floor = set1(length_floor);
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const int64_t a = atom - block.first;
    const float *gates = r.gates + a * layer.gates.outputs, *inputs = r.inputs + a * wide, *g = g_inputs + a * wide;
    for (int c = 0; c < C; c += lanes) {
      const Mixed<L> ab(r.mixed, atom, C, c);
      const Vec gs = load(g_s + a * C + c);
      Vec g_a[S::components], g_b[S::components], g_made[8];
      over_degrees<L>([&](auto degree, int at) {
        constexpr int l = decltype(degree)::value;
        const Vec g_product = fma(gs, load(gates + l * C + c), load(g + l * C + c));
        const Vec g_square = load(g + (L + l) * C + c) / (load(inputs + (L + l) * C + c) + floor);
        const Vec gate = layer.last ? zero() : load(gates + (L + l) * C + c);
        const float* gv = g_v.of(l, atom) + c;
        for (int m = at; m < at + 2 * l + 1; ++m) {
          g_a[m] = g_product * ab.b[m];
          if (!layer.last) g_a[m] = fma(gate, load(gv + (m - at) * C), g_a[m]);
          g_b[m] = fma(g_square, ab.b[m], g_product * ab.a[m]);
        }
        if constexpr (l <= S::products) {
          const Vec along = load(g + (2 * L + l) * C + c);
          const Vec growing = layer.last ? zero() : load(gates + (2 * L + l) * C + c);
          const float* made = r.made.of(l, atom) + c;
          for (int m = at; m < at + 2 * l + 1; ++m) {
            g_a[m] = fma(along, load(made + (m - at) * C), g_a[m]);
            g_made[m] = along * ab.a[m];
            if (!layer.last) g_made[m] = fma(growing, load(gv + (m - at) * C), g_made[m]);
          }
        }
      });
      if constexpr (S::products > 0) {
        couple_back<tensor_times_vector>(g_made, ab.a + 3, ab.b, g_a + 3, g_b);
        couple_back<vectors_to_tensor>(g_made + 3, ab.a, ab.b, g_a, g_b);
        couple_back<tensors_to_tensor>(g_made + 3, ab.a + 3, ab.b + 3, g_a + 3, g_b + 3);
      }
      over_degrees<L>([&](auto degree, int at) {
        constexpr int l = decltype(degree)::value;
        float* out = g_mixed.of(l, atom) + c;
        for (int m = at; m < at + 2 * l + 1; ++m, out += 2 * C) store(out, g_a[m]), store(out + C, g_b[m]);
      });
    }
  }
}

// dE/ds and dE/dV (after the layer) → dE/d(gates).
template <class S>
inline void gates_back(const S sizes, const TransformerLayer& layer, Block block, const Active& r, const float* g_s,
                       const Vectors& g_v, float* out) {
  constexpr int L = S::degrees;
  const int C = sizes.channels();
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const int64_t a = atom - block.first;
    const float* inputs = r.inputs + a * S::sections * C;
    float* row = out + a * layer.gates.outputs;
    for (int c = 0; c < C; c += lanes) {
      const Vec gs = load(g_s + a * C + c);
      store(row + c, gs);
      over_degrees<L>([&](auto degree, int) {
        constexpr int l = decltype(degree)::value;
        store(row + l * C + c, gs * load(inputs + l * C + c));
        if (layer.last) return;
        const float *gv = g_v.of(l, atom) + c, *mixed = r.mixed.of(l, atom) + c;
        Vec total = zero();
        for (int m = 0; m < 2 * l + 1; ++m) total = fma(load(gv + m * C), load(mixed + m * 2 * C), total);
        store(row + (L + l) * C + c, total);
        if constexpr (l <= S::products) {
          const float* made = r.made.of(l, atom) + c;
          total = zero();
          for (int m = 0; m < 2 * l + 1; ++m) total = fma(load(gv + m * C), load(made + m * C), total);
          store(row + (2 * L + l) * C + c, total);
        }
      });
    }
  }
}

// dE/ds and dE/dV, of limited features → of those before.
template <class S>
inline void limits_back(const S sizes, const TransformerLayer& layer, Block block, const TransformerState& state,
                        const Active& r, float* g_s, const Vectors& g_v) {
  const int C = sizes.channels();
  const float* s_mid = state.s_mid + block.first * C;
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const int64_t a = atom - block.first;
    const float *gates = r.gates + a * layer.gates.outputs, *inputs = r.inputs + a * layer.hidden.inputs;
    for (int c = 0; c < C; c += lanes) {
      const Vec s[1] = {grown_scalar<S>(s_mid + a * C + c, gates + c, inputs + c, C)};
      Vec g[1] = {load(g_s + a * C + c)};
      limit_back(s, load(layer.scalar_limit.data() + c), g);
      store(g_s + a * C + c, g[0]);
      if (layer.last) continue;
      over_degrees<S::degrees>([&](auto degree, int) {
        constexpr int l = decltype(degree)::value, N = 2 * l + 1;
        Vec v[N], gv[N];
        grown_vector<S, l>(state, r, atom, gates + c, C, c, v);
        float* row = g_v.of(l, atom) + c;
        for (int m = 0; m < N; ++m) gv[m] = load(row + m * C);
        limit_back(v, load(layer.vector_limit.data() + c), gv);
        for (int m = 0; m < N; ++m) store(row + m * C, gv[m]);
      });
    }
  }
}

template <class S>
void update_back_of(const S sizes, const TransformerPlan& plan, const TransformerLayer& layer, Block block,
                    TransformerState& state, const TransformerGradients& g, Scratch& scratch) {
  constexpr int L = S::degrees;
  const int C = sizes.channels(), wide = S::sections * C, hidden = plan.shape.hidden;
  const int64_t atoms = block.last - block.first;
  const Active r = active_of(plan.shape, layer, block, state, scratch);
  float* gs = g.s + block.first * C;
  if (!state.mixed) mix_and_gate(sizes, plan, layer, block, state, r, scratch, Tap());
  float *g_gates = scratch.floats[scratch_gradient], *g_active = scratch.floats[scratch_other],
        *g_inputs = scratch.floats[scratch_more];
  limits_back(sizes, layer, block, state, r, gs, g.v);
  gates_back(sizes, layer, block, r, gs, g.v, g_gates);
  linear_back(layer.gates, atoms, 1, g_gates, layer.gates.outputs, r.activated, hidden, g_active, hidden, scratch,
              TimesSlope{r.slopes, hidden});
  linear_back(layer.hidden, atoms, 1, g_active, hidden, r.inputs, wide, g_inputs, wide, scratch);
  Vectors g_mixed{scratch.floats[scratch_gradient], atoms, 2 * C, block.first};
  invariants_back(sizes, layer, block, r, gs, g.v, g_inputs, g_mixed);
  for (int64_t a = 0; a < atoms; ++a)
    for (int c = 0; c < C; c += lanes) store(gs + a * C + c, load(gs + a * C + c) + load(g_inputs + a * wide + c));
  // dE/dV: what comes through the mixing is added to what passes by it.
  for (int l = 1; l <= L; ++l) {
    const int N = 2 * l + 1;
    float *gv = g.v.of(l, block.first), *v = state.v_mid.of(l, block.first), *gm = g_mixed.of(l, block.first);
    if (layer.last)
      linear_back(layer.mix[l - 1], atoms * N, N, gm, 2 * C, v, C, gv, C, scratch);
    else
      add_linear_back(layer.mix[l - 1], atoms * N, N, gm, 2 * C, v, C, gv, C, scratch);
  }
  linear_back(layer.output, atoms, 1, gs, C, state.m_scalar + block.first * C, C, g.scalar + block.first * C, C,
              scratch);
}

void update_back(const TransformerPlan& plan, const TransformerLayer& layer, Block block, TransformerState& state,
                 const TransformerGradients& g, Scratch& scratch) {
  with_sizes(plan.shape, [&](auto sizes) { update_back_of(sizes, plan, layer, block, state, g, scratch); });
}

void project_back(const TransformerPlan& plan, const TransformerLayer& layer, const Adjacency& adjacency, Block block,
                  int64_t owned, const TransformerState& state, const TransformerGradients& g, Scratch& scratch) {
  const int C = plan.shape.channels;
  const int64_t atoms = block.last - block.first;
  with_sizes(plan.shape, [&](auto sizes) { keys_back(sizes, adjacency, block, owned, state, g); });
  unit_queries_back(plan, layer, block, state.projected, g.projected);
  add_linear_back(layer.project, atoms, 1, g.projected + block.first * 4 * C, 4 * C, state.s_in + block.first * C, C,
                  g.s + block.first * C, C, scratch);
}
