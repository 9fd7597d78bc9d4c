// One slot or one layer on its own, on rows of the model's own channels: for tests of parity.
#include <functional>
#include <vector>

#include "engine.hpp"
#include "error.hpp"

namespace gaq {

namespace {

void over_linears(const Plan& plan, const std::function<void(const LinearPlan&, int components)>& body) {
  for (const LayerPlan& layer : plan.layers) {
    body(layer.project, 1);
    body(layer.output, 1);
    for (size_t l = 0; l < layer.mix.size(); ++l) body(layer.mix[l], 2 * int(l) + 3);
    body(layer.hidden, 1);
    body(layer.gates, 1);
  }
  body(plan.readout, 1);
  body(plan.energy, 1);
}

const FeatureLaw& law_of(const Plan& plan, const std::string& slot) {
  const FeatureLaw* found = nullptr;
  over_linears(plan, [&](const LinearPlan& linear, int) {
    if (linear.slot == slot) found = &linear.law;
  });
  for (const LayerPlan& layer : plan.layers) {
    if (layer.query_slot == slot) found = &layer.query;
    if (layer.key_slot == slot) found = &layer.key;
  }
  if (!found) throw Error(GAQ_BAD_ARGUMENT, "there is no feature slot '" + slot + "'");
  return *found;
}

// Laws about the mean of a species want to know whose each row is.
void check_species(const Description& description, const FeatureLaw& law, int64_t rows, const int32_t* species) {
  if (!law.centred()) return;
  if (!species) throw Error(GAQ_BAD_ARGUMENT, "species is missing, and the slot rounds about the means of species");
  for (int64_t row = 0; row < rows; ++row)
    if (species[row] < 0 || species[row] >= int64_t(description.species.size()))
      throw Error(GAQ_BAD_ARGUMENT, "species has the row " + std::to_string(species[row]) + ", which the model has not");
}

}  // namespace

void Engine::encode(const std::string& slot, int64_t rows, int components, int columns, const int32_t* species,
                    const float* values, int32_t* codes, int32_t* directions, float* steps, float* decoded) const {
  const FeatureLaw& law = law_of(model_->plan, slot);
  if (rows < 0 || components < 1 || components > 7 || columns < 1 || columns > 1 << 20)
    throw Error(GAQ_BAD_ARGUMENT, "rows, components or columns lie outside their range");
  check_species(model_->description, law, rows, species);
  if (law.centred() && (components != 1 || law.centre_codes.size() != model_->description.species.size() * columns))
    throw Error(GAQ_BAD_ARGUMENT, "rows have other components or columns than the means of the slot '" + slot + "'");
  const int padded = whole(columns);
  const int64_t size = int64_t(components) * padded;
  const bool per_part = law.law != Law::polar || law.direction == Direction::component || components != 3;
  std::vector<float> in(size), out(size);
  std::vector<int32_t> code(size), direction(size);
  std::vector<float> centre(law.centred() ? columns : 0);
  for (int64_t row = 0; row < rows; ++row) {
    for (int m = 0; m < components; ++m)
      std::copy_n(values + (row * components + m) * columns, columns, in.data() + m * padded);
    for (size_t k = 0; k < centre.size(); ++k) {
      centre[k] = float(law.centre_codes[size_t(species[row]) * columns + k]) * law.centre_scale[species[row]];
      in[k] -= centre[k];
    }
    std::vector<float> step(components, 0.0f);
    model_->kernels->decode_through(law, 1, components, padded, in.data(), out.data(), code.data(), direction.data(),
                                    step.data());
    for (size_t k = 0; k < centre.size(); ++k) out[k] += centre[k];
    for (int m = 0; m < components; ++m) {
      if (decoded) std::copy_n(out.data() + m * padded, columns, decoded + (row * components + m) * columns);
      if (codes && law.law != Law::polar)
        std::copy_n(code.data() + m * padded, columns, codes + (row * components + m) * columns);
      if (directions && per_part && law.law == Law::polar)
        std::copy_n(direction.data() + m * padded, columns, directions + (row * components + m) * columns);
      if (steps && law.law == Law::uniform && law.per != Per::vector) steps[row * components + m] = step[m];
    }
    if (codes && law.law == Law::polar) std::copy_n(code.data(), columns, codes + row * columns);
    if (directions && !per_part) std::copy_n(direction.data(), columns, directions + row * columns);
    if (steps && law.law == Law::polar) steps[row] = step[0];
  }
}

void Engine::linear(const std::string& name, int64_t rows, const int32_t* species, const float* inputs,
                    float* outputs) const {
  const LinearPlan* plan = nullptr;
  int components = 1;
  over_linears(model_->plan, [&](const LinearPlan& linear, int n) {
    if (linear.name == name) plan = &linear, components = n;
  });
  if (!plan) throw Error(GAQ_BAD_ARGUMENT, "there is no linear layer '" + name + "'");
  if (rows % components) throw Error(GAQ_BAD_ARGUMENT, "rows of vectors come in whole vectors");
  check_species(model_->description, plan->law, rows, species);
  std::vector<float> in(size_t(components) * plan->inputs), out(size_t(components) * plan->outputs);
  std::vector<float> decoded(in.size()), scale(components);
  std::vector<uint8_t> bytes(in.size() + lanes);
  std::vector<int16_t> words(in.size() + lanes);
  Scratch room;
  for (float*& floats : room.floats) floats = decoded.data();
  room.scale = scale.data();
  room.bytes = bytes.data();
  room.words = words.data();
  room.species = species;
  for (int64_t row = 0; row < rows; row += components) {
    for (int m = 0; m < components; ++m)
      for (int k = 0; k < plan->true_inputs; ++k)
        in[size_t(m) * plan->inputs + plan->input_place[k]] = inputs[(row + m) * plan->true_inputs + k];
    model_->kernels->linear(*plan, components, components, in.data(), plan->inputs, out.data(), plan->outputs, room,
                            Tap(), row);
    for (int m = 0; m < components; ++m)
      for (int k = 0; k < plan->true_outputs; ++k)
        outputs[(row + m) * plan->true_outputs + k] = out[size_t(m) * plan->outputs + plan->output_place[k]];
  }
}

}  // namespace gaq
