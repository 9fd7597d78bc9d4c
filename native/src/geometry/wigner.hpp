// Wigner matrices of degrees 1 to 3 of a rotation R, and their gradients: Y^l(R u) = D^l(R) Y^l(u).
//
// Python reads D^l off fixed probe directions; here it is a polynomial of R, the same to round-off and far fewer
// products. D^1 is R. Degree 2: every Y^2_m is made of products of two coordinates, and the product of two rows of R
// is a quadratic form whose coefficients are components. Degree 3: every Y^3_m is made of products x_a Y^2_n, so that
// a row of D^3 is read off S = Σ c R_a ⊗ D^2_n. What is read off holds for rotations only; the gradient is then that
// along rotations, which is all that a frame can do.
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include "geometry/harmonics.hpp"
#include "geometry/vectors.hpp"

namespace gaq {

constexpr int transports(int degrees) {  // Σ (2l+1)²: 9, 34, 83
  return degrees == 1 ? 9 : degrees == 2 ? 34 : 83;
}

// Components of √3 (p·u)(q·u) in Y²(u), up to a multiple of |u|².
inline void add_form(double* out, double s, const double* p, const double* q) {
  out[0] += s * (p[0] * q[1] + p[1] * q[0]);
  out[1] += s * (p[1] * q[2] + p[2] * q[1]);
  out[2] += s * root3 * p[2] * q[2];
  out[3] += s * (p[0] * q[2] + p[2] * q[0]);
  out[4] += s * (p[0] * q[0] - p[1] * q[1]);
}

// Gradient of form(p, q) · g along p, which is that along q with p in place of q.
inline void add_form_pullback(double* out, double s, const double* g, const double* q) {
  out[0] += s * (g[4] * q[0] + g[0] * q[1] + g[3] * q[2]);
  out[1] += s * (g[0] * q[0] - g[4] * q[1] + g[1] * q[2]);
  out[2] += s * (g[3] * q[0] + g[1] * q[1] + root3 * g[2] * q[2]);
}

inline void wigner2(const double* r, double* d) {
  const double *x = r, *y = r + 3, *z = r + 6;
  for (int n = 0; n < 25; ++n) d[n] = 0;
  add_form(d, 1, x, y);
  add_form(d + 5, 1, y, z);
  add_form(d + 10, root3 / 2, z, z);
  d[12] -= 0.5;  // the multiple of |u|²
  add_form(d + 15, 1, x, z);
  add_form(d + 20, 0.5, x, x);
  add_form(d + 20, -0.5, y, y);
}

// out[9] += Σ g · dD²/dR
inline void add_wigner2_pullback(double* out, const double* r, const double* g) {
  const double *x = r, *y = r + 3, *z = r + 6;
  add_form_pullback(out, 1, g, y);
  add_form_pullback(out, 1, g + 15, z);
  add_form_pullback(out, 1, g + 20, x);
  add_form_pullback(out + 3, 1, g, x);
  add_form_pullback(out + 3, 1, g + 5, z);
  add_form_pullback(out + 3, -1, g + 20, y);
  add_form_pullback(out + 6, 1, g + 5, y);
  add_form_pullback(out + 6, root3, g + 10, z);
  add_form_pullback(out + 6, 1, g + 15, x);
}

// Y^3_m = Σ factor · x_axis Y^2_form over the terms of a row m.
struct CubicTerm {
  int row, axis, form;
  double factor;
};
constexpr double cubic0 = 2 * root58 / root3, cubic2 = 2 * root38, cubic3 = 1 / root3;
constexpr CubicTerm cubic_terms[13] = {
    {0, 0, 0, cubic0}, {0, 1, 4, cubic0},  {1, 2, 0, root5},   {2, 1, 2, cubic2}, {2, 2, 1, cubic2 * cubic3},
    {3, 2, 2, 1},      {3, 0, 3, -cubic3}, {3, 1, 1, -cubic3}, {4, 0, 2, cubic2}, {4, 2, 3, cubic2 * cubic3},
    {5, 2, 4, root5},  {6, 0, 4, cubic0},  {6, 1, 0, -cubic0}};

// What a cubic Σ S[a][n] x_a Y^2_n without lower degrees is in Y^3, from the coefficients of its monomials.
constexpr double read0 = root3 / (4 * root58), read1 = 1 / root5, read2 = 1 / (4 * root38);
inline void read_cubic(const double* s, double* d) {
  d[0] = read0 * (s[0] + s[9]);
  d[1] = read1 * (s[10] + s[1] + s[8]);
  d[2] = read2 * (root3 * s[11] + s[7]);
  d[3] = s[12];
  d[4] = read2 * (root3 * s[13] + s[2]);
  d[5] = read1 * (s[14] + s[3] - s[6]);
  d[6] = read0 * (s[4] - s[5]);
}
inline void read_cubic_pullback(const double* g, double* s) {
  s[0] = s[9] = read0 * g[0];
  s[10] = s[1] = s[8] = read1 * g[1];
  s[7] = read2 * g[2], s[11] = root3 * s[7];
  s[12] = g[3];
  s[2] = read2 * g[4], s[13] = root3 * s[2];
  s[14] = s[3] = read1 * g[5], s[6] = -s[3];
  s[4] = read0 * g[6], s[5] = -s[4];
}

// work(n) with the number of each term as a constant, so that nothing is looked up or multiplied by zero at run time.
template <class Work, size_t... term>
inline void each_cubic_term(const Work& work, std::index_sequence<term...>) {
  (work(std::integral_constant<size_t, term>()), ...);
}
using CubicTerms = std::make_index_sequence<13>;

inline void wigner3(const double* r, const double* d2, double* d) {
  double s[7][15] = {};
  each_cubic_term(
      [&](auto number) {
        constexpr CubicTerm term = cubic_terms[number];
        for (int a = 0; a < 3; ++a)
          for (int n = 0; n < 5; ++n)
            s[term.row][5 * a + n] += term.factor * r[3 * term.axis + a] * d2[5 * term.form + n];
      },
      CubicTerms());
  for (int m = 0; m < 7; ++m) read_cubic(s[m], d + 7 * m);
}

// out[9] += Σ g · ∂D³/∂R, and gradient2[25] += Σ g · ∂D³/∂D²
inline void add_wigner3_pullback(double* out, double* gradient2, const double* r, const double* d2, const double* g) {
  double s[7][15];
  for (int m = 0; m < 7; ++m) read_cubic_pullback(g + 7 * m, s[m]);
  each_cubic_term(
      [&](auto number) {
        constexpr CubicTerm term = cubic_terms[number];
        for (int a = 0; a < 3; ++a) {
          double sum = 0;
          for (int n = 0; n < 5; ++n) {
            sum += s[term.row][5 * a + n] * d2[5 * term.form + n];
            gradient2[5 * term.form + n] += term.factor * r[3 * term.axis + a] * s[term.row][5 * a + n];
          }
          out[3 * term.axis + a] += term.factor * sum;
        }
      },
      CubicTerms());
}

// d[transports(degrees)]: 9, 25, 49 numbers, row-major.
template <int degrees>
inline void wigner(const double* r, double* d) {
  for (int n = 0; n < 9; ++n) d[n] = r[n];
  if constexpr (degrees >= 2) wigner2(r, d + 9);
  if constexpr (degrees >= 3) wigner3(r, d + 9, d + 34);
}

// out[9] = Σ g · dD/dR, along rotations.
template <int degrees>
inline void wigner_pullback(const double* r, const double* g, double* out) {
  for (int n = 0; n < 9; ++n) out[n] = g[n];
  double g2[25];
  if constexpr (degrees >= 2)
    for (int n = 0; n < 25; ++n) g2[n] = g[9 + n];
  if constexpr (degrees >= 3) {
    double d2[25];
    wigner2(r, d2);
    add_wigner3_pullback(out, g2, r, d2, g + 34);
  }
  if constexpr (degrees >= 2) add_wigner2_pullback(out, r, g2);
}

// One entry of a generator: D(1 + [ω]×) = 1 + Σ_a ω_a J_a, and J_a[m][n] = value, m and n counted over all degrees.
struct GeneratorEntry {
  int axis, m, n;
  double value;
};

// Everything of the generators of degrees 1 to `degrees` that is not zero.
std::vector<GeneratorEntry> generators(int degrees);

}  // namespace gaq
