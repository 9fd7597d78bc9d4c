// Real spherical harmonics of degrees 1 to 3, scaled to |Y^l| = 1, and their gradients; twin of geometry/harmonics.py.
//
// Within a degree m = −l…l as polynomials of (x, y, z), except that l = 1 is (x, y, z) itself. Degrees follow each
// other: 3, 5, 7 numbers.
#pragma once

namespace gaq {

constexpr int components(int degrees) { return degrees * (degrees + 2); }  // Σ (2l+1): 3, 8, 15

constexpr double root3 = 1.7320508075688772;
constexpr double root58 = 0.7905694150420949, root15 = 3.872983346207417, root38 = 0.6123724356957945;  // 5/8, 15, 3/8

// out[components(degrees)] of a unit vector u[3].
template <int degrees>
inline void harmonics(const double* u, double* out) {
  const double x = u[0], y = u[1], z = u[2], xx = x * x, yy = y * y, zz = z * z;
  out[0] = x, out[1] = y, out[2] = z;
  if constexpr (degrees >= 2) {
    out[3] = root3 * x * y;
    out[4] = root3 * y * z;
    out[5] = zz - 0.5 * (xx + yy);
    out[6] = root3 * x * z;
    out[7] = 0.5 * root3 * (xx - yy);
  }
  if constexpr (degrees >= 3) {
    out[8] = root58 * y * (3 * xx - yy);
    out[9] = root15 * x * y * z;
    out[10] = root38 * y * (4 * zz - xx - yy);
    out[11] = 0.5 * z * (2 * zz - 3 * (xx + yy));
    out[12] = root38 * x * (4 * zz - xx - yy);
    out[13] = 0.5 * root15 * z * (xx - yy);
    out[14] = root58 * x * (xx - 3 * yy);
  }
}

// out[3] = Σ g · dY/du, of the polynomials as they stand.
template <int degrees>
inline void harmonics_pullback(const double* u, const double* g, double* out) {
  const double x = u[0], y = u[1], z = u[2];
  out[0] = g[0], out[1] = g[1], out[2] = g[2];
  if constexpr (degrees >= 2) {
    out[0] += root3 * (y * g[3] + z * g[6] + x * g[7]) - x * g[5];
    out[1] += root3 * (x * g[3] + z * g[4] - y * g[7]) - y * g[5];
    out[2] += root3 * (y * g[4] + x * g[6]) + 2 * z * g[5];
  }
  if constexpr (degrees >= 3) {
    const double xx = x * x, yy = y * y, zz = z * z, xy = x * y, xz = x * z, yz = y * z;
    const double a = 3 * root58, plain = a * (xx - yy), mixed = 2 * a * xy;
    out[0] += mixed * g[8] + root15 * yz * g[9] - 2 * root38 * xy * g[10] - 3 * xz * g[11] +
              root38 * (4 * zz - 3 * xx - yy) * g[12] + root15 * xz * g[13] + plain * g[14];
    out[1] += plain * g[8] + root15 * xz * g[9] + root38 * (4 * zz - xx - 3 * yy) * g[10] - 3 * yz * g[11] -
              2 * root38 * xy * g[12] - root15 * yz * g[13] - mixed * g[14];
    out[2] += root15 * xy * g[9] + 8 * root38 * yz * g[10] + (3 * zz - 1.5 * (xx + yy)) * g[11] +
              8 * root38 * xz * g[12] + 0.5 * root15 * (xx - yy) * g[13];
  }
}

}  // namespace gaq
