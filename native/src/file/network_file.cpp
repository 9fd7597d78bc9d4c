#include "file/network_file.hpp"

namespace gaq {
namespace {

std::shared_ptr<const RadialTable> read_table(const std::string& name, int knots, int64_t functions, Tensors& tensors) {
  auto table = std::make_shared<RadialTable>();
  table->functions = int(tensors.shape(name + ".values", Dtype::F32, {knots, functions})[1]);
  table->values = tensors.floats(name + ".values", {knots, table->functions});
  table->slopes = tensors.floats(name + ".slopes", {knots, table->functions});
  table->curvatures = tensors.floats(name + ".curvatures", {knots, table->functions});
  return table;
}

}  // namespace

LinearDescription NetworkFile::linear(const std::string& name, const LinearShape& shape) {
  LinearDescription read = read_linear(name, shape, slots, tensors, source);
  model.framed = model.framed || read.input.framed;
  return read;
}

ReadoutDescription NetworkFile::readout(int width) {
  if (width > model.channels)
    source.refuse("config has a readout of " + std::to_string(width) + " and " + std::to_string(model.channels) +
                  " channels; expected a readout that is no wider");
  const int hidden = width ? width : model.channels;
  return {linear("readout.hidden", {hidden, model.channels, true, 0}), linear("readout.energy", {1, hidden, false, 0})};
}

RadialFunctions NetworkFile::functions(const std::string& name, int count) {
  RadialFunctions read;
  read.functions = count;
  if (tensors.has(name + ".values")) {
    read.table = read_table(name, model.radial.knots, tensors.has(name) ? any : count, tensors);
    if (!tensors.has(name)) return read;
  } else {
    if (!shared) shared = read_table("radial", model.radial.knots, any, tensors);
    read.table = shared;
  }
  read.mixing = tensors.floats(name, {read.table->functions, count});
  return read;
}

}  // namespace gaq
