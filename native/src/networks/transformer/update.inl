// From the sums over neighbours to the features after the layer; a block of atoms at a time, so that it stays in cache.

// Sixteen channels of the mixings of an atom, [A | B] of all degrees.
template <int L>
struct Mixed {
  static constexpr int M = components(L);
  Vec a[M], b[M];

  Mixed(const Vectors& mixed, int64_t atom, int C, int c) {
    over_degrees<L>([&](auto degree, int at) {
      constexpr int l = decltype(degree)::value;
      const float* ab = mixed.of(l, atom) + c;
      for (int m = at; m < at + 2 * l + 1; ++m, ab += 2 * C) a[m] = load(ab), b[m] = load(ab + C);
    });
  }
};

// The rows that the update's MLP reads: [s, ⟨A,B⟩_l …, |B|_l …, ⟨A,C⟩_l …], and the products C = A ⊗ B.
template <class S>
inline void invariants(const S sizes, Block block, const float* s, const Vectors& mixed, const Vectors& made,
                       float* out) {
  constexpr int L = S::degrees;
  const int C = sizes.channels();
  const Vec floor2 = set1(length_floor * length_floor), floor = set1(length_floor);
  for (int64_t atom = block.first; atom < block.last; ++atom, s += C, out += S::sections * C)
    for (int c = 0; c < C; c += lanes) {
      const Mixed<L> ab(mixed, atom, C, c);
      store(out + c, load(s + c));
      over_degrees<L>([&](auto degree, int at) {
        constexpr int l = decltype(degree)::value;
        Vec product = zero(), square = zero();
        for (int m = at; m < at + 2 * l + 1; ++m) {
          product = fma(ab.a[m], ab.b[m], product);
          square = fma(ab.b[m], ab.b[m], square);
        }
        store(out + l * C + c, product);
        store(out + (L + l) * C + c, sqrt(square + floor2) - floor);
      });
      if constexpr (S::products > 0) {
        Vec both[8];
        for (Vec& x : both) x = zero();
        couple<tensor_times_vector>(ab.a + 3, ab.b, both);
        couple<vectors_to_tensor>(ab.a, ab.b, both + 3);
        couple<tensors_to_tensor>(ab.a + 3, ab.b + 3, both + 3);
        over_degrees<2>([&](auto degree, int at) {
          constexpr int l = decltype(degree)::value;
          float* to = made.of(l, atom) + c;
          Vec product = zero();
          for (int m = 0; m < 2 * l + 1; ++m) {
            store(to + m * C, both[at + m]);
            product = fma(ab.a[at + m], both[at + m], product);
          }
          store(out + (2 * L + l) * C + c, product);
        });
      }
    }
}

// What an update computes on the way, kept or in scratch memory.
struct Active {
  Vectors mixed, made;
  float *inputs, *activated, *slopes, *gates;
};

inline Active active_of(const TransformerShape& shape, const TransformerLayer& layer, Block block,
                        const TransformerState& state, Scratch& scratch) {
  auto at = [&](float* kept, int place, int64_t width) {
    return kept ? kept + block.first * width : scratch.floats[place];
  };
  Active active{state.mixed,
                state.made,
                at(state.inputs, scratch_update, layer.hidden.inputs),
                at(state.activated, scratch_active, shape.hidden),
                at(state.slopes, scratch_hidden, shape.hidden),
                at(state.gates, scratch_gates, layer.gates.outputs)};
  if (!state.mixed) {
    active.mixed = {scratch.floats[scratch_mixed], block.last - block.first, 2 * shape.channels, block.first};
    active.made = {scratch.floats[scratch_vectors], block.last - block.first, shape.channels, block.first};
  }
  return active;
}

template <class S>
inline void mix_and_gate(const S sizes, const TransformerPlan& plan, const TransformerLayer& layer, Block block,
                         const TransformerState& state, const Active& r, Scratch& scratch, const Tap& tap) {
  const int C = sizes.channels(), hidden = plan.shape.hidden;
  const int64_t atoms = block.last - block.first;
  for (int l = 1; l <= S::degrees; ++l)
    linear(layer.mix[l - 1], atoms * (2 * l + 1), 2 * l + 1, state.v_mid.of(l, block.first), C,
           r.mixed.of(l, block.first), 2 * C, scratch, tap, block.first * (2 * l + 1));
  invariants(sizes, block, state.s_mid + block.first * C, r.mixed, r.made, r.inputs);
  linear(layer.hidden, atoms, 1, r.inputs, layer.hidden.inputs, r.activated, hidden, scratch, tap, block.first,
         Activate{r.slopes, hidden});
  linear(layer.gates, atoms, 1, r.activated, hidden, r.gates, layer.gates.outputs, scratch, tap, block.first);
}

// Sixteen channels of the features after an update, before their limits: scalars, and vectors of one degree.
template <class S>
inline Vec grown_scalar(const float* s_mid, const float* gates, const float* inputs, int C) {
  Vec s = load(s_mid) + load(gates);
  over_degrees<S::degrees>([&](auto degree, int) {
    constexpr int l = decltype(degree)::value;
    s = fma(load(gates + l * C), load(inputs + l * C), s);
  });
  return s;
}

template <class S, int l>
inline void grown_vector(const TransformerState& state, const Active& r, int64_t atom, const float* gates, int C, int c,
                         Vec (&v)[2 * l + 1]) {
  constexpr int L = S::degrees;
  const float *before = state.v_mid.of(l, atom) + c, *mixed = r.mixed.of(l, atom) + c;
  for (int m = 0; m < 2 * l + 1; ++m) {
    v[m] = fma(load(gates + (L + l) * C), load(mixed + m * 2 * C), load(before + m * C));
    if constexpr (l <= S::products)
      v[m] = fma(load(gates + (2 * L + l) * C), load(r.made.of(l, atom) + m * C + c), v[m]);
  }
}

template <class S>
void update_of(const S sizes, const TransformerPlan& plan, const TransformerLayer& layer, Block block,
               TransformerState& state, float* s_out, const Vectors& v_out, Scratch& scratch, const Tap& tap) {
  constexpr int L = S::degrees;
  const int C = sizes.channels();
  const int64_t atoms = block.last - block.first;
  const Active r = active_of(plan.shape, layer, block, state, scratch);
  float* s_mid = state.s_mid + block.first * C;
  linear(layer.output, atoms, 1, state.m_scalar + block.first * C, C, s_mid, C, scratch, tap, block.first,
         AddTo{state.s_in + block.first * C, C});
  mix_and_gate(sizes, plan, layer, block, state, r, scratch, tap);
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const int64_t a = atom - block.first;
    const float *gates = r.gates + a * layer.gates.outputs, *inputs = r.inputs + a * layer.hidden.inputs;
    for (int c = 0; c < C; c += lanes) {
      Vec s[1] = {grown_scalar<S>(s_mid + a * C + c, gates + c, inputs + c, C)};
      limit(s, load(layer.scalar_limit.data() + c));
      store(s_out + atom * C + c, s[0]);
      if (!v_out) continue;
      over_degrees<L>([&](auto degree, int) {
        constexpr int l = decltype(degree)::value;
        Vec v[2 * l + 1];
        grown_vector<S, l>(state, r, atom, gates + c, C, c, v);
        limit(v, load(layer.vector_limit.data() + c));
        float* out = v_out.of(l, atom) + c;
        for (int m = 0; m < 2 * l + 1; ++m) store(out + m * C, v[m]);
      });
    }
  }
}

void update(const TransformerPlan& plan, const TransformerLayer& layer, Block block, TransformerState& state,
            float* s_out, const Vectors& v_out, Scratch& scratch, const Tap& tap) {
  with_sizes(plan.shape, [&](auto sizes) { update_of(sizes, plan, layer, block, state, s_out, v_out, scratch, tap); });
}

void project(const TransformerPlan& plan, const TransformerLayer& layer, Block block, TransformerState& state,
             Scratch& scratch, const Tap& tap) {
  const int C = plan.shape.channels;
  linear(layer.project, block.last - block.first, 1, state.s_in + block.first * C, C,
         state.projected + block.first * 4 * C, 4 * C, scratch, tap, block.first);
}
