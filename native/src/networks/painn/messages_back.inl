// The gradient of messages.inl: each pair once, both directions.

// What a direction a ← b reads of the receiver a and reads and adds to of the sender b.
struct BackEnds {
  const float *g_scalar, *g_vector;  // of a: dE/d(sum), [C], [3][C]
  const float *sent, *vectors;       // of b
  float *g_sent, *g_vectors;         // of b
};

// Adds one direction, sixteen channels; returns its part of dE/dt. What atoms of the first layer send depends on their
// species alone, so its gradient is not wanted.
template <bool Local, bool First, bool Back>
inline Vec send_one_back(const BackEnds& ends, int C, int c, const Vec* f, const Vec* slope, const float* harmonics,
                         const float* transport, Vec* g_harmonics) {
  const Vec g0 = load(ends.g_scalar + c), x0 = load(ends.sent + c), x2 = load(ends.sent + 2 * C + c);
  Vec g[3];
  for (int m = 0; m < 3; ++m) g[m] = load(ends.g_vector + m * C + c);
  Vec along = set1(harmonics[0]) * g[0];
  for (int m = 1; m < 3; ++m) along = fma(set1(harmonics[m]), g[m], along);
  const Vec grown = f[2] * x2;
  for (int m = 0; m < 3; ++m) g_harmonics[m] = fma(grown, g[m], g_harmonics[m]);
  Vec by_radius = fma(along * x2, slope[2], (g0 * x0) * slope[0]);
  if constexpr (!First) {
    store(ends.g_sent + c, fma(f[0], g0, load(ends.g_sent + c)));
    store(ends.g_sent + 2 * C + c, fma(f[2], along, load(ends.g_sent + 2 * C + c)));
    const Vec x1 = load(ends.sent + C + c), carried = f[1] * x1;
    Vec turned[3];
    turn<3, Local, !Back>(transport, g, turned);
    Vec product = turned[0] * load(ends.vectors + c);
    for (int m = 1; m < 3; ++m) product = fma(turned[m], load(ends.vectors + m * C + c), product);
    store(ends.g_sent + C + c, fma(f[1], product, load(ends.g_sent + C + c)));
    by_radius = fma(product * x1, slope[1], by_radius);
    for (int m = 0; m < 3; ++m) {
      float* to = ends.g_vectors + m * C + c;
      store(to, fma(carried, turned[m], load(to)));
    }
  }
  return by_radius;
}

template <bool Local, bool First, int Width>
void messages_back_of(const PainnPlan& plan, const PainnLayer& layer, const PairInvariants& pairs,
                      PairGradients& gradients, Task task, const PainnState& state, const float* g_s, const float* g_v,
                      float* g_sent, float* g_carried) {
  const int C = Width ? Width : plan.channels;
  for (int64_t pair = task.first; pair < task.last; ++pair) {
    const int64_t i = pairs.i[pair], j = pairs.j[pair];
    const Radial radial(layer.radial, pairs, pair);
    const float* y = pairs.harmonics.data() + pair * 6;
    const float* t = Local ? pairs.transport.data() + pair * 9 : nullptr;
    const float* v = state.v_in;
    const BackEnds to_i{g_s + i * C,
                        g_v + i * 3 * C,
                        state.sent + j * 3 * C,
                        First ? nullptr : v + j * 3 * C,
                        First ? nullptr : g_sent + j * 3 * C,
                        First ? nullptr : g_carried + j * 3 * C};
    const BackEnds to_j{g_s + j * C,
                        g_v + j * 3 * C,
                        state.sent + i * 3 * C,
                        First ? nullptr : v + i * 3 * C,
                        First ? nullptr : g_sent + i * 3 * C,
                        First ? nullptr : g_carried + i * 3 * C};
    Vec sums[lanes];  // harmonics of i ← j and of j ← i, and dE/dt
    for (Vec& sum : sums) sum = zero();
    for (int c = 0; c < C; c += lanes) {
      Vec f[3] = {zero(), zero(), zero()}, slope[3] = {zero(), zero(), zero()};
      for (int k = 0; k < 3; k += First ? 2 : 1) radial.both(k * C + c, f[k], slope[k]);
      sums[6] = sums[6] + send_one_back<Local, First, false>(to_i, C, c, f, slope, y, t, sums);
      sums[6] = sums[6] + send_one_back<Local, First, true>(to_j, C, c, f, slope, y + 3, t, sums + 3);
    }
    float total[lanes];
    store(total, sum16(sums));
    float* g_y = gradients.harmonics.data() + pair * 6;
    for (int m = 0; m < 6; ++m) g_y[m] += total[m];
    gradients.radial[2 * pair] += total[6] * pairs.steepness[pair];
  }
}

void messages_back(const PainnPlan& plan, const PainnLayer& layer, const PairInvariants& pairs,
                   PairGradients& gradients, Task task, const PainnState& state, const float* g_s, const float* g_v,
                   float* g_sent, float* g_carried) {
  with_plan(plan, layer.first, [&](auto local, auto first, auto width) {
    messages_back_of<decltype(local)::value, decltype(first)::value, decltype(width)::value>(
        plan, layer, pairs, gradients, task, state, g_s, g_v, g_sent, g_carried);
  });
}
