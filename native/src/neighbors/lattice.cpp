// Reduction: each vector is shortened by whole multiples of the others until none gets shorter.
#include "neighbors/lattice.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "neighbors/checks.hpp"

namespace gaq::neighbors {
namespace {

// Twin of the limit on singular values in src/gaq/atoms/checks.py: 1/|inverse| is at least 1/√3 of the smallest one,
// so that nothing is refused here that is accepted there.
constexpr double flattest = 1e-6 / 1.7320508075688772;
constexpr double shorter = 1 - 1e-9;  // of squared lengths; less would not end

double dot(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

void cross(const double* a, const double* b, double* out) {
  out[0] = a[1] * b[2] - a[2] * b[1];
  out[1] = a[2] * b[0] - a[0] * b[2];
  out[2] = a[0] * b[1] - a[1] * b[0];
}

void normalise(double* a) {
  const double length = std::sqrt(dot(a, a));
  for (int m = 0; m < 3; ++m) a[m] /= length;  // not a number for a zero vector, which `flat` sees
}

// Fills the rows that do not repeat with unit vectors across those that do.
void complete(double rows[3][3], const bool periodic[3]) {
  const int count = periodic[0] + periodic[1] + periodic[2];
  if (count == 0) {
    for (int k = 0; k < 9; ++k) rows[k / 3][k % 3] = k % 4 == 0;
  } else if (count == 2) {
    const int open = !periodic[0] ? 0 : !periodic[1] ? 1 : 2;
    cross(rows[(open + 1) % 3], rows[(open + 2) % 3], rows[open]);
    normalise(rows[open]);
  } else if (count == 1) {
    const int wire = periodic[0] ? 0 : periodic[1] ? 1 : 2;
    double* along = rows[wire];
    double* second = rows[(wire + 1) % 3];
    double* third = rows[(wire + 2) % 3];
    int least = 0;
    for (int m = 1; m < 3; ++m)
      if (std::fabs(along[m]) < std::fabs(along[least])) least = m;
    const double unit[3] = {double(least == 0), double(least == 1), double(least == 2)};
    cross(along, unit, second);
    normalise(second);
    cross(along, second, third);
    normalise(third);
  }
}

void invert(const double a[3][3], double inverse[3][3]) {
  double columns[3][3];
  for (int k = 0; k < 3; ++k) cross(a[(k + 1) % 3], a[(k + 2) % 3], columns[k]);
  const double volume = dot(a[0], columns[0]);
  for (int k = 0; k < 9; ++k) inverse[k / 3][k % 3] = columns[k % 3][k / 3] / volume;
}

// Whether the directions of the vectors span next to nothing, whatever their lengths.
bool flat(const System& system) {
  double rows[3][3];
  std::memcpy(rows, system.cell, sizeof rows);
  for (int k = 0; k < 3; ++k)
    if (system.periodic[k]) normalise(rows[k]);
  complete(rows, system.periodic);
  double inverse[3][3], total = 0;
  invert(rows, inverse);
  for (int k = 0; k < 9; ++k) total += inverse[k / 3][k % 3] * inverse[k / 3][k % 3];
  return !(total <= 1 / (flattest * flattest));  // also not a number
}

class Reduction {
 public:
  Reduction(const System& system, Lattice& lattice) : system_(system), lattice_(lattice) {
    for (int k = 0; k < 3; ++k) lattice_.combination[k][k] = 1;
  }

  void run() {
    // Every round shortens a vector; hundreds are needed only where numbers in double precision run out.
    for (int round = 0; round < 1000; ++round)
      if (!shorten_by_one() && !shorten_by_both()) return;
    refuse_thin(system_);
  }

 private:
  // axes[k] + p · axes[l] + q · axes[m] in place of axes[k], if that is shorter.
  bool take(int k, int l, double p, int m, double q) {
    if (std::fabs(p) > farthest) refuse_thin(system_);
    double axis[3] = {}, combination[3];
    for (int n = 0; n < 3; ++n) {
      combination[n] = double(lattice_.combination[k][n]) + p * double(lattice_.combination[l][n]) +
                       q * double(lattice_.combination[m][n]);
      if (std::fabs(combination[n]) > farthest) refuse_thin(system_);
      // From the caller's vectors, so that rounding does not add up.
      for (int d = 0; d < 3; ++d) axis[d] += system_.periodic[n] ? combination[n] * system_.cell[n][d] : 0.0;
    }
    if (!(dot(axis, axis) < shorter * dot(lattice_.axes[k], lattice_.axes[k]))) return false;
    for (int n = 0; n < 3; ++n) lattice_.combination[k][n] = int64_t(combination[n]);
    std::memcpy(lattice_.axes[k], axis, sizeof axis);
    return true;
  }

  bool shorten_by_one() {
    bool any = false;
    for (int k = 0; k < 3; ++k)
      for (int l = 0; l < 3; ++l) {
        if (k == l || !lattice_.periodic[k] || !lattice_.periodic[l]) continue;
        const double* by = lattice_.axes[l];
        const double times = std::nearbyint(dot(lattice_.axes[k], by) / dot(by, by));
        if (times != 0 && take(k, l, -times, l, 0)) any = true;
      }
    return any;
  }

  bool shorten_by_both() {
    bool any = false;
    if (!lattice_.periodic[0] || !lattice_.periodic[1] || !lattice_.periodic[2]) return any;
    for (int k = 0; k < 3; ++k)
      for (int sign = 0; sign < 4; ++sign)
        any |= take(k, (k + 1) % 3, sign & 1 ? -1 : 1, (k + 2) % 3, sign & 2 ? -1 : 1);
    return any;
  }

  const System& system_;
  Lattice& lattice_;
};

}  // namespace

Lattice reduce(const System& system) {
  Lattice lattice;
  std::memcpy(lattice.periodic, system.periodic, sizeof lattice.periodic);
  std::memcpy(lattice.axes, system.cell, sizeof lattice.axes);
  if (flat(system)) refuse_flat(system);
  Reduction(system, lattice).run();
  for (int k = 0; k < 3; ++k) {
    const double squared = dot(lattice.axes[k], lattice.axes[k]);
    if (lattice.periodic[k] && squared < coinciding * coinciding) refuse_coinciding(std::sqrt(squared), 0, 0);
  }
  complete(lattice.axes, lattice.periodic);
  invert(lattice.axes, lattice.inverse);
  for (int k = 0; k < 3; ++k) {
    double squared = 0;
    for (int m = 0; m < 3; ++m) squared += lattice.inverse[m][k] * lattice.inverse[m][k];
    lattice.height[k] = 1 / std::sqrt(squared);
  }
  return lattice;
}

}  // namespace gaq::neighbors
