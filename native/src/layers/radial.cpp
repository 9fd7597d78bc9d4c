// Tables of radial functions, combined from those of the file.
#include <algorithm>
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

// The coefficients, from t^0 on, of the quintic with these values, slopes and half curvatures at its ends.
void quintic(const double* left, const double* right, double* terms) {
  const double value = right[0] - left[0] - left[1] - left[2], slope = right[1] - left[1] - 2 * left[2],
               half = right[2] - left[2];  // what the parabola of the left end leaves at the right one
  std::copy_n(left, 3, terms);
  terms[3] = 10 * value - 4 * slope + half;
  terms[4] = -15 * value + 7 * slope - 2 * half;
  terms[5] = 6 * value - 3 * slope + half;
}

}  // namespace

RadialPlan combine(const RadialGrid& grid, const std::vector<const RadialFunctions*>& sets,
                   const std::vector<int>& place, int row) {
  RadialPlan plan;
  plan.row = row;
  plan.table.assign(size_t(grid.knots - 1) * radial_terms * row, 0.0f);
  std::vector<double> left = at_knot(sets, 0, place.size());
  for (int interval = 0; interval + 1 < grid.knots; ++interval) {
    std::vector<double> right = at_knot(sets, interval + 1, place.size());
    float* rows = plan.table.data() + size_t(interval) * radial_terms * row;
    for (size_t f = 0; f < place.size(); ++f) {
      double terms[radial_terms];
      quintic(left.data() + 3 * f, right.data() + 3 * f, terms);
      for (int k = 0; k < radial_terms; ++k) rows[size_t(k) * row + place[f]] = normal(terms[k]);
    }
    left.swap(right);
  }
  return plan;
}

}  // namespace gaq
