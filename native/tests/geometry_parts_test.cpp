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

void draw_unit(Random& random, double* u) {
  for (int k = 0; k < 3; ++k) u[k] = draw(random);
  const double length = std::sqrt(dot(u, u));
  for (int k = 0; k < 3; ++k) u[k] /= length;
}

double legendre(int l, double x) { return l == 1 ? x : l == 2 ? 1.5 * x * x - 0.5 : (2.5 * x * x - 1.5) * x; }

// Y^l(u) · Y^l(v) = P_l(u · v), the same for every rotated copy of u and v: harmonics turn by orthogonal matrices.
template <int degrees>
void harmonics_add_up(Random& random) {
  double u[3], v[3], of_u[components(degrees)], of_v[components(degrees)];
  draw_unit(random, u);
  for (int round = 0; round < 2; ++round) {
    if (round)
      std::copy_n(u, 3, v);
    else
      draw_unit(random, v);
    harmonics<degrees>(u, of_u);
    harmonics<degrees>(v, of_v);
    for (int l = 1, row = 0; l <= degrees; row += 2 * l + 1, ++l) {
      double sum = 0;
      for (int m = 0; m < 2 * l + 1; ++m) sum += of_u[row + m] * of_v[row + m];
      CHECK_NEAR(sum, legendre(l, dot(u, v)), 3e-15);
    }
  }
}

// Which component is which: along the axes, and between them.
void harmonics_have_known_values() {
  const double a = std::sqrt(5.0 / 8), b = std::sqrt(3.0 / 8), h = std::sqrt(3.0) / 2, third = 1 / std::sqrt(3.0);
  const double cube = third / 3;
  const double known[4][3 + 15] = {{1, 0, 0, 1, 0, 0, 0, 0, -0.5, 0, h, 0, 0, 0, 0, -b, 0, a},
                                   {0, 1, 0, 0, 1, 0, 0, 0, -0.5, 0, -h, -a, 0, -b, 0, 0, 0, 0},
                                   {0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0},
                                   {third, third, third, third, third, third, third, third, 0, third, 0, 2 * a * cube,
                                    std::sqrt(15.0) * cube, 2 * b * cube, -2 * cube, 2 * b * cube, 0, -2 * a * cube}};
  for (const double* one : known) {
    double y[15];
    harmonics<3>(one, y);
    for (int k = 0; k < 15; ++k) CHECK_NEAR(y[k], one[3 + k], 3e-16);
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

// out[9] += A B
void add_product(double* out, const double* a, const double* b) {
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) out[3 * r + c] += a[3 * r] * b[c] + a[3 * r + 1] * b[3 + c] + a[3 * r + 2] * b[6 + c];
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

// A linear functional of the pair's invariants, as a function of its direction with the frames held.
template <int degrees>
void pair_gradient(Random& random) {
  constexpr int n = 2 * components(degrees);
  double r[2][9], unit[3], out[3], rows[n];
  for (double* one : {r[0], r[1]}) draw_rotation(random, one);
  for (double& x : unit) x = draw(random);
  for (double& x : rows) x = draw(random);
  local_pullback<degrees, double>(unit, r[0], r[1], rows, out, nullptr, nullptr);
  const auto local = [&](const double* u) {
    double y[n], sum = 0;
    describe_local<degrees, double>(u, r[0], r[1], y, nullptr);
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

// A pair turned with its frames looks the same, and its transport is a rotation; in space's axes it looks another way.
template <int degrees>
void turned_pairs_look_the_same(Random& random) {
  constexpr int n = 2 * components(degrees);
  double turn[9], r[2][9], moved[2][9] = {}, unit[3], along[3] = {}, seen[2][n], carried[2][9], product[9];
  draw_rotation(random, turn);
  draw_unit(random, unit);
  add_turned(along, turn, unit);
  for (int end = 0; end < 2; ++end) {
    draw_rotation(random, r[end]);
    add_product(moved[end], turn, r[end]);
  }
  describe_local<degrees, double>(unit, r[0], r[1], seen[0], carried[0]);
  describe_local<degrees, double>(along, moved[0], moved[1], seen[1], carried[1]);
  for (int k = 0; k < n; ++k) CHECK_NEAR(seen[1][k], seen[0][k], 1e-14);
  for (int k = 0; k < 9; ++k) CHECK_NEAR(carried[1][k], carried[0][k], 1e-14);
  // What one end sees along its axes, the other sees along the transported ones: Y¹(−u) there, carried, is −Y¹(u) here.
  double back[3] = {};
  add_turned(back, carried[0], seen[0] + n / 2);
  for (int k = 0; k < 3; ++k) CHECK_NEAR(back[k], -seen[0][k], 1e-14);
  multiply_transposed(carried[0], carried[0], product);
  for (int k = 0; k < 9; ++k) CHECK_NEAR(product[k], k % 4 == 0, 1e-14);
  describe_lab<degrees, double>(unit, seen[0]);
  describe_lab<degrees, double>(along, seen[1]);
  double apart = 0;
  for (int k = 0; k < n; ++k) apart = std::max(apart, std::fabs(seen[1][k] - seen[0][k]));
  CHECK(apart > 1e-3);
}

// The same functional and the transport, as functions of ω in R (1 + [ω]×) of either frame with the direction held; and
// turning the pair with both of its frames changes nothing.
template <int degrees>
void pair_turns(Random& random) {
  constexpr int n = 2 * components(degrees);
  double r[2][9], unit[3], rows[n], transport[9], g_y[n], g_t[9], turning[3], quiet[3], left[3], carried_left[3] = {};
  double torque[2][3] = {}, carried[2][3] = {};  // by the directions; by the transport
  for (double* one : {r[0], r[1]}) draw_rotation(random, one);
  draw_unit(random, unit);
  for (double& x : g_y) x = draw(random);
  for (double& x : g_t) x = draw(random);
  describe_local<degrees, double>(unit, r[0], r[1], rows, transport);
  local_pullback<degrees, double>(unit, r[0], r[1], g_y, turning, torque[0], torque[1]);
  add_transport_torque(transport, g_t, carried[0], carried[1]);
  for (int end = 0; end < 2; ++end)
    for (int axis = 0; axis < 3; ++axis) {
      double values[2] = {}, carried_values[2] = {};
      for (int side = 0; side < 2; ++side) {
        double q[9], moved[2][9] = {}, y[n], t[9];
        turn_about(axis, side ? -1e-5 : 1e-5, q);
        std::copy_n(r[1 - end], 9, moved[1 - end]);
        add_product(moved[end], r[end], q);
        describe_local<degrees, double>(unit, moved[0], moved[1], y, t);
        for (int k = 0; k < n; ++k) values[side] += g_y[k] * y[k];
        for (int k = 0; k < 9; ++k) carried_values[side] += g_t[k] * t[k];
      }
      CHECK_NEAR((values[0] - values[1]) / 2e-5, torque[end][axis], 1e-7);
      CHECK_NEAR((carried_values[0] - carried_values[1]) / 2e-5, carried[end][axis], 1e-7);
    }
  cross(unit, turning, left);
  for (int end = 0; end < 2; ++end) {
    add_turned(left, r[end], torque[end]);
    add_turned(carried_left, r[end], carried[end]);
  }
  for (double x : left) CHECK_NEAR(x, 0, 1e-12);
  for (double x : carried_left) CHECK_NEAR(x, 0, 1e-12);
  // Torques are added to what is there, and nobody need ask for them.
  double again[2][3];
  for (int end = 0; end < 2; ++end) std::copy_n(torque[end], 3, again[end]);
  local_pullback<degrees, double>(unit, r[0], r[1], g_y, quiet, nullptr, again[1]);
  for (int k = 0; k < 3; ++k) {
    CHECK_EQ(quiet[k], turning[k]);
    CHECK_EQ(again[0][k], torque[0][k]);
    CHECK_NEAR(again[1][k], 2 * torque[1][k], 1e-13);
  }
}

}  // namespace

int main() {
  exponential_is_exact();
  rounding_is_to_even();
  envelope_ends_smoothly();
  knots_find_their_place();
  harmonics_have_known_values();
  Random random(1);
  for (int round = 0; round < 20; ++round) {
    harmonics_add_up<1>(random);
    harmonics_add_up<2>(random);
    harmonics_add_up<3>(random);
    harmonics_gradient<1>(random);
    harmonics_gradient<2>(random);
    harmonics_gradient<3>(random);
    pair_gradient<1>(random);
    pair_gradient<2>(random);
    pair_gradient<3>(random);
    turned_pairs_look_the_same<1>(random);
    turned_pairs_look_the_same<2>(random);
    turned_pairs_look_the_same<3>(random);
    pair_turns<1>(random);
    pair_turns<2>(random);
    pair_turns<3>(random);
  }
  return finish();
}
