#include "layers/plan.hpp"

#include "error.hpp"
#include "kernels/kernels.hpp"

namespace gaq {

Shape::Shape(const Config& config, bool local)
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

constexpr int most_heads = 64;          // room on the stack of the attention kernels
constexpr int readout_backward_bits = 16;  // one row decides all gradients of an atom: eight bits there would show

// Where the channels of `sections` blocks of features stand after padding.
std::vector<int> places(const Shape& shape, int sections) {
  std::vector<int> place;
  for (int section = 0; section < sections; ++section)
    for (int c = 0; c < shape.true_channels; ++c) place.push_back(section * shape.channels + shape.place(c));
  return place;
}

std::vector<int> plain_places(int count) {
  std::vector<int> place(count);
  for (int k = 0; k < count; ++k) place[k] = k;
  return place;
}

// The largest number of bits up to `wanted` whose totals over `terms` products with codes up to `high` fit 32 bits.
int fitting_bits(int wanted, int high, int terms) {
  int bits = wanted;
  while (bits > 2 && int64_t((1 << (bits - 1)) - 1) * high * terms > INT32_MAX) --bits;
  return bits;
}

struct Builder {
  const Kernels& kernels;
  int backward_bits;

  LinearPlan operator()(const LinearDescription& from, std::vector<int> in, int inputs, std::vector<int> out,
                        int outputs, int least_backward_bits = 8) const {
    LinearPlan plan;
    plan.name = from.name;
    plan.slot = from.name + ".input";
    plan.inputs = inputs;
    plan.outputs = outputs;
    plan.true_inputs = from.inputs;
    plan.true_outputs = from.outputs;
    plan.law = from.input;
    plan.coded = from.bits < 32;
    plan.scale.assign(outputs, 1.0f);
    plan.ones.assign(inputs, 1.0f);
    std::vector<float> w(size_t(outputs) * inputs), back(w.size());
    for (int o = 0; o < from.outputs; ++o) {
      if (plan.coded) plan.scale[out[o]] = from.scale[o];
      for (int k = 0; k < from.inputs; ++k) {
        const size_t at = size_t(o) * from.inputs + k;
        const float value = plan.coded ? float(from.codes[at]) : from.values[at];
        w[size_t(out[o]) * inputs + in[k]] = value;
        back[size_t(in[k]) * outputs + out[o]] = value;
      }
    }
    if (!from.bias.empty()) {
      plan.bias.assign(outputs, 0.0f);
      for (int o = 0; o < from.outputs; ++o) plan.bias[out[o]] = from.bias[o];
    }
    if (plan.coded && plan.law.law == Law::uniform && plan.law.per != Per::vector)
      plan.forward.arithmetic = plan.law.bits <= 8 ? Arithmetic::int8 : Arithmetic::int16;
    const int bits = backward_bits < least_backward_bits ? least_backward_bits : backward_bits;
    if (plan.coded && bits < 32) {
      plan.backward_bits = fitting_bits(bits, (1 << (from.bits - 1)) - 1, outputs);
      plan.backward.arithmetic = plan.backward_bits <= 8 ? Arithmetic::int8 : Arithmetic::int16;
    }
    kernels.pack(w.data(), outputs, inputs, plan.forward);
    kernels.pack(back.data(), inputs, outputs, plan.backward);
    plan.input_place = std::move(in);
    plan.output_place = std::move(out);
    return plan;
  }
};

// The radial functions of a layer at the knots: each is a combination of the basis, so its table is one of the tables.
void fill_table(const Description& description, const LayerDescription& from, const Shape& shape, LayerPlan& layer) {
  const RadialDescription& radial = description.radial;
  const int basis = description.config.basis, functions = shape.functions(layer.first);
  layer.row = functions * shape.channels + shape.heads_padded;
  layer.table.assign(size_t(radial.knots) * 2 * layer.row, 0.0f);
  const std::vector<int> place = places(shape, functions);
  std::vector<double> filters(place.size());
  for (int knot = 0; knot < radial.knots; ++knot)
    for (int side = 0; side < 2; ++side) {
      const float* known = (side ? radial.slopes : radial.values).data() + size_t(knot) * basis;
      float* row = layer.table.data() + (size_t(knot) * 2 + side) * layer.row;
      filters.assign(place.size(), 0.0);
      for (int b = 0; b < basis; ++b)
        for (size_t f = 0; f < place.size(); ++f)
          filters[f] += double(known[b]) * double(from.filters[size_t(b) * place.size() + f]);
      for (size_t f = 0; f < place.size(); ++f) row[place[f]] = float(filters[f]);
      for (int h = 0; h < shape.heads; ++h) {
        double total = 0;
        for (int b = 0; b < basis; ++b) total += double(known[b]) * double(from.radial_bias[size_t(b) * shape.heads + h]);
        row[functions * shape.channels + h] = float(total);
      }
    }
}

LayerPlan make_layer(const Description& description, int index, const Shape& shape, const Builder& build) {
  const LayerDescription& from = description.layers[index];
  const int C = shape.channels;
  LayerPlan layer;
  layer.first = index == 0;
  layer.project = build(from.project, places(shape, 1), C, places(shape, 4), 4 * C);
  layer.output = build(from.output, places(shape, 1), C, places(shape, 1), C);
  for (const LinearDescription& mix : from.mix)
    layer.mix.push_back(build(mix, places(shape, 1), C, places(shape, 2), 2 * C));
  layer.hidden = build(from.hidden, places(shape, shape.sections()), shape.sections() * C,
                       plain_places(shape.true_hidden), shape.hidden);
  layer.gates = build(from.gates, plain_places(shape.true_hidden), shape.hidden, places(shape, shape.sections()),
                      shape.sections() * C);
  layer.query = from.query;
  layer.key = from.key;
  const std::string name = "layers." + std::to_string(index) + ".attention.";
  layer.query_slot = name + "query";
  layer.key_slot = name + "key";
  layer.temperature.assign(shape.heads_padded, 0.0f);
  for (int h = 0; h < shape.heads; ++h) layer.temperature[h] = from.temperature[h];
  fill_table(description, from, shape, layer);
  return layer;
}

}  // namespace

Plan make_plan(const Description& description, int backward_bits, const Kernels& kernels) {
  if (description.config.heads > most_heads)
    throw BadFile("the model has " + std::to_string(description.config.heads) + " heads; the engine runs up to " +
                  std::to_string(most_heads) + ". Use --engine torch, or train a model with fewer heads.");
  Plan plan;
  plan.shape = Shape(description.config, description.framed());
  const Shape& shape = plan.shape;
  const Builder build{kernels, backward_bits};
  const std::vector<int> place = places(shape, 1);
  plan.embedding.assign(description.species.size() * shape.channels, 0.0f);
  for (size_t row = 0; row < description.species.size(); ++row)
    for (int c = 0; c < shape.true_channels; ++c)
      plan.embedding[row * shape.channels + place[c]] = description.embedding[row * shape.true_channels + c];
  for (int index = 0; index < description.config.layers; ++index)
    plan.layers.push_back(make_layer(description, index, shape, build));
  plan.readout = build(description.readout, place, shape.channels, place, shape.channels, readout_backward_bits);
  plan.energy = build(description.energy, place, shape.channels, plain_places(1), lanes, readout_backward_bits);
  plan.energy_weight.assign(shape.channels, 0.0f);
  for (int c = 0; c < shape.true_channels; ++c)
    plan.energy_weight[place[c]] = plan.energy.coded
                                       ? float(description.energy.codes[c]) * description.energy.scale[0]
                                       : description.energy.values[c];
  return plan;
}

}  // namespace gaq
