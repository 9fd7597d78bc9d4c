// Memory of linear layers, tables and quantizers, and the bound on all of it.
#include "file/memory.hpp"

#include <algorithm>

namespace gaq {
namespace {

constexpr int64_t lanes = 16;        // channels of a register, as in layers/plan.hpp
constexpr int64_t number = 4;        // bytes
constexpr int64_t at_knot = 6;       // coefficients of a radial function behind it
constexpr int64_t most_times = 100;
constexpr int64_t always = int64_t(1) << 22;  // bytes that any file may take

}  // namespace

int64_t padded(int64_t count) { return (count + lanes - 1) / lanes * lanes; }

// Levels, thresholds and directions, as the file says them and as the engine uses them.
int64_t scheme_bytes(const FeatureScheme& scheme) {
  int64_t numbers = int64_t(scheme.levels.size() + scheme.thresholds.size());
  if (scheme.direction == Direction::codebook) numbers += int64_t(scheme.points.size() + scheme.cells.size());
  return 2 * number * numbers;
}

int64_t linear_bytes(const LinearDescription& linear, int64_t inputs, int64_t outputs) {
  const auto rows = int64_t(linear.input.compensation_scale.size());
  return 2 * number * inputs * outputs + number * (rows * (inputs + outputs) + padded(rows) * inputs) +
         scheme_bytes(linear.input);
}

int64_t readout_bytes(const ReadoutDescription& readout, int64_t channels) {
  return linear_bytes(readout.hidden, channels, channels) + linear_bytes(readout.energy, channels, lanes);
}

int64_t radial_bytes(const RadialGrid& radial, int64_t row) { return int64_t(radial.knots) * at_knot * row * number; }

void check_memory(const Description& description, size_t size, const Source& source) {
  const int64_t needed = description.network->opened_bytes(description.radial);
  if (needed <= std::max(always, most_times * int64_t(size))) return;
  source.refuse("has " + std::to_string(size) + " bytes and takes " + std::to_string(needed) +
                    " to run; expected at most " + std::to_string(most_times) + " for each byte of the file",
                "Train with fewer heads or radial functions, or more channels for each head.");
}

}  // namespace gaq
