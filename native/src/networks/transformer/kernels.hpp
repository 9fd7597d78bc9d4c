// The kernels of the transformer, one table per instruction set.
#pragma once

#include "geometry/geometry.hpp"
#include "kernels/kernels.hpp"
#include "networks/transformer/plan.hpp"

namespace gaq {

// Everything that belongs to one layer of one evaluation; arrays by place of the atom. C channels, M components.
struct TransformerState {
  float* s_in = nullptr;      // [atom][C] scalars before the layer
  float* projected = nullptr; // [atom][4C] queries, keys, values, gates
  float* unit = nullptr;  // [atom][2C] unit queries and keys, through their scheme; null where they are recomputed
  float* v_in = nullptr;  // [atom][M][C] vectors before the layer; null in the first
  float* weight = nullptr;  // [pair][2][heads] e^logit; of one layer at a time where it is recomputed
  float* total = nullptr;  // [atom][heads_padded] 1 + Σ φ e^logit
  float* m_scalar = nullptr;  // [atom][C] what the neighbours sent, normalised
  float* m_vector = nullptr;  // [atom][M][C]
  float* s_mid = nullptr;  // [atom][C]
  float* mixed = nullptr;  // [atom][M][2C]; null where it is recomputed, and so are those below
  float* inputs = nullptr;  // [atom][(1+2L) C] what the update's MLP reads
  float* activated = nullptr;  // [atom][H] and, below, the slopes of the activation
  float* slopes = nullptr;
  float* gates = nullptr;  // [atom][(1+2L) C]
};

struct TransformerKernels {
  // Queries and keys: unit length per head, then their scheme; projected [atom][4C] → unit [atom][2C].
  void (*unit_queries)(const TransformerPlan&, const TransformerLayer&, Block, const float* projected, float* unit,
                       const Tap&);
  void (*unit_queries_back)(const TransformerPlan&, const TransformerLayer&, Block, const float* projected,
                            float* gradient);
  void (*attention)(const TransformerPlan&, const TransformerLayer&, const PairInvariants&, Task, const float* unit,
                    float* weight);
  void (*messages)(const TransformerPlan&, const TransformerLayer&, const PairInvariants&, Task, TransformerState&);
  void (*messages_back)(const TransformerPlan&, const TransformerLayer&, const PairInvariants&, PairGradients&, Task,
                        const TransformerState&, const float* unit, const float* g_scalar, const float* g_vector,
                        const float* g_total, float* g_projected, float* g_v);

  void (*project)(const TransformerPlan&, const TransformerLayer&, Block, TransformerState&, Scratch&, const Tap&);
  // `g_carried`: dE/d(vectors) by messages alone, in the local gauge, with what it does to `torque`; else null.
  void (*project_back)(const TransformerPlan&, const TransformerLayer&, Block, TransformerState&, float* g_projected,
                       float* g_s, const float* g_carried, float* g_v, double* torque, Scratch&);
  // From summed messages to the scalars and vectors after the layer.
  void (*update)(const TransformerPlan&, const TransformerLayer&, Block, TransformerState&, float* s_out, float* v_out,
                 Scratch&, const Tap&);
  // g_s, g_v: after the layer → before its update; g_scalar, g_vector, g_total: of the summed messages.
  void (*update_back)(const TransformerPlan&, const TransformerLayer&, Block, TransformerState&, float* g_s, float* g_v,
                      float* g_scalar, float* g_vector, float* g_total, double* torque, Scratch&);
};

}  // namespace gaq
