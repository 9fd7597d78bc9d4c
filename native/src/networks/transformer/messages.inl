// What neighbours send each other: each pair once, both directions. Sums are not yet divided by 1 + Σ φ e^logit.
//
//   m_i += w f_0 v_j        V_i^l += w (f_l Y^l g_j + f'_l D^l V_j)        w = φ e^logit, one per head

// Walks over the degrees with their first component, their width and where their transport matrix begins.
template <int L, class Body>
inline void over_degrees(Body body) {
  body(std::integral_constant<int, 1>(), 0, 0);
  if constexpr (L > 1) body(std::integral_constant<int, 2>(), 3, 9);
  if constexpr (L > 2) body(std::integral_constant<int, 3>(), 8, 34);
}

struct Ends {
  const float *values, *vectors;  // of the sender: [v | g], [M][C]
  float *scalar, *vector;         // of the receiver
};

// In the lab gauge both parts are in the same axes. In the local gauge the sender adds them in its own, Y^l of the way from
// receiver to sender being `theirs`, up to its sign, and the sum is turned once.
template <int L, bool Local, bool First, bool Back>
inline void send(const Ends& ends, int C, int c, const Vec* f, Vec w, const float* ours, const float* theirs,
                 const float* transport) {
  const Vec g = load(ends.values + C + c);
  store(ends.scalar + c, fma(w * f[0], load(ends.values + c), load(ends.scalar + c)));
  over_degrees<L>([&](auto degree, int first, int at) {
    constexpr int l = decltype(degree)::value, N = 2 * l + 1;
    const Vec grown = (w * f[l]) * g;
    Vec total[N];
    for (int m = 0; m < N; ++m) total[m] = load(ends.vector + (first + m) * C + c);
    if constexpr (First) {
      for (int m = 0; m < N; ++m) total[m] = fma(set1(ours[first + m]), grown, total[m]);
    } else {
      const Vec carried = w * f[L + l];
      Vec v[N];
      for (int m = 0; m < N; ++m) v[m] = carried * load(ends.vectors + (first + m) * C + c);
      if constexpr (Local) {
        for (int m = 0; m < N; ++m)
          v[m] = l % 2 ? fnma(set1(theirs[first + m]), grown, v[m]) : fma(set1(theirs[first + m]), grown, v[m]);
        add_turned<N, Back>(transport + at, v, total);
      } else {
        for (int m = 0; m < N; ++m) total[m] = fma(set1(ours[first + m]), grown, total[m] + v[m]);
      }
    }
    for (int m = 0; m < N; ++m) store(ends.vector + (first + m) * C + c, total[m]);
  });
}

template <int L, bool Local, bool First, int Width>
void messages_of(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs, Task task,
                 TransformerState& state) {
  // The usual widths (four heads) are constants here, and so are addresses; Width = 0 is any other.
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
    const float* v_in = state.v_in;
    const Ends to_i{state.projected + j * 4 * C + 2 * C, First ? nullptr : v_in + j * M * C, state.m_scalar + i * C,
                    state.m_vector + i * M * C};
    const Ends to_j{state.projected + i * 4 * C + 2 * C, First ? nullptr : v_in + i * M * C, state.m_scalar + j * C,
                    state.m_vector + j * M * C};
    for (int h = 0; h < heads; ++h) {
      const float w_i = phi * e[h], w_j = phi * e[heads + h];
      state.total[i * heads_padded + h] += w_i;
      state.total[j * heads_padded + h] += w_j;
      for (int c = h * W; c < (h + 1) * W; c += lanes) {
        Vec f[F];
        for (int k = 0; k < F; ++k) f[k] = radial.at(k * C + c);
        send<L, Local, First, false>(to_i, C, c, f, set1(w_i), y, y + M, t);
        send<L, Local, First, true>(to_j, C, c, f, set1(w_j), y + M, y, t);
      }
    }
  }
}

// Calls body(degrees, local, first, width) with all four as compile-time constants.
template <class Body>
inline void with_shape(const TransformerShape& shape, bool first, Body body) {
  auto with_width = [&](auto degrees, auto local, auto is_first) {
    if constexpr (decltype(degrees)::value == 1) {
      if (shape.heads == 4 && shape.channels == 64)
        return body(degrees, local, is_first, std::integral_constant<int, 64>());
      if (shape.heads == 4 && shape.channels == 128)
        return body(degrees, local, is_first, std::integral_constant<int, 128>());
      if (shape.heads == 4 && shape.channels == 256)
        return body(degrees, local, is_first, std::integral_constant<int, 256>());
    }
    body(degrees, local, is_first, std::integral_constant<int, 0>());
  };
  auto with_first = [&](auto degrees, auto local) {
    if (first)
      with_width(degrees, local, std::true_type());
    else
      with_width(degrees, local, std::false_type());
  };
  auto with_local = [&](auto degrees) {
    if (shape.local)
      with_first(degrees, std::true_type());
    else
      with_first(degrees, std::false_type());
  };
  if (shape.degrees == 1)
    with_local(std::integral_constant<int, 1>());
  else if (shape.degrees == 2)
    with_local(std::integral_constant<int, 2>());
  else
    with_local(std::integral_constant<int, 3>());
}

void messages(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs, Task task,
              TransformerState& state) {
  with_shape(plan.shape, layer.first, [&](auto degrees, auto local, auto first, auto width) {
    messages_of<decltype(degrees)::value, decltype(local)::value, decltype(first)::value, decltype(width)::value>(
        plan, layer, pairs, task, state);
  });
}
