// What a file says of a PaiNN: plain data, checked by read.cpp.
#pragma once

#include "description.hpp"

namespace gaq {

struct PainnLayerDescription {
  LinearDescription message_hidden, message_sent, mix, hidden, gates;
  RadialFunctions filters;  // 3 * channels: for scalars, for vectors, along the pair; they end at the cutoff
};

struct PainnDescription : NetworkDescription {
  std::vector<float> embedding;  // [species][channels]
  std::vector<PainnLayerDescription> layers;
  ReadoutDescription readout;

  int64_t opened_bytes(const RadialGrid& radial) const override;
};

}  // namespace gaq
