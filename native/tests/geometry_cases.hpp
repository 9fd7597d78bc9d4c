// Structures for the tests of geometry: those of golden/geometry.txt, and everything that is needed to describe one.
#pragma once

#include <cmath>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"
#include "geometry/geometry.hpp"
#include "geometry/pair.hpp"
#include "neighbors/neighbors.hpp"

namespace gaq_test {

using namespace gaq;

struct GoldenPair {
  int i, j, shift[3];
  std::vector<double> values;  // envelope, harmonics of both directions, transport of vectors
};

struct Case {
  std::string name;
  int degrees = 1;
  std::vector<int32_t> species;
  std::vector<double> positions, frames;
  System system;
  std::vector<GoldenPair> pairs;

  int64_t atoms() const { return int64_t(species.size()); }
  // The same atoms, pointing at this copy's own arrays.
  System view() const {
    System seen = system;
    seen.atoms = atoms();
    seen.species = species.data();
    seen.positions = positions.data();
    return seen;
  }
};

template <class Number>
std::vector<Number> read_numbers(std::istream& in, size_t count) {
  std::vector<Number> numbers(count);
  for (Number& x : numbers) in >> x;
  return numbers;
}

inline bool read_case(std::istream& in, Case& out) {
  out = {};
  size_t atoms = 0, pairs = 0;
  if (!(in >> out.name >> out.degrees >> atoms)) return false;
  const auto cell = read_numbers<double>(in, 9);
  const auto periodic = read_numbers<int>(in, 3);
  for (int k = 0; k < 9; ++k) out.system.cell[k / 3][k % 3] = cell[size_t(k)];
  for (int k = 0; k < 3; ++k) out.system.periodic[k] = periodic[size_t(k)] != 0;
  out.species = read_numbers<int32_t>(in, atoms);
  out.positions = read_numbers<double>(in, 3 * atoms);
  out.frames = read_numbers<double>(in, 9 * atoms);
  in >> pairs;
  for (size_t n = 0; n < pairs; ++n) {
    GoldenPair pair;
    in >> pair.i >> pair.j >> pair.shift[0] >> pair.shift[1] >> pair.shift[2];
    pair.values = read_numbers<double>(in, size_t(1 + 2 * components(out.degrees) + 9));
    out.pairs.push_back(pair);
  }
  return bool(in);
}

inline std::vector<Case> golden_cases() {
  std::ifstream in(beside(__FILE__, "golden/geometry.txt"));
  std::vector<Case> cases;
  for (Case one; read_case(in, one);) cases.push_back(one);
  return cases;
}

// Elements of the cases, with the covalent radii of ase.data.
inline Description make_description(int degrees, double cutoff = 5) {
  Description d;
  d.degrees = degrees;
  d.cutoff = cutoff;
  d.species = {1, 6, 7, 8, 29};
  d.radii = {0.31, 0.76, 0.71, 0.66, 1.32};
  d.radial.knots = 160;
  d.radial.decay = 5 / cutoff;
  d.radial.low = std::exp(-5.0);
  d.radial.high = 1;
  return d;
}

inline std::vector<int32_t> rows_by_place(const Description& d, const System& system, const NeighborList& list) {
  std::vector<int32_t> rows;
  for (int32_t atom : list.order())
    for (size_t row = 0; row < d.species.size(); ++row)
      if (d.species[row] == system.species[atom]) rows.push_back(int32_t(row));
  return rows;
}

// The axes that components are in: of space, or of the atoms; there messages may carry vectors, and need a transport.
enum class Axes { space, atoms, carried };
constexpr Axes all_axes[] = {Axes::space, Axes::atoms, Axes::carried};

// List, geometry and what it found, for one structure, and the gradient of a functional of that.
struct Described {
  Description description;
  NeighborList list;
  Geometry geometry;
  PairInvariants seen;
  PairGradients gradients;
  std::vector<float> transport_gradient;  // [pair][9], where vectors are carried; the layers never form it
  Axes axes;
  int64_t owned;

  Described(const Case& one, int degrees, Axes axes, double skin = 0.5, int64_t owned = -1, Pool* pool = nullptr)
      : description(make_description(degrees)),
        list(description.cutoff, skin),
        geometry(description, axes != Axes::space, axes == Axes::carried),
        axes(axes),
        owned(owned < 0 ? one.atoms() : owned) {
    geometry.use(pool);
    look(one);
  }
  Described(const Described&) = delete;

  void look(const Case& one) {
    const System system = one.view();
    list.update(system, owned);
    geometry.select(system, list);
    geometry.frames(rows_by_place(description, system, list), owned);
    forward();
  }

  int64_t transport_width() const { return axes == Axes::carried ? 9 : 0; }

  void forward() {
    geometry.forward(seen, gradients);
    transport_gradient.assign(size_t(transport_width() * seen.count), 0.0f);
  }

  // Forces by atom of the caller, and the virial. Not `closed`: the last place passes for a ghost, and what gradients
  // and turns leave over of "turning everything changes nothing" stays there.
  std::vector<double> pull_back(FrameTorque frame_torque, double* virial, bool closed = true) {
    const size_t atoms = list.order().size();
    std::vector<double> forces(3 * atoms), by_atom(3 * atoms);
    geometry.backward_pairs(gradients, frame_torque, closed ? owned : owned - 1, forces.data(), virial);
    geometry.backward_frames(forces.data(), virial, owned);
    for (size_t place = 0; place < atoms; ++place)
      for (size_t k = 0; k < 3; ++k) by_atom[3 * size_t(list.order()[place]) + k] = forces[3 * place + k];
    return by_atom;
  }
};

using Random = std::mt19937_64;

inline double draw(Random& random) { return std::normal_distribution<double>()(random); }

// Fills the first `count` numbers.
inline void draw(Random& random, std::vector<float>& out, int64_t count) {
  for (int64_t n = 0; n < count; ++n) out[size_t(n)] = float(draw(random));
}

inline void draw_gradients(Random& random, Described& d) {
  const int64_t count = d.seen.count;
  draw(random, d.gradients.radial, 2 * count);
  draw(random, d.gradients.envelope, 2 * count);
  draw(random, d.gradients.harmonics, 2 * components(d.description.degrees) * count);
  draw(random, d.transport_gradient, int64_t(d.transport_gradient.size()));
}

// work(pair, unit, distance) for each active pair, in the order of the list.
template <class Work>
void each_active(const Described& d, const Case& one, const Work& work) {
  const auto at = [&](int32_t place) { return &one.positions[3 * size_t(d.list.order()[size_t(place)])]; };
  for (const Pair& pair : d.list.pairs()) {
    double v[3];
    for (int k = 0; k < 3; ++k) {
      v[k] = at(pair.j)[k] - at(pair.i)[k];
      for (int a = 0; a < 3; ++a) v[k] += pair.shift[a] * one.system.cell[a][k];
    }
    const double r = std::sqrt(dot(v, v));
    if (!(r < d.description.cutoff)) continue;
    for (double& x : v) x /= r;
    work(pair, v, r);
  }
}

// Per active pair, before any cast: distance, envelope, harmonics of both directions, transport.
template <int degrees>
std::vector<double> exact_rows(Described& d, const Case& one) {
  constexpr int n = 2 * components(degrees);
  std::vector<double> rows;
  const std::vector<double>& frames = d.geometry.frame_rows();
  each_active(d, one, [&](const Pair& pair, const double* unit, double r) {
    double values[n + 9];
    if (d.axes == Axes::space)
      describe_lab<degrees, double>(unit, values);
    else
      describe_local<degrees, double>(unit, &frames[9 * size_t(pair.i)], &frames[9 * size_t(pair.j)], values,
                                      d.axes == Axes::carried ? values + n : nullptr);
    rows.push_back(r);
    rows.push_back(envelope(r, d.description.cutoff));
    rows.insert(rows.end(), values, values + n + d.transport_width());
  });
  return rows;
}

// Gradients in the order of `exact_rows`.
template <int degrees>
std::vector<double> gradient_rows(const Described& d) {
  constexpr size_t n = 2 * components(degrees);
  const size_t m = size_t(d.transport_width());
  const PairGradients& g = d.gradients;
  std::vector<double> rows;
  for (size_t pair = 0; pair < size_t(d.seen.count); ++pair) {
    rows.push_back(double(g.radial[2 * pair]) + double(g.radial[2 * pair + 1]));
    rows.push_back(double(g.envelope[2 * pair]) + double(g.envelope[2 * pair + 1]));
    rows.insert(rows.end(), &g.harmonics[n * pair], &g.harmonics[n * pair] + n);
    for (size_t k = 0; k < m; ++k) rows.push_back(d.transport_gradient[m * pair + k]);
  }
  return rows;
}

// A rotation from a random quaternion, row-major.
inline void draw_rotation(Random& random, double* r) {
  double q[4], square = 0;
  for (double& x : q) x = draw(random);
  for (double x : q) square += x * x;
  for (double& x : q) x /= std::sqrt(square);
  const double w = q[0], x = q[1], y = q[2], z = q[3];
  const double rows[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
                          2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                          2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
  for (int k = 0; k < 9; ++k) r[k] = rows[k];
}

// x → M x for positions and cell: a rotation, or a strain.
inline Case turned(const Case& one, const double* r) {
  Case out = one;
  for (int64_t n = 0; n < one.atoms(); ++n)
    for (int a = 0; a < 3; ++a) out.positions[size_t(3 * n + a)] = dot(r + 3 * a, &one.positions[size_t(3 * n)]);
  for (int k = 0; k < 3; ++k)
    for (int a = 0; a < 3; ++a) out.system.cell[k][a] = dot(r + 3 * a, one.system.cell[k]);
  return out;
}

// Moved a little, so that no two neighbours are equal.
inline Case shaken(const Case& one, Random& random, double amount = 0.03) {
  Case out = one;
  for (double& x : out.positions) x += amount * draw(random);
  return out;
}

}  // namespace gaq_test
