// Radial functions of one pair: the polynomial of the interval that its distance is in, what is largest summed last.
struct Radial {
  const float* coefficients;
  int length;
  Vec power[radial_terms], slope[radial_terms];  // what multiplies them: t^k, and its derivative

  inline Radial(const RadialPlan& plan, const PairInvariants& pairs, int64_t pair)
      : coefficients(plan.table.data() + int64_t(pairs.knot[pair]) * radial_terms * plan.row), length(plan.row) {
    const float t = pairs.fraction[pair];
    float of = 1;
    for (int k = 1; k < radial_terms; ++k) {
      slope[k] = set1(float(k) * of);
      of *= t;
      power[k] = set1(of);
    }
  }

  [[gnu::always_inline]] Vec at(int column) const {
    const float* c = coefficients + column;
    Vec of = power[radial_terms - 1] * load(c + (radial_terms - 1) * length);
    for (int k = radial_terms - 2; k > 0; --k) of = fma(power[k], load(c + k * length), of);
    return of + load(c);
  }
  // The value, and the derivative in t.
  [[gnu::always_inline]] void both(int column, Vec& of, Vec& along) const {
    const float* c = coefficients + column;
    const Vec last = load(c + (radial_terms - 1) * length);
    of = power[radial_terms - 1] * last;
    along = slope[radial_terms - 1] * last;
    for (int k = radial_terms - 2; k > 0; --k) {
      const Vec one = load(c + k * length);
      of = fma(power[k], one, of);
      along = fma(slope[k], one, along);
    }
    of = of + load(c);
  }
};
