#include "file/memory.hpp"
#include "networks/painn/contents.hpp"

namespace gaq {

int64_t PainnDescription::opened_bytes(const RadialGrid& radial) const {
  const int64_t channels = padded(readout.hidden.inputs);
  int64_t total = readout_bytes(readout, channels);
  for (const PainnLayerDescription& layer : layers)
    total += radial_bytes(radial, 3 * channels) + linear_bytes(layer.message_hidden, channels, channels) +
             linear_bytes(layer.message_sent, channels, 3 * channels) +
             linear_bytes(layer.mix, channels, 2 * channels) + linear_bytes(layer.hidden, 2 * channels, channels) +
             linear_bytes(layer.gates, channels, 3 * channels);
  return total;
}

}  // namespace gaq
