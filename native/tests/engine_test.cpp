// Physics of whole evaluations: forces and virials are slopes of the energy, and what must not matter does not.
#include <numeric>

#include "engine_cases.hpp"

namespace {

using namespace gaq_test;

// Energies along a line differ by the integral of the force along it. Where a difference over a small step would be
// lost in the round-off of float32, the integral averages it away.
constexpr double exact = 4e-5;      // eV: sums of float32 numbers of some eV
constexpr double staircase = 4e-3;  // eV, where features of 16 bits make the energy a staircase of small steps

// ∫ f dt from −half to half: panels of five Gauss points each.
template <class Function>
double integral(const Function& f, double half) {
  constexpr double point[] = {-0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386640};
  constexpr double weight[] = {0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665,
                               0.2369268850561891};
  constexpr int panels = 12;
  double total = 0;
  for (int n = 0; n < panels; ++n)
    for (int k = 0; k < 5; ++k) total += weight[k] * f(half / panels * (2 * n + 1 - panels + point[k]));
  return total * half / panels;
}

// E(half) − E(−half) − ∫ dE/dt dt (eV), for `at(t)` the atoms and `slope(t, answer)` dE/dt.
template <class At, class Slope>
double work_left(const Subject& subject, const At& at, const Slope& slope, double half) {
  const double work = integral([&](double t) { return slope(t, subject.evaluate(at(t))); }, half);
  return subject.energy(at(half)) - subject.energy(at(-half)) - work;
}

void check_forces(const Subject& subject, const Atoms& atoms, double tolerance) {
  const auto along_line = [&](const std::vector<double>& direction, double half) {
    const auto at = [&](double t) {
      Atoms moved = atoms;
      for (size_t k = 0; k < direction.size(); ++k) moved.positions[k] += t * direction[k];
      return moved;
    };
    const auto slope = [&](double, const Answer& answer) {
      double sum = 0;
      for (size_t k = 0; k < direction.size(); ++k) sum -= answer.forces[k] * direction[k];
      return sum;
    };
    CHECK_NEAR(work_left(subject, at, slope, half), 0, tolerance);
  };
  Draws draws(11);
  std::vector<double> direction(atoms.positions.size());
  for (double& x : direction) x = draws.next();
  along_line(direction, 0.15);
  for (size_t k = 0; k < direction.size(); k += 1 + direction.size() / 12) {
    std::fill(direction.begin(), direction.end(), 0.0);
    direction[k] = 1;
    along_line(direction, 0.2);
  }
}

void check_virial(const Subject& subject, const Atoms& atoms, double tolerance) {
  for (size_t k = 0; k < 9; ++k) {
    const size_t row = k / 3, column = k % 3;
    const auto at = [&](double t) {
      Atoms strained = atoms;
      for (std::vector<double>* vectors : {&strained.positions, &strained.cell})
        for (size_t n = 0; n < vectors->size(); n += 3) (*vectors)[n + row] += t * (*vectors)[n + column];
      return strained;
    };
    // The virial at t is for strain of what is strained already: (1 + t)(1 + dt/(1 + t)) along a diagonal.
    const auto slope = [&](double t, const Answer& answer) { return answer.virial[k] / (row == column ? 1 + t : 1); };
    CHECK_NEAR(work_left(subject, at, slope, 0.06), 0, tolerance);
  }
}

std::vector<Atoms> boxes() {
  std::vector<Atoms> all{
      in_box({4.4, 0, 0, 0.9, 4.2, 0, -0.7, 1.3, 4.6}, 2, 2, 2, 3),  // triclinic, smaller than the cutoff
      in_box({1.9, 0.1, 0, 0, 9.0, 0.3, 0.2, 0, 8.0}, 1, 3, 3, 4),  // thin: an atom meets its own images
      in_box({6.5, 0, 0, 5.9, 2.4, 0, 6.1, 0.4, 2.6}, 2, 2, 2, 6),  // nearly parallel lattice vectors
      in_box({-4.4, 0, 0, 0, 4.5, 0, 0, 0, 4.3}, 2, 2, 2, 7)};  // left-handed
  all.push_back(all[0]);
  all.back().periodic[1] = 0;  // a slab
  return all;
}

void check_slopes() {
  for (const char* name : {"fp32-l1", "w4-l2", "fp32-l3", "w4a16-l2", "painn-fp32", "painn-w4a16"}) {
    const Subject subject(name, {1, 32, 0, 0});
    const double tolerance = std::string(name).find("w4a16") != std::string::npos ? staircase : exact;
    check_forces(subject, molecule(), tolerance);
    check_virial(subject, molecule(), tolerance);
    for (const Atoms& box : boxes()) {
      check_forces(subject, box, tolerance);
      check_virial(subject, box, tolerance);
    }
  }
}

// The same atoms elsewhere.
void check_translation() {
  Atoms atoms = molecule(), shifted = atoms;
  for (size_t k = 0; k < shifted.positions.size(); ++k) shifted.positions[k] += 1024.0 * double(k % 3 + 1);
  for (double& x : atoms.positions) x = std::nearbyint(x * 4096) / 4096;  // so that moving costs no digits
  for (double& x : shifted.positions) x = std::nearbyint(x * 4096) / 4096;
  for (const char* name : models_of_every_gauge) {
    const Subject subject(name);
    CHECK((subject.evaluate(atoms) == subject.evaluate(shifted)));
  }
}

// The same atoms in another order: sums run differently, so the last bits may differ.
void check_permutation() {
  const Atoms atoms = molecule();
  std::vector<size_t> order(size_t(atoms.count()));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[0], order[5]);
  std::swap(order[1], order[7]);
  std::swap(order[2], order[4]);
  Atoms other = atoms;
  for (size_t k = 0; k < order.size(); ++k) {
    other.species[k] = atoms.species[order[k]];
    std::copy_n(&atoms.positions[3 * order[k]], 3, &other.positions[3 * k]);
  }
  for (const char* name : smooth_models) {
    const Subject subject(name);
    const Answer before = subject.evaluate(atoms), after = subject.evaluate(other);
    CHECK_NEAR(before.energy, after.energy, 1e-5);
    CHECK(largest_difference(before.virial, after.virial) < 1e-4 * largest(before.virial));
    for (size_t k = 0; k < order.size(); ++k) {
      CHECK_NEAR(before.atomic[order[k]], after.atomic[k], 1e-5);
      for (size_t m = 0; m < 3; ++m)
        CHECK_NEAR(before.forces[3 * order[k] + m], after.forces[3 * k + m], 1e-4 * largest(before.forces));
    }
  }
}

// Forces of pairs are opposite to the last bit but for the order of sums in float64; torques only in the local gauge.
void check_balance() {
  for (const char* name : models_of_every_gauge) {
    const Subject subject(name);
    const bool local = std::string(name) == "w4a16-l2" || std::string(name).find("frame") != std::string::npos;
    for (const Atoms& atoms : {molecule(), on_grid(7, 7, 7, 2.0, 0.3, 9), boxes()[0]}) {
      const Answer answer = subject.evaluate(atoms);
      double net[3] = {}, torque[3] = {};
      for (size_t k = 0; k < answer.forces.size(); k += 3) {
        const double *f = &answer.forces[k], *x = &atoms.positions[k];
        for (int m = 0; m < 3; ++m) {
          net[m] += f[m];
          torque[m] += x[(m + 1) % 3] * f[(m + 2) % 3] - x[(m + 2) % 3] * f[(m + 1) % 3];
        }
      }
      for (int m = 0; m < 3; ++m) {
        CHECK_NEAR(net[m], 0, 1e-10);
        if (local && atoms.cell.empty()) CHECK_NEAR(torque[m], 0, 1e-9);
      }
      const double sum = std::accumulate(answer.atomic.begin(), answer.atomic.end(), 0.0);
      CHECK_NEAR(answer.energy, sum, 1e-9 * std::fabs(sum));
    }
  }
}

// A box and its double: twice the energy, the same forces.
void check_supercell() {
  const Atoms box = boxes()[0];
  Atoms twice = box;
  for (int64_t atom = 0; atom < box.count(); ++atom) {
    twice.species.push_back(box.species[size_t(atom)]);
    for (size_t k = 0; k < 3; ++k) twice.positions.push_back(box.positions[3 * size_t(atom) + k] + box.cell[6 + k]);
  }
  for (size_t k = 6; k < 9; ++k) twice.cell[k] *= 2;
  for (const char* name : smooth_models) {
    const Subject subject(name);
    const Answer one = subject.evaluate(box), two = subject.evaluate(twice);
    CHECK_NEAR(2 * one.energy, two.energy, 1e-4);
    for (size_t k = 0; k < two.forces.size(); ++k)
      CHECK_NEAR(two.forces[k], one.forces[k % one.forces.size()], 1e-4 * largest(one.forces));
  }
}

// A force that is off by a five-hundredth must not pass.
void check_that_differences_are_seen() {
  const Subject subject("fp32-l1");
  const auto at = [](double t) {
    Atoms moved = molecule();
    moved.positions[0] += t;
    return moved;
  };
  const auto wrong = [](double, const Answer& answer) { return -1.002 * answer.forces[0]; };
  CHECK(std::fabs(work_left(subject, at, wrong, 0.2)) > 3 * exact);
}

}  // namespace

int main() {
  check_slopes();
  check_translation();
  check_permutation();
  check_balance();
  check_supercell();
  check_that_differences_are_seen();
  return finish();
}
