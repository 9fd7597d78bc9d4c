// Recursive halving, with ties in the caller's order.
#include "neighbors/order.hpp"

#include <algorithm>

namespace gaq::neighbors {
namespace {

constexpr int64_t smallest = 8;  // atoms that a load of a register or a line of cache brings together anyway

struct Point {
  double x[3];
  int32_t atom;
};

int longest_side(const Point* first, const Point* last) {
  double low[3], high[3];
  for (int m = 0; m < 3; ++m) low[m] = high[m] = first->x[m];
  for (const Point* p = first + 1; p < last; ++p)
    for (int m = 0; m < 3; ++m) {
      low[m] = std::min(low[m], p->x[m]);
      high[m] = std::max(high[m], p->x[m]);
    }
  int longest = 0;
  for (int m = 1; m < 3; ++m)
    if (high[m] - low[m] > high[longest] - low[longest]) longest = m;
  return longest;
}

void halve(Point* first, Point* last, int64_t chunk) {
  const int64_t count = last - first;
  if (count <= smallest) {
    std::sort(first, last, [](const Point& a, const Point& b) { return a.atom < b.atom; });
    return;
  }
  const int64_t chunks = (count + chunk - 1) / chunk;
  Point* middle = first + (chunks > 1 ? chunks / 2 * chunk : count / 2);
  const int side = longest_side(first, last);
  std::nth_element(first, middle, last, [side](const Point& a, const Point& b) {
    return a.x[side] != b.x[side] ? a.x[side] < b.x[side] : a.atom < b.atom;
  });
  halve(first, middle, chunk);
  halve(middle, last, chunk);
}

}  // namespace

std::vector<int32_t> order_in_space(const std::vector<double>& positions, int64_t chunk) {
  std::vector<Point> points(positions.size() / 3);
  for (size_t atom = 0; atom < points.size(); ++atom)
    points[atom] = {{positions[3 * atom], positions[3 * atom + 1], positions[3 * atom + 2]}, int32_t(atom)};
  halve(points.data(), points.data() + points.size(), chunk);
  std::vector<int32_t> order(points.size());
  for (size_t place = 0; place < order.size(); ++place) order[place] = points[place].atom;
  return order;
}

}  // namespace gaq::neighbors
