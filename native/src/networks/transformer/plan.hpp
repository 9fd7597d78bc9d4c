// The transformer as its kernels want it.
#pragma once

#include "geometry/harmonics.hpp"
#include "layers/plan.hpp"
#include "networks/transformer/contents.hpp"

namespace gaq {

// Sizes after padding. Every head starts at a multiple of sixteen channels; channels in between are zero.
struct TransformerShape {
  int degrees = 1, components = 3, heads = 4;
  int head_width = 16;   // channels of a head, padded
  int channels = 64;     // heads · head_width
  int hidden = 64;       // padded
  int heads_padded = 16;
  int true_channels = 64, true_head_width = 16, true_hidden = 64;
  bool local = false;    // local gauge
  bool cosine = true;

  explicit TransformerShape(const TransformerConfig& config, bool local);
  TransformerShape() = default;
  int place(int channel) const { return channel / true_head_width * head_width + channel % true_head_width; }
  int products() const { return products_of(degrees); }
  int sections() const { return 1 + 2 * degrees + products(); }  // of what the update's MLP reads
};

struct TransformerLayer {
  bool first = false;  // what enters it depends on the species alone
  bool last = false;   // its vectors are read by nobody
  LinearPlan project, output, hidden, gates;
  std::vector<LinearPlan> mix;
  FeatureScheme query, key;
  std::string query_slot, key_slot;
  std::vector<float> temperature;  // [heads_padded]
  std::vector<float> scalar_limit, vector_limit;  // [channels] 1 / limit², zero for no limit
  RadialPlan radial;  // the filters, FUNCTIONS · channels; then heads_padded of the bias of the logits
  int filters = 0;    // how many those are
};

struct TransformerPlan {
  TransformerShape shape;
  std::vector<float> embedding;  // [species][channels]
  std::vector<TransformerLayer> layers;
  Readout readout;
};

TransformerPlan plan_transformer(const Description& model, int backward_bits, const Kernels& kernels);

}  // namespace gaq
