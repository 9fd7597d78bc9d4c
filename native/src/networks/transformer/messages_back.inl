// The gradient of messages.inl: each pair once, both directions.

// What a direction a ← b reads of the receiver a and reads and adds to of the sender b.
struct BackEnds {
  const float *g_scalar, *g_vector;  // of a: dE/d(sum), [C], [M][C]
  const float *values, *vectors;     // of b: [v | g], [M][C]
  float *g_values, *g_vectors;       // of b
};

// Sums over channels that a pair needs, sixteen partial sums each. What the axes do is summed by atom (`add_torque`).
template <int L>
struct PairSums {
  static constexpr int M = components(L);
  Vec radial, harmonics[2][M];
};

// Adds one direction, sixteen channels; returns Σ (dE/d(w f)) f, the part of dE/dw.
template <int L, bool Local, bool First, bool Back>
inline Vec send_back(const BackEnds& ends, int C, int c, const Vec* f, const Vec* slope, Vec w, const float* harmonics,
                     const float* transport, PairSums<L>& sums) {
  const Vec g0 = load(ends.g_scalar + c), sent = load(ends.values + C + c);
  const Vec x0 = g0 * load(ends.values + c);
  Vec by_weight = x0 * f[0], by_radius = x0 * slope[0];
  store(ends.g_values + c, fma(w * f[0], g0, load(ends.g_values + c)));
  Vec g_sent = load(ends.g_values + C + c);
  over_degrees<L>([&](auto degree, int first, int at) {
    constexpr int l = decltype(degree)::value, N = 2 * l + 1;
    Vec g[N];
    for (int m = 0; m < N; ++m) g[m] = load(ends.g_vector + (first + m) * C + c);
    Vec along = set1(harmonics[first]) * g[0];
    for (int m = 1; m < N; ++m) along = fma(set1(harmonics[first + m]), g[m], along);
    const Vec x = along * sent, wf = w * f[l], grown = wf * sent;
    by_weight = fma(x, f[l], by_weight);
    by_radius = fma(x, slope[l], by_radius);
    g_sent = fma(wf, along, g_sent);
    for (int m = 0; m < N; ++m) sums.harmonics[Back][first + m] = fma(grown, g[m], sums.harmonics[Back][first + m]);
    if constexpr (!First) {
      Vec v[N], turned[N];
      for (int m = 0; m < N; ++m) v[m] = load(ends.vectors + (first + m) * C + c);
      turn<N, Local, !Back>(Local ? transport + at : nullptr, g, turned);
      Vec x_carried = turned[0] * v[0];
      for (int m = 1; m < N; ++m) x_carried = fma(turned[m], v[m], x_carried);
      const Vec carried = w * f[L + l];
      by_weight = fma(x_carried, f[L + l], by_weight);
      by_radius = fma(x_carried, slope[L + l], by_radius);
      for (int m = 0; m < N; ++m) {
        float* to = ends.g_vectors + (first + m) * C + c;
        store(to, fma(carried, turned[m], load(to)));
      }
    }
  });
  store(ends.g_values + C + c, g_sent);
  sums.radial = fma(w, by_radius, sums.radial);
  return by_weight;
}

// dE/dw of i ← j for all heads, then of j ← i → dE/dlogit; returns dE/dφ.
inline float weights_back(const float* g_w, int heads, const float* e, float phi, const float* g_total_i,
                          const float* g_total_j, float (*g_logit)[most_heads]) {
  float g_phi = 0;
  for (int h = 0; h < heads; ++h) {
    const float g_wi = g_w[h] + g_total_i[h], g_wj = g_w[heads + h] + g_total_j[h];
    g_phi = g_phi + (g_wi * e[h] + g_wj * e[heads + h]);
    g_logit[0][h] = g_wi * (phi * e[h]);
    g_logit[1][h] = g_wj * (phi * e[heads + h]);
  }
  return g_phi;
}

// Adds to unit queries and keys: g_q_i += c k_j, g_k_j += c q_i with c = τ dE/dlogit, and the same the other way.
inline void logits_back(int C, int heads, int W, const float* temperature, const float (*g_logit)[most_heads],
                        const float* i, const float* j, float* g_i, float* g_j) {
  for (int h = 0; h < heads; ++h) {
    const Vec ij = set1(temperature[h] * g_logit[0][h]), ji = set1(temperature[h] * g_logit[1][h]);
    for (int c = h * W; c < (h + 1) * W; c += lanes) {
      store(g_i + c, fma(ij, load(j + C + c), load(g_i + c)));
      store(g_j + C + c, fma(ij, load(i + c), load(g_j + C + c)));
      store(g_j + c, fma(ji, load(i + C + c), load(g_j + c)));
      store(g_i + C + c, fma(ji, load(j + c), load(g_i + C + c)));
    }
  }
}

template <int L, bool Local, bool First, int Width>
void messages_back_of(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs,
                      PairGradients& gradients, Task task, const TransformerState& state, const float* unit,
                      const float* g_scalar, const float* g_vector, const float* g_total, float* g_projected,
                      float* g_v) {
  const TransformerShape& shape = plan.shape;
  constexpr int M = components(L), S = transports(L), F = 1 + L * (First ? 1 : 2);
  const int C = Width ? Width : shape.channels, heads = Width ? 4 : shape.heads,
            W = Width ? Width / 4 : shape.head_width;
  const int heads_padded = Width ? lanes : shape.heads_padded;
  for (int64_t pair = task.first; pair < task.last; ++pair) {
    const int64_t i = pairs.i[pair], j = pairs.j[pair];
    const Radial radial(layer.radial, pairs, pair);
    const float* y = pairs.harmonics.data() + pair * 2 * M;
    const float* t = Local ? pairs.transport.data() + pair * S : nullptr;
    const float* e = state.weight + pair * 2 * heads;
    const float phi = pairs.envelope[pair];
    const float* v = state.v_in;
    const BackEnds to_i{g_scalar + i * C,
                        g_vector + i * M * C,
                        state.projected + j * 4 * C + 2 * C,
                        First ? nullptr : v + j * M * C,
                        g_projected + j * 4 * C + 2 * C,
                        First ? nullptr : g_v + j * M * C};
    const BackEnds to_j{g_scalar + j * C,
                        g_vector + j * M * C,
                        state.projected + i * 4 * C + 2 * C,
                        First ? nullptr : v + i * M * C,
                        g_projected + i * 4 * C + 2 * C,
                        First ? nullptr : g_v + i * M * C};
    PairSums<L> sums;
    sums.radial = zero();
    for (int m = 0; m < M; ++m) sums.harmonics[0][m] = sums.harmonics[1][m] = zero();
    Vec by_weight[2 * (Width ? 4 : most_heads)];  // dE/dw of i ← j for all heads, then of j ← i
    for (int h = 0; h < heads; ++h) {
      const Vec w_i = set1(phi * e[h]), w_j = set1(phi * e[heads + h]);
      Vec g_i = zero(), g_j = zero();
      for (int c = h * W; c < (h + 1) * W; c += lanes) {
        Vec f[F], slope[F];
        for (int k = 0; k < F; ++k) radial.both(k * C + c, f[k], slope[k]);
        g_i = g_i + send_back<L, Local, First, false>(to_i, C, c, f, slope, w_i, y, t, sums);
        g_j = g_j + send_back<L, Local, First, true>(to_j, C, c, f, slope, w_j, y + M, t, sums);
      }
      by_weight[h] = g_i;
      by_weight[heads + h] = g_j;
    }
    float g_logit[2][most_heads], slopes[most_heads];
    for (int h = 0; h < heads_padded; h += lanes) {
      Vec bias, slope;
      radial.both(F * C + h, bias, slope);
      store(slopes + h, slope);
    }
    float* g_y = gradients.harmonics.data() + pair * 2 * M;
    float g_w[2 * most_heads + lanes], g_t;
    if constexpr (L == 1 && Width) {  // fifteen sums at once
      Vec all[lanes];
      for (int h = 0; h < 8; ++h) all[h] = by_weight[h];
      for (int m = 0; m < 3; ++m) all[8 + m] = sums.harmonics[0][m], all[11 + m] = sums.harmonics[1][m];
      all[14] = sums.radial;
      all[15] = zero();
      store(g_w, sum16(all));
      for (int m = 0; m < 6; ++m) g_y[m] += g_w[8 + m];
      g_t = g_w[14];
    } else {
      add_sums(by_weight, 2 * heads, g_w);
      g_t = sum(sums.radial);
      add_sums(sums.harmonics[0], M, g_y, true);
      add_sums(sums.harmonics[1], M, g_y + M, true);
    }
    gradients.envelope[pair] += weights_back(g_w, heads, e, phi, g_total + i * heads_padded, g_total + j * heads_padded,
                                             g_logit);
    for (int h = 0; h < heads; ++h) g_t = g_t + (g_logit[0][h] + g_logit[1][h]) * slopes[h];
    gradients.radial[pair] += g_t * pairs.steepness[pair];
    logits_back(C, heads, W, layer.temperature.data(), g_logit, unit + i * 2 * C, unit + j * 2 * C,
                g_projected + i * 4 * C, g_projected + j * 4 * C);
  }
}

void messages_back(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs,
                   PairGradients& gradients, Task task, const TransformerState& state, const float* unit,
                   const float* g_scalar, const float* g_vector, const float* g_total, float* g_projected, float* g_v) {
  with_shape(plan.shape, layer.first, [&](auto degrees, auto local, auto first, auto width) {
    messages_back_of<decltype(degrees)::value, decltype(local)::value, decltype(first)::value, decltype(width)::value>(
        plan, layer, pairs, gradients, task, state, unit, g_scalar, g_vector, g_total, g_projected, g_v);
  });
}
