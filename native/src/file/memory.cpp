// Channels are padded to whole registers head by head, and each layer has its own table of radial functions, so that
// memory can exceed the file many times.
#include "file/memory.hpp"

#include <algorithm>

namespace gaq {
namespace {

constexpr int64_t lanes = 16;        // channels of a register, as in layers/plan.hpp
constexpr int64_t number = 4;        // bytes
constexpr int64_t coefficients = 6;  // of the polynomial between two knots
constexpr int64_t most_times = 100;
constexpr int64_t always = int64_t(1) << 22;  // bytes that any file may take

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

}  // namespace

int64_t plan_bytes(const Description& description) {
  const Config& c = description.config;
  const int64_t channels = c.heads * padded(c.channels / c.heads), sections = (1 + 2 * c.degrees) * channels;
  const int64_t hidden = padded(c.hidden);
  int64_t total = linear_bytes(description.readout, channels, channels) + linear_bytes(description.energy, channels, lanes);
  for (size_t index = 0; index < description.layers.size(); ++index) {
    const LayerDescription& layer = description.layers[index];
    const int64_t functions = 1 + c.degrees * (index == 0 ? 1 : 2), row = functions * channels + padded(c.heads);
    total += int64_t(description.radial.knots - 1) * coefficients * row * number;
    total += linear_bytes(layer.project, channels, 4 * channels) + linear_bytes(layer.output, channels, channels) +
             linear_bytes(layer.hidden, sections, hidden) + linear_bytes(layer.gates, hidden, sections) +
             scheme_bytes(layer.query) + scheme_bytes(layer.key);
    for (const LinearDescription& mix : layer.mix) total += linear_bytes(mix, channels, 2 * channels);
  }
  return total;
}

void check_memory(const Description& description, size_t size, const Source& source) {
  const int64_t needed = plan_bytes(description);
  if (needed <= std::max(always, most_times * int64_t(size))) return;
  source.refuse("has " + std::to_string(size) + " bytes and takes " + std::to_string(needed) +
                    " to run; expected at most " + std::to_string(most_times) + " for each byte of the file",
                "Train with fewer heads or radial functions, or more channels for each head.");
}

}  // namespace gaq
