// What a receiver gathers from its neighbours, its sums held in registers:
//
//   m_i = Σ_j w f_0 v_j        V_i^l += Σ_j w f_1 g_j Y^l        w = φ share, one per head

template <class S>
void gather_of(const S sizes, const PairInvariants& pairs, const Adjacency& adjacency, Functions functions, Block block,
               const Vectors& v, TransformerState& state) {
  constexpr int L = S::degrees, M = S::components;
  const int C = sizes.channels(), heads = sizes.heads(), W = sizes.head_width();
  const Neighbor* const all = adjacency.all.data();
  const float *const envelope = pairs.envelope.data(), *const harmonics = pairs.harmonics.data();
  const float *const share = state.share, *const projected = state.projected;
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const int64_t first = adjacency.first[atom], last = adjacency.first[atom + 1];
    functions.of<false>(atom, 0, message_functions * C);
    const Functions rows = functions;
    for (int h = 0; h < heads; ++h)
      for (int c = h * W; c < (h + 1) * W; c += lanes) {
        Vec scalar = zero(), vector[M];
        over_degrees<L>([&](auto degree, int at) {
          constexpr int l = decltype(degree)::value;
          for (int m = 0; m < 2 * l + 1; ++m) vector[at + m] = v ? load(v.of(l, atom) + m * C + c) : zero();
        });
        for (int64_t k = first; k < last; ++k) {
          const Neighbor near = all[k];
          const float* f = rows.at(k) + c;
          const float* values = projected + int64_t(near.atom) * 4 * C + 2 * C + c;
          const float* y = harmonics + int64_t(near.end) * M;
          const Vec w = set1(envelope[near.end / 2] * share[k * heads + h]);
          scalar = fma(w * load(f), load(values), scalar);
          const Vec grown = w * load(f + C) * load(values + C);
          for (int m = 0; m < M; ++m) vector[m] = fma(set1(y[m]), grown, vector[m]);
        }
        store(state.m_scalar + atom * C + c, scalar);
        over_degrees<L>([&](auto degree, int at) {
          constexpr int l = decltype(degree)::value;
          for (int m = 0; m < 2 * l + 1; ++m) store(state.v_mid.of(l, atom) + m * C + c, vector[at + m]);
        });
      }
  }
}

void gather(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs,
            const Adjacency& adjacency, Block block, const Vectors& v, TransformerState& state, Scratch& scratch) {
  with_sizes(plan.shape, [&](auto sizes) {
    gather_of(sizes, pairs, adjacency, Functions{layer, pairs, adjacency, state.radial, &scratch}, block, v, state);
  });
}
