// The functions that geometry is made of, in float64: against the C library, against each other, against differences.
#include <algorithm>
#include <cmath>

#include "geometry/pair.hpp"
#include "geometry/radial.hpp"
#include "geometry_torque.hpp"

using namespace gaq_test;

namespace {

// Largest difference between a gradient and central differences of a function of three or nine numbers.
template <class Function>
double slope_error(const Function& f, const double* x, const double* gradient, int count) {
  double worst = 0;
  for (int k = 0; k < count; ++k) {
    double moved[9];
    constexpr double h = 1e-5;
    std::copy_n(x, count, moved);
    moved[k] = x[k] + h;
    const double above = f(moved);
    moved[k] = x[k] - h;
    worst = std::max(worst, std::fabs((above - f(moved)) / (2 * h) - gradient[k]));
  }
  return worst;
}

void exponential_is_exact() {
  double worst = 0;
  for (int n = -60000; n <= 60000; ++n) {
    const double x = n * 1e-3 * 1.0123456789;
    worst = std::max(worst, double(std::fabs(exponential(x) / std::exp((long double)x) - 1)));
  }
  CHECK(worst < 1e-15);
  CHECK(worst > 0);
  CHECK_EQ(exponential(0), 1.0);
  CHECK(exponential(-1e9) > 0 && exponential(-1e9) < 1e-300);
}

void rounding_is_to_even() {
  CHECK_EQ(on_grid<0>(2.5), 2.0);
  CHECK_EQ(on_grid<0>(3.5), 4.0);
  CHECK_EQ(on_grid<0>(-2.5), -2.0);
  CHECK_EQ(on_grid<1>(0.74), 0.5);
  CHECK_EQ(on_grid<30>(1e-10), 0.0);
}

void envelope_ends_smoothly() {
  CHECK_EQ(envelope(0, 5), 1.0);
  CHECK_NEAR(envelope(5, 5), 0.0, 1e-14);
  CHECK_EQ(envelope_slope(5, 5), 0.0);
  for (double r = 0.3; r < 5; r += 0.1)
    CHECK_NEAR((envelope(r + 1e-5, 5) - envelope(r - 1e-5, 5)) / 2e-5, envelope_slope(r, 5), 1e-9);
}

void knots_find_their_place() {
  const Description d = make_description(1);
  const RadialKnots knots(d.radial);
  const double step = (d.radial.high - d.radial.low) / (d.radial.knots - 1);
  double fraction, steepness, after, unused;
  for (double r = 0.05; r < 5; r += 0.0371) {
    const int32_t knot = knots.find(r, fraction, steepness);
    CHECK(knot >= 0 && knot <= d.radial.knots - 2);
    CHECK(fraction >= 0 && fraction <= 1);
    CHECK_NEAR(d.radial.low + (knot + fraction) * step, std::exp(-r), 1e-14);
    CHECK_NEAR(steepness, -std::exp(-r) / step, 1e-11);
    const double later = knots.find(r + 1e-6, after, unused) + after;
    CHECK_NEAR((later - (knot + fraction)) / 1e-6, steepness, 1e-3);
  }
  CHECK_EQ(knots.find(5.0, fraction, steepness), 0);
  CHECK_NEAR(fraction, 0.0, 1e-10);
  RadialGrid low = d.radial;
  low.high = std::exp(-0.1);
  CHECK_EQ(RadialKnots(low).find(0.01, fraction, steepness), d.radial.knots - 2);  // closer than the table reaches
  CHECK_EQ(fraction, 1.0);
  CHECK_EQ(steepness, 0.0);
}

template <int degrees>
void harmonics_turn_with_wigner(Random& random) {
  constexpr int n = components(degrees), m = transports(degrees);
  double r[9], u[3], ru[3] = {}, y[n], expected[n], d[m];
  draw_rotation(random, r);
  for (double& x : u) x = draw(random);
  const double length = std::sqrt(dot(u, u));
  for (double& x : u) x /= length;
  add_turned(ru, r, u);
  harmonics<degrees>(u, y);
  harmonics<degrees>(ru, expected);
  wigner<degrees>(r, d);
  for (int l = 1, row = 0, block = 0; l <= degrees; block += (2 * l + 1) * (2 * l + 1), row += 2 * l + 1, ++l) {
    double square = 0;
    for (int a = 0; a < 2 * l + 1; ++a) {
      double sum = 0;
      for (int b = 0; b < 2 * l + 1; ++b) sum += d[block + a * (2 * l + 1) + b] * y[row + b];
      CHECK_NEAR(sum, expected[row + a], 3e-15);
      square += y[row + a] * y[row + a];
    }
    CHECK_NEAR(square, 1.0, 3e-15);
  }
}

template <int degrees>
void harmonics_gradient(Random& random) {
  constexpr int n = components(degrees);
  double u[3], weight[n], gradient[3];
  for (double& x : u) x = draw(random);
  for (double& x : weight) x = draw(random);
  harmonics_pullback<degrees>(u, weight, gradient);
  const auto f = [&](const double* x) {
    double y[n], sum = 0;
    harmonics<degrees>(x, y);
    for (int k = 0; k < n; ++k) sum += weight[k] * y[k];
    return sum;
  };
  CHECK(slope_error(f, u, gradient, 3) < 1e-7);
}

// q[9] = exp(t [e_axis]×)
void turn_about(int axis, double t, double* q) {
  const int a = (axis + 1) % 3, b = (axis + 2) % 3;
  const double c = std::cos(t), s = std::sin(t);
  std::fill_n(q, 9, 0.0);
  q[4 * axis] = 1;
  q[4 * a] = q[4 * b] = c;
  q[3 * a + b] = -s;
  q[3 * b + a] = s;
}

// Along rotations R exp(t ω): what the gradient is in other directions has no meaning.
template <int degrees>
void wigner_gradient(Random& random) {
  constexpr int m = transports(degrees);
  double r[9], weight[m], gradient[9];
  draw_rotation(random, r);
  for (double& x : weight) x = draw(random);
  wigner_pullback<degrees>(r, weight, gradient);
  for (int axis = 0; axis < 3; ++axis) {
    double turn[9] = {}, along = 0, values[2];
    const int a = (axis + 1) % 3, b = (axis + 2) % 3;
    for (int side = 0; side < 2; ++side) {
      double q[9], product[9] = {}, d[m];
      turn_about(axis, side ? -1e-5 : 1e-5, q);
      add_product(product, r, q);
      wigner<degrees>(product, d);
      values[side] = 0;
      for (int k = 0; k < m; ++k) values[side] += weight[k] * d[k];
    }
    double generator[9] = {};
    generator[3 * a + b] = -1;
    generator[3 * b + a] = 1;
    add_product(turn, r, generator);
    for (int k = 0; k < 9; ++k) along += gradient[k] * turn[k];
    CHECK_NEAR((values[0] - values[1]) / 2e-5, along, 1e-7);
  }
}

// Entries, each listed once, are the slopes of D at the identity, and all of them.
template <int degrees>
void generators_are_slopes() {
  constexpr int n = components(degrees), m = transports(degrees);
  constexpr double h = 1e-5;
  double listed[3][n][n] = {};
  for (const GeneratorEntry& entry : generators(degrees)) {
    CHECK_EQ(listed[entry.axis][entry.m][entry.n], 0.0);
    CHECK(entry.value != 0);
    listed[entry.axis][entry.m][entry.n] = entry.value;
  }
  for (int axis = 0; axis < 3; ++axis) {
    double q[9], above[m], below[m], slopes[n][n] = {};
    turn_about(axis, h, q);
    wigner<degrees>(q, above);
    turn_about(axis, -h, q);
    wigner<degrees>(q, below);
    for (int l = 1, row = 0, block = 0; l <= degrees; row += 2 * l + 1, ++l)
      for (int a = 0; a < 2 * l + 1; ++a)
        for (int b = 0; b < 2 * l + 1; ++b, ++block) slopes[row + a][row + b] = (above[block] - below[block]) / (2 * h);
    for (int a = 0; a < n; ++a)
      for (int b = 0; b < n; ++b) CHECK_NEAR(listed[axis][a][b], slopes[a][b], 2e-9);
  }
}

// A linear functional of the pair's invariants, as a function of its direction with the frames held.
template <int degrees>
void pair_gradient(Random& random) {
  constexpr int n = 2 * components(degrees), m = transports(degrees);
  double r[2][9], unit[3], out[3], rows[n];
  for (double* one : {r[0], r[1]}) draw_rotation(random, one);
  for (double& x : unit) x = draw(random);
  for (double& x : rows) x = draw(random);
  local_pullback<degrees, double>(unit, r[0], r[1], rows, out);
  const auto local = [&](const double* u) {
    double y[n], d[m], sum = 0;
    describe_local<degrees, double>(u, r[0], r[1], y, d);
    for (int k = 0; k < n; ++k) sum += y[k] * rows[k];
    return sum;
  };
  CHECK(slope_error(local, unit, out, 3) < 1e-7);
  lab_pullback<degrees, double>(unit, rows, out);
  const auto lab = [&](const double* u) {
    double y[n], sum = 0;
    describe_lab<degrees, double>(u, y);
    for (int k = 0; k < n; ++k) sum += y[k] * rows[k];
    return sum;
  };
  CHECK(slope_error(lab, unit, out, 3) < 1e-7);
}

// The same functional and the transport, as a function of ω in R (1 + [ω]×) of either frame with the direction held;
// and turning the pair with both of its frames changes nothing.
template <int degrees>
void pair_turns(Random& random) {
  constexpr int n = 2 * components(degrees), m = transports(degrees);
  double r[2][9], unit[3], rows[n], transport[m], g_y[n], g_d[m], frame_torque[2][3] = {}, turning[3], left[3];
  for (double* one : {r[0], r[1]}) draw_rotation(random, one);
  for (double& x : unit) x = draw(random);
  const double length = std::sqrt(dot(unit, unit));
  for (double& x : unit) x /= length;
  for (double& x : g_y) x = draw(random);
  for (double& x : g_d) x = draw(random);
  describe_local<degrees, double>(unit, r[0], r[1], rows, transport);
  add_pair_torque<degrees>(rows, transport, g_y, g_d, frame_torque[0], frame_torque[1]);
  for (int end = 0; end < 2; ++end)
    for (int axis = 0; axis < 3; ++axis) {
      double values[2] = {};
      for (int side = 0; side < 2; ++side) {
        double q[9], moved[2][9] = {}, y[n], d[m];
        turn_about(axis, side ? -1e-5 : 1e-5, q);
        std::copy_n(r[1 - end], 9, moved[1 - end]);
        add_product(moved[end], r[end], q);
        describe_local<degrees, double>(unit, moved[0], moved[1], y, d);
        for (int k = 0; k < n; ++k) values[side] += g_y[k] * y[k];
        for (int k = 0; k < m; ++k) values[side] += g_d[k] * d[k];
      }
      CHECK_NEAR((values[0] - values[1]) / 2e-5, frame_torque[end][axis], 1e-7);
    }
  local_pullback<degrees, double>(unit, r[0], r[1], g_y, turning);
  cross(unit, turning, left);
  for (int end = 0; end < 2; ++end) add_turned(left, r[end], frame_torque[end]);
  for (double x : left) CHECK_NEAR(x, 0, 1e-12);
}

}  // namespace

int main() {
  exponential_is_exact();
  rounding_is_to_even();
  envelope_ends_smoothly();
  knots_find_their_place();
  generators_are_slopes<1>();
  generators_are_slopes<2>();
  generators_are_slopes<3>();
  Random random(1);
  for (int round = 0; round < 20; ++round) {
    harmonics_turn_with_wigner<3>(random);
    harmonics_gradient<1>(random);
    harmonics_gradient<2>(random);
    harmonics_gradient<3>(random);
    wigner_gradient<1>(random);
    wigner_gradient<2>(random);
    wigner_gradient<3>(random);
    pair_gradient<1>(random);
    pair_gradient<2>(random);
    pair_gradient<3>(random);
    pair_turns<1>(random);
    pair_turns<2>(random);
    pair_turns<3>(random);
  }
  return finish();
}
