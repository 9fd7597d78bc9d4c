// The gradient of messages.inl, by pairs: what is known of one serves both of its messages.

// What one message has to do with.
struct MessageBack {
  const float *functions, *slopes, *harmonics, *share;
  float envelope;
  const float* values;  // of the sender: values, then gates
  float* g_values;
  const float* g_scalar;  // of the receiver
  const float* g_vector[3];  // of each degree
  float *g_weight, *g_harmonics;
};

// Returns dE/dt through the functions. What enters the first layer depends on the species alone: no gradient goes on. What is read is copied first: as far as compilers see, any store could change it.
template <bool First, class S>
[[gnu::always_inline]] inline float message_back(const S sizes, const MessageBack& t) {
  constexpr int L = S::degrees, M = S::components;
  const int C = sizes.channels(), heads = sizes.heads(), W = sizes.head_width();
  const float *const functions = t.functions, *const slopes = t.slopes, *const y = t.harmonics, *const share = t.share;
  const float *const values = t.values, *const g_scalar = t.g_scalar, envelope = t.envelope;
  const float* const g_vector[3] = {t.g_vector[0], t.g_vector[1], t.g_vector[2]};
  float *const g_values = t.g_values, *const g_weight = t.g_weight;
  Vec by_radius = zero(), by_direction[M];
  for (int m = 0; m < M; ++m) by_direction[m] = zero();
  Vec sums[lanes];
  for (int h = 0; h < heads; ++h) {
    const Vec w = set1(envelope * share[h]);
    Vec by_weight = zero();
    for (int c = h * W; c < (h + 1) * W; c += lanes) {
      const Vec f0 = load(functions + c), f1 = load(functions + C + c), gate = load(values + C + c);
      const Vec g0 = load(g_scalar + c), wf0 = w * f0, wf1 = w * f1, grown = wf1 * gate;
      Vec along = zero();
      over_degrees<L>([&](auto degree, int at) {
        constexpr int l = decltype(degree)::value;
        for (int m = 0; m < 2 * l + 1; ++m) {
          const Vec one = load(g_vector[l - 1] + m * C + c);
          along = fma(set1(y[at + m]), one, along);
          by_direction[at + m] = fma(grown, one, by_direction[at + m]);
        }
      });
      if constexpr (!First) {
        store(g_values + c, fma(wf0, g0, load(g_values + c)));
        store(g_values + C + c, fma(wf1, along, load(g_values + C + c)));
      }
      const Vec x0 = g0 * load(values + c), x1 = along * gate;
      by_weight = fma(x0, f0, fma(x1, f1, by_weight));
      by_radius = fma(w, fma(x0, load(slopes + c), x1 * load(slopes + C + c)), by_radius);
    }
    if (heads == 4)
      sums[h] = by_weight;
    else
      g_weight[h] = sum(by_weight);
  }
  if (heads != 4 || M + 5 > lanes) {
    for (int h = 0; h < heads && heads == 4; ++h) g_weight[h] = sum(sums[h]);
    add_sums(by_direction, M, t.g_harmonics, true);
    return sum(by_radius);
  }
  sums[4] = by_radius;  // all at once
  for (int m = 0; m < lanes - 5; ++m) sums[5 + m] = m < M ? by_direction[m] : zero();
  float total[lanes];
  store(total, sum16(sums));
  for (int h = 0; h < 4; ++h) g_weight[h] = total[h];
  for (int m = 0; m < M; ++m) t.g_harmonics[m] += total[5 + m];
  return total[4];
}

template <bool First, class S>
void send_back_of(const S sizes, const TransformerLayer& layer, const PairInvariants& pairs, const Adjacency& adjacency,
                  PairGradients& gradients, Task task, int64_t owned, const TransformerState& state,
                  const TransformerGradients& g) {
  constexpr int L = S::degrees, M = S::components;
  const int C = sizes.channels(), heads = sizes.heads();
  AlignedVector<float> made(state.radial ? 0 : size_t(2 * layer.radial.row));
  for (int64_t pair = task.first; pair < task.last; ++pair) {
    const float* row = state.radial ? state.radial + 2 * pair * layer.radial.row : made.data();
    if (!state.radial) look_up<true>(layer.radial, pairs, pair, 0, layer.filters, made.data());
    for (int side = 0; side < 2; ++side) {  // i ← j, j ← i
      const int64_t receiver = side ? pairs.j[pair] : pairs.i[pair], sender = side ? pairs.i[pair] : pairs.j[pair];
      if (receiver >= owned) continue;
      const int64_t end = 2 * pair + side, message = adjacency.place[end];
      MessageBack t{row,
                    row + layer.radial.row,
                    pairs.harmonics.data() + end * M,
                    state.share + message * heads,
                    pairs.envelope[pair],
                    state.projected + sender * 4 * C + 2 * C,
                    g.projected + sender * 4 * C + 2 * C,
                    g.scalar + receiver * C,
                    {},
                    g.weight + message * heads,
                    gradients.harmonics.data() + end * M};
      for (int l = 1; l <= L; ++l) t.g_vector[l - 1] = g.v.of(l, receiver);
      gradients.radial[end] += message_back<First>(sizes, t) * pairs.steepness[pair];
    }
  }
}

void send_back(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs,
               const Adjacency& adjacency, PairGradients& gradients, Task task, int64_t owned,
               const TransformerState& state, const TransformerGradients& g) {
  with_sizes(plan.shape, [&](auto sizes) {
    if (layer.first)
      send_back_of<true>(sizes, layer, pairs, adjacency, gradients, task, owned, state, g);
    else
      send_back_of<false>(sizes, layer, pairs, adjacency, gradients, task, owned, state, g);
  });
}
