// Channels are padded to whole registers head by head, and each layer has its own table of radial functions, so that
// memory can exceed the file many times.
#include "file/memory.hpp"
#include "networks/transformer/contents.hpp"

namespace gaq {

int64_t TransformerDescription::opened_bytes(const RadialGrid& radial) const {
  const TransformerConfig& c = config;
  const int64_t channels = c.heads * padded(c.channels / c.heads),
                sections = (1 + 2 * c.degrees + products_of(c.degrees)) * channels;
  const int64_t hidden = padded(c.hidden);
  int64_t total = readout_bytes(readout, channels);
  for (size_t index = 0; index < layers.size(); ++index) {
    const TransformerLayerDescription& layer = layers[index];
    const int64_t gated = index + 1 == layers.size() ? (1 + c.degrees) * channels : sections;
    total += radial_bytes(radial, message_functions * channels + padded(c.heads));
    total += linear_bytes(layer.project, channels, 4 * channels) + linear_bytes(layer.output, channels, channels) +
             linear_bytes(layer.hidden, sections, hidden) + linear_bytes(layer.gates, hidden, gated) +
             scheme_bytes(layer.query) + scheme_bytes(layer.key);
    for (const LinearDescription& mix : layer.mix) total += linear_bytes(mix, channels, 2 * channels);
  }
  return total;
}

}  // namespace gaq
