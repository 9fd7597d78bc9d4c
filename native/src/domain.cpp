#include "domain.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "geometry/grow.hpp"

namespace gaq {

namespace {

constexpr double closer = 0.95;  // of the smallest distance in the data
constexpr double crowd = 0.1;    // of the largest number of neighbours in the data
constexpr double larger = 1.5;   // times the largest features in the data

std::string more(int64_t count) { return count == 1 ? "" : " (and " + std::to_string(count - 1) + " more)"; }

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

double norm_of(const float* row, int width) {
  double sums[4] = {0, 0, 0, 0};
  for (int k = 0; k < width; ++k) sums[k % 4] += double(row[k]) * double(row[k]);
  return std::sqrt((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

}  // namespace

Outside DomainCheck::look(const ActivePair* pairs, int64_t count, const std::vector<int32_t>& rows,
                          const std::vector<int32_t>& order, int64_t owned, const float* features, int row_width) {
  Outside found;
  const DomainDescription& domain = description_.domain;
  if (domain.frames == 0) return found;
  const size_t species = description_.species.size();
  grow(neighbors_, int64_t(rows.size()));
  std::fill_n(neighbors_.begin(), rows.size(), 0);
  double worst = std::numeric_limits<double>::infinity();
  for (int64_t n = 0; n < count; ++n) {
    const ActivePair& pair = pairs[n];
    ++neighbors_[size_t(pair.i)];
    ++neighbors_[size_t(pair.j)];
    const double closest = domain.closest[size_t(rows[size_t(pair.i)]) * species + size_t(rows[size_t(pair.j)])];
    if (!(pair.distance < closer * closest)) continue;
    ++found.close.count;
    if (pair.distance / closest >= worst) continue;
    worst = pair.distance / closest;
    const int64_t i = order[size_t(pair.i)], j = order[size_t(pair.j)];
    const int32_t z = description_.species[size_t(rows[size_t(pair.i)])],
                  other = description_.species[size_t(rows[size_t(pair.j)])];
    found.close.i = std::min(i, j);
    found.close.j = std::max(i, j);
    found.close.z = i <= j ? z : other;
    found.close.other = i <= j ? other : z;
    found.close.distance = pair.distance;
    found.close.closest = closest;
  }
  for (int64_t place = 0; place < owned; ++place) {
    const size_t row = size_t(rows[size_t(place)]);
    const int32_t z = description_.species[row], seen = neighbors_[size_t(place)];
    const int32_t fewest = domain.neighbors[2 * row], most = domain.neighbors[2 * row + 1];
    const double off = std::max(fewest - seen, seen - most) - crowd * most;
    if (off > 0 && (++found.crowd.count == 1 || off > found.crowd.off)) {
      const int64_t count_so_far = found.crowd.count;
      found.crowd = {count_so_far, order[size_t(place)], seen, fewest, most, z, off};
    }
    const double norm = norm_of(features + place * row_width, row_width), largest = domain.largest[row];
    if (norm <= larger * largest) continue;
    const double ratio = std::isfinite(norm) ? norm / largest : std::numeric_limits<double>::infinity();
    if (++found.large.count == 1 || ratio > found.large.ratio)
      found.large = {found.large.count, order[size_t(place)], z, ratio};
  }
  return found;
}

std::string Outside::sentence(double cutoff) const {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (close.count)
    add("atoms " + std::to_string(close.i) + " and " + std::to_string(close.j) + " (Z = " + std::to_string(close.z) +
        " and " + std::to_string(close.other) + ") are " + number("%.3f", close.distance) +
        " Å apart; the training data have such atoms at " + number("%.3f", close.closest) + " Å at the least" +
        more(close.count));
  if (crowd.count)
    add("atom " + std::to_string(crowd.atom) + " (Z = " + std::to_string(crowd.z) + ") has " +
        std::to_string(crowd.neighbors) + (crowd.neighbors == 1 ? " neighbour within " : " neighbours within ") +
        number("%g", cutoff) + " Å; in the training data such atoms have " + std::to_string(crowd.fewest) +
        (crowd.fewest == crowd.most ? "" : " to " + std::to_string(crowd.most)) + more(crowd.count));
  if (large.count)
    add("the last features of atom " + std::to_string(large.atom) + " (Z = " + std::to_string(large.z) + ") are " +
        number("%.3g", large.ratio) + " times the largest of such atoms in the training data" + more(large.count));
  return text;
}

}  // namespace gaq
