// Tables of radial functions, combined from those of the file.
#include <cmath>

#include "layers/plan.hpp"

namespace gaq {
namespace {

// Traces become zero: arithmetic with numbers below the normal ones is a hundred times slower.
float normal(double x) { return std::fabs(x) < 0x1p-64 ? 0.0f : float(x); }

// What all functions are at one knot: [function][value, slope, half curvature]. A combination of functions has as its
// table the same combination of their tables.
std::vector<double> at_knot(const std::vector<const RadialFunctions*>& sets, int knot, size_t count) {
  std::vector<double> result(count * 3, 0.0);
  size_t first = 0;
  for (const RadialFunctions* set : sets) {
    const RadialTable& table = *set->table;
    const std::vector<float>* known[3] = {&table.values, &table.slopes, &table.curvatures};
    for (int order = 0; order < 3; ++order)
      for (int b = 0; b < table.functions; ++b) {
        const double one = (*known[order])[size_t(knot) * table.functions + b];
        if (set->mixing.empty()) result[(first + b) * 3 + order] = one;
        for (int f = 0; f < set->functions && !set->mixing.empty(); ++f)
          result[(first + f) * 3 + order] += one * set->mixing[size_t(b) * set->functions + f];
      }
    first += size_t(set->functions);
  }
  return result;
}

}  // namespace

RadialPlan combine(const RadialGrid& grid, const std::vector<const RadialFunctions*>& sets,
                   const std::vector<int>& place, int row) {
  RadialPlan plan;
  plan.row = row;
  plan.table.assign(size_t(grid.knots) * 3 * row, 0.0f);
  for (int knot = 0; knot < grid.knots; ++knot) {
    const std::vector<double> known = at_knot(sets, knot, place.size());
    float* rows = plan.table.data() + size_t(knot) * 3 * row;
    for (size_t f = 0; f < place.size(); ++f)
      for (int order = 0; order < 3; ++order) rows[size_t(order) * row + place[f]] = normal(known[f * 3 + order]);
  }
  return plan;
}

}  // namespace gaq
