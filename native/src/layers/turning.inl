// Vectors carried from one atom's axes to another's, and what turning the axes does to the energy.

// (D V)[m] for the message i ← j, or with Dᵀ for j ← i; without frames D is one.
template <int N, bool Local, bool Transposed>
inline void turn(const float* matrix, const Vec* v, Vec* out) {
  for (int m = 0; m < N; ++m) {
    if constexpr (!Local) {
      out[m] = v[m];
    } else {
      out[m] = set1(matrix[Transposed ? m : m * N]) * v[0];
      for (int n = 1; n < N; ++n) out[m] = fma(set1(matrix[Transposed ? n * N + m : m * N + n]), v[n], out[m]);
    }
  }
}

// total += D v for the message i ← j, or Dᵀ v for j ← i.
template <int N, bool Transposed>
inline void add_turned(const float* matrix, const Vec* v, Vec* total) {
  for (int m = 0; m < N; ++m)
    for (int n = 0; n < N; ++n) total[m] = fma(set1(matrix[Transposed ? n * N + m : m * N + n]), v[n], total[m]);
}

// Sums over lanes of `count` vectors, to out[0 … count-1] or added to what is there.
inline void add_sums(const Vec* v, int count, float* out, bool add = false) {
  for (int k = 0; k < count; k += lanes) {
    Vec some[lanes];
    for (int n = 0; n < lanes; ++n) some[n] = k + n < count ? v[k + n] : zero();
    float sums[lanes];
    store(sums, sum16(some));
    for (int n = 0; n < lanes && k + n < count; ++n) out[k + n] = add ? out[k + n] + sums[n] : sums[n];
  }
}

// torque[a] += sign · Σ g · (e_a × v) over the channels of one atom, g and v [3][C].
inline void add_torque(int C, const float* g, const float* v, double sign, double* torque) {
  Vec total[4] = {zero(), zero(), zero(), zero()};
  for (int c = 0; c < C; c += lanes) {
    const Vec v0 = load(v + c), v1 = load(v + C + c), v2 = load(v + 2 * C + c);
    const Vec g0 = load(g + c), g1 = load(g + C + c), g2 = load(g + 2 * C + c);
    total[0] = fnma(v2, g1, fma(v1, g2, total[0]));
    total[1] = fnma(v0, g2, fma(v2, g0, total[1]));
    total[2] = fnma(v1, g0, fma(v0, g1, total[2]));
  }
  float sums[4];
  sum4(total[0], total[1], total[2], total[3], sums);
  for (int a = 0; a < 3; ++a) torque[a] += sign * double(sums[a]);
}
