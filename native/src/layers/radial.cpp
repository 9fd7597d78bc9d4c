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

// What all functions are at one knot: [function][value, slope, half curvature]. Each function is a combination of those
// in the table, so its table is the same combination of the tables.
std::vector<double> at_knot(const RadialDescription& radial, const std::vector<Combination>& parts, int knot, size_t count) {
  const std::vector<float>* known[3] = {&radial.values, &radial.slopes, &radial.curvatures};
  std::vector<double> result(count * 3, 0.0);
  for (int order = 0; order < 3; ++order)
    for (int b = 0; b < radial.functions; ++b) {
      const double one = (*known[order])[size_t(knot) * radial.functions + b];
      size_t at = 0;
      for (const Combination& part : parts)
        for (int f = 0; f < part.functions; ++f, ++at)
          result[at * 3 + order] += one * part.weights[size_t(b) * part.functions + f];
    }
  return result;
}

}  // namespace

RadialPlan combine(const RadialDescription& radial, const std::vector<Combination>& parts, const std::vector<int>& place,
                   int row) {
  RadialPlan plan;
  plan.row = row;
  plan.table.assign(size_t(radial.knots - 1) * 6 * row, 0.0f);
  std::vector<double> left = at_knot(radial, parts, 0, place.size()), right;
  for (int knot = 0; knot + 1 < radial.knots; ++knot, left.swap(right)) {
    right = at_knot(radial, parts, knot + 1, place.size());
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
