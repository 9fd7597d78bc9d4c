// A PaiNN in a .gaq file: its configuration, and layer by layer its weights.
#include "file/network_file.hpp"
#include "networks/painn/contents.hpp"
#include "networks/painn/painn.hpp"

namespace gaq {
namespace {

PainnLayerDescription read_layer(int i, NetworkFile& file) {
  const int c = file.model.channels;
  const std::string name = "layers." + std::to_string(i);
  const std::string message = name + ".message", update = name + ".update";
  PainnLayerDescription layer;
  layer.message_hidden = file.linear(message + ".hidden", {c, c, true, 0});
  layer.message_sent = file.linear(message + ".sent", {3 * c, c, true, 0});
  file.slots.feature(message + ".scalar", Role::message);
  if (i > 0) file.slots.feature(message + ".vector.l1", Role::message);  // before the first layer vectors are zero
  layer.filters = file.functions(name + ".filters", 3 * c);
  layer.mix = file.linear(update + ".mix1", {2 * c, c, false, 1});
  layer.hidden = file.linear(update + ".hidden", {c, 2 * c, true, 0});
  layer.gates = file.linear(update + ".gates", {3 * c, c, true, 0});
  return layer;
}

}  // namespace

std::unique_ptr<NetworkDescription> read_painn(NetworkFile& file) {
  auto out = std::make_unique<PainnDescription>();
  file.model.channels = file.config.integer("channels", 4, 1024);
  file.model.layers = file.config.integer("layers", 1, 32);
  file.config.integer("basis", 4, 128);  // how the radial functions were parametrized; their tables say all we need
  const int readout = file.config.has("readout") ? file.config.integer("readout", 0, 1024) : 0;
  file.config.finish();
  file.model.degrees = 1;
  out->embedding = file.tensors.floats("embedding", {int64_t(file.model.species.size()), file.model.channels});
  for (int i = 0; i < file.model.layers; ++i) out->layers.push_back(read_layer(i, file));
  out->readout = file.readout(readout);
  return out;
}

}  // namespace gaq
