#include "networks/transformer/plan.hpp"

#include "kernels/kernels.hpp"

namespace gaq {

TransformerShape::TransformerShape(const TransformerConfig& config, bool local)
    : degrees(config.degrees),
      components(config.degrees * (config.degrees + 2)),
      heads(config.heads),
      head_width(whole(config.channels / config.heads)),
      channels(config.heads * head_width),
      hidden(whole(config.hidden)),
      heads_padded(whole(config.heads)),
      true_channels(config.channels),
      true_head_width(config.channels / config.heads),
      true_hidden(config.hidden),
      local(local),
      cosine(config.cosine) {}

namespace {

// Where the channels of `sections` blocks of features stand after padding.
std::vector<int> places(const TransformerShape& shape, int sections) {
  std::vector<int> place;
  for (int section = 0; section < sections; ++section)
    for (int c = 0; c < shape.true_channels; ++c) place.push_back(section * shape.channels + shape.place(c));
  return place;
}

TransformerLayer make_layer(const Description& model, int index, const TransformerShape& shape,
                            const LinearBuilder& build) {
  const auto& from = static_cast<const TransformerDescription&>(*model.network).layers[index];
  const int C = shape.channels;
  TransformerLayer layer;
  layer.first = index == 0;
  layer.last = index + 1 == model.layers;
  layer.project = build(from.project, places(shape, 1), C, places(shape, 4), 4 * C);
  layer.output = build(from.output, places(shape, 1), C, places(shape, 1), C);
  for (const LinearDescription& mix : from.mix)
    layer.mix.push_back(build(mix, places(shape, 1), C, places(shape, 2), 2 * C));
  const int gated = layer.last ? 1 + shape.degrees : shape.sections();
  layer.hidden = build(from.hidden, places(shape, shape.sections()), shape.sections() * C,
                       plain_places(shape.true_hidden), shape.hidden);
  layer.gates = build(from.gates, plain_places(shape.true_hidden), shape.hidden, places(shape, gated), gated * C);
  layer.query = from.query;
  layer.key = from.key;
  const std::string name = "layers." + std::to_string(index) + ".attention.";
  layer.query_slot = name + "query";
  layer.key_slot = name + "key";
  layer.temperature.assign(shape.heads_padded, 0.0f);
  for (int h = 0; h < shape.heads; ++h) layer.temperature[h] = from.temperature[h];
  const auto inverse_squares = [&](int row) {
    std::vector<float> out(size_t(C), 0.0f);
    for (int c = 0; c < shape.true_channels; ++c) {
      const float limit = from.limits[size_t(row * shape.true_channels + c)];
      out[size_t(shape.place(c))] = 1.0f / (limit * limit);
    }
    return out;
  };
  layer.scalar_limit = inverse_squares(0);
  layer.vector_limit = inverse_squares(1);
  layer.filters = message_functions * shape.channels;
  std::vector<int> place = places(shape, message_functions);
  for (int h = 0; h < shape.heads; ++h) place.push_back(layer.filters + h);
  layer.radial = combine(model.radial, {&from.filters, &from.bias}, place, layer.filters + shape.heads_padded);
  return layer;
}

}  // namespace

TransformerPlan plan_transformer(const Description& model, int backward_bits, const Kernels& kernels) {
  const auto& description = static_cast<const TransformerDescription&>(*model.network);
  TransformerPlan plan;
  plan.shape = TransformerShape(description.config, model.framed);
  const TransformerShape& shape = plan.shape;
  const LinearBuilder build{kernels, backward_bits};
  const std::vector<int> place = places(shape, 1);
  plan.embedding.assign(model.species.size() * shape.channels, 0.0f);
  for (size_t row = 0; row < model.species.size(); ++row)
    for (int c = 0; c < shape.true_channels; ++c)
      plan.embedding[row * shape.channels + place[c]] = description.embedding[row * shape.true_channels + c];
  for (int index = 0; index < model.layers; ++index) plan.layers.push_back(make_layer(model, index, shape, build));
  plan.readout = build.readout(description.readout, place, shape.channels);
  std::vector<LinearPlan*> order;
  for (TransformerLayer& layer : plan.layers) {
    order.insert(order.end(), {&layer.project, &layer.output});
    for (LinearPlan& mix : layer.mix) order.push_back(&mix);
    order.insert(order.end(), {&layer.hidden, &layer.gates});
  }
  order.push_back(&plan.readout.hidden);
  link_weights(order);
  return plan;
}

}  // namespace gaq
