// The transformer in a .gaq file: its configuration, and layer by layer its weights.
#include "file/network_file.hpp"
#include "networks/transformer/contents.hpp"
#include "networks/transformer/transformer.hpp"

namespace gaq {
namespace {

constexpr float least_limit = 1e-6f;  // its square is used as a divisor

TransformerConfig read_config(const NetworkFile& file) {
  TransformerConfig c;
  c.channels = file.config.integer("channels", 4, 1024);
  c.degrees = file.config.integer("degrees", 1, 3);
  c.layers = file.config.integer("layers", 1, 32);
  c.heads = file.config.integer("heads", 1, 64);  // room on the stack of the attention kernels
  file.config.integer("basis", 4, 128);  // how the radial functions were parametrized; their tables say all we need
  c.hidden = file.config.integer("hidden", 4, 4096);
  c.cosine = file.config.choice("attention", {"cosine", "dot"}) == 0;
  file.config.finish();
  if (c.channels % c.heads != 0)
    file.source.refuse("config has " + std::to_string(c.channels) + " channels and " + std::to_string(c.heads) +
                       " heads; expected a multiple of the heads");
  return c;
}

TransformerLayerDescription read_layer(const TransformerConfig& c, int i, NetworkFile& file) {
  const std::string name = "layers." + std::to_string(i);
  const std::string attention = name + ".attention", update = name + ".update";
  const int invariants = (1 + 2 * c.degrees + products_of(c.degrees)) * c.channels;
  const int gated = i + 1 == c.layers ? (1 + c.degrees) * c.channels : invariants;  // nobody reads the last vectors
  TransformerLayerDescription layer;
  layer.project = file.linear(attention + ".project", {4 * c.channels, c.channels, true, 0});
  layer.query = file.slots.feature(attention + ".query", Role::query);
  layer.key = file.slots.feature(attention + ".key", Role::query);
  layer.output = file.linear(attention + ".output", {c.channels, c.channels, true, 0});
  file.slots.feature(name + ".message.scalar", Role::message);
  for (int degree = 1; degree <= c.degrees; ++degree) {
    const std::string end = std::to_string(degree);
    layer.mix.push_back(file.linear(update + ".mix" + end, {2 * c.channels, c.channels, false, degree}));
  }
  layer.hidden = file.linear(update + ".hidden", {c.hidden, invariants, true, 0});
  layer.gates = file.linear(update + ".gates", {gated, c.hidden, true, 0});
  layer.temperature = file.tensors.floats(attention + ".temperature", {c.heads});
  layer.limits = file.tensors.floats(update + ".limits", {2, c.channels});
  for (float limit : layer.limits)
    if (!(limit >= least_limit))
      file.source.refuse("array '" + update + ".limits' has " + std::to_string(limit) + "; expected at least " +
                         std::to_string(least_limit));
  layer.bias = file.functions(attention + ".bias", c.heads);
  layer.filters = file.functions(name + ".filters", message_functions * c.channels);
  return layer;
}

}  // namespace

std::unique_ptr<NetworkDescription> read_transformer(NetworkFile& file) {
  auto out = std::make_unique<TransformerDescription>();
  out->config = read_config(file);
  const TransformerConfig& c = out->config;
  file.model.channels = c.channels;
  file.model.degrees = c.degrees;
  file.model.layers = c.layers;
  out->embedding = file.tensors.floats("embedding", {int64_t(file.model.species.size()), c.channels});
  for (int i = 0; i < c.layers; ++i) out->layers.push_back(read_layer(c, i, file));
  out->readout = file.readout();
  return out;
}

}  // namespace gaq
