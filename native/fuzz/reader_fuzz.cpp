// What the fuzzers call: any bytes either become a Description that keeps its promises, or are refused by a sentence.
//
// Build with -DGAQ_FUZZING, which leaves out the checksum, and with the address and undefined-behaviour sanitizers:
//   clang++ -fsanitize=fuzzer,address,undefined  with libfuzzer.cpp, or
//   g++ -fsanitize=address,undefined             with driver.cpp.
#include <cstdint>
#include <vector>

#include "description.hpp"
#include "error.hpp"
#include "networks/painn/contents.hpp"
#include "networks/transformer/contents.hpp"
#include "promises.hpp"

namespace {

using gaq_fuzz::promise;

bool in_range(const std::vector<int8_t>& codes, int bits) {
  const int high = (1 << (bits - 1)) - 1;
  for (int code : codes)
    if (code < -high || code > high) return false;
  return true;
}

void check_scheme(const gaq::FeatureScheme& scheme) {
  if (scheme.scheme == gaq::Scheme::identity) return;
  promise(scheme.bits >= 2 && scheme.bits <= 16, "bits of a feature");
  if (scheme.per == gaq::Per::tensor) promise(scheme.step > 0 && scheme.inverse_step > 0, "steps");
  if (scheme.scheme != gaq::Scheme::polar) return;
  if (scheme.logarithmic) {
    promise(scheme.levels.size() == size_t(scheme.high()) + 1, "levels");
    promise(scheme.thresholds.size() == size_t(scheme.high()), "thresholds");
  }
  if (scheme.direction != gaq::Direction::codebook) return;
  const size_t points = scheme.points.size() / 3;
  promise(points >= 1 && points <= size_t(1) << scheme.direction_bits, "points");
  promise(scheme.candidates >= 1 && scheme.cells.size() % size_t(scheme.candidates) == 0, "candidates");
  for (int32_t code : scheme.cells) promise(code >= 0 && size_t(code) < points, "cells");
}

void check_linear(const gaq::LinearDescription& linear, int outputs, int inputs) {
  const size_t size = size_t(outputs) * size_t(inputs);
  promise(linear.outputs == outputs && linear.inputs == inputs, "outputs and inputs");
  promise(linear.bits == 32 ? linear.values.size() == size : linear.codes.size() == size, "values or codes");
  promise(linear.bits == 32 || in_range(linear.codes, linear.bits), "codes");
  promise(linear.bits == 32 || linear.scale.size() == size_t(outputs), "scales");
  promise(linear.bias.empty() || linear.bias.size() == size_t(outputs), "bias");
  check_scheme(linear.input);
}

void check_functions(const gaq::Description& d, const gaq::RadialFunctions& read, int functions) {
  promise(read.table != nullptr && read.functions == functions, "radial functions");
  const gaq::RadialTable& table = *read.table;
  const size_t size = size_t(d.radial.knots) * size_t(table.functions);
  promise(table.values.size() == size && table.slopes.size() == size && table.curvatures.size() == size,
          "radial table");
  promise(read.mixing.empty() ? table.functions == functions
                              : read.mixing.size() == size_t(table.functions) * size_t(functions),
          "mixing");
}

void check_readout(const gaq::ReadoutDescription& readout, int channels) {
  check_linear(readout.hidden, channels, channels);
  check_linear(readout.energy, 1, channels);
}

void check_transformer(const gaq::Description& d, const gaq::TransformerDescription& n) {
  const int c = d.channels, l = d.degrees, wide = (1 + 2 * l + (l > 1 ? 2 : 0)) * c;
  promise(c >= 4 && c % n.config.heads == 0 && l >= 1 && l <= 3, "config");
  promise(n.layers.size() == size_t(d.layers), "layers");
  promise(n.embedding.size() == d.species.size() * size_t(c), "embedding");
  for (size_t i = 0; i < n.layers.size(); ++i) {
    const gaq::TransformerLayerDescription& layer = n.layers[i];
    check_linear(layer.project, 4 * c, c);
    check_linear(layer.output, c, c);
    check_linear(layer.hidden, n.config.hidden, wide);
    check_linear(layer.gates, i + 1 == n.layers.size() ? (1 + l) * c : wide, n.config.hidden);
    promise(layer.mix.size() == size_t(l), "mixings");
    for (const auto& mix : layer.mix) check_linear(mix, 2 * c, c);
    check_scheme(layer.query);
    check_scheme(layer.key);
    promise(layer.temperature.size() == size_t(n.config.heads), "temperature");
    promise(layer.limits.size() == size_t(2 * c), "limits");
    check_functions(d, layer.bias, n.config.heads);
    check_functions(d, layer.filters, 2 * c);
  }
  check_readout(n.readout, c);
}

void check_painn(const gaq::Description& d, const gaq::PainnDescription& n) {
  const int c = d.channels;
  promise(c >= 4 && d.degrees == 1 && n.layers.size() == size_t(d.layers), "config");
  promise(n.embedding.size() == d.species.size() * size_t(c), "embedding");
  for (const gaq::PainnLayerDescription& layer : n.layers) {
    check_linear(layer.message_hidden, c, c);
    check_linear(layer.message_sent, 3 * c, c);
    check_linear(layer.mix, 2 * c, c);
    check_linear(layer.hidden, c, 2 * c);
    check_linear(layer.gates, 3 * c, c);
    check_functions(d, layer.filters, 3 * c);
  }
  check_readout(n.readout, c);
}

void check(const gaq::Description& d) {
  promise(d.radial.knots >= 4 && d.radial.decay > 0 && d.radial.low < d.radial.high, "radial grid");
  promise(d.golden.positions.size() == d.golden.species.size() * 9, "golden positions");
  promise(d.golden.forces.size() == d.golden.positions.size() && d.golden.energies.size() == 3, "golden forces");
  if (d.architecture == "transformer")
    check_transformer(d, static_cast<const gaq::TransformerDescription&>(*d.network));
  else if (d.architecture == "painn")
    check_painn(d, static_cast<const gaq::PainnDescription&>(*d.network));
  else
    promise(false, "architecture");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    check(gaq::read_description(bytes, size, "x.gaq"));
  } catch (const gaq::BadFile& refusal) {  // anything else, such as no memory, is a finding
    gaq_fuzz::promise_refusal(refusal.what());
  }
  return 0;
}
