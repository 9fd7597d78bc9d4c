// What a file says of a transformer: plain data, checked by read.cpp.
#pragma once

#include "description.hpp"

namespace gaq {

struct TransformerConfig {
  int channels = 0, degrees = 0, layers = 0, heads = 0, hidden = 0;
  bool cosine = true;  // attention: unit queries and keys, or plain scaled products
};

// Of the distance, per channel of a message: for scalars, and for vectors of all degrees.
constexpr int message_functions = 2;

// Of how many degrees an update has products: 1 and 2 together, or none.
constexpr int products_of(int degrees) { return degrees >= 2 ? 2 : 0; }

struct TransformerLayerDescription {
  LinearDescription project, output, hidden, gates;
  std::vector<LinearDescription> mix;  // one per degree
  FeatureScheme query, key;               // identity or uniform
  std::vector<float> temperature;      // [heads]
  std::vector<float> limits;           // [2][channels] of scalars, and of the lengths of vectors, after the update
  RadialFunctions bias;                // heads, of the logits
  RadialFunctions filters;             // message_functions * channels
};

struct TransformerDescription : NetworkDescription {
  TransformerConfig config;
  std::vector<float> embedding;  // [species][channels]
  std::vector<TransformerLayerDescription> layers;
  ReadoutDescription readout;

  int64_t opened_bytes(const RadialGrid& radial) const override;
};

}  // namespace gaq
