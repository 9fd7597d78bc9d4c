// The neighbour list said again in long loops, and everything that its header promises, checked one by one.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "error.hpp"
#include "neighbors/neighbors.hpp"

namespace oracle {

using Key = std::array<int64_t, 5>;  // atoms of the caller, first <= second, and the shift of the second

struct Box {
  std::vector<double> x;  // [atom][3]
  gaq::System system;

  const gaq::System& view() {
    system.atoms = int64_t(x.size() / 3);
    system.positions = x.data();
    return system;
  }
};

// What a list says; a copy, so that a test can spoil it.
struct Found {
  std::vector<int32_t> order;
  std::vector<gaq::Pair> pairs;
  std::vector<std::vector<gaq::Task>> rounds;

  explicit Found(const gaq::NeighborList& list) : order(list.order()), pairs(list.pairs()), rounds(list.rounds()) {}
};

struct Expected {
  std::set<Key> sure, possible;  // pairs within reach; pairs that rounding could put there
  double closest = 1e300;
};

inline double length(const gaq::System& system, int64_t i, int64_t j, const int64_t* shift) {
  double total = 0;
  for (int m = 0; m < 3; ++m) {
    double d = system.positions[3 * j + m] - system.positions[3 * i + m];
    for (int k = 0; k < 3; ++k)
      if (system.periodic[k]) d += double(shift[k]) * system.cell[k][m];
    total += d * d;
  }
  return std::sqrt(total);
}

// Images of atom j that can be near atom i, by the planes of the cell. Where the vectors given span no volume, because
// a direction that does not repeat has none, `fallback` images on either side.
inline void images(const gaq::System& system, double reach, int64_t i, int64_t j, int fallback, int64_t* low,
                   int64_t* high) {
  for (int k = 0; k < 3; ++k) {
    low[k] = high[k] = 0;
    if (!system.periodic[k]) continue;
    const double *a = system.cell[k], *b = system.cell[(k + 1) % 3], *c = system.cell[(k + 2) % 3];
    const double normal[3] = {b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]};
    const double volume = a[0] * normal[0] + a[1] * normal[1] + a[2] * normal[2];
    low[k] = -fallback;
    high[k] = fallback;
    if (volume == 0) continue;
    double along = 0, squared = 0;
    for (int m = 0; m < 3; ++m) {
      along += (system.positions[3 * j + m] - system.positions[3 * i + m]) * normal[m] / volume;
      squared += normal[m] * normal[m];
    }
    const double around = 1.001 * reach * std::sqrt(squared) / std::fabs(volume);
    low[k] = int64_t(std::floor(-along - around));
    high[k] = int64_t(std::ceil(-along + around));
  }
}

inline bool positive(const int64_t* shift) {
  return shift[0] != 0 ? shift[0] > 0 : shift[1] != 0 ? shift[1] > 0 : shift[2] > 0;
}

inline Expected expect(const gaq::System& system, double reach, int64_t owned, int fallback = 4) {
  Expected expected;
  for (int64_t i = 0; i < std::min(owned, system.atoms); ++i)
    for (int64_t j = i; j < system.atoms; ++j) {
      int64_t low[3], high[3], shift[3];
      images(system, reach, i, j, fallback, low, high);
      for (shift[0] = low[0]; shift[0] <= high[0]; ++shift[0])
        for (shift[1] = low[1]; shift[1] <= high[1]; ++shift[1])
          for (shift[2] = low[2]; shift[2] <= high[2]; ++shift[2]) {
            if (i == j && !positive(shift)) continue;
            const double distance = length(system, i, j, shift);
            expected.closest = std::min(expected.closest, distance);
            if (distance < reach - 1e-9) expected.sure.insert({i, j, shift[0], shift[1], shift[2]});
            if (distance < reach + 1e-9) expected.possible.insert({i, j, shift[0], shift[1], shift[2]});
          }
    }
  return expected;
}

inline Key key(const gaq::Pair& pair, const std::vector<int32_t>& order) {
  const int64_t a = order[pair.i], b = order[pair.j];
  if (a <= b) return {a, b, pair.shift[0], pair.shift[1], pair.shift[2]};
  return {b, a, -int64_t(pair.shift[0]), -int64_t(pair.shift[1]), -int64_t(pair.shift[2])};
}

inline std::string wrong_pairs(const Found& found, const Expected& expected) {
  std::set<Key> seen;
  for (const gaq::Pair& pair : found.pairs) {
    const int64_t shift[3] = {pair.shift[0], pair.shift[1], pair.shift[2]};
    if (pair.i > pair.j || (pair.i == pair.j && !positive(shift))) return "a pair stands the wrong way round";
    const Key name = key(pair, found.order);
    if (!seen.insert(name).second) return "a pair is there twice";
    if (!expected.possible.count(name)) return "a pair is there that is too far apart";
  }
  for (const Key& name : expected.sure)
    if (!seen.count(name)) return "a pair is missing";
  return "";
}

inline std::string wrong_order(const Found& found, int64_t atoms) {
  std::vector<int32_t> sorted = found.order;
  std::sort(sorted.begin(), sorted.end());
  if (int64_t(sorted.size()) != atoms) return "the order has another length";
  for (int64_t k = 0; k < atoms; ++k)
    if (sorted[k] != k) return "the order is no permutation";
  if (atoms <= gaq::NeighborList::single_chunk && !std::is_sorted(found.order.begin(), found.order.end()))
    return "the order of a small system is not the caller's";
  return "";
}

inline bool ascends(const gaq::Pair& p, const gaq::Pair& q) {
  const std::array<int32_t, 5> a{p.i, p.j, p.shift[0], p.shift[1], p.shift[2]};
  const std::array<int32_t, 5> b{q.i, q.j, q.shift[0], q.shift[1], q.shift[2]};
  return a < b;
}

inline std::string wrong_rounds(const Found& found, int64_t atoms) {
  int64_t next = 0;
  for (const auto& round : found.rounds) {
    std::vector<int> owner(size_t(atoms), -1);
    for (size_t t = 0; t < round.size(); ++t) {
      const gaq::Task task = round[t];
      if (task.first != next || task.last < task.first) return "tasks do not follow each other";
      next = task.last;
      for (int64_t k = task.first; k < task.last; ++k) {
        for (int32_t place : {found.pairs[k].i, found.pairs[k].j}) {
          if (owner[place] >= 0 && owner[place] != int(t)) return "two tasks of a round share an atom";
          owner[place] = int(t);
        }
        if (k > task.first && !ascends(found.pairs[k - 1], found.pairs[k])) return "pairs of a task are not sorted";
      }
    }
  }
  if (next != int64_t(found.pairs.size())) return "tasks leave pairs out";
  if (atoms <= gaq::NeighborList::single_chunk && (found.rounds.size() != 1 || found.rounds[0].size() != 1))
    return "a small system has more than one task";
  return "";
}

// The first thing that is wrong, or nothing.
inline std::string problem(const Found& found, const gaq::System& system, const Expected& expected) {
  std::string text = wrong_order(found, system.atoms);
  if (text.empty()) text = wrong_pairs(found, expected);
  if (text.empty()) text = wrong_rounds(found, system.atoms);
  return text;
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  double uniform(double low, double high) { return low + (high - low) * double(engine_() >> 11) * 0x1p-53; }
  int integer(int low, int high) { return low + int(engine_() % uint64_t(high - low + 1)); }

 private:
  std::mt19937_64 engine_;
};

// side³ atoms near the points of a grid, none of them close to another, in no order.
inline Box grid(Random& random, int side, double spacing) {
  Box box;
  std::vector<int> sites(size_t(side) * side * side);
  for (size_t k = 0; k < sites.size(); ++k) sites[k] = int(k);
  for (size_t k = sites.size() - 1; k > 0; --k) std::swap(sites[k], sites[size_t(random.integer(0, int(k)))]);
  for (int k : sites)
    for (int at : {k / side / side, k / side % side, k % side})
      box.x.push_back(spacing * (at + random.uniform(-0.3, 0.3)));
  for (int k = 0; k < 3; ++k) box.system.cell[k][k] = side * spacing;
  return box;
}

inline void periodicity(Box& box, int bits) {
  for (int k = 0; k < 3; ++k) box.system.periodic[k] = bits >> k & 1;
}

// The sentence of the refusal, or nothing.
inline std::string refusal(const gaq::System& system, double reach = 5) {
  try {
    gaq::NeighborList(reach, 0).update(system, system.atoms);
  } catch (const gaq::BadStructure& error) {
    return error.what();
  }
  return "";
}

}  // namespace oracle
