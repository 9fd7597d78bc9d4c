// The gradient of messages.inl, by senders: what a sender's values and gates do is summed in registers, and each message has
// its own place for what its weight, distance and direction do.

template <class S>
void send_back_of(const S sizes, const PairInvariants& pairs, const Adjacency& adjacency, Functions functions,
                  PairGradients& gradients, Block block, int64_t owned, const TransformerState& state,
                  const TransformerGradients& g) {
  constexpr int L = S::degrees, M = S::components;
  const int C = sizes.channels(), heads = sizes.heads(), W = sizes.head_width();
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const float* values = state.projected + atom * 4 * C + 2 * C;
    float* g_values = g.projected + atom * 4 * C + 2 * C;
    functions.of(atom);
    for (int c = 0; c < 2 * C; c += lanes) store(g_values + c, zero());
    for (int64_t k = adjacency.first[atom]; k < adjacency.first[atom + 1]; ++k) {
      const Neighbor& near = adjacency.all[k];
      const int64_t receiver = near.atom, end = near.end ^ 1, pair = near.end / 2, message = near.reverse;
      if (receiver >= owned) continue;
      const float *fs = functions.values + functions.at(k), *slopes = functions.slopes + functions.at(k);
      const float* y = pairs.harmonics.data() + end * M;
      Vec by_radius = zero(), by_direction[M];
      for (int m = 0; m < M; ++m) by_direction[m] = zero();
      Vec sums[lanes];
      for (int h = 0; h < heads; ++h) {
        const Vec w = set1(pairs.envelope[pair] * state.share[message * heads + h]);
        Vec by_weight = zero();
        for (int c = h * W; c < (h + 1) * W; c += lanes) {
          Vec f = load(fs + c), slope = load(slopes + c);
          const Vec g0 = load(g.scalar + receiver * C + c), x0 = g0 * load(values + c);
          const Vec gate = load(values + C + c), weighted = w * gate;
          Vec along_w = x0 * f, along_r = x0 * slope, g_gate = zero();
          store(g_values + c, fma(w * f, g0, load(g_values + c)));
          over_degrees<L>([&](auto degree, int at) {
            constexpr int l = decltype(degree)::value, N = 2 * l + 1;
            const float* gv = g.v.of(l, receiver) + c;
            f = load(fs + l * C + c);
            slope = load(slopes + l * C + c);
            const Vec grown = weighted * f;
            Vec along = zero();
            for (int m = 0; m < N; ++m) {
              const Vec one = load(gv + m * C);
              along = fma(set1(y[at + m]), one, along);
              by_direction[at + m] = fma(grown, one, by_direction[at + m]);
            }
            g_gate = fma(f, along, g_gate);
            const Vec x = along * gate;
            along_w = fma(x, f, along_w);
            along_r = fma(x, slope, along_r);
          });
          store(g_values + C + c, fma(w, g_gate, load(g_values + C + c)));
          by_weight = by_weight + along_w;
          by_radius = fma(w, along_r, by_radius);
        }
        if (heads == 4)
          sums[h] = by_weight;
        else
          g.weight[message * heads + h] = sum(by_weight);
      }
      float* g_y = gradients.harmonics.data() + end * M;
      float total[lanes];
      if (heads == 4 && M + 5 <= lanes) {  // all at once
        sums[4] = by_radius;
        for (int m = 0; m < lanes - 5; ++m) sums[5 + m] = m < M ? by_direction[m] : zero();
        store(total, sum16(sums));
        for (int h = 0; h < 4; ++h) g.weight[message * 4 + h] = total[h];
        for (int m = 0; m < M; ++m) g_y[m] += total[5 + m];
        gradients.radial[end] += total[4] * pairs.steepness[pair];
      } else {
        for (int h = 0; h < heads && heads == 4; ++h) g.weight[message * heads + h] = sum(sums[h]);
        add_sums(by_direction, M, g_y, true);
        gradients.radial[end] += sum(by_radius) * pairs.steepness[pair];
      }
    }
  }
}

void send_back(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs,
               const Adjacency& adjacency, PairGradients& gradients, Block block,
               int64_t owned, const TransformerState& state, const TransformerGradients& g, Scratch& scratch) {
  with_sizes(plan.shape, [&](auto sizes) {
    send_back_of(sizes, pairs, adjacency, Functions{layer, pairs, adjacency, state.radial, &scratch}, gradients,
                 block, owned, state, g);
  });
}
