// The kernels of PaiNN, one table per instruction set.
#pragma once

#include "geometry/geometry.hpp"
#include "kernels/kernels.hpp"
#include "networks/painn/plan.hpp"

namespace gaq {

// Everything that belongs to one layer of one evaluation; arrays by place of the atom. C channels.
struct PainnState {
  float* s_in = nullptr;      // [atom][C] scalars before the layer
  float* v_in = nullptr;      // [atom][3][C] vectors before the layer; null in the first
  float* asked = nullptr;     // [atom][C] what the message's activation reads
  float* sent = nullptr;      // [atom][3C] what an atom sends: for scalars, for vectors, along the pair
  float* m_scalar = nullptr;  // [atom][C] sums over neighbours
  float* m_vector = nullptr;  // [atom][3][C]
  float* mixed = nullptr;     // [atom][3][2C]; null where it is recomputed, and so are the next two
  float* hidden = nullptr;    // [atom][C]
  float* gates = nullptr;     // [atom][3C]
};

struct PainnKernels {
  // What atoms send, from their scalars.
  void (*send)(const PainnPlan&, const PainnLayer&, Block, PainnState&, Scratch&, const Tap&);
  void (*messages)(const PainnPlan&, const PainnLayer&, const PairInvariants&, Task, PainnState&);
  // g_s, g_v: of the sums over neighbours; adds to g_sent and to g_carried, the gradient of the vectors that were sent.
  void (*messages_back)(const PainnPlan&, const PainnLayer&, const PairInvariants&, PairGradients&, Task,
                        const PainnState&, const float* g_s, const float* g_v, float* g_sent, float* g_carried);
  // Adds to g_s and g_v what the senders' features receive, and to `torque` in the local gauge.
  void (*send_back)(const PainnPlan&, const PainnLayer&, Block, const PainnState&, const float* g_sent,
                    const float* g_carried, float* g_s, float* g_v, double* torque, Scratch&);
  // From sums over neighbours to the scalars and vectors after the layer; no v_out after the last.
  void (*update)(const PainnPlan&, const PainnLayer&, Block, PainnState&, float* s_out, float* v_out, Scratch&,
                 const Tap&);
  // g_s, g_v: after the layer → before its update, which is also the gradient of the sums over neighbours.
  void (*update_back)(const PainnPlan&, const PainnLayer&, Block, const PainnState&, float* g_s, float* g_v,
                      double* torque, Scratch&);
};

}  // namespace gaq
