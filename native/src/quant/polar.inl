// The polar scheme (MDDQ, arXiv 2603.05343) on the vectors of one atom: [components][columns], sixteen channels at a time.
// Twin of quant/scheme.py, quant/mddq.py and geometry/octahedral.py, operation by operation.

constexpr int most_components = 7;

inline Vec with_sign(Vec size, Vec sign) { return select_less(sign, zero(), zero() - size, size); }
inline Vec or_one(Vec x) { return select_less(abs(x), set1(1e-45f), set1(1.0f), x); }  // 1 where x is zero

inline Vec magnitude(const Vec* v, int components) {
  Vec total = v[0] * v[0];
  for (int m = 1; m < components; ++m) total = total + v[m] * v[m];
  return sqrt(total);
}

inline void unfold(const Vec* v, Vec& p, Vec& q) {
  Vec total = or_one((abs(v[0]) + abs(v[1])) + abs(v[2]));
  p = v[0] / total;
  q = v[1] / total;
  Vec one = set1(1.0f), below_p = with_sign(one - abs(q), p), below_q = with_sign(one - abs(p), q);
  p = select_less(v[2], zero(), below_p, p);
  q = select_less(v[2], zero(), below_q, q);
}

inline void fold(Vec p, Vec q, Vec* u) {
  Vec one = set1(1.0f), z = (one - abs(p)) - abs(q);
  Vec x = select_less(z, zero(), with_sign(one - abs(q), p), p);
  Vec y = select_less(z, zero(), with_sign(one - abs(p), q), q);
  Vec size = sqrt((x * x + y * y) + z * z);
  u[0] = x / size;
  u[1] = y / size;
  u[2] = z / size;
}

inline Vec equals(Vec a, Vec b, Vec yes, Vec no) { return select_less(abs(a - b), set1(0.5f), yes, no); }  // integers

// Codes i, j of the octahedral grid and the direction they decode to.
inline void octahedral(const Vec* v, Vec alive, int levels, Vec& code, Vec* u) {
  const Vec one = set1(1.0f), half = set1(float((levels - 1) / 2.0)), last = set1(float(levels - 1));
  Vec p, q;
  unfold(v, p, q);
  Vec i = round((p + one) * half), j = round((q + one) * half);
  Vec edge_i = equals(i, zero(), one, equals(i, last, one, zero()));
  Vec edge_j = equals(j, zero(), one, equals(j, last, one, zero()));
  j = select_less(zero(), edge_i, max(j, last - j), j);
  i = select_less(zero(), edge_j, max(i, last - i), i);
  i = i * alive;
  j = j * alive;
  code = i * set1(float(levels)) + j;
  fold((i + i - last) / last, (j + j - last) / last, u);
}

inline void by_components(const Vec* v, Vec m, Vec alive, int components, int high, Vec* codes, Vec* u) {
  const Vec top = set1(float(high)), size = or_one(m);
  for (int k = 0; k < components; ++k) codes[k] = max(min(round((v[k] / size) * top), top), zero() - top) * alive;
  Vec length = or_one(magnitude(codes, components));
  for (int k = 0; k < components; ++k) u[k] = codes[k] / length;
}

// The first of the codewords of the vector's cell with the largest (x a + y b) + z c.
inline int nearest(const FeatureScheme& scheme, float x, float y, float z, float p, float q) {
  const int side = int(std::lround(std::sqrt(double(scheme.cells.size() / scheme.candidates))));
  auto cell = [side](float at) {
    const float place = (at + 1.0f) * float(side / 2.0);  // compared before it is cast: it may be NaN
    return place >= float(side) ? side - 1 : place > 0 ? int(place) : 0;
  };
  const int32_t* row = scheme.cells.data() + size_t(cell(p) * side + cell(q)) * scheme.candidates;
  int best = row[0];
  auto score = [&](int k) {
    const float* a = scheme.points.data() + 3 * size_t(k);
    return (x * a[0] + y * a[1]) + z * a[2];
  };
  float top = score(best);
  for (int k = 1; k < scheme.candidates; ++k) {
    float here = score(row[k]);
    if (here > top) best = row[k], top = here;
  }
  return best;
}

inline void by_codebook(const FeatureScheme& scheme, const Vec* v, Vec alive, Vec& code, Vec* u) {
  Vec p, q;
  unfold(v, p, q);
  float in[6][lanes], out[4][lanes];
  const Vec all[6] = {v[0], v[1], v[2], p, q, alive};
  for (int k = 0; k < 6; ++k) store(in[k], all[k]);
  for (int lane = 0; lane < lanes; ++lane) {
    int best = in[5][lane] > 0 ? nearest(scheme, in[0][lane], in[1][lane], in[2][lane], in[3][lane], in[4][lane]) : 0;
    out[3][lane] = float(best);
    for (int k = 0; k < 3; ++k) out[k][lane] = scheme.points[3 * size_t(best) + k];
  }
  for (int k = 0; k < 3; ++k) u[k] = load(out[k]);
  code = load(out[3]);
}

// Magnitude codes and decoded magnitudes.
inline Vec encode_magnitude(const FeatureScheme& scheme, Vec m, Step step, Vec& decoded) {
  const Vec scaled = m * set1(step.inverse);
  if (!scheme.logarithmic) {
    Vec code = min(round(scaled), set1(float(scheme.high())));
    decoded = code * set1(step.step);
    return code;
  }
  float in[lanes], codes[lanes], levels[lanes];
  store(in, scaled);
  for (int lane = 0; lane < lanes; ++lane) {
    auto above = std::upper_bound(scheme.thresholds.begin(), scheme.thresholds.end(), in[lane]);
    codes[lane] = float(above - scheme.thresholds.begin());
    levels[lane] = scheme.levels[size_t(codes[lane])];
  }
  decoded = load(levels) * set1(step.step);
  return load(codes);
}

struct PolarCodes {
  Vec m, code, decoded, direction, u[most_components], parts[most_components];
};

inline Step polar_step(const FeatureScheme& scheme, int components, int columns, const float* x) {
  if (scheme.per == Per::tensor) return {scheme.step, scheme.inverse_step};
  Vec best = zero();
  for (int c = 0; c < columns; c += lanes) {
    Vec v[most_components];
    for (int m = 0; m < components; ++m) v[m] = load(x + m * columns + c);
    best = larger_size(best, magnitude(v, components));
  }
  return dynamic_step(largest_size(best), scheme.logarithmic ? 1 : scheme.high());
}

inline PolarCodes polar(const FeatureScheme& scheme, const Vec* v, int components, Step step) {
  PolarCodes r;
  r.m = magnitude(v, components);
  r.code = encode_magnitude(scheme, r.m, step, r.decoded);
  const Vec alive = select_less(zero(), r.code, set1(1.0f), zero());
  r.direction = zero();
  if (scheme.direction == Direction::component || components != 3) {
    const int bits = components == 3 ? scheme.direction_bits : scheme.bits;  // degrees above one: Component(bits)
    by_components(v, r.m, alive, components, (1 << (bits - 1)) - 1, r.parts, r.u);
  } else if (scheme.direction == Direction::octahedral) {
    octahedral(v, alive, 1 << (scheme.direction_bits / 2), r.direction, r.u);
  } else {
    by_codebook(scheme, v, alive, r.direction, r.u);
  }
  return r;
}

// g (of the decoded vectors of one atom) → its pullback, in place; pullback.py, geometric_coefficients.
inline void polar_back(const FeatureScheme& scheme, int components, int columns, const float* x, float* g) {
  const Step step = polar_step(scheme, components, columns, x);
  const Vec one = set1(1.0f);
  const Vec limit = scheme.per != Per::tensor ? set1(3e38f)
                    : scheme.logarithmic      ? set1(step.step)
                                              : set1(step.step * (float(scheme.high()) + 0.5f));
  for (int c = 0; c < columns; c += lanes) {
    Vec v[most_components], in[most_components];
    for (int m = 0; m < components; ++m) v[m] = load(x + m * columns + c), in[m] = load(g + m * columns + c);
    const PolarCodes codes = polar(scheme, v, components, step);
    const Vec inside = select_less(limit, codes.m, zero(), one);
    const Vec alive = select_less(zero(), codes.decoded, one, zero());
    const Vec safe = select_less(zero(), codes.decoded, codes.m, one);
    const Vec ratio = select_less(zero(), codes.decoded, codes.decoded / safe, one);
    Vec against = zero();
    for (int m = 0; m < components; ++m) against = fma(inside * codes.u[m] - ratio * (v[m] / safe), in[m], against);
    for (int m = 0; m < components; ++m) {
      Vec out = scheme.geometric ? fma((v[m] / safe) * alive, against, ratio * in[m]) : inside * in[m];
      store(g + m * columns + c, out);
    }
  }
}
