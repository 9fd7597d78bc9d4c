// Tables of radial functions, combined from those of the file.
#include "layers/plan.hpp"

namespace gaq {
namespace {

// Coefficients of the quintic with these values, slopes and half curvatures (times h, h²) at t = 0 and t = 1.
void quintic(const double* left, const double* right, double* coefficient) {
  const double d = right[0] - left[0] - left[1] - left[2], e = right[1] - left[1] - 2 * left[2];
  const double f = right[2] - left[2];
  for (int k = 0; k < 3; ++k) coefficient[k] = left[k];
  coefficient[3] = 10 * d - 4 * e + f;
  coefficient[4] = -15 * d + 7 * e - 2 * f;
  coefficient[5] = 6 * d - 3 * e + f;
}

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
  plan.table.assign(size_t(grid.knots - 1) * 6 * row, 0.0f);
  std::vector<double> left = at_knot(sets, 0, place.size()), right;
  for (int knot = 0; knot + 1 < grid.knots; ++knot, left.swap(right)) {
    right = at_knot(sets, knot + 1, place.size());
    float* rows = plan.table.data() + size_t(knot) * 6 * row;
    for (size_t f = 0; f < place.size(); ++f) {
      double coefficient[6];
      quintic(&left[f * 3], &right[f * 3], coefficient);
      for (int k = 0; k < 6; ++k) rows[size_t(k) * row + place[f]] = float(coefficient[k]);
    }
  }
  return plan;
}

}  // namespace gaq
