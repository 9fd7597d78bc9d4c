// Linear layers of a file.
#include "file/linears.hpp"

#include <algorithm>

namespace gaq {
namespace {

// Σ codes_x codes_w must fit 32 bits in any order; kernels may shift 8-bit features to 0…255.
void check_sums(const LinearDescription& linear, const Source& source) {
  const FeatureScheme& scheme = linear.input;
  if (linear.bits == 32 || scheme.scheme != Scheme::uniform || scheme.per == Per::vector) return;  // no integer product
  const int64_t high_x = scheme.bits <= 8 ? 255 : scheme.high();
  const int64_t high_w = (int64_t(1) << (linear.bits - 1)) - 1;
  const int64_t largest = high_x * high_w * linear.inputs;
  if (largest >= int64_t(1) << 31)
    source.refuse(
        "layer " + quoted(linear.name) + " can sum to " + std::to_string(largest) + "; expected less than 2^31",
        "Take fewer bits for its input or its weight, and export the model again.");
}

}  // namespace

LinearDescription read_linear(const std::string& name, const LinearShape& shape, Slots& slots, Tensors& tensors,
                              const Source& source) {
  LinearDescription linear;
  linear.name = name;
  linear.outputs = shape.outputs;
  linear.inputs = shape.inputs;
  linear.input = slots.feature(name + ".input", shape.degree > 0 ? Role::vector : Role::scalar, shape.degree,
                               shape.inputs);
  linear.bits = slots.weight_bits(name + ".weight");
  if (linear.bits == 32) {
    linear.values = tensors.floats(name + ".weight", {shape.outputs, shape.inputs});
  } else {
    linear.codes = tensors.codes(name + ".codes", shape.outputs, shape.inputs, linear.bits);
    linear.scale = tensors.floats(name + ".scale", {shape.outputs});
    const auto least = std::min_element(linear.scale.begin(), linear.scale.end());
    if (*least < 0)
      source.refuse("tensor " + quoted(name + ".scale") + " has " + shown(double(*least)) +
                    "; expected no number below zero");
  }
  if (shape.bias) linear.bias = tensors.floats(name + ".bias", {shape.outputs});
  check_sums(linear, source);
  if (linear.input.compensation_rows() > 0 && linear.bits == 32)
    source.refuse("slot " + quoted(name + ".input") + " is " + (linear.input.centred ? "centred" : "principal") +
                  ", but its weight is float; expected codes");
  return linear;
}

}  // namespace gaq
