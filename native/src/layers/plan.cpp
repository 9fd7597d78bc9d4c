#include "layers/plan.hpp"

#include <algorithm>

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

// Means and directions, and what the weight makes of them: summed in double precision, in the order of the inputs.
void fill_compensation(const LinearDescription& from, const std::vector<int>& in, const std::vector<int>& out,
                LinearPlan& plan) {
  const FeatureScheme& scheme = from.input;
  const size_t rows = scheme.compensation_scale.size();
  plan.compensation.assign(rows * plan.inputs, 0.0f);
  plan.compensation_out.assign(rows * plan.outputs, 0.0f);
  for (size_t row = 0; row < rows; ++row) {
    float* compensation = plan.compensation.data() + row * plan.inputs;
    for (int k = 0; k < from.inputs; ++k)
      compensation[in[k]] = float(scheme.compensation_codes[row * from.inputs + k]) * scheme.compensation_scale[row];
    for (int o = 0; o < from.outputs; ++o) {
      double total = 0;
      for (int k = 0; k < from.inputs; ++k)
        total += double(compensation[in[k]]) * double(float(from.codes[size_t(o) * from.inputs + k]) * from.scale[o]);
      plan.compensation_out[row * plan.outputs + out[o]] = float(total);
    }
  }
}

// Means and directions of all species as the outputs of one product with the codes of a row.
void fill_directions(const FeatureScheme& scheme, int inputs, const std::vector<int>& in, const Kernels& kernels,
                     LinearPlan& plan) {
  const size_t rows = scheme.compensation_scale.size();
  const int outputs = whole(int(rows));
  std::vector<float> codes(size_t(outputs) * plan.inputs, 0.0f);
  for (size_t row = 0; row < rows; ++row)
    for (int k = 0; k < inputs; ++k) codes[row * plan.inputs + in[k]] = float(scheme.compensation_codes[row * inputs + k]);
  plan.direction_scale.assign(outputs, 0.0f);
  std::copy(scheme.compensation_scale.begin(), scheme.compensation_scale.end(), plan.direction_scale.begin());
  plan.directions.arithmetic = plan.forward.arithmetic;
  kernels.pack(codes.data(), outputs, plan.inputs, plan.directions);
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
    plan.scheme = from.input;
    plan.coded = from.bits < 32;
    plan.scale.assign(outputs, 1.0f);
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
    if (plan.coded && plan.scheme.scheme == Scheme::uniform && plan.scheme.per != Per::vector)
      plan.forward.arithmetic = plan.scheme.bits <= 8 ? Arithmetic::int8 : Arithmetic::int16;
    const int bits = backward_bits < least_backward_bits ? least_backward_bits : backward_bits;
    if (plan.coded && bits < 32) {
      plan.backward_bits = fitting_bits(bits, (1 << (from.bits - 1)) - 1, outputs);
      plan.backward.arithmetic = plan.backward_bits <= 8 ? Arithmetic::int8 : Arithmetic::int16;
    }
    if (plan.scheme.compensation_rows() > 0) fill_compensation(from, in, out, plan);
    if (plan.scheme.directions > 0) fill_directions(plan.scheme, from.inputs, in, kernels, plan);
    kernels.pack(w.data(), outputs, inputs, plan.forward);
    kernels.pack(back.data(), inputs, outputs, plan.backward);
    plan.input_place = std::move(in);
    plan.output_place = std::move(out);
    return plan;
  }
};

// Coefficients of the quintic with these values, slopes and half curvatures (times h, h²) at t = 0 and t = 1.
void quintic(const double* left, const double* right, double* coefficient) {
  const double d = right[0] - left[0] - left[1] - left[2], e = right[1] - left[1] - 2 * left[2];
  const double f = right[2] - left[2];
  for (int k = 0; k < 3; ++k) coefficient[k] = left[k];
  coefficient[3] = 10 * d - 4 * e + f;
  coefficient[4] = -15 * d + 7 * e - 2 * f;
  coefficient[5] = 6 * d - 3 * e + f;
}

// What all functions of a layer are at one knot: [function][value, slope, half curvature]. Each function is a combination
// of the basis, so its table is the same combination of the tables.
std::vector<double> at_knot(const RadialDescription& radial, const LayerDescription& from, int knot, int basis, int filters,
                            int heads) {
  const std::vector<float>* known[3] = {&radial.values, &radial.slopes, &radial.curvatures};
  std::vector<double> result(size_t(filters + heads) * 3, 0.0);
  for (int order = 0; order < 3; ++order)
    for (int b = 0; b < basis; ++b) {
      const double one = (*known[order])[size_t(knot) * basis + b];
      for (int f = 0; f < filters; ++f) result[size_t(f) * 3 + order] += one * from.filters[size_t(b) * filters + f];
      for (int h = 0; h < heads; ++h) result[size_t(filters + h) * 3 + order] += one * from.radial_bias[size_t(b) * heads + h];
    }
  return result;
}

void fill_table(const Description& description, const LayerDescription& from, const Shape& shape, LayerPlan& layer) {
  const int basis = description.config.basis, functions = shape.functions(layer.first);
  const int filters = functions * shape.true_channels, knots = description.radial.knots;
  layer.row = functions * shape.channels + shape.heads_padded;
  layer.table.assign(size_t(knots - 1) * 6 * layer.row, 0.0f);
  std::vector<int> place = places(shape, functions);
  for (int h = 0; h < shape.heads; ++h) place.push_back(functions * shape.channels + h);
  std::vector<double> left = at_knot(description.radial, from, 0, basis, filters, shape.heads), right;
  for (int knot = 0; knot + 1 < knots; ++knot, left.swap(right)) {
    right = at_knot(description.radial, from, knot + 1, basis, filters, shape.heads);
    float* rows = layer.table.data() + size_t(knot) * 6 * layer.row;
    for (size_t f = 0; f < place.size(); ++f) {
      double coefficient[6];
      quintic(&left[f * 3], &right[f * 3], coefficient);
      for (int k = 0; k < 6; ++k) rows[size_t(k) * layer.row + place[f]] = float(coefficient[k]);
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
  Plan plan;
  plan.shape = Shape(description.config, description.framed());
  const Shape& shape = plan.shape;
  if (shape.local) plan.generators = generators(shape.degrees);
  const Builder build{kernels, backward_bits};
  const std::vector<int> place = places(shape, 1);
  plan.embedding.assign(description.species.size() * shape.channels, 0.0f);
  for (size_t row = 0; row < description.species.size(); ++row)
    for (int c = 0; c < shape.true_channels; ++c)
      plan.embedding[row * shape.channels + place[c]] = description.embedding[row * shape.true_channels + c];
  for (int index = 0; index < description.config.layers; ++index)
    plan.layers.push_back(make_layer(description, index, shape, build));
  for (const LayerPlan& layer : plan.layers) {
    for (const LinearPlan* linear : {&layer.project, &layer.output, &layer.hidden, &layer.gates})
      plan.coefficients = std::max(plan.coefficients, linear->directions.outputs);
    for (const LinearPlan& mix : layer.mix) plan.coefficients = std::max(plan.coefficients, mix.directions.outputs);
  }
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
