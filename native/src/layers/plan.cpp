#include "layers/plan.hpp"

#include <algorithm>

#include "kernels/kernels.hpp"

namespace gaq {
namespace {

constexpr int readout_backward_bits = 16;  // one row decides all gradients of an atom: eight bits there would show

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
    for (int k = 0; k < inputs; ++k)
      codes[row * plan.inputs + in[k]] = float(scheme.compensation_codes[row * inputs + k]);
  plan.direction_scale.assign(outputs, 0.0f);
  std::copy(scheme.compensation_scale.begin(), scheme.compensation_scale.end(), plan.direction_scale.begin());
  plan.directions.arithmetic = plan.forward.arithmetic;
  kernels.pack(codes.data(), outputs, plan.inputs, plan.directions);
}

}  // namespace

void link_weights(const std::vector<LinearPlan*>& layers) {
  auto first_of = [](const Packed& w) -> const void* {
    if (w.arithmetic == Arithmetic::float32) return w.floats.data();
    return w.bytes.empty() ? static_cast<const void*>(w.words.data()) : w.bytes.data();
  };
  for (size_t k = 0; k + 1 < layers.size(); ++k) {
    layers[k]->forward.next = first_of(layers[k + 1]->forward);
    layers[k + 1]->backward.next = first_of(layers[k]->backward);
  }
}

std::vector<int> plain_places(int count) {
  std::vector<int> place(count);
  for (int k = 0; k < count; ++k) place[k] = k;
  return place;
}

LinearPlan LinearBuilder::operator()(const LinearDescription& from, std::vector<int> in, int inputs,
                                     std::vector<int> out, int outputs, int least_backward_bits) const {
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

Readout LinearBuilder::readout(const ReadoutDescription& from, const std::vector<int>& place, int channels) const {
  Readout readout;
  const std::vector<int> hidden(place.begin(), place.begin() + from.hidden.outputs);
  readout.hidden = (*this)(from.hidden, place, channels, hidden, channels, readout_backward_bits);
  readout.energy = (*this)(from.energy, hidden, channels, plain_places(1), lanes, readout_backward_bits);
  readout.energy_weight.assign(channels, 0.0f);
  for (size_t c = 0; c < hidden.size(); ++c)
    readout.energy_weight[hidden[c]] = readout.energy.coded ? float(from.energy.codes[c]) * from.energy.scale[0]
                                                            : from.energy.values[c];
  return readout;
}

}  // namespace gaq
