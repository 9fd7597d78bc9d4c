#include "networks/painn/plan.hpp"

namespace gaq {
namespace {

// Where the channels of `sections` blocks of features stand after padding.
std::vector<int> places(const PainnPlan& plan, int sections) {
  std::vector<int> place;
  for (int section = 0; section < sections; ++section)
    for (int c = 0; c < plan.true_channels; ++c) place.push_back(section * plan.channels + c);
  return place;
}

PainnLayer make_layer(const Description& model, const PainnLayerDescription& from, const PainnPlan& plan,
                      const LinearBuilder& build) {
  const int C = plan.channels;
  const std::vector<int> one = places(plan, 1), two = places(plan, 2), three = places(plan, 3);
  PainnLayer layer;
  layer.first = plan.layers.empty();
  layer.message_hidden = build(from.message_hidden, one, C, one, C);
  layer.message_sent = build(from.message_sent, one, C, three, 3 * C);
  layer.mix = build(from.mix, one, C, two, 2 * C);
  layer.hidden = build(from.hidden, two, 2 * C, one, C);
  layer.gates = build(from.gates, one, C, three, 3 * C);
  layer.radial = combine(model.radial, {&from.filters}, three, 3 * C);
  return layer;
}

}  // namespace

PainnPlan plan_painn(const Description& model, int backward_bits, const Kernels& kernels) {
  const auto& description = static_cast<const PainnDescription&>(*model.network);
  PainnPlan plan;
  plan.true_channels = model.channels;
  plan.channels = whole(model.channels);
  plan.local = model.framed;
  plan.embedding.assign(model.species.size() * plan.channels, 0.0f);
  for (size_t row = 0; row < model.species.size(); ++row)
    for (int c = 0; c < plan.true_channels; ++c)
      plan.embedding[row * plan.channels + c] = description.embedding[row * plan.true_channels + c];
  const LinearBuilder build{kernels, backward_bits};
  for (const PainnLayerDescription& layer : description.layers)
    plan.layers.push_back(make_layer(model, layer, plan, build));
  plan.readout = build.readout(description.readout, places(plan, 1), plan.channels);
  return plan;
}

}  // namespace gaq
