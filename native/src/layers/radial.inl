// Radial functions of one pair: the quintic with the values, slopes and curvatures that the table has at both knots. It is
// summed from differences between the knots, so that nothing large cancels in the derivative.
struct Radial {
  const float *left, *right;
  int length;
  // What multiplies the differences of values, slopes and half curvatures, and then the left slope and half curvature: of
  // the function, and of its derivative.
  Vec value[5], slope[5];

  inline Radial(const RadialPlan& plan, const PairInvariants& pairs, int64_t pair)
      : left(plan.table.data() + int64_t(pairs.knot[pair]) * 3 * plan.row),
        right(left + 3 * plan.row),
        length(plan.row) {
    const float t = pairs.fraction[pair], t2 = t * t, t3 = t2 * t, rest = 1 - t;
    const float a = t3 * (10 - t * (15 - 6 * t)), b = t3 * (-4 + t * (7 - 3 * t)), c = t3 * (rest * rest);
    const float a1 = 30 * t2 * (rest * rest), b1 = t2 * (-12 + t * (28 - 15 * t)), c1 = t2 * (3 - t * (8 - 5 * t));
    const float of[5] = {a, b, c, t - a, t2 - a - 2 * b}, along[5] = {a1, b1, c1, 1 - a1, 2 * t - a1 - 2 * b1};
    for (int k = 0; k < 5; ++k) value[k] = set1(of[k]), slope[k] = set1(along[k]);
  }

  [[gnu::always_inline]] Vec at(int column) const {
    const float *l = left + column, *r = right + column;
    Vec total = load(l);
    for (int k = 0; k < 3; ++k) total = fma(value[k], load(r + k * length) - load(l + k * length), total);
    for (int k = 1; k < 3; ++k) total = fma(value[2 + k], load(l + k * length), total);
    return total;
  }
  // The value, and the derivative in t.
  [[gnu::always_inline]] void both(int column, Vec& of, Vec& along) const {
    const float *l = left + column, *r = right + column;
    Vec known[3], change[3];
    for (int k = 0; k < 3; ++k) known[k] = load(l + k * length), change[k] = load(r + k * length) - known[k];
    of = fma(value[0], change[0], known[0]);
    along = slope[0] * change[0];
    for (int k = 1; k < 3; ++k) of = fma(value[k], change[k], of), along = fma(slope[k], change[k], along);
    for (int k = 1; k < 3; ++k) of = fma(value[2 + k], known[k], of), along = fma(slope[2 + k], known[k], along);
  }
};
