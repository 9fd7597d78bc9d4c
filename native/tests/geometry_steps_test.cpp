// Geometry from step to step: threads, skins, ghosts, coinciding atoms, memory; and frames where many are equal.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <tuple>

#include "error.hpp"
#include "geometry_torque.hpp"
#include "threads/pool.hpp"

namespace {
std::atomic<int64_t> allocations{0};
}

// Not inlined, or gcc takes the pair of malloc and free apart and warns of a mismatch.
#define NOT_INLINED __attribute__((noinline))

NOT_INLINED void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
NOT_INLINED void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
NOT_INLINED void operator delete(void* memory) noexcept { std::free(memory); }
NOT_INLINED void operator delete(void* memory, size_t) noexcept { std::free(memory); }

using namespace gaq_test;

namespace {

// A periodic box of side³ atoms, `spacing` apart; carbon and hydrogen by turns, or all copper.
Case box(int side, double spacing, bool alternating) {
  Case out;
  for (int n = 0; n < side * side * side; ++n) {
    const int x = n / side / side, y = n / side % side, z = n % side;
    for (int k : {x, y, z}) out.positions.push_back(spacing * k);
    out.species.push_back(!alternating ? 29 : (x + y + z) % 2 ? 6 : 1);
  }
  for (int k = 0; k < 3; ++k) {
    out.system.cell[k][k] = side * spacing;
    out.system.periodic[k] = true;
  }
  return out;
}

// The numbers that count, without the room behind them.
template <class Number>
std::vector<Number> used(const std::vector<Number>& all, int64_t count) {
  return {all.begin(), all.begin() + count};
}

bool same_invariants(const Described& one, const Described& other) {
  const PairInvariants &a = one.seen, &b = other.seen;
  const int64_t n = a.count, rows = 2 * components(one.description.degrees), width = one.transport_width();
  if (n != b.count) return false;
  return used(a.i, n) == used(b.i, n) && used(a.j, n) == used(b.j, n) && used(a.knot, n) == used(b.knot, n) &&
         used(a.fraction, n) == used(b.fraction, n) && used(a.steepness, n) == used(b.steepness, n) &&
         used(a.envelope, n) == used(b.envelope, n) && used(a.harmonics, rows * n) == used(b.harmonics, rows * n) &&
         used(a.transport, width * n) == used(b.transport, width * n);
}

void threads_change_nothing(Axes axes) {
  Random random(1);
  const Case one = shaken(box(10, 2.1, true), random, 0.15);
  std::vector<double> forces, virial;
  Described alone(one, 1, axes);
  CHECK(alone.seen.rounds.size() > 1);
  draw_gradients(random, alone);
  const FrameTorque frame_torque = torque_of(alone, one);
  for (int threads : {0, 1, 3}) {
    Pool pool(threads);
    Described d(one, 1, axes, 0.5, -1, threads ? &pool : nullptr);
    CHECK(same_invariants(d, alone));
    CHECK(d.geometry.frame_rows() == alone.geometry.frame_rows());
    d.gradients = alone.gradients;
    double strain[9] = {};
    const std::vector<double> found = d.pull_back(frame_torque, strain);
    if (forces.empty()) {
      forces = found;
      virial.assign(strain, strain + 9);
    }
    CHECK(found == forces);
    CHECK(std::equal(virial.begin(), virial.end(), strain));
  }
}

// Tasks cover the active pairs in order, and tasks of one round share no atom.
void rounds_cover_pairs() {
  Random random(2);
  const Case one = shaken(box(10, 2.1, true), random, 0.15);
  const Described d(one, 1, Axes::atoms);
  int64_t next = 0;
  for (const auto& round : d.seen.rounds) {
    CHECK(!round.empty());
    std::vector<int64_t> owner(size_t(one.atoms()), -1);
    for (const Task& task : round) {
      CHECK_EQ(task.first, next);
      CHECK(task.last > task.first);
      next = task.last;
      for (int64_t n = task.first; n < task.last; ++n)
        for (int32_t place : {d.seen.i[size_t(n)], d.seen.j[size_t(n)]}) {
          int64_t& taken = owner[size_t(place)];
          if (taken >= 0 && taken != task.first) CHECK(false);
          taken = task.first;
        }
    }
  }
  CHECK_EQ(next, d.seen.count);
}

void skins_leave_no_trace() {
  Random random(3);
  const Case before = golden_cases()[0], after = shaken(before, random, 0.1);
  Described fresh(after, 1, Axes::carried, -1), old(before, 1, Axes::carried, 2);
  old.look(after);
  CHECK_EQ(old.list.builds(), int64_t(1));
  CHECK(old.list.pairs().size() > fresh.list.pairs().size());
  CHECK(same_invariants(fresh, old));
}

void coinciding_atoms_are_refused() {
  Case one = golden_cases()[0];
  Described d(one, 1, Axes::atoms, 3);
  for (size_t k = 0; k < 3; ++k) one.positions[3 * 5 + k] = one.positions[3 * 4 + k] + 0.08;
  CHECK_THROWS(BadStructure, d.geometry.select(one.view(), d.list));
  try {
    d.geometry.select(one.view(), d.list);
  } catch (const BadStructure& error) {
    CHECK(std::string(error.what()).find("atoms 4 and 5 at 0.1386 Å") != std::string::npos);
  }
}

// Frames of ghosts are zero until their owners' come; then pairs see what they see in the whole system.
void ghosts_wait_for_their_frames(Axes axes) {
  const Case one = golden_cases()[0];
  const int64_t owned = 15;
  Described whole(one, 2, axes), domain(one, 2, axes, 0.5, owned);
  std::vector<double>& rows = domain.geometry.frame_rows();
  CHECK(std::equal(rows.begin(), rows.begin() + 9 * owned, whole.geometry.frame_rows().begin()));
  CHECK(std::all_of(rows.begin() + 9 * owned, rows.end(), [](double x) { return x == 0; }));
  rows = whole.geometry.frame_rows();
  domain.forward();
  CHECK(domain.seen.count > 0 && domain.seen.count < whole.seen.count);
  constexpr int64_t n = 2 * components(2);
  const int64_t m = whole.transport_width();
  int64_t matched = 0;
  for (int64_t a = 0, b = 0; a < domain.seen.count; ++a, ++b) {
    const auto differ = [&] {
      return whole.seen.i[size_t(b)] != domain.seen.i[size_t(a)] || whole.seen.j[size_t(b)] != domain.seen.j[size_t(a)];
    };
    while (b < whole.seen.count && differ()) ++b;
    if (b == whole.seen.count) break;
    matched += std::equal(&domain.seen.harmonics[size_t(n * a)], &domain.seen.harmonics[size_t(n * a)] + n,
                          &whole.seen.harmonics[size_t(n * b)]) &&
               std::equal(domain.seen.transport.begin() + m * a, domain.seen.transport.begin() + m * (a + 1),
                          whole.seen.transport.begin() + m * b);
  }
  CHECK_EQ(matched, domain.seen.count);

  Random random(5);
  draw_gradients(random, domain);
  std::vector<double> forces(one.positions.size());
  double virial[9] = {};
  FrameTorque frame_torque = torque_of(domain, one);
  domain.geometry.backward_pairs(domain.gradients, frame_torque, owned, forces.data(), virial);
  const std::vector<double> pairs_only = forces, gradients = domain.geometry.frame_gradient_rows();
  CHECK(std::any_of(gradients.begin() + 9 * owned, gradients.end(), [](double x) { return x != 0; }));
  // The gradients of ghosts belong to their owners: none of them moves an atom here.
  std::fill_n(domain.geometry.frame_gradient_rows().begin(), 9 * owned, 0.0);
  domain.geometry.backward_frames(forces.data(), virial, owned);
  CHECK(forces == pairs_only);
}

void steps_allocate_nothing(Axes axes) {
  Random random(6);
  const Case first = golden_cases()[0];
  Described d(first, 3, axes, 1);
  const std::vector<int32_t> rows = rows_by_place(d.description, first.view(), d.list);
  std::vector<double> forces(first.positions.size());
  double virial[9];
  FrameTorque frame_torque(first.positions.size());
  for (int step = 0; step < 20; ++step) {
    const Case one = shaken(first, random, 0.02);
    const System system = one.view();
    const int64_t before = allocations;
    d.geometry.select(system, d.list);
    d.geometry.frames(rows, one.atoms());
    d.geometry.forward(d.seen, d.gradients);
    std::fill(frame_torque.begin(), frame_torque.end(), 0.5);
    d.geometry.backward_pairs(d.gradients, frame_torque, one.atoms(), forces.data(), virial);
    d.geometry.backward_frames(forces.data(), virial, one.atoms());
    if (step > 0) CHECK_EQ(int64_t(allocations), before);
  }
}

struct Edge {
  int32_t sender;
  int shift[3];
  double unit[3], key;
};

// All neighbours of an atom, in canonical order: the rule of geometry/frames.py as it reads.
std::vector<Edge> edges_of(const Case& one, const Description& d, int32_t receiver) {
  const auto row = [&](int32_t atom) {
    return size_t(std::find(d.species.begin(), d.species.end(), one.species[size_t(atom)]) - d.species.begin());
  };
  std::vector<Edge> edges;
  for (int32_t sender = 0; sender < one.atoms(); ++sender)
    for (int x = -1; x <= 1; ++x)
      for (int y = -1; y <= 1; ++y)
        for (int z = -1; z <= 1; ++z) {
          Edge edge{sender, {x, y, z}, {}, 0};
          for (int k = 0; k < 3; ++k)
            edge.unit[k] = one.positions[size_t(3 * sender + k)] - one.positions[size_t(3 * receiver + k)] +
                           edge.shift[k] * one.system.cell[k][k];
          const double r = std::sqrt(dot(edge.unit, edge.unit));
          if (r == 0 || r >= d.cutoff) continue;
          for (double& component : edge.unit) component /= r;
          edge.key = r / (d.radii[row(receiver)] + d.radii[row(sender)]) + (one.species[size_t(sender)] == 1);
          edge.key = std::nearbyint(edge.key * 1073741824.0) / 1073741824.0;
          edges.push_back(edge);
        }
  return edges;
}

double sine(const double* a, const double* b) {
  double normal[3];
  cross(a, b, normal);
  return std::sqrt(dot(normal, normal));
}

// e1 and e2 of an atom with at least three neighbours that are not in line, from all of them in canonical order.
std::vector<double> expected_axes(std::vector<Edge> edges) {
  std::stable_sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.key < b.key; });
  const Edge &first = edges[0], &other = edges[1];
  const double x = (other.key - first.key) / even_lead;
  const double share = x < 1 ? 1 - 10 * x * x * x + 15 * x * x * x * x - 6 * x * x * x * x * x : 0;
  double e1[3], e2[3];
  for (int k = 0; k < 3; ++k) e1[k] = first.unit[k] - share * other.unit[k];
  const double length = std::sqrt(dot(e1, e1));
  for (double& component : e1) component /= length;
  const bool both = sine(first.unit, other.unit) >= sine_floor;
  const auto off_line = [&](const Edge& edge) { return sine(e1, edge.unit) >= sine_floor; };
  const Edge* second = both ? &other : &*std::find_if(edges.begin(), edges.end(), off_line);
  for (int k = 0; k < 3; ++k) e2[k] = second->unit[k] + (both ? share * first.unit[k] : 0);
  add_scaled(e2, -dot(e2, e1), e1);
  std::vector<double> axes(e1, e1 + 3);
  for (double component : e2) axes.push_back(component / std::sqrt(dot(e2, e2)));
  return axes;
}

void equal_neighbours_have_an_order() {
  const Case one = box(7, 2.25, true);
  Described d(one, 1, Axes::atoms);
  CHECK(!std::is_sorted(d.list.order().begin(), d.list.order().end()));  // places are not the caller's atoms
  for (size_t place = 0; place < d.list.order().size(); ++place) {
    const std::vector<double> axes = expected_axes(edges_of(one, d.description, d.list.order()[place]));
    for (size_t k = 0; k < 3; ++k)
      for (size_t axis : {size_t(0), size_t(1)})
        CHECK_NEAR(d.geometry.frame_rows()[9 * place + 3 * k + axis], axes[3 * axis + k], 1e-13);
  }
}

// One atom, and atoms out of reach: nothing to see, nothing to push.
void atoms_alone_are_fine() {
  Case one;
  one.species = {6};
  one.positions = {1, 2, 3};
  for (int round = 0; round < 2; ++round) {
    for (Axes axes : all_axes) {
      Described d(one, 2, axes);
      double virial[9] = {};
      CHECK_EQ(d.seen.count, int64_t(0));
      CHECK(d.seen.rounds.empty());
      for (double force : d.pull_back(torque_of(d, one), virial)) CHECK_EQ(force, 0.0);
    }
    one.species.push_back(1);
    one.positions.insert(one.positions.end(), {1e10, 0, 0});
  }
}

}  // namespace

int main() {
  for (Axes axes : {Axes::atoms, Axes::carried}) {
    threads_change_nothing(axes);
    ghosts_wait_for_their_frames(axes);
    steps_allocate_nothing(axes);
  }
  rounds_cover_pairs();
  skins_leave_no_trace();
  coinciding_atoms_are_refused();
  equal_neighbours_have_an_order();
  atoms_alone_are_fine();
  return finish();
}
