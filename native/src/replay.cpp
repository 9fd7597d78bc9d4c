// One slot or one layer on its own, on rows of the model's own channels: for tests of parity.
#include <vector>

#include "engine.hpp"
#include "error.hpp"

namespace gaq {

namespace {

const FeatureScheme& scheme_of(const Network& network, const std::string& slot) {
  const FeatureScheme* found = nullptr;
  network.each_linear([&](const LinearPlan& linear, int) {
    if (linear.slot == slot) found = &linear.scheme;
  });
  network.each_slot([&](const std::string& name, const FeatureScheme& scheme) {
    if (name == slot) found = &scheme;
  });
  if (!found) throw Error(GAQ_BAD_ARGUMENT, "there is no feature slot '" + slot + "'");
  return *found;
}

// Schemes that depend on the species need that of each row.
void check_species(const Description& description, const FeatureScheme& scheme, int64_t atoms, const int32_t* species) {
  if (scheme.compensation_rows() == 0) return;
  if (!species) throw Error(GAQ_BAD_ARGUMENT, "species is missing, and the slot rounds each species in its own way");
  for (int64_t atom = 0; atom < atoms; ++atom)
    if (species[atom] < 0 || species[atom] >= int64_t(description.species.size()))
      throw Error(GAQ_BAD_ARGUMENT,
                  "species has the row " + std::to_string(species[atom]) + ", which the model has not");
}

// What the scheme takes off the rows [components][padded] of one atom, by the same operations as layers/linear.inl.
void take_apart(const Kernels& kernels, const FeatureScheme& scheme, int32_t kind, int components, int columns,
                int padded, const float* in, float* base) {
  std::vector<float> rest(in, in + size_t(components) * padded), decoded(rest.size()), step(components);
  std::vector<int32_t> codes(rest.size()), none(rest.size());
  for (int k = 0; k < columns && scheme.centred; ++k) {
    const size_t mean = size_t(kind) * scheme.compensation_rows();
    rest[k] -= float(scheme.compensation_codes[mean * columns + k]) * scheme.compensation_scale[mean];
  }
  if (scheme.directions > 0)
    kernels.decode_through(scheme, 1, components, padded, rest.data(), decoded.data(), codes.data(), none.data(),
                           step.data());
  for (int m = 0; m < components; ++m)
    for (int j = 0; j < scheme.compensation_rows(); ++j) {
      const size_t row = size_t(kind) * scheme.compensation_rows() + j;
      const int8_t* table = scheme.compensation_codes.data() + row * columns;
      float part = 1;
      if (j >= (scheme.centred ? 1 : 0)) {
        int64_t total = 0;
        for (int k = 0; k < columns; ++k) total += int64_t(codes[m * padded + k]) * table[k];
        part = float(total) * (step[m] * scheme.compensation_scale[row]);
      }
      for (int k = 0; k < columns; ++k) {
        const float more = part * (float(table[k]) * scheme.compensation_scale[row]);
        base[m * padded + k] = j ? base[m * padded + k] + more : more;
      }
    }
}

}  // namespace

void Engine::encode(const std::string& slot, int64_t rows, int components, int columns, const int32_t* species,
                    const float* values, int32_t* codes, int32_t* directions, float* steps, float* decoded) const {
  const FeatureScheme& scheme = scheme_of(*model_->network, slot);
  if (rows < 0 || components < 1 || components > 7 || columns < 1 || columns > 1 << 20)
    throw Error(GAQ_BAD_ARGUMENT, "rows, components or columns lie outside their range");
  check_species(model_->description, scheme, rows, species);
  if ((scheme.compensation_rows() > 0 &&
       scheme.compensation_codes.size() != scheme.compensation_scale.size() * columns) ||
      (scheme.centred && components != 1))
    throw Error(GAQ_BAD_ARGUMENT, "rows have other components or columns than what the slot '" + slot + "' takes off");
  const int padded = whole(columns);
  const int64_t size = int64_t(components) * padded;
  const bool per_part = scheme.scheme != Scheme::polar || scheme.direction == Direction::component || components != 3;
  std::vector<float> in(size), out(size);
  std::vector<int32_t> code(size), direction(size);
  std::vector<float> base(size, 0.0f);
  for (int64_t row = 0; row < rows; ++row) {
    for (int m = 0; m < components; ++m)
      std::copy_n(values + (row * components + m) * columns, columns, in.data() + m * padded);
    if (scheme.compensation_rows() > 0) {
      take_apart(*model_->kernels, scheme, species[row], components, columns, padded, in.data(), base.data());
      for (int64_t k = 0; k < size; ++k) in[k] -= base[k];
    }
    std::vector<float> step(components, 0.0f);
    model_->kernels->decode_through(scheme, 1, components, padded, in.data(), out.data(), code.data(), direction.data(),
                                    step.data());
    for (int64_t k = 0; k < size && scheme.compensation_rows() > 0; ++k) out[k] += base[k];
    for (int m = 0; m < components; ++m) {
      if (decoded) std::copy_n(out.data() + m * padded, columns, decoded + (row * components + m) * columns);
      if (codes && scheme.scheme != Scheme::polar)
        std::copy_n(code.data() + m * padded, columns, codes + (row * components + m) * columns);
      if (directions && per_part && scheme.scheme == Scheme::polar)
        std::copy_n(direction.data() + m * padded, columns, directions + (row * components + m) * columns);
      if (steps && scheme.scheme == Scheme::uniform && scheme.per != Per::vector) steps[row * components + m] = step[m];
    }
    if (codes && scheme.scheme == Scheme::polar) std::copy_n(code.data(), columns, codes + row * columns);
    if (directions && !per_part) std::copy_n(direction.data(), columns, directions + row * columns);
    if (steps && scheme.scheme == Scheme::polar) steps[row] = step[0];
  }
}

void Engine::linear(const std::string& name, int64_t rows, const int32_t* species, const float* inputs,
                    float* outputs) const {
  const LinearPlan* plan = nullptr;
  int components = 1;
  model_->network->each_linear([&](const LinearPlan& linear, int n) {
    if (linear.name == name) plan = &linear, components = n;
  });
  if (!plan) throw Error(GAQ_BAD_ARGUMENT, "there is no linear layer '" + name + "'");
  if (rows % components) throw Error(GAQ_BAD_ARGUMENT, "rows of vectors come in whole vectors");
  check_species(model_->description, plan->scheme, rows / components, species);
  std::vector<float> in(size_t(components) * plan->inputs), out(size_t(components) * plan -> outputs);
  std::vector<float> decoded(in.size()), scale(components), coefficients(size_t(components) * plan->directions.outputs);
  std::vector<uint8_t> codes(size_t(components + code_rows_slack) * 2 * whole_tiles(plan->inputs));
  Scratch scratch;
  for (float*& floats : scratch.floats) floats = decoded.data();
  scratch.coefficients = coefficients.data();
  scratch.scale = scale.data();
  scratch.codes = codes.data();
  scratch.species = species;
  const Tiles tiles(*model_->kernels);
  for (int64_t row = 0; row < rows; row += components) {
    for (int m = 0; m < components; ++m)
      for (int k = 0; k < plan->true_inputs; ++k)
        in[size_t(m) * plan->inputs + plan->input_place[k]] = inputs[(row + m) * plan->true_inputs + k];
    model_->kernels->linear(*plan, components, components, in.data(), plan->inputs, out.data(), plan->outputs, scratch,
                            Tap(), row);
    for (int m = 0; m < components; ++m)
      for (int k = 0; k < plan->true_outputs; ++k)
        outputs[(row + m) * plan->true_outputs + k] = out[size_t(m) * plan->outputs + plan->output_place[k]];
  }
}

}  // namespace gaq
