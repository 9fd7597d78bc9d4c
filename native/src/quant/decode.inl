// Features through their law and back to floats: for laws whose products are of decoded values, and for tests.

inline void decode_polar(const FeatureLaw& law, int64_t atom, int components, int columns, const float* x, float* out,
                         int32_t* codes, int32_t* directions, float* steps) {
  const Step step = polar_step(law, components, columns, x);
  const bool parts = law.direction == Direction::component || components != 3;
  for (int c = 0; c < columns; c += lanes) {
    Vec v[most_components];
    for (int m = 0; m < components; ++m) v[m] = load(x + m * columns + c);
    const PolarCodes r = polar(law, v, components, step);
    for (int m = 0; m < components; ++m) store(out + m * columns + c, r.decoded * r.u[m]);
    if (codes) store_int32(codes + atom * columns + c, r.code);
    if (directions && !parts) store_int32(directions + atom * columns + c, r.direction);
    if (directions && parts)
      for (int m = 0; m < components; ++m) store_int32(directions + (atom * components + m) * columns + c, r.parts[m]);
  }
  if (steps) steps[atom] = step.step;
}

// One step per vector: the largest of its components.
inline void decode_per_vector(const FeatureLaw& law, int64_t atom, int components, int columns, const float* x,
                              float* out, int32_t* codes) {
  const Vec high = set1(float(law.high())), share = set1(float(1.0 / law.high()));
  for (int c = 0; c < columns; c += lanes) {
    Vec best = zero();
    for (int m = 0; m < components; ++m) best = max(best, abs(load(x + m * columns + c)));
    const Vec inverse = select_less(best, set1(smallest), zero(), high / or_one(best));
    for (int m = 0; m < components; ++m) {
      const Vec code = encode(load(x + m * columns + c), inverse, high);
      store(out + m * columns + c, code * (best * share));
      if (codes) store_int32(codes + (atom * components + m) * columns + c, code);
    }
  }
}

inline void decode_uniform_rows(const FeatureLaw& law, int64_t atom, int components, int columns, const float* x,
                                float* out, int32_t* codes, float* steps) {
  Step step{law.step, law.inverse_step};
  if (law.per == Per::atom) step = dynamic_step(largest_of(x, components * columns), law.high());
  const Vec high = set1(float(law.high()));
  for (int m = 0; m < components; ++m) {
    if (law.per == Per::row) step = dynamic_step(largest_of(x + m * columns, columns), law.high());
    if (steps) steps[atom * components + m] = step.step;
    for (int c = 0; c < columns; c += lanes) {
      const Vec code = encode(load(x + m * columns + c), set1(step.inverse), high);
      store(out + m * columns + c, code * set1(step.step));
      if (codes) store_int32(codes + (atom * components + m) * columns + c, code);
    }
  }
}

void decode_through(const FeatureLaw& law, int64_t atoms, int components, int columns, const float* x, float* out,
                    int32_t* codes, int32_t* directions, float* steps) {
  const int64_t size = int64_t(components) * columns;
  for (int64_t atom = 0; atom < atoms; ++atom, x += size, out += size) {
    if (law.law == Law::identity)
      std::memmove(out, x, size * sizeof(float));
    else if (law.law == Law::polar)
      decode_polar(law, atom, components, columns, x, out, codes, directions, steps);
    else if (law.per == Per::vector)
      decode_per_vector(law, atom, components, columns, x, out, codes);
    else
      decode_uniform_rows(law, atom, components, columns, x, out, codes, steps);
  }
}
