// What atoms send, and the features after a layer; both forward and back, a block of atoms at a time.

inline void activate(int64_t count, const float* x, float* out) {
  for (int64_t k = 0; k < count; k += lanes) store(out + k, silu(load(x + k)));
}

// dE/d(silu x) → dE/dx, in place.
inline void activate_back(int64_t count, const float* x, float* g) {
  for (int64_t k = 0; k < count; k += lanes) store(g + k, load(g + k) * silu_slope(load(x + k)));
}

void send(const PainnPlan& plan, const PainnLayer& layer, Block block, PainnState& state, Scratch& scratch,
          const Tap& tap) {
  const int C = plan.channels;
  const int64_t atoms = block.last - block.first;
  float *asked = state.asked + block.first * C, *active = scratch.floats[scratch_active];
  linear(layer.message_hidden, atoms, 1, state.s_in + block.first * C, C, asked, C, scratch, tap, block.first);
  activate(atoms * C, asked, active);
  linear(layer.message_sent, atoms, 1, active, C, state.sent + block.first * 3 * C, 3 * C, scratch, tap, block.first);
}

void send_back(const PainnPlan& plan, const PainnLayer& layer, Block block, const PainnState& state,
               const float* g_sent, const float* g_carried, float* g_s, float* g_v, double* torque, Scratch& scratch) {
  const int C = plan.channels;
  const int64_t atoms = block.last - block.first;
  const float* asked = state.asked + block.first * C;
  float *active = scratch.floats[scratch_active], *g = scratch.floats[scratch_gradient],
        *back = scratch.floats[scratch_other];
  if (looks_back(layer.message_sent.scheme)) activate(atoms * C, asked, active);
  linear_back(layer.message_sent, atoms, 1, g_sent + block.first * 3 * C, 3 * C, active, C, g, C, scratch);
  activate_back(atoms * C, asked, g);
  linear_back(layer.message_hidden, atoms, 1, g, C, state.s_in + block.first * C, C, back, C, scratch);
  float *gs = g_s + block.first * C, *gv = g_v + block.first * 3 * C;
  const float* carried = g_carried + block.first * 3 * C;
  for (int64_t k = 0; k < atoms * C; k += lanes) store(gs + k, load(gs + k) + load(back + k));
  for (int64_t k = 0; k < atoms * 3 * C; k += lanes) store(gv + k, load(gv + k) + load(carried + k));
  for (int64_t atom = block.first; plan.local && atom < block.last; ++atom)
    add_torque(C, g_carried + atom * 3 * C, state.v_in + atom * 3 * C, 1, torque + 3 * atom);
}

struct Active {
  float *scalars, *vectors, *inputs, *activated, *mixed, *hidden, *gates;
};

inline Active slots_of(const PainnPlan& plan, Block block, const PainnState& state, Scratch& scratch) {
  const int C = plan.channels;
  auto at = [&](float* kept, int place, int64_t width) {
    return kept ? kept + block.first * width : scratch.floats[place];
  };
  return {scratch.floats[scratch_more],          scratch.floats[scratch_vectors],
          scratch.floats[scratch_update],        scratch.floats[scratch_active],
          at(state.mixed, scratch_mixed, 6 * C), at(state.hidden, scratch_hidden, C),
          at(state.gates, scratch_gates, 3 * C)};
}

inline void add_rows(int64_t count, const float* x, const float* y, float* out) {
  for (int64_t k = 0; k < count; k += lanes) store(out + k, x ? load(x + k) + load(y + k) : load(y + k));
}

// Features with the sums over neighbours.
inline void receive(const PainnPlan& plan, Block block, const PainnState& state, const Active& r) {
  const int C = plan.channels;
  const int64_t atoms = block.last - block.first;
  add_rows(atoms * C, state.s_in + block.first * C, state.m_scalar + block.first * C, r.scalars);
  add_rows(atoms * 3 * C, state.v_in ? state.v_in + block.first * 3 * C : nullptr, state.m_vector + block.first * 3 * C,
           r.vectors);
}

// The rows that the update's MLP reads: [s, |b|].
inline void invariants(int C, int64_t atoms, const Active& r) {
  const Vec floor2 = set1(length_floor * length_floor), floor = set1(length_floor);
  for (int64_t a = 0; a < atoms; ++a)
    for (int c = 0; c < C; c += lanes) {
      Vec square = zero();
      for (int m = 0; m < 3; ++m) {
        const Vec b = load(r.mixed + (a * 3 + m) * 2 * C + C + c);
        square = fma(b, b, square);
      }
      store(r.inputs + a * 2 * C + c, load(r.scalars + a * C + c));
      store(r.inputs + a * 2 * C + C + c, sqrt(square + floor2) - floor);
    }
}

inline void mix_and_gate(const PainnPlan& plan, const PainnLayer& layer, Block block, const Active& r, Scratch& scratch,
                         const Tap& tap) {
  const int C = plan.channels;
  const int64_t atoms = block.last - block.first;
  linear(layer.mix, 3 * atoms, 3, r.vectors, C, r.mixed, 2 * C, scratch, tap, 3 * block.first);
  invariants(C, atoms, r);
  linear(layer.hidden, atoms, 1, r.inputs, 2 * C, r.hidden, C, scratch, tap, block.first);
  activate(atoms * C, r.hidden, r.activated);
  linear(layer.gates, atoms, 1, r.activated, C, r.gates, 3 * C, scratch, tap, block.first);
}

// ⟨a, b⟩ of sixteen channels.
inline Vec product_of(const float* ab, int C) {
  Vec product = load(ab) * load(ab + C);
  for (int m = 1; m < 3; ++m) product = fma(load(ab + m * 2 * C), load(ab + m * 2 * C + C), product);
  return product;
}

void update(const PainnPlan& plan, const PainnLayer& layer, Block block, PainnState& state, float* s_out, float* v_out,
            Scratch& scratch, const Tap& tap) {
  const int C = plan.channels;
  const int64_t atoms = block.last - block.first;
  const Active r = slots_of(plan, block, state, scratch);
  receive(plan, block, state, r);
  mix_and_gate(plan, layer, block, r, scratch, tap);
  for (int64_t a = 0; a < atoms; ++a)
    for (int c = 0; c < C; c += lanes) {
      const float *gates = r.gates + a * 3 * C + c, *ab = r.mixed + a * 6 * C + c;
      const Vec s = load(r.scalars + a * C + c) + load(gates);
      store(s_out + (block.first + a) * C + c, fma(load(gates + C), product_of(ab, C), s));
      if (!v_out) continue;
      const Vec scale = load(gates + 2 * C);
      for (int m = 0; m < 3; ++m)
        store(v_out + ((block.first + a) * 3 + m) * C + c,
              fma(scale, load(ab + m * 2 * C), load(r.vectors + (a * 3 + m) * C + c)));
    }
}

// dE/ds, dE/dv after the layer → dE/d(gates).
inline void gates_back(int C, int64_t atoms, const Active& r, const float* g_s, const float* g_v, float* out) {
  for (int64_t a = 0; a < atoms; ++a)
    for (int c = 0; c < C; c += lanes) {
      const float* ab = r.mixed + a * 6 * C + c;
      const Vec gs = load(g_s + a * C + c);
      Vec scale = zero();
      for (int m = 0; m < 3; ++m) scale = fma(load(g_v + (a * 3 + m) * C + c), load(ab + m * 2 * C), scale);
      store(out + a * 3 * C + c, gs);
      store(out + a * 3 * C + C + c, gs * product_of(ab, C));
      store(out + a * 3 * C + 2 * C + c, scale);
    }
}

// dE/d[s, |b|] and the gradients after the layer → dE/d[a | b].
inline void mixed_back(int C, int64_t atoms, const Active& r, const float* g_s, const float* g_v, const float* g_inputs,
                       float* out) {
  const Vec floor = set1(length_floor);
  for (int64_t a = 0; a < atoms; ++a)
    for (int c = 0; c < C; c += lanes) {
      const float* gates = r.gates + a * 3 * C + c;
      const Vec g_product = load(g_s + a * C + c) * load(gates + C), scale = load(gates + 2 * C);
      const Vec size = load(r.inputs + a * 2 * C + C + c) + floor;
      const Vec g_square = load(g_inputs + a * 2 * C + C + c) / size;
      for (int m = 0; m < 3; ++m) {
        const int64_t at = (a * 3 + m) * 2 * C + c;
        const Vec x = load(r.mixed + at), y = load(r.mixed + at + C);
        store(out + at, fma(scale, load(g_v + (a * 3 + m) * C + c), g_product * y));
        store(out + at + C, fma(g_square, y, g_product * x));
      }
    }
}

void update_back(const PainnPlan& plan, const PainnLayer& layer, Block block, const PainnState& state, float* g_s,
                 float* g_v, double* torque, Scratch& scratch) {
  const int C = plan.channels;
  const int64_t atoms = block.last - block.first;
  const Active r = slots_of(plan, block, state, scratch);
  float *gs = g_s + block.first * C, *gv = g_v + block.first * 3 * C;
  receive(plan, block, state, r);
  if (state.mixed) {
    invariants(C, atoms, r);
    if (looks_back(layer.gates.scheme)) activate(atoms * C, r.hidden, r.activated);
  } else {
    mix_and_gate(plan, layer, block, r, scratch, Tap());
  }
  float *g = scratch.floats[scratch_gradient], *other = scratch.floats[scratch_other],
        *g_inputs = scratch.floats[scratch_more];
  gates_back(C, atoms, r, gs, gv, g);
  linear_back(layer.gates, atoms, 1, g, 3 * C, r.activated, C, other, C, scratch);
  activate_back(atoms * C, r.hidden, other);
  linear_back(layer.hidden, atoms, 1, other, C, r.inputs, 2 * C, g_inputs, 2 * C, scratch);  // r.scalars are no more
  mixed_back(C, atoms, r, gs, gv, g_inputs, g);
  for (int64_t a = 0; a < atoms; ++a)
    for (int c = 0; c < C; c += lanes) store(gs + a * C + c, load(gs + a * C + c) + load(g_inputs + a * 2 * C + c));
  linear_back(layer.mix, 3 * atoms, 3, g, 2 * C, r.vectors, C, other, C, scratch);
  for (int64_t k = 0; k < atoms * 3 * C; k += lanes) store(gv + k, load(gv + k) + load(other + k));
  // Turning the axes of a receiver turns what it receives the other way.
  for (int64_t atom = block.first; plan.local && atom < block.last; ++atom)
    add_torque(C, g_v + atom * 3 * C, state.m_vector + atom * 3 * C, -1, torque + 3 * atom);
}
