// A PaiNN as its kernels want it.
#pragma once

#include "layers/plan.hpp"
#include "networks/painn/contents.hpp"

namespace gaq {

struct PainnLayer {
  bool first = false;
  LinearPlan message_hidden, message_sent, mix, hidden, gates;
  RadialPlan radial;  // 3 · channels: for scalars, for vectors, along the pair
};

struct PainnPlan {
  int channels = 64, true_channels = 64;  // padded, and the model's own
  bool local = false;                     // vectors in the frames of their atoms
  std::vector<float> embedding;           // [species][channels]
  std::vector<PainnLayer> layers;
  Readout readout;
};

PainnPlan plan_painn(const Description& model, int backward_bits, const Kernels& kernels);

}  // namespace gaq
