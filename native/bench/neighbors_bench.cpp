// Times of the neighbour list for random boxes with the density of molecular liquids, and how well its rounds share out
// the work. Usage: neighbors_bench [reach in Å]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "neighbors/neighbors.hpp"

namespace {

constexpr double density = 0.1;  // atoms per Å³

// A jittered grid, shuffled: no two atoms coincide, and the input has no order.
std::vector<double> liquid(int side, double spacing) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> jitter(-0.3 * spacing, 0.3 * spacing);
  std::vector<double> x;
  for (int k = 0; k < side * side * side; ++k)
    for (int at : {k / side / side, k / side % side, k % side}) x.push_back(at * spacing + jitter(random));
  for (int k = side * side * side - 1; k > 0; --k) {
    const int other = int(random() % uint64_t(k + 1));
    std::swap_ranges(&x[3 * size_t(k)], &x[3 * size_t(k)] + 3, &x[3 * size_t(other)]);
  }
  return x;
}

template <typename Work>
double median_milliseconds(int times, Work work) {
  std::vector<double> spent;
  for (int k = 0; k < times; ++k) {
    const auto start = std::chrono::steady_clock::now();
    work();
    spent.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(spent.begin(), spent.end());
  return spent[spent.size() / 2];
}

// Pairs over the sum, round by round, of those of the busiest of `threads` threads, each taking the next task.
double speedup(const gaq::NeighborList& list, size_t threads) {
  double longest = 0;
  for (const auto& round : list.rounds()) {
    std::vector<int64_t> busy(threads, 0);
    for (const auto& task : round) *std::min_element(busy.begin(), busy.end()) += task.last - task.first;
    longest += double(*std::max_element(busy.begin(), busy.end()));
  }
  return double(list.pairs().size()) / longest;
}

}  // namespace

int main(int count, char** words) {
  const double reach = count > 1 ? std::atof(words[1]) : 5.5;
  std::printf("   atoms  pairs/atom  first ms  again ms  check ms  rounds  tasks  sharing on 2, 4, 8, 16 threads\n");
  for (int side : {7, 10, 22, 46}) {
    const double spacing = std::cbrt(1 / density);
    auto x = liquid(side, spacing);
    gaq::System system;
    system.atoms = int64_t(x.size() / 3);
    system.positions = x.data();
    for (int k = 0; k < 3; ++k) {
      system.cell[k][k] = side * spacing;
      system.periodic[k] = true;
    }
    gaq::NeighborList list(reach, 0);
    const double first = median_milliseconds(1, [&] { list.update(system, system.atoms); });
    const double again = median_milliseconds(5, [&] {
      x[0] += 1e-9;
      list.update(system, system.atoms);
    });
    const double check = median_milliseconds(9, [&] { list.update(system, system.atoms); });
    size_t tasks = 0;
    for (const auto& round : list.rounds()) tasks += round.size();
    std::printf("%8lld  %10.1f  %8.2f  %8.2f  %8.3f  %6zu %6zu  %.1f %.1f %.1f %.1f\n", (long long)system.atoms,
                double(list.pairs().size()) / double(system.atoms), first, again, check, list.rounds().size(), tasks,
                speedup(list, 2), speedup(list, 4), speedup(list, 8), speedup(list, 16));
  }
}
