// Places in space: chunks are boxes that do not overlap, whatever the order and the ties of the input.
#include "neighbors/order.hpp"

#include <algorithm>
#include <numeric>

#include "check.hpp"
#include "neighbors_oracle.hpp"

namespace {

constexpr int64_t chunk = 64;

struct Bounds {
  double low[3] = {1e300, 1e300, 1e300}, high[3] = {-1e300, -1e300, -1e300};
};

Bounds bounds(const std::vector<double>& x, const std::vector<int32_t>& order, size_t first) {
  Bounds box;
  for (size_t k = first; k < std::min(first + chunk, order.size()); ++k)
    for (int m = 0; m < 3; ++m) {
      box.low[m] = std::min(box.low[m], x[3 * size_t(order[k]) + m]);
      box.high[m] = std::max(box.high[m], x[3 * size_t(order[k]) + m]);
    }
  return box;
}

int overlaps(const std::vector<double>& x, const std::vector<int32_t>& order) {
  int count = 0;
  for (size_t a = 0; a < order.size(); a += chunk)
    for (size_t b = a + chunk; b < order.size(); b += chunk) {
      const Bounds p = bounds(x, order, a), q = bounds(x, order, b);
      bool apart = false;
      for (int m = 0; m < 3; ++m) apart |= p.high[m] < q.low[m] || q.high[m] < p.low[m];
      count += !apart;
    }
  return count;
}

}  // namespace

int main() {
  oracle::Random random(31);
  for (int atoms : {257, 640, 1001}) {
    std::vector<double> x(3 * size_t(atoms));
    for (double& number : x) number = random.uniform(-20, 20);
    const std::vector<int32_t> order = gaq::neighbors::order_in_space(x, chunk);
    std::vector<int32_t> sorted = order, caller(order.size());
    std::sort(sorted.begin(), sorted.end());
    std::iota(caller.begin(), caller.end(), 0);
    CHECK(sorted == caller);
    CHECK_EQ(overlaps(x, order), 0);
    CHECK(overlaps(x, caller) > 0);
  }
  // Without a difference in space, the order is the caller's.
  std::vector<int32_t> same = gaq::neighbors::order_in_space(std::vector<double>(900, 1.0), chunk);
  CHECK(std::is_sorted(same.begin(), same.end()));
  return finish();
}
