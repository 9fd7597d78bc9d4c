// What the fuzzers call: any bytes either become a Description that keeps its promises, or are refused by a sentence.
//
// Build with -DGAQ_FUZZING, which leaves out the checksum, and with the address and undefined-behaviour sanitizers:
//   clang++ -fsanitize=fuzzer,address,undefined  with libfuzzer.cpp, or
//   g++ -fsanitize=address,undefined             with driver.cpp.
#include <cstdint>
#include <vector>

#include "description.hpp"
#include "error.hpp"
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

void check_law(const gaq::FeatureLaw& law) {
  if (law.law == gaq::Law::identity) return;
  promise(law.bits >= 2 && law.bits <= 16, "bits of a feature");
  if (law.per == gaq::Per::tensor) promise(law.step > 0 && law.inverse_step > 0, "steps");
  if (law.law != gaq::Law::polar) return;
  if (law.logarithmic) {
    promise(law.levels.size() == size_t(law.high()) + 1, "levels");
    promise(law.thresholds.size() == size_t(law.high()), "thresholds");
  }
  if (law.direction != gaq::Direction::codebook) return;
  const size_t points = law.points.size() / 3;
  promise(points >= 1 && points <= size_t(1) << law.direction_bits, "points");
  promise(law.candidates >= 1 && law.cells.size() % size_t(law.candidates) == 0, "candidates");
  for (int32_t code : law.cells) promise(code >= 0 && size_t(code) < points, "cells");
}

void check_linear(const gaq::LinearDescription& linear, int outputs, int inputs) {
  const size_t size = size_t(outputs) * size_t(inputs);
  promise(linear.outputs == outputs && linear.inputs == inputs, "outputs and inputs");
  promise(linear.bits == 32 ? linear.values.size() == size : linear.codes.size() == size, "values or codes");
  promise(linear.bits == 32 || in_range(linear.codes, linear.bits), "codes");
  promise(linear.bits == 32 || linear.scale.size() == size_t(outputs), "scales");
  promise(linear.bias.empty() || linear.bias.size() == size_t(outputs), "bias");
  check_law(linear.input);
}

void check_functions(const gaq::Description& d, const gaq::RadialFunctions& read, int functions) {
  promise(read.table != nullptr && read.functions == functions, "radial functions");
  const gaq::RadialTable& table = *read.table;
  const size_t size = size_t(d.radial.knots) * size_t(table.functions);
  promise(table.values.size() == size && table.slopes.size() == size && table.curvatures.size() == size, "radial table");
  promise(read.mixing.empty() ? table.functions == functions
                              : read.mixing.size() == size_t(table.functions) * size_t(functions), "mixing");
}

void check_readout(const gaq::ReadoutDescription& readout, int channels) {
  check_linear(readout.hidden, channels, channels);
  check_linear(readout.energy, 1, channels);
}

void check_transformer(const gaq::Description& d, const gaq::TransformerDescription& n) {
  const int c = d.channels, l = d.degrees, wide = (1 + 2 * l) * c;
  promise(c >= 4 && c % n.config.heads == 0 && l >= 1 && l <= 3, "config");
  promise(n.layers.size() == size_t(d.layers), "layers");
  promise(n.embedding.size() == d.species.size() * size_t(c), "embedding");
  for (size_t i = 0; i < n.layers.size(); ++i) {
    const gaq::TransformerLayerDescription& layer = n.layers[i];
    check_linear(layer.project, 4 * c, c);
    check_linear(layer.output, c, c);
    check_linear(layer.hidden, n.config.hidden, wide);
    check_linear(layer.gates, wide, n.config.hidden);
    promise(layer.mix.size() == size_t(l), "mixings");
    for (const auto& mix : layer.mix) check_linear(mix, 2 * c, c);
    check_law(layer.query);
    check_law(layer.key);
    promise(layer.temperature.size() == size_t(n.config.heads), "temperature");
    check_functions(d, layer.bias, n.config.heads);
    check_functions(d, layer.filters, (1 + l * (i == 0 ? 1 : 2)) * c);
  }
  check_readout(n.readout, c);
}

void check(const gaq::Description& d) {
  promise(d.radial.knots >= 4 && d.radial.decay > 0 && d.radial.low < d.radial.high, "radial grid");
  promise(d.golden.positions.size() == d.golden.species.size() * 9, "golden positions");
  promise(d.golden.forces.size() == d.golden.positions.size() && d.golden.energies.size() == 3, "golden forces");
  if (d.architecture == "transformer")
    check_transformer(d, static_cast<const gaq::TransformerDescription&>(*d.network));
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
