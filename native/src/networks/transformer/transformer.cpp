#include "networks/transformer/transformer.hpp"

#include <algorithm>
#include <cstring>

#include "networks/evaluation.hpp"
#include "networks/transformer/kernels.hpp"

namespace gaq {
namespace {

class TransformerExecution : public Execution {
 public:
  TransformerExecution(const TransformerPlan& plan, const Kernels& kernels)
      : plan_(plan), kernels_(*kernels.transformer), readout_(kernels.readout), layers_(plan.layers.size()) {}

  void needs(Arena& arena, int64_t atoms, int64_t pairs) override;
  const float* forward(Evaluation& evaluation) override;
  void backward(Evaluation& evaluation) override;

 private:
  void prepare(const Evaluation& evaluation, size_t index, Block block, Scratch& scratch);
  void layer_back(const Evaluation& evaluation, size_t index);
  bool keeps() const { return layers_[0].radial; }

  const TransformerPlan& plan_;
  const TransformerKernels& kernels_;
  decltype(Kernels::readout) readout_;
  Adjacency adjacency_;
  std::vector<TransformerState> layers_;
  float* s_out_ = nullptr;
  Vectors v_;  // between two layers
  TransformerGradients gradients_;
};

void TransformerExecution::needs(Arena& arena, int64_t atoms, int64_t pairs) {
  const TransformerShape& shape = plan_.shape;
  const int64_t C = shape.channels, M = shape.components, messages = 2 * pairs;
  const bool keep = atoms <= keep_atoms;
  auto vectors = [&](Vectors& rows, int columns) {
    rows.atoms = atoms;
    rows.columns = columns;
    arena.take(rows.data, atoms * M * columns);
  };
  for (size_t index = 0; index < layers_.size(); ++index) {
    const TransformerLayer& plan = plan_.layers[index];
    TransformerState& layer = layers_[index];
    layer = TransformerState();
    arena.take(layer.s_in, atoms * C);
    arena.take(layer.projected, atoms * 4 * C);
    arena.take(layer.m_scalar, atoms * C);
    vectors(layer.v_mid, int(C));
    arena.take(layer.s_mid, atoms * C);
    arena.take(layer.unit, atoms * 2 * C);
    arena.take(layer.share, messages * shape.heads);
    if (!keep) continue;
    arena.take(layer.radial, pairs * 2 * plan.radial.row);
    vectors(layer.mixed, int(2 * C));
    if (shape.products()) vectors(layer.made, int(C));
    arena.take(layer.inputs, atoms * plan.hidden.inputs);
    arena.take(layer.activated, atoms * shape.hidden);
    arena.take(layer.slopes, atoms * shape.hidden);
    arena.take(layer.gates, atoms * plan.gates.outputs);
  }
  arena.take(s_out_, atoms * C);
  vectors(v_, int(C));
  arena.take(gradients_.s, atoms * C);
  vectors(gradients_.v, int(C));
  arena.take(gradients_.scalar, atoms * C);
  arena.take(gradients_.projected, atoms * 4 * C);
  arena.take(gradients_.weight, messages * shape.heads);
}

// Queries, keys and values of a block: all that its neighbours will read in this layer.
void TransformerExecution::prepare(const Evaluation& evaluation, size_t index, Block block, Scratch& scratch) {
  TransformerState& state = layers_[index];
  kernels_.project(plan_, plan_.layers[index], block, state, scratch, evaluation.tap);
  kernels_.unit_queries(plan_, plan_.layers[index], block, state.projected, state.unit, evaluation.tap);
}

const float* TransformerExecution::forward(Evaluation& evaluation) {
  const int64_t C = plan_.shape.channels;
  adjacency_.build(*evaluation.pairs, evaluation.atoms);
  evaluation.over_blocks(0, evaluation.atoms, [&](Block block, Scratch& scratch) {
    for (int64_t atom = block.first; atom < block.last; ++atom)
      std::memcpy(layers_[0].s_in + atom * C, plan_.embedding.data() + evaluation.species[atom] * C, C * sizeof(float));
    prepare(evaluation, 0, block, scratch);
  });
  for (size_t index = 0; index < layers_.size(); ++index) {
    const TransformerLayer& layer = plan_.layers[index];
    TransformerState& state = layers_[index];
    if (index) {
      if (evaluation.exchange) evaluation.fill_ghosts(state.s_in, C);
      evaluation.over_blocks(0, evaluation.atoms,
                             [&](Block block, Scratch& scratch) { prepare(evaluation, index, block, scratch); });
    }
    if (keeps())
      evaluation.over_tasks(
          [&](Task task) { kernels_.radial_functions(layer, *evaluation.pairs, task, state.radial); });
    const bool last = index + 1 == layers_.size();
    evaluation.over_blocks(0, evaluation.owned, [&](Block block, Scratch& scratch) {
      kernels_.attention(plan_, layer, *evaluation.pairs, adjacency_, block, state, scratch);
      kernels_.gather(plan_, layer, *evaluation.pairs, adjacency_, block, index ? v_ : Vectors(), state, scratch);
      kernels_.update(plan_, layer, block, state, last ? s_out_ : layers_[index + 1].s_in, last ? Vectors() : v_,
                      scratch, evaluation.tap);
    });
  }
  evaluation.over_blocks(0, evaluation.owned, [&](Block block, Scratch& scratch) {
    readout_(plan_.readout, block, s_out_, evaluation.energy, gradients_.s, scratch, evaluation.tap);
  });
  return s_out_;
}

void TransformerExecution::backward(Evaluation& evaluation) {
  const int64_t C = plan_.shape.channels;
  Evaluation::clear(gradients_.s, evaluation.owned, evaluation.atoms, C);
  for (size_t index = layers_.size(); index-- > 0;) {
    layer_back(evaluation, index);
    if (!index) break;  // what enters the first layer depends on the species alone
    evaluation.over_blocks(0, evaluation.atoms, [&](Block block, Scratch& scratch) {
      kernels_.project_back(plan_, plan_.layers[index], adjacency_, block, evaluation.owned, layers_[index], gradients_,
                            scratch);
    });
    if (evaluation.exchange) evaluation.return_ghosts(gradients_.s, C);
  }
}

void TransformerExecution::layer_back(const Evaluation& evaluation, size_t index) {
  const TransformerLayer& layer = plan_.layers[index];
  TransformerState& state = layers_[index];
  evaluation.over_blocks(0, evaluation.owned, [&](Block block, Scratch& scratch) {
    kernels_.update_back(plan_, layer, block, state, gradients_, scratch);
  });
  for (int64_t atom = 0; atom < evaluation.atoms && index; ++atom)
    std::fill_n(gradients_.projected + (4 * atom + 2) * plan_.shape.channels, 2 * plan_.shape.channels, 0.0f);
  evaluation.over_tasks([&](Task task) {
    kernels_.send_back(plan_, layer, *evaluation.pairs, adjacency_, *evaluation.gradients, task, evaluation.owned,
                       state, gradients_);
  });
  evaluation.over_blocks(0, evaluation.owned, [&](Block block, Scratch& scratch) {
    kernels_.attention_back(plan_, layer, *evaluation.pairs, adjacency_, *evaluation.gradients, block, state,
                            gradients_, scratch);
  });
}

struct TransformerNetwork : Network {
  TransformerNetwork(TransformerPlan made, const Kernels& with) : plan(std::move(made)), kernels(with) {
    const TransformerShape& shape = plan.shape;
    row = shape.channels;
    components = shape.components;
    widest = std::max({components * 2 * row, shape.sections() * row, 4 * row, shape.hidden});
    local = shape.local;
    boundaries = int(plan.layers.size()) - 1;
    exchanged = {row};
  }

  std::unique_ptr<Execution> execution() const override {
    return std::make_unique<TransformerExecution>(plan, kernels);
  }

  void each_linear(const std::function<void(const LinearPlan&, int)>& body) const override {
    for (const TransformerLayer& layer : plan.layers) {
      body(layer.project, 1);
      body(layer.output, 1);
      for (size_t l = 0; l < layer.mix.size(); ++l) body(layer.mix[l], 2 * int(l) + 3);
      body(layer.hidden, 1);
      body(layer.gates, 1);
    }
    body(plan.readout.hidden, 1);
    body(plan.readout.energy, 1);
  }

  void each_slot(const std::function<void(const std::string&, const FeatureScheme&)>& body) const override {
    for (const TransformerLayer& layer : plan.layers) {
      body(layer.query_slot, layer.query);
      body(layer.key_slot, layer.key);
    }
  }

  TransformerPlan plan;
  const Kernels& kernels;
};

}  // namespace

std::unique_ptr<Network> open_transformer(const Description& model, int backward_bits, const Kernels& kernels) {
  return std::make_unique<TransformerNetwork>(plan_transformer(model, backward_bits, kernels), kernels);
}

}  // namespace gaq
