// Radial functions of one pair: the quintic with the values, slopes and curvatures that the table has at both knots. It is
// summed from differences between the knots, so that nothing large cancels in the derivative; what is largest comes last.
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
    Vec rest = value[4] * load(l + 2 * length);
    rest = fma(value[3], load(l + length), rest);
    for (int k = 2; k >= 0; --k) rest = fma(value[k], load(r + k * length) - load(l + k * length), rest);
    return rest + load(l);
  }
  // The value, and the derivative in t.
  [[gnu::always_inline]] void both(int column, Vec& of, Vec& along) const {
    const float *l = left + column, *r = right + column;
    Vec known[3], change[3];
    for (int k = 0; k < 3; ++k) known[k] = load(l + k * length), change[k] = load(r + k * length) - known[k];
    of = value[4] * known[2];
    along = slope[4] * known[2];
    of = fma(value[3], known[1], of);
    for (int k = 2; k >= 0; --k) of = fma(value[k], change[k], of), along = fma(slope[k], change[k], along);
    of = of + known[0];
    along = fma(slope[3], known[1], along);
  }
};
