// Geometry as a whole: against Python, against differences, against rotations.
#include "geometry_torque.hpp"

using namespace gaq_test;

namespace {

// What a difference would be if a float32 was wrong in its last place.
constexpr double float_round_off = 1.2e-7;

int64_t find_pair(const Described& d, const Case& one, const GoldenPair& golden) {
  int64_t active = 0, found = -1;
  each_active(d, one, [&](const Pair& pair, const double*, double) {
    if (pair.i == golden.i && pair.j == golden.j && std::equal(pair.shift, pair.shift + 3, golden.shift))
      found = active;
    ++active;
  });
  return found;
}

template <int degrees>
void compare_pairs(const Described& d, const Case& one) {
  constexpr size_t n = 2 * components(degrees);
  for (const GoldenPair& golden : one.pairs) {
    const int64_t found = find_pair(d, one, golden);
    CHECK(found >= 0);
    if (found < 0) continue;
    const size_t pair = size_t(found);
    CHECK_NEAR(d.seen.envelope[pair], golden.values[0], 2 * float_round_off);
    for (size_t k = 0; k < n; ++k) CHECK_NEAR(d.seen.harmonics[n * pair + k], golden.values[1 + k], float_round_off);
    if (d.axes == Axes::carried)
      for (size_t k = 0; k < 9; ++k)
        CHECK_NEAR(d.seen.transport[9 * pair + k], golden.values[1 + n + k], float_round_off);
  }
}

void python_agrees() {
  const std::vector<Case> cases = golden_cases();
  CHECK_EQ(cases.size(), size_t(18));
  for (const Case& one : cases) {
    const int before = failures;
    for (Axes axes : {Axes::atoms, Axes::carried}) {
      Described d(one, one.degrees, axes);
      for (size_t k = 0; k < one.frames.size(); ++k) CHECK_NEAR(d.geometry.frame_rows()[k], one.frames[k], 1e-13);
      CHECK(!one.pairs.empty());
      CHECK_EQ(d.seen.transport.empty(), axes == Axes::atoms);
      if (one.degrees == 1) compare_pairs<1>(d, one);
      if (one.degrees == 2) compare_pairs<2>(d, one);
      if (one.degrees == 3) compare_pairs<3>(d, one);
    }
    if (failures > before) std::fprintf(stderr, "  in %s\n", one.name.c_str());
  }
}

template <int degrees>
double functional(const Case& one, Axes axes, const std::vector<double>& gradient) {
  Described d(one, degrees, axes);
  const std::vector<double> rows = exact_rows<degrees>(d, one);
  if (rows.size() != gradient.size()) return NAN;
  double sum = 0;
  for (size_t n = 0; n < rows.size(); ++n) sum += rows[n] * gradient[n];
  return sum;
}

// The functional with one atom moved, or (atom < 0) with strain number `entry`.
template <int degrees>
double slope(const Case& one, Axes axes, const std::vector<double>& gradient, int64_t atom, int entry) {
  constexpr double h = 1e-5;
  double values[2];
  for (int side = 0; side < 2; ++side) {
    const double step = side ? -h : h;
    Case moved = one;
    double strain[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    strain[entry] += step;
    if (atom < 0)
      moved = turned(one, strain);
    else
      moved.positions[size_t(3 * atom + entry)] += step;
    values[side] = functional<degrees>(moved, axes, gradient);
  }
  return (values[0] - values[1]) / (2 * h);
}

template <int degrees>
void forces_are_slopes(const Case& one, Axes axes, Random& random) {
  Described d(one, degrees, axes);
  draw_gradients(random, d);
  const std::vector<double> gradient = gradient_rows<degrees>(d);
  const FrameTorque frame_torque = torque_of(d, one);
  double virial[9] = {}, open_virial[9] = {};
  const std::vector<double> forces = d.pull_back(frame_torque, virial),
                            open = d.pull_back(frame_torque, open_virial, false);
  double largest = 0;
  for (double f : forces) largest = std::max(largest, std::fabs(f));
  for (int64_t atom = 0; atom < one.atoms(); ++atom)
    for (int k = 0; k < 3; ++k)
      CHECK_NEAR(forces[size_t(3 * atom + k)], -slope<degrees>(one, axes, gradient, atom, k), 1e-6 * (1 + largest));
  for (int k = 0; k < 9; ++k)
    CHECK_NEAR(virial[k], slope<degrees>(one, axes, gradient, -1, k), 1e-6 * (1 + largest) * 5);
  // Torques without round-off have no remainder, so subtracting it hides nothing.
  for (size_t k = 0; k < forces.size(); ++k) CHECK_NEAR(open[k], forces[k], 1e-10 * (1 + largest));
  for (int k = 0; k < 9; ++k) CHECK_NEAR(open_virial[k], virial[k], 1e-10 * (1 + largest) * 5);
}

// Made so general that a small step changes no choice: no two neighbours equal, no axis of space along a bond.
Case generic(const Case& golden, Random& random) {
  const double strain[9] = {0.97, 0.01, -0.02, 0.015, 1.01, 0.01, -0.01, 0.02, 0.985};
  double rotation[9];
  draw_rotation(random, rotation);
  Case one = turned(turned(golden, strain), rotation);
  // A straight line must stay one.
  const bool straight = golden.name == "CO2" || golden.name == "H2" || golden.name == "C2H2";
  if (!straight) return shaken(one, random);
  for (size_t k = 0; k < 3; ++k) one.positions[k] += 0.1 * (one.positions[k] - one.positions[3 + k]);
  return one;
}

void forces_are_slopes_everywhere() {
  Random random(2);
  for (const Case& golden : golden_cases()) {
    const int before = failures;
    const Case one = generic(golden, random);
    for (Axes axes : all_axes) {
      if (axes == Axes::space && one.atoms() >= 10) continue;
      forces_are_slopes<1>(one, axes, random);
      forces_are_slopes<2>(one, axes, random);
      forces_are_slopes<3>(one, axes, random);
    }
    if (failures > before) std::fprintf(stderr, "  in %s\n", one.name.c_str());
  }
}

void rotated_copies_look_the_same() {
  Random random(3);
  const Case one = golden_cases()[0];
  Described d(one, 3, Axes::carried);
  const std::vector<double> rows = exact_rows<3>(d, one);
  const PairInvariants seen = d.seen;
  int64_t numbers = 0, differing = 0;
  for (int round = 0; round < 100; ++round) {
    double r[9];
    draw_rotation(random, r);
    const Case copy = turned(one, r);
    d.look(copy);
    const std::vector<double> again = exact_rows<3>(d, copy);
    CHECK_EQ(again.size(), rows.size());
    double worst = 0;
    for (size_t n = 0; n < rows.size(); ++n) worst = std::max(worst, std::fabs(again[n] - rows[n]));
    CHECK(worst < 3e-14);
    const auto compare = [&](const auto& a, const auto& b) {
      numbers += int64_t(a.size());
      for (size_t n = 0; n < a.size(); ++n) differing += a[n] != b[n];
    };
    compare(d.seen.knot, seen.knot);
    compare(d.seen.fraction, seen.fraction);
    compare(d.seen.steepness, seen.steepness);
    compare(d.seen.envelope, seen.envelope);
    compare(d.seen.harmonics, seen.harmonics);
    compare(d.seen.transport, seen.transport);
  }
  std::printf("rotated copies: %lld of %lld floats differ\n", (long long)differing, (long long)numbers);
  CHECK(double(differing) < 1e-6 * double(numbers));
  // Negative control: in space's axes nearly all differ.
  Described lab(one, 3, Axes::space);
  const std::vector<float> before = lab.seen.harmonics;
  double r[9];
  draw_rotation(random, r);
  lab.look(turned(one, r));
  CHECK(before != lab.seen.harmonics);
}

// |Σ F| and |Σ x × F|
void net(const Case& one, const std::vector<double>& forces, double* force, double* torque) {
  double f[3] = {}, t[3] = {}, turn[3];
  for (size_t n = 0; n < forces.size(); n += 3) {
    add_scaled(f, 1, &forces[n]);
    cross(&one.positions[n], &forces[n], turn);
    add_scaled(t, 1, turn);
  }
  *force = std::sqrt(dot(f, f));
  *torque = std::sqrt(dot(t, t));
}

void pushes_or_turns_nothing(int degrees, Axes axes, Random& random) {
  const Case one = golden_cases()[0];
  Described d(one, degrees, axes);
  draw_gradients(random, d);
  FrameTorque frame_torque = torque_of(d, one);
  double force, torque;
  for (bool closed : {false, true}) {
    double virial[9] = {};
    net(one, d.pull_back(frame_torque, virial, closed), &force, &torque);
    CHECK(force < 1e-10);
    CHECK(torque < 1e-10);
    for (int k : {1, 2, 5}) CHECK_NEAR(virial[k], virial[k % 3 * 3 + k / 3], 1e-9);
  }
  // Negative control: without the backward pass through the frames.
  std::vector<double> forces(one.positions.size());
  FrameTorque spent = frame_torque;
  double virial[9] = {};
  d.geometry.backward_pairs(d.gradients, spent, one.atoms(), forces.data(), virial);
  net(one, forces, &force, &torque);
  CHECK(force < 1e-10);
  CHECK(torque > 1e-2);
  // And with one frame's gradient lost.
  std::fill_n(&d.geometry.frame_gradient_rows()[9 * 5], 9, 0.0);
  d.geometry.backward_frames(forces.data(), virial, one.atoms());
  net(one, forces, &force, &torque);
  CHECK(torque > 1e-2);
  // And with one frame's turn lost, or what the directions do counted twice.
  if (axes == Axes::carried)
    std::fill_n(&frame_torque[3 * 5], 3, 0.0);
  else
    frame_torque = spent;
  net(one, d.pull_back(frame_torque, virial, false), &force, &torque);
  CHECK(torque > 1e-2);
}

void nothing_pushes_or_turns_itself() {
  Random random(4);
  for (int degrees = 1; degrees <= 3; ++degrees)
    for (Axes axes : {Axes::atoms, Axes::carried}) pushes_or_turns_nothing(degrees, axes, random);
}

// Torques have the round-off of float32: with all atoms here it turns nothing, with ghosts it may.
void round_off_turns_nothing(int degrees, Axes axes, Random& random) {
  const Case one = golden_cases()[0];
  Described d(one, degrees, axes);
  draw_gradients(random, d);
  FrameTorque frame_torque = torque_of(d, one);
  double force, torque, exact_virial[9] = {}, virial[9] = {}, open_virial[9] = {};
  const std::vector<double> exact = d.pull_back(frame_torque, exact_virial);
  for (double& turn : frame_torque) turn += 1e-6 * draw(random);
  const std::vector<double> closed = d.pull_back(frame_torque, virial);
  net(one, closed, &force, &torque);
  CHECK(force < 1e-10);
  CHECK(torque < 1e-10);
  for (int k : {1, 2, 5}) CHECK_NEAR(virial[k], virial[k % 3 * 3 + k / 3], 1e-9);
  for (size_t k = 0; k < exact.size(); ++k) CHECK_NEAR(closed[k], exact[k], 1e-4);
  CHECK(closed != exact);
  net(one, d.pull_back(frame_torque, open_virial, false), &force, &torque);
  CHECK(force < 1e-10);
  CHECK(torque > 1e-7);
  CHECK(torque < 1e-4);
}

void round_off_of_turns_turns_nothing() {
  Random random(5);
  for (int degrees = 1; degrees <= 3; ++degrees)
    for (Axes axes : {Axes::atoms, Axes::carried}) round_off_turns_nothing(degrees, axes, random);
}

}  // namespace

int main() {
  python_agrees();
  forces_are_slopes_everywhere();
  rotated_copies_look_the_same();
  nothing_pushes_or_turns_itself();
  round_off_of_turns_turns_nothing();
  return finish();
}
