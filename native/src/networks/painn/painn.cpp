#include "networks/painn/painn.hpp"

#include <cstring>

#include "networks/evaluation.hpp"
#include "networks/painn/kernels.hpp"

namespace gaq {
namespace {

class PainnExecution : public Execution {
 public:
  PainnExecution(const PainnPlan& plan, const Kernels& kernels)
      : plan_(plan), kernels_(*kernels.painn), readout_(kernels.readout), layers_(plan.layers.size()) {}

  void needs(Arena& arena, int64_t atoms, int64_t pairs) override;
  const float* forward(Evaluation& evaluation) override;
  void backward(Evaluation& evaluation) override;

 private:
  void prepare(const Evaluation& evaluation, size_t index, Block block, Scratch& scratch);

  const PainnPlan& plan_;
  const PainnKernels& kernels_;
  decltype(Kernels::readout) readout_;
  std::vector<PainnState> layers_;
  float *s_out_ = nullptr, *g_s_ = nullptr, *g_v_ = nullptr, *g_sent_ = nullptr, *g_carried_ = nullptr;
};

void PainnExecution::needs(Arena& arena, int64_t atoms, int64_t) {
  const int64_t C = plan_.channels;
  const bool keep = atoms <= keep_atoms;
  for (size_t index = 0; index < layers_.size(); ++index) {
    PainnState& layer = layers_[index];
    layer = PainnState();
    arena.take(layer.s_in, atoms * C);
    if (index) arena.take(layer.v_in, atoms * 3 * C);
    arena.take(layer.asked, atoms * C);
    arena.take(layer.sent, atoms * 3 * C);
    arena.take(layer.m_scalar, atoms * C);
    arena.take(layer.m_vector, atoms * 3 * C);
    if (!keep) continue;
    arena.take(layer.mixed, atoms * 6 * C);
    arena.take(layer.hidden, atoms * C);
    arena.take(layer.gates, atoms * 3 * C);
  }
  arena.take(s_out_, atoms * C);
  arena.take(g_s_, atoms * C);
  arena.take(g_v_, atoms * 3 * C);
  arena.take(g_sent_, atoms * 3 * C);
  arena.take(g_carried_, atoms * 3 * C);
}

// What atoms of a block send, and their sums cleared: all that pairs of this layer will read and add to.
void PainnExecution::prepare(const Evaluation& evaluation, size_t index, Block block, Scratch& scratch) {
  PainnState& state = layers_[index];
  kernels_.send(plan_, plan_.layers[index], block, state, scratch, evaluation.tap);
  Evaluation::clear(state.m_scalar, block.first, block.last, plan_.channels);
  Evaluation::clear(state.m_vector, block.first, block.last, 3 * plan_.channels);
}

const float* PainnExecution::forward(Evaluation& evaluation) {
  const int64_t C = plan_.channels;
  evaluation.over_blocks(0, evaluation.atoms, [&](Block block, Scratch& scratch) {
    for (int64_t atom = block.first; atom < block.last; ++atom)
      std::memcpy(layers_[0].s_in + atom * C, plan_.embedding.data() + evaluation.species[atom] * C, C * sizeof(float));
    prepare(evaluation, 0, block, scratch);
  });
  for (size_t index = 0; index < layers_.size(); ++index) {
    const PainnLayer& layer = plan_.layers[index];
    PainnState& state = layers_[index];
    PainnState* next = index + 1 < layers_.size() ? &layers_[index + 1] : nullptr;
    if (index && evaluation.exchange) {
      evaluation.fill_ghosts(state.s_in, C);
      evaluation.fill_ghosts(state.v_in, 3 * C);
      evaluation.over_blocks(evaluation.owned, evaluation.atoms,
                             [&](Block block, Scratch& scratch) { prepare(evaluation, index, block, scratch); });
    }
    evaluation.over_tasks([&](Task task) { kernels_.messages(plan_, layer, *evaluation.pairs, task, state); });
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

void PainnExecution::backward(Evaluation& evaluation) {
  const int64_t C = plan_.channels, atoms = evaluation.atoms;
  Evaluation::clear(g_v_, 0, atoms, 3 * C);
  Evaluation::clear(g_s_, evaluation.owned, atoms, C);
  for (size_t index = layers_.size(); index-- > 0;) {
    const PainnLayer& layer = plan_.layers[index];
    const PainnState& state = layers_[index];
    evaluation.over_blocks(0, evaluation.owned, [&](Block block, Scratch& scratch) {
      kernels_.update_back(plan_, layer, block, state, g_s_, g_v_, evaluation.torque, scratch);
    });
    if (index)
      evaluation.over_blocks(0, atoms, [&](Block block, Scratch&) {
        Evaluation::clear(g_sent_, block.first, block.last, 3 * C);
        Evaluation::clear(g_carried_, block.first, block.last, 3 * C);
      });
    evaluation.over_tasks([&](Task task) {
      kernels_.messages_back(plan_, layer, *evaluation.pairs, *evaluation.gradients, task, state, g_s_, g_v_, g_sent_,
                             g_carried_);
    });
    if (!index) break;  // what enters the first layer depends on the species alone
    evaluation.over_blocks(0, atoms, [&](Block block, Scratch& scratch) {
      kernels_.send_back(plan_, layer, block, state, g_sent_, g_carried_, g_s_, g_v_, evaluation.torque, scratch);
    });
    if (!evaluation.exchange) continue;
    evaluation.return_ghosts(g_s_, C);
    evaluation.return_ghosts(g_v_, 3 * C);
  }
}

struct PainnNetwork : Network {
  PainnNetwork(PainnPlan made, const Kernels& with) : plan(std::move(made)), kernels(with) {
    row = plan.channels;
    components = 3;
    widest = 6 * row;
    local = plan.local;
    carries = true;
    boundaries = int(plan.layers.size()) - 1;
    exchanged = {row, 3 * row};
  }

  std::unique_ptr<Execution> execution() const override { return std::make_unique<PainnExecution>(plan, kernels); }

  void each_linear(const std::function<void(const LinearPlan&, int)>& body) const override {
    for (const PainnLayer& layer : plan.layers) {
      body(layer.message_hidden, 1);
      body(layer.message_sent, 1);
      body(layer.mix, 3);
      body(layer.hidden, 1);
      body(layer.gates, 1);
    }
    body(plan.readout.hidden, 1);
    body(plan.readout.energy, 1);
  }

  PainnPlan plan;
  const Kernels& kernels;
};

}  // namespace

std::unique_ptr<Network> open_painn(const Description& model, int backward_bits, const Kernels& kernels) {
  return std::make_unique<PainnNetwork>(plan_painn(model, backward_bits, kernels), kernels);
}

}  // namespace gaq
