// What neighbours send each other: each pair once, both directions.
//
//   m_i += f_s x_s      V_i += f_r x_r Y + f_v x_v D v_j      with x = what j sends, D from its axes to those of i

struct Ends {
  const float *sent, *vectors;  // of the sender: [3C], [3][C]
  float *scalar, *vector;       // of the receiver
};

// In the local gauge the sender adds both parts in its own axes, Y of the way from receiver to sender being −`theirs`,
// and the sum is turned once.
template <bool Local, bool First, bool Back>
inline void send_one(const Ends& ends, int C, int c, const Vec* f, const float* ours, const float* theirs,
                     const float* transport) {
  store(ends.scalar + c, fma(f[0], load(ends.sent + c), load(ends.scalar + c)));
  const Vec grown = f[2] * load(ends.sent + 2 * C + c);
  Vec total[3];
  for (int m = 0; m < 3; ++m) total[m] = load(ends.vector + m * C + c);
  if constexpr (First) {
    for (int m = 0; m < 3; ++m) total[m] = fma(set1(ours[m]), grown, total[m]);
  } else {
    const Vec carried = f[1] * load(ends.sent + C + c);
    Vec v[3];
    for (int m = 0; m < 3; ++m) v[m] = carried * load(ends.vectors + m * C + c);
    if constexpr (Local) {
      for (int m = 0; m < 3; ++m) v[m] = fnma(set1(theirs[m]), grown, v[m]);
      add_turned<3, Back>(transport, v, total);
    } else {
      for (int m = 0; m < 3; ++m) total[m] = fma(set1(ours[m]), grown, total[m] + v[m]);
    }
  }
  for (int m = 0; m < 3; ++m) store(ends.vector + m * C + c, total[m]);
}

template <bool Local, bool First, int Width>
void messages_of(const PainnPlan& plan, const PainnLayer& layer, const PairInvariants& pairs, Task task,
                 PainnState& state) {
  const int C = Width ? Width : plan.channels;  // the usual widths are constants here, and so are addresses
  for (int64_t pair = task.first; pair < task.last; ++pair) {
    const int64_t i = pairs.i[pair], j = pairs.j[pair];
    const Radial radial(layer.radial, pairs, pair);
    const float* y = pairs.harmonics.data() + pair * 6;
    const float* t = Local ? pairs.transport.data() + pair * 9 : nullptr;
    const float* v = state.v_in;
    const Ends to_i{state.sent + j * 3 * C, First ? nullptr : v + j * 3 * C, state.m_scalar + i * C,
                    state.m_vector + i * 3 * C};
    const Ends to_j{state.sent + i * 3 * C, First ? nullptr : v + i * 3 * C, state.m_scalar + j * C,
                    state.m_vector + j * 3 * C};
    for (int c = 0; c < C; c += lanes) {
      const Vec f[3] = {radial.at(c), First ? zero() : radial.at(C + c), radial.at(2 * C + c)};
      send_one<Local, First, false>(to_i, C, c, f, y, y + 3, t);
      send_one<Local, First, true>(to_j, C, c, f, y + 3, y, t);
    }
  }
}

// Calls body(local, first, width) with all three as compile-time constants.
template <class Body>
inline void with_plan(const PainnPlan& plan, bool first, Body body) {
  auto with_width = [&](auto local, auto is_first) {
    if (plan.channels == 64) return body(local, is_first, std::integral_constant<int, 64>());
    if (plan.channels == 128) return body(local, is_first, std::integral_constant<int, 128>());
    body(local, is_first, std::integral_constant<int, 0>());
  };
  auto with_first = [&](auto local) {
    if (first)
      with_width(local, std::true_type());
    else
      with_width(local, std::false_type());
  };
  if (plan.local)
    with_first(std::true_type());
  else
    with_first(std::false_type());
}

void messages(const PainnPlan& plan, const PainnLayer& layer, const PairInvariants& pairs, Task task,
              PainnState& state) {
  with_plan(plan, layer.first, [&](auto local, auto first, auto width) {
    messages_of<decltype(local)::value, decltype(first)::value, decltype(width)::value>(plan, layer, pairs, task,
                                                                                        state);
  });
}
