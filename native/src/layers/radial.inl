// Radial functions of one pair: quintics in t, by Horner's rule.
struct Radial {
  const float* row;  // coefficients of 1; those of t … t⁵ follow
  int length;
  Vec t;

  inline Radial(const RadialPlan& plan, const PairInvariants& pairs, int64_t pair)
      : row(plan.table.data() + int64_t(pairs.knot[pair]) * 6 * plan.row),
        length(plan.row),
        t(set1(pairs.fraction[pair])) {}

  inline Vec at(int column) const {
    Vec total = load(row + 5 * length + column);
    for (int k = 4; k >= 0; --k) total = fma(total, t, load(row + k * length + column));
    return total;
  }
  // The value, and the derivative in t.
  inline void both(int column, Vec& value, Vec& slope) const {
    slope = load(row + 5 * length + column);
    value = fma(slope, t, load(row + 4 * length + column));
    for (int k = 3; k >= 0; --k) {
      slope = fma(slope, t, value);
      value = fma(value, t, load(row + k * length + column));
    }
  }
};
