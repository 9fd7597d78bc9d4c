// The neighbour list against long loops over images: any cell, any periodicity, far apart, ghosts, skin.
#include "neighbors/neighbors.hpp"

#include <cstring>
#include <limits>

#include "check.hpp"
#include "error.hpp"
#include "neighbors_oracle.hpp"

using gaq::BadStructure;
using gaq::NeighborList;
using oracle::Box;
using oracle::Expected;
using oracle::Found;
using oracle::periodicity;
using oracle::Random;

namespace {

constexpr int64_t all = std::numeric_limits<int64_t>::max();

void check_box(Box& box, double reach, const char* name, int64_t owned = all) {
  const gaq::System& system = box.view();
  owned = std::min(owned, system.atoms);
  const Expected expected = oracle::expect(system, reach, owned);
  NeighborList list(reach, 0);
  if (expected.closest < 0.2) {
    CHECK_THROWS(BadStructure, list.update(system, owned));
    return;
  }
  CHECK(list.update(system, owned));
  const std::string problem = oracle::problem(Found(list), system, expected);
  if (!problem.empty()) std::fprintf(stderr, "%s: %s\n", name, problem.c_str());
  CHECK(problem.empty());
}

// Cells of any shape and handedness, atoms outside of them, every periodicity.
void random_cells() {
  Random random(7);
  int accepted = 0;
  for (int trial = 0; trial < 400; ++trial) {
    Box box;
    for (int k = 0; k < 9; ++k)
      box.system.cell[k / 3][k % 3] = random.uniform(-2.5, 2.5) + (k % 4 == 0 ? random.uniform(1.5, 6) : 0.0);
    if (trial % 3 == 0) std::swap(box.system.cell[0], box.system.cell[2]);
    periodicity(box, trial % 8);
    const int atoms = random.integer(1, 6);
    for (int k = 0; k < 3 * atoms; ++k) box.x.push_back(random.uniform(-9, 12));
    accepted += oracle::refusal(box.view(), 3).empty();
    check_box(box, random.uniform(1.5, 4), "random cell");
  }
  CHECK(accepted > 300);
}

void named_cells() {
  Random random(3);
  Box thin = oracle::grid(random, 1, 1);
  const double thin_cell[3][3] = {{1.1, 0, 0}, {0.3, 30, 0}, {0, 0.2, 1.3}};
  std::memcpy(thin.system.cell, thin_cell, sizeof thin_cell);
  periodicity(thin, 7);
  check_box(thin, 5, "thin cell, an atom and its own images");
  thin.x = {0, 0, 0, 40.1, 3, 0.5};
  check_box(thin, 5, "thin cell, two atoms");

  // The same lattice by needlessly long vectors.
  Box skewed = oracle::grid(random, 2, 2.5);
  periodicity(skewed, 7);
  for (int m = 0; m < 3; ++m) skewed.system.cell[1][m] += 6 * skewed.system.cell[0][m];
  for (int m = 0; m < 3; ++m) skewed.system.cell[2][m] -= 2 * skewed.system.cell[1][m];
  check_box(skewed, 6, "skewed cell");

  // Skewed so far that its planes are closer than an atom is wide.
  Box slanted = oracle::grid(random, 1, 4);
  periodicity(slanted, 7);
  slanted.system.cell[1][0] = 2e5 + 1;
  slanted.x.insert(slanted.x.end(), {2, 2, 2});
  check_box(slanted, 5, "slanted cell");

  Box left = oracle::grid(random, 3, 2.3);
  periodicity(left, 7);
  for (int m = 0; m < 3; ++m) left.system.cell[2][m] *= -1;
  check_box(left, 4, "left-handed cell");

  // Vectors where nothing repeats are not looked at.
  Box slab = oracle::grid(random, 3, 2.3);
  periodicity(slab, 5);
  slab.system.cell[1][0] = slab.system.cell[1][1] = 0;
  check_box(slab, 4, "slab");

  Box one;
  one.x = {1, 2, 3};
  check_box(one, 5, "one atom");
  one.x.insert(one.x.end(), {2, 2, 3});
  check_box(one, 5, "two atoms");
}

// Where rounding decides into which cell an atom falls.
void on_the_border() {
  Box box;
  box.x = {-1e-18, 1, 1, 0.9, 1, 1, 39.5, 1, 1, 40, 3, 1, 1, -1e-18, 40};
  for (int k = 0; k < 3; ++k) box.system.cell[k][k] = 40;
  periodicity(box, 7);
  check_box(box, 4, "just outside of the box");

  // Pairs a hair closer than the reach, so far from a slanted wire that the number of a cell is a matter of rounding.
  Box far;
  for (int k = 0; k < 1000; ++k)
    for (double end : {0.0, 1.109375}) {
      const double t = 3e13 + 171.71875 * k + end;
      far.x.insert(far.x.end(), {0, 3 * t, -2 * t});
    }
  for (int m = 0; m < 3; ++m) far.system.cell[1][m] = 50 * (m + 1);
  periodicity(far, 2);
  check_box(far, 4, "pairs far from a wire");
}

// More atoms than a single chunk, also from far outside of the box.
void large_systems() {
  Random random(11);
  for (int side : {7, 8, 9}) {
    for (int bits : {0, 2, 5, 7}) {
      Box box = oracle::grid(random, side, 2.2);
      periodicity(box, bits);
      box.system.cell[1][0] = 2.1;
      box.system.cell[2][1] = -1.7;
      check_box(box, 4.1, "large");
      for (size_t k = 0; k < box.x.size() / 3; k += 5)
        for (int n = 0; n < 3; ++n) {
          const int cells = box.system.periodic[n] ? random.integer(-1, 1) : 0;
          for (int m = 0; m < 3; ++m) box.x[3 * k + m] += cells * box.system.cell[n][m];
        }
      check_box(box, 4.1, "large and unwrapped");
    }
  }
}

void far_apart() {
  Box box;
  box.x = {0, 0, 0, 1e14, 0, 0, 1e14, 2, 0, -1e14, -1e14, 1e14};
  check_box(box, 5, "1e14 Å apart");
  NeighborList list(5, 1);
  list.update(box.view(), 4);
  CHECK_EQ(list.pairs().size(), size_t(1));

  // Two thousand atoms in two clumps and alone: a grid over all of it would not fit any memory, nor one cell any time.
  Random random(5);
  Box clumps = oracle::grid(random, 8, 2.2);
  const size_t clump = clumps.x.size();
  for (size_t k = 0; k < clump; ++k) clumps.x.push_back(clumps.x[k] + 1e9);
  for (int k = 0; k < 1000; ++k) clumps.x.insert(clumps.x.end(), {1e14 - 3e10 * k, -2e8 * k, 7.0 * k});
  periodicity(clumps, 0);
  check_box(clumps, 4, "clumps far apart");
  periodicity(clumps, 4);
  clumps.system.cell[2][2] = 2e14;
  check_box(clumps, 4, "clumps far apart in a long box");
}

void ghosts() {
  Random random(13);
  for (int side : {4, 8}) {
    Box box = oracle::grid(random, side, 2.2);
    const int64_t atoms = box.view().atoms;
    for (int64_t owned : {int64_t(0), int64_t(1), atoms / 3, atoms - 1}) {
      for (int bits : {0, 4}) {
        periodicity(box, bits);
        check_box(box, 4, "ghosts", owned);
        NeighborList list(4, 0);
        list.update(box.view(), owned);
        CHECK(std::is_sorted(list.order().begin(), list.order().end()));
      }
    }
  }
}

void skin() {
  Random random(17);
  for (int bits : {0, 7}) {
    Box box = oracle::grid(random, 7, 2.2);
    periodicity(box, bits);
    NeighborList list(4, 1);
    CHECK(list.update(box.view(), 343));
    CHECK(!list.update(box.view(), 343));
    // Every atom moves by less than half the skin: all pairs within the cutoff are still there.
    for (double& x : box.x) x += random.uniform(-0.28, 0.28);
    CHECK(!list.update(box.view(), 343));
    const Expected expected = oracle::expect(box.view(), 4, 343);
    std::set<oracle::Key> listed;
    for (const auto& pair : list.pairs()) listed.insert(oracle::key(pair, list.order()));
    CHECK(std::includes(listed.begin(), listed.end(), expected.sure.begin(), expected.sure.end()));
    box.x[100] += 0.9;
    CHECK(list.update(box.view(), 343));
    CHECK(oracle::problem(Found(list), box.view(), oracle::expect(box.view(), 5, 343)).empty());
    CHECK_EQ(list.builds(), int64_t(2));
  }
}

void what_makes_it_new() {
  Random random(19);
  Box box = oracle::grid(random, 3, 2.2);
  std::vector<int32_t> species(28, 6);
  box.system.species = species.data();
  periodicity(box, 3);
  NeighborList list(3, 0.5);
  CHECK(list.update(box.view(), 27));
  CHECK(!list.update(box.view(), 27));
  box.system.cell[2][2] += 1;  // nothing repeats there
  CHECK(!list.update(box.view(), 27));
  box.system.cell[1][0] += 1e-6;
  CHECK(list.update(box.view(), 27));
  periodicity(box, 7);
  CHECK(list.update(box.view(), 27));
  species[4] = 8;
  CHECK(list.update(box.view(), 27));
  CHECK(list.update(box.view(), 20));
  box.x.insert(box.x.end(), {3.3, 3.3, 3.3});
  CHECK(list.update(box.view(), 28));
  CHECK(!list.update(box.view(), 28));
  box.x.resize(6);
  CHECK(list.update(box.view(), 2));
  // Across the box and back in at the other side: the shifts are those of the new positions.
  for (int m = 0; m < 3; ++m) box.x[m] += 2 * box.system.cell[0][m];
  CHECK(list.update(box.view(), 2));
  CHECK(oracle::problem(Found(list), box.view(), oracle::expect(box.view(), 3.5, 2)).empty());
  // A failed build is not taken for a good one.
  const double before = box.x[0];
  box.x[0] = std::nan("");
  CHECK_THROWS(BadStructure, list.update(box.view(), 2));
  CHECK_THROWS(BadStructure, list.update(box.view(), 2));
  box.x[0] = before;
  CHECK(list.update(box.view(), 2));
}

void no_skin() {
  Box box;
  box.x = {0, 0, 0, 3, 0, 0};
  NeighborList list(3.5, -1);
  CHECK(list.update(box.view(), 2));
  CHECK(!list.update(box.view(), 2));
  box.x[3] += 1e-12;
  CHECK(list.update(box.view(), 2));
}

// The same answer whatever was asked before, and places that keep atoms together.
void order_in_space() {
  Random random(23);
  Box box = oracle::grid(random, 11, 2.2);
  for (double& x : box.x) x += 1.1;  // all inside
  periodicity(box, 7);
  NeighborList first(4, 0.5), second(4, 0.5);
  first.update(box.view(), 1331);
  box.x[0] += 3;
  second.update(box.view(), 1331);
  box.x[0] -= 3;
  second.update(box.view(), 1331);
  CHECK(first.order() == second.order());
  CHECK_EQ(first.pairs().size(), second.pairs().size());
  CHECK(std::memcmp(first.pairs().data(), second.pairs().data(), first.pairs().size() * sizeof(gaq::Pair)) == 0);
  CHECK_EQ(first.rounds().size(), second.rounds().size());
  double apart = 0, before = 0;
  for (size_t k = 1; k < first.order().size(); ++k) {
    const int64_t none[3] = {};
    apart += oracle::length(box.view(), first.order()[k - 1], first.order()[k], none) / 1330;
    before += oracle::length(box.view(), int64_t(k) - 1, int64_t(k), none) / 1330;
  }
  CHECK(apart < 0.4 * before);
}

// A list that is wrong in one place only must be noticed, or the rest of this program says nothing.
void negative_controls() {
  Random random(29);
  Box box = oracle::grid(random, 8, 2.2);
  periodicity(box, 7);
  NeighborList list(4, 0);
  list.update(box.view(), 512);
  const Expected expected = oracle::expect(box.view(), 4, 512);
  const auto spoiled = [&](auto change) {
    Found found(list);
    change(found);
    return oracle::problem(found, box.view(), expected);
  };
  CHECK_EQ(spoiled([](Found&) {}), "");
  CHECK_EQ(spoiled([](Found& f) { f.pairs.pop_back(); }), "a pair is missing");
  CHECK_EQ(spoiled([](Found& f) { f.pairs.push_back(f.pairs[0]); }), "a pair is there twice");
  CHECK_EQ(spoiled([](Found& f) { f.pairs[9].shift[1] += 1; }), "a pair is there that is too far apart");
  CHECK_EQ(spoiled([](Found& f) { std::swap(f.pairs[9].i, f.pairs[9].j); }), "a pair stands the wrong way round");
  CHECK_EQ(spoiled([](Found& f) { f.order[3] = f.order[4]; }), "the order is no permutation");
  CHECK_EQ(spoiled([](Found& f) { std::swap(f.pairs[0], f.pairs[1]); }), "pairs of a task are not sorted");
  CHECK_EQ(spoiled([](Found& f) { f.rounds.pop_back(); }), "tasks leave pairs out");
  CHECK_EQ(spoiled([](Found& f) {
             f.rounds[1].insert(f.rounds[1].end(), f.rounds[2].begin(), f.rounds[2].end());
             f.rounds.erase(f.rounds.begin() + 2);
           }),
           "two tasks of a round share an atom");
}

}  // namespace

int main() {
  random_cells();
  named_cells();
  on_the_border();
  large_systems();
  far_apart();
  ghosts();
  skin();
  what_makes_it_new();
  no_skin();
  order_in_space();
  negative_controls();
  return finish();
}
