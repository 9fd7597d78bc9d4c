// Features through their scheme and back to floats: for schemes whose products are of decoded values, and for tests.

inline void decode_polar(const FeatureScheme& scheme, int64_t atom, int components, int columns, const float* x,
                         float* out, int32_t* codes, int32_t* directions, float* steps) {
  const Step step = polar_step(scheme, components, columns, x);
  const bool parts = scheme.direction == Direction::component || components != 3;
  for (int c = 0; c < columns; c += lanes) {
    Vec v[most_components];
    for (int m = 0; m < components; ++m) v[m] = load(x + m * columns + c);
    const PolarCodes r = polar(scheme, v, components, step);
    for (int m = 0; m < components; ++m) store(out + m * columns + c, r.decoded * r.u[m]);
    if (codes) store_int32(codes + atom * columns + c, r.code);
    if (directions && !parts) store_int32(directions + atom * columns + c, r.direction);
    if (directions && parts)
      for (int m = 0; m < components; ++m) store_int32(directions + (atom * components + m) * columns + c, r.parts[m]);
  }
  if (steps) steps[atom] = step.step;
}

// One step per vector: the largest of its components.
inline void decode_per_vector(const FeatureScheme& scheme, int64_t atom, int components, int columns, const float* x,
                              float* out, int32_t* codes) {
  const Vec high = set1(float(scheme.high())), share = set1(float(1.0 / scheme.high()));
  for (int c = 0; c < columns; c += lanes) {
    Vec best = zero();
    for (int m = 0; m < components; ++m) best = larger_size(best, load(x + m * columns + c));
    const Vec inverse = select_less(best, set1(smallest), zero(), high / or_one(best));
    for (int m = 0; m < components; ++m) {
      const Vec code = encode(load(x + m * columns + c), inverse, high);
      store(out + m * columns + c, code * (best * share));
      if (codes) store_int32(codes + (atom * components + m) * columns + c, code);
    }
  }
}

inline void decode_uniform_rows(const FeatureScheme& scheme, int64_t atom, int components, int columns, const float* x,
                                float* out, int32_t* codes, float* steps) {
  Step step{scheme.step, scheme.inverse_step};
  if (scheme.per == Per::atom) step = dynamic_step(largest_of(x, components * columns), scheme.high());
  const Vec high = set1(float(scheme.high()));
  for (int m = 0; m < components; ++m) {
    if (scheme.per == Per::row) step = dynamic_step(largest_of(x + m * columns, columns), scheme.high());
    if (steps) steps[atom * components + m] = step.step;
    for (int c = 0; c < columns; c += lanes) {
      const Vec code = encode(load(x + m * columns + c), set1(step.inverse), high);
      store(out + m * columns + c, code * set1(step.step));
      if (codes) store_int32(codes + (atom * components + m) * columns + c, code);
    }
  }
}

void decode_through(const FeatureScheme& scheme, int64_t atoms, int components, int columns, const float* x, float* out,
                    int32_t* codes, int32_t* directions, float* steps) {
  const int64_t size = int64_t(components) * columns;
  for (int64_t atom = 0; atom < atoms; ++atom, x += size, out += size) {
    if (scheme.scheme == Scheme::identity)
      std::memmove(out, x, size * sizeof(float));
    else if (scheme.scheme == Scheme::polar)
      decode_polar(scheme, atom, components, columns, x, out, codes, directions, steps);
    else if (scheme.per == Per::vector)
      decode_per_vector(scheme, atom, components, columns, x, out, codes);
    else
      decode_uniform_rows(scheme, atom, components, columns, x, out, codes, steps);
  }
}
