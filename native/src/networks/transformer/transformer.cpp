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
  void prepare_back(size_t index, Block block);
  void layer_back(const Evaluation& evaluation, size_t index);
  const float* unit(const TransformerState& state) const { return state.unit ? state.unit : unit_; }

  const TransformerPlan& plan_;
  const TransformerKernels& kernels_;
  decltype(Kernels::readout) readout_;
  std::vector<TransformerState> layers_;
  float *s_out_ = nullptr, *unit_ = nullptr;
  float *g_s_ = nullptr, *g_v_ = nullptr, *g_scalar_ = nullptr, *g_vector_ = nullptr, *g_total_ = nullptr;
  float *g_projected_ = nullptr, *g_carried_ = nullptr;
};

void TransformerExecution::needs(Arena& arena, int64_t atoms, int64_t pairs) {
  const TransformerShape& shape = plan_.shape;
  const int64_t C = shape.channels, M = shape.components, H = shape.hidden, wide = shape.sections() * C;
  const bool keep = atoms <= keep_atoms;
  for (size_t index = 0; index < layers_.size(); ++index) {
    TransformerState& layer = layers_[index];
    layer = TransformerState();
    arena.take(layer.s_in, atoms * C);
    arena.take(layer.projected, atoms * 4 * C);
    if (index) arena.take(layer.v_in, atoms * M * C);
    if (keep) arena.take(layer.weight, pairs * 2 * shape.heads);
    arena.take(layer.total, atoms * shape.heads_padded);
    arena.take(layer.m_scalar, atoms * C);
    arena.take(layer.m_vector, atoms * M * C);
    arena.take(layer.s_mid, atoms * C);
    if (keep) {
      arena.take(layer.unit, atoms * 2 * C);
      arena.take(layer.mixed, atoms * M * 2 * C);
      arena.take(layer.inputs, atoms * wide);
      arena.take(layer.activated, atoms * H);
      arena.take(layer.slopes, atoms * H);
      arena.take(layer.gates, atoms * wide);
    }
  }
  arena.take(s_out_, atoms * C);
  if (!keep) {  // one for all layers
    arena.take(unit_, atoms * 2 * C);
    float* weight = nullptr;
    arena.take(weight, pairs * 2 * shape.heads);
    for (TransformerState& layer : layers_) layer.weight = weight;
  }
  arena.take(g_s_, atoms * C);
  arena.take(g_v_, atoms * M * C);
  arena.take(g_scalar_, atoms * C);
  arena.take(g_vector_, atoms * M * C);
  arena.take(g_total_, atoms * shape.heads_padded);
  arena.take(g_projected_, atoms * 4 * C);
  if (shape.local) arena.take(g_carried_, atoms * M * C);
}

// Queries, keys and values of a block, and its sums of messages cleared: all that pairs of this layer will read and add to.
void TransformerExecution::prepare(const Evaluation& evaluation, size_t index, Block block, Scratch& scratch) {
  TransformerState& state = layers_[index];
  const int64_t C = plan_.shape.channels, M = plan_.shape.components, heads = plan_.shape.heads_padded;
  kernels_.project(plan_, plan_.layers[index], block, state, scratch, evaluation.tap);
  kernels_.unit_queries(plan_, plan_.layers[index], block, state.projected, state.unit ? state.unit : unit_,
                        evaluation.tap);
  Evaluation::clear(state.m_scalar, block.first, block.last, C);
  Evaluation::clear(state.m_vector, block.first, block.last, M * C);
  std::fill(state.total + block.first * heads, state.total + block.last * heads, 1.0f);
}

const float* TransformerExecution::forward(Evaluation& evaluation) {
  const int64_t C = plan_.shape.channels, M = plan_.shape.components;
  evaluation.over_blocks(0, evaluation.atoms, [&](Block block, Scratch& scratch) {
    for (int64_t atom = block.first; atom < block.last; ++atom)
      std::memcpy(layers_[0].s_in + atom * C, plan_.embedding.data() + evaluation.species[atom] * C, C * sizeof(float));
    prepare(evaluation, 0, block, scratch);
  });
  for (size_t index = 0; index < layers_.size(); ++index) {
    const TransformerLayer& layer = plan_.layers[index];
    TransformerState& state = layers_[index];
    TransformerState* next = index + 1 < layers_.size() ? &layers_[index + 1] : nullptr;
    if (index && evaluation.exchange) {
      evaluation.fill_ghosts(state.s_in, C);
      evaluation.fill_ghosts(state.v_in, M * C);
      evaluation.over_blocks(evaluation.owned, evaluation.atoms,
                             [&](Block block, Scratch& scratch) { prepare(evaluation, index, block, scratch); });
    }
    evaluation.over_tasks([&](Task task) {
      kernels_.attention(plan_, layer, *evaluation.pairs, task, unit(state), state.weight);
      kernels_.messages(plan_, layer, *evaluation.pairs, task, state);
    });
    evaluation.over_blocks(0, evaluation.owned, [&](Block block, Scratch& scratch) {
      kernels_.update(plan_, layer, block, state, next ? next->s_in : s_out_, next ? next->v_in : nullptr, scratch,
                      evaluation.tap);
      if (next) prepare(evaluation, index + 1, block, scratch);
    });
  }
  evaluation.over_blocks(0, evaluation.owned, [&](Block block, Scratch& scratch) {
    readout_(plan_.readout, block, s_out_, evaluation.energy, g_s_, scratch, evaluation.tap);
  });
  return s_out_;
}

void TransformerExecution::backward(Evaluation& evaluation) {
  const int64_t C = plan_.shape.channels, M = plan_.shape.components;
  Evaluation::clear(g_v_, 0, evaluation.atoms, M * C);
  Evaluation::clear(g_s_, evaluation.owned, evaluation.atoms, C);
  Evaluation::clear(g_scalar_, evaluation.owned, evaluation.atoms, C);
  Evaluation::clear(g_vector_, evaluation.owned, evaluation.atoms, M * C);
  Evaluation::clear(g_total_, evaluation.owned, evaluation.atoms, plan_.shape.heads_padded);
  for (size_t index = layers_.size(); index-- > 0;) {
    layer_back(evaluation, index);
    if (!index) break;  // what enters the first layer depends on the species alone
    evaluation.over_blocks(0, evaluation.atoms, [&](Block block, Scratch& scratch) {
      kernels_.project_back(plan_, plan_.layers[index], block, layers_[index], g_projected_, g_s_,
                            plan_.shape.local ? g_carried_ : nullptr, g_v_, evaluation.torque, scratch);
    });
    if (!evaluation.exchange) continue;
    evaluation.return_ghosts(g_s_, C);
    evaluation.return_ghosts(g_v_, M * C);
  }
}

// What pairs of this layer will read, and clear what they add to.
void TransformerExecution::prepare_back(size_t index, Block block) {
  const int64_t C = plan_.shape.channels, M = plan_.shape.components;
  const TransformerState& state = layers_[index];
  if (!state.unit) kernels_.unit_queries(plan_, plan_.layers[index], block, state.projected, unit_, Tap());
  Evaluation::clear(g_projected_, block.first, block.last, 4 * C);
  if (plan_.shape.local) Evaluation::clear(g_carried_, block.first, block.last, M * C);
}

void TransformerExecution::layer_back(const Evaluation& evaluation, size_t index) {
  const TransformerLayer& layer = plan_.layers[index];
  TransformerState& state = layers_[index];
  evaluation.over_blocks(0, evaluation.owned, [&](Block block, Scratch& scratch) {
    kernels_.update_back(plan_, layer, block, state, g_s_, g_v_, g_scalar_, g_vector_, g_total_, evaluation.torque,
                         scratch);
    prepare_back(index, block);
  });
  evaluation.over_blocks(evaluation.owned, evaluation.atoms,
                         [&](Block block, Scratch&) { prepare_back(index, block); });
  evaluation.over_tasks([&](Task task) {
    if (!state.unit) kernels_.attention(plan_, layer, *evaluation.pairs, task, unit_, state.weight);
    kernels_.messages_back(plan_, layer, *evaluation.pairs, *evaluation.gradients, task, state, unit(state), g_scalar_,
                           g_vector_, g_total_, g_projected_, plan_.shape.local ? g_carried_ : g_v_);
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
    exchanged = {row, components * row};
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
