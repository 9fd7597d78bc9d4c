// The kernels of the transformer, one table per instruction set.
#pragma once

#include "geometry/adjacency.hpp"
#include "geometry/geometry.hpp"
#include "kernels/kernels.hpp"
#include "networks/transformer/plan.hpp"

namespace gaq {

// Features of all degrees: those of degree one of all atoms, [atom][3][columns], then those of degree two, [atom][5][columns],
// and so on, so that a linear layer reads the rows of a degree one after the other.
struct Vectors {
  float* data = nullptr;
  int64_t atoms = 0;
  int columns = 0;
  int64_t shift = 0;  // the first atom

  float* of(int degree, int64_t atom) const {
    return data + ((int64_t(degree) * degree - 1) * atoms + (atom - shift) * (2 * degree + 1)) * columns;
  }
  explicit operator bool() const { return data; }
};

// Everything that belongs to one layer of one evaluation; arrays by place of the atom. C channels, M components.
struct TransformerState {
  float* s_in = nullptr;       // [atom][C] scalars before the layer
  float* projected = nullptr;  // [atom][4C] queries, keys, values, gates
  float* unit = nullptr;       // [atom][2C] unit queries and keys, through their scheme
  float* share = nullptr;      // [message][heads] e^logit / (1 + Σ φ e^logit)
  float* radial = nullptr;     // [pair][2][radial.row]; null where they are made again each time
  float* m_scalar = nullptr;   // [atom][C] sums over neighbours
  Vectors v_mid;               // C columns: vectors with what neighbours sent, before the update
  float* s_mid = nullptr;      // [atom][C]
  Vectors mixed;               // 2C columns; null where it is recomputed, and so are those below
  Vectors made;                // C columns: products, of degrees one and two
  float* inputs = nullptr;     // [atom][sections] what the update's MLP reads
  float* activated = nullptr;  // [atom][H]
  float* slopes = nullptr;     // [atom][H] of the activation
  float* gates = nullptr;      // [atom][gates]
};

// Gradients of the loss of nothing but the energy: dE/d(what is in the name).
struct TransformerGradients {
  float* s = nullptr;          // [atom][C]
  Vectors v;                   // C columns
  float* scalar = nullptr;     // [atom][C] of the sums over neighbours
  float* projected = nullptr;  // [atom][4C]
  float* weight = nullptr;     // [message][heads] of w = φ share, then of the logits times the temperature
};

struct TransformerKernels {
  // The functions of a layer, where they are kept.
  void (*radial_functions)(const TransformerLayer&, const PairInvariants&, Task, float* rows);
  void (*project)(const TransformerPlan&, const TransformerLayer&, Block, TransformerState&, Scratch&, const Tap&);
  // Queries and keys: unit length per head, then their scheme.
  void (*unit_queries)(const TransformerPlan&, const TransformerLayer&, Block, const float* projected, float* unit,
                       const Tap&);
  // The shares of neighbours in each head of a block of receivers.
  void (*attention)(const TransformerPlan&, const TransformerLayer&, const PairInvariants&, const Adjacency&, Block,
                    TransformerState&, Scratch&);
  // Sums over neighbours: m_scalar, and v_mid = v + sums; `v` null before the first layer.
  void (*gather)(const TransformerPlan&, const TransformerLayer&, const PairInvariants&, const Adjacency&, Block,
                 const Vectors& v, TransformerState&, Scratch&);
  // From the sums to the scalars and vectors after the layer; no vectors after the last.
  void (*update)(const TransformerPlan&, const TransformerLayer&, Block, TransformerState&, float* s_out,
                 const Vectors& v_out, Scratch&, const Tap&);

  // g.s, g.v: after the layer → before its update; g.scalar.
  void (*update_back)(const TransformerPlan&, const TransformerLayer&, Block, TransformerState&,
                      const TransformerGradients&, Scratch&);
  // What the messages of pairs do: values and gates of g.projected, which are zero before; g.weight, and the pairs.
  void (*send_back)(const TransformerPlan&, const TransformerLayer&, const PairInvariants&, const Adjacency&,
                    PairGradients&, Task, int64_t owned, const TransformerState&, const TransformerGradients&);
  // g.weight → of the logits, for a block of receivers; their queries.
  void (*attention_back)(const TransformerPlan&, const TransformerLayer&, const PairInvariants&, const Adjacency&,
                         PairGradients&, Block, const TransformerState&, const TransformerGradients&, Scratch&);
  // Keys of a block of senders, then all of the projection: g.s.
  void (*project_back)(const TransformerPlan&, const TransformerLayer&, const Adjacency&, Block, int64_t owned,
                       const TransformerState&, const TransformerGradients&, Scratch&);
};

}  // namespace gaq
