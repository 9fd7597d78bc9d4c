// The engine through its C interface, and atoms for it: what the tests of whole evaluations share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "check.hpp"
#include "gaq.h"

namespace gaq_test {

inline std::string model_path(const std::string& name) { return beside(__FILE__, "golden/models/" + name + ".gaq"); }

// Networks whose energy is smooth, one a degree; those of 16 bits in the frame of each atom are smooth to a millionth.
inline const char* const smooth_models[] = {"fp32-l1", "w4-l2", "fp32-l3", "painn-fp32"};
// One a degree in each gauge.
inline const char* const models_of_every_gauge[] = {"fp32-l1",  "w4-l2",         "fp32-l3",    "frame-w4a8-l1",
                                                    "w4a16-l2", "frame-w8a8-l3", "painn-fp32", "painn-frame-w4a8"};

struct Atoms {
  std::vector<int32_t> species;
  std::vector<double> positions;  // [atom][3] Å
  std::vector<double> cell;       // [9] Å, or empty
  int32_t periodic[3] = {0, 0, 0};

  int64_t count() const { return int64_t(species.size()); }
  gaq_system system() const {
    return {count(),
            species.data(),
            positions.data(),
            cell.empty() ? nullptr : cell.data(),
            {periodic[0], periodic[1], periodic[2]}};
  }
};

struct Answer {
  int32_t status = GAQ_OK;
  std::string sentence;
  double energy = 0;
  std::vector<double> forces, virial = std::vector<double>(9), atomic;

  bool operator==(const Answer& other) const {  // to the last bit
    return status == other.status && energy == other.energy && forces == other.forces && virial == other.virial &&
           atomic == other.atomic;
  }
};

inline gaq_result result_into(Answer& answer) {
  return {&answer.energy, answer.forces.data(), answer.virial.data(), answer.atomic.data()};
}

// Memory for the results of so many atoms, filled with values that no evaluation writes.
inline Answer scratch_for(int64_t atoms) {
  Answer answer;
  answer.forces.assign(size_t(3 * atoms), 7e7);
  answer.virial.assign(9, 7e7);
  answer.atomic.assign(size_t(atoms), 7e7);
  return answer;
}

class Subject {
 public:
  explicit Subject(const std::string& name, gaq_options options = {}) {
    char message[1024] = "";
    engine_ = gaq_open(model_path(name).c_str(), &options, message, sizeof message);
    CHECK_EQ(std::string(message), "");
    if (!engine_) std::exit(finish());
  }
  ~Subject() { gaq_close(engine_); }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  gaq_engine* engine() const { return engine_; }

  // Also where it fails: `status` and `sentence` then say so.
  Answer tried(const Atoms& atoms) const {
    Answer answer = scratch_for(atoms.count());
    const gaq_system system = atoms.system();
    const gaq_result result = result_into(answer);
    answer.status = gaq_evaluate(engine_, &system, &result);
    if (answer.status != GAQ_OK) answer.sentence = gaq_last_error(engine_);
    return answer;
  }
  Answer evaluate(const Atoms& atoms) const {
    const Answer answer = tried(atoms);
    CHECK_EQ(answer.sentence, "");
    return answer;
  }
  double energy(const Atoms& atoms) const { return evaluate(atoms).energy; }

 private:
  gaq_engine* engine_ = nullptr;
};

// Numbers in (-1, 1), the same on every machine.
class Draws {
 public:
  explicit Draws(uint32_t seed) : state_(seed) {}
  double next() {
    state_ = state_ * 1664525u + 1013904223u;
    return double(int32_t(state_)) / 2147483648.0;
  }

 private:
  uint32_t state_;
};

// Atoms of H, C, N and O near the points of a grid.
inline Atoms on_grid(int nx, int ny, int nz, double spacing, double noise, uint32_t seed) {
  constexpr int32_t elements[] = {6, 1, 1, 8, 6, 7, 1};
  Draws draws(seed);
  Atoms atoms;
  for (int x = 0; x < nx; ++x)
    for (int y = 0; y < ny; ++y)
      for (int z = 0; z < nz; ++z) {
        atoms.species.push_back(elements[atoms.species.size() % 7]);
        for (int k : {x, y, z}) atoms.positions.push_back(k * spacing + noise * draws.next());
      }
  return atoms;
}

// Eight atoms, forces of some eV/Å.
inline Atoms molecule(uint32_t seed = 5) { return on_grid(2, 2, 2, 1.5, 0.25, seed); }

// The same in a periodic box with these lattice vectors; positions are fractions of it.
inline Atoms in_box(const std::vector<double>& cell, int nx, int ny, int nz, uint32_t seed) {
  Atoms atoms = on_grid(nx, ny, nz, 1.0, 0.12, seed);
  const double n[3] = {double(nx), double(ny), double(nz)};
  for (int64_t atom = 0; atom < atoms.count(); ++atom) {
    double* x = &atoms.positions[3 * size_t(atom)];
    const double f[3] = {x[0] / n[0], x[1] / n[1], x[2] / n[2]};
    for (int k = 0; k < 3; ++k) x[k] = f[0] * cell[k] + f[1] * cell[3 + k] + f[2] * cell[6 + k];
  }
  atoms.cell = cell;
  for (int32_t& p : atoms.periodic) p = 1;
  return atoms;
}

inline double largest(const std::vector<double>& values) {
  double most = 0;
  for (double x : values) most = std::isnan(x) ? INFINITY : std::max(most, std::fabs(x));
  return most;
}

inline double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return INFINITY;
  std::vector<double> difference(a.size());
  for (size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
  return largest(difference);
}

}  // namespace gaq_test
