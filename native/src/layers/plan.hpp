// The model as the kernels want it: channels padded to whole registers, weights packed, tables combined.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "description.hpp"
#include "geometry/wigner.hpp"

namespace gaq {

constexpr int lanes = 16;
constexpr int whole(int n) { return (n + lanes - 1) / lanes * lanes; }

// Sizes after padding. Every head starts at a multiple of sixteen channels; channels in between are zero.
struct Shape {
  int degrees = 1, components = 3, heads = 4;
  int head_width = 16;   // channels of a head, padded
  int channels = 64;     // heads · head_width
  int hidden = 64;       // padded
  int heads_padded = 16;
  int true_channels = 64, true_head_width = 16, true_hidden = 64;
  bool local = false;    // local gauge
  bool cosine = true;

  explicit Shape(const Config& config, bool local);
  Shape() = default;
  int place(int channel) const { return channel / true_head_width * head_width + channel % true_head_width; }
  int functions(bool first) const { return 1 + degrees * (first ? 1 : 2); }
  int sections() const { return 1 + 2 * degrees; }  // of what the update's MLP reads and writes
};

enum class Arithmetic { float32, int8, int16 };

// One side of a linear layer: y[outputs] = x[inputs] · packed, then · scale (+ bias).
struct Packed {
  Arithmetic arithmetic = Arithmetic::float32;
  int inputs = 0, outputs = 0;  // padded to sixteen
  std::vector<float> floats;
  std::vector<int8_t> bytes;
  std::vector<int16_t> words;
  std::vector<int32_t> start;   // [outputs] what integer totals begin with
};

struct LinearPlan {
  std::string name;
  int inputs = 0, outputs = 0;            // padded
  int true_inputs = 0, true_outputs = 0;
  std::vector<int> input_place, output_place;  // true channel → padded channel
  FeatureScheme scheme;
  std::string slot;                       // "layers.0.update.hidden.input"
  Packed forward, backward;
  std::vector<float> scale;               // [outputs]; ones for a float weight
  std::vector<float> bias;                // [outputs], or empty
  // What the scheme takes off rows: mean and directions of species, [species][row][inputs], and the weight times them,
  // [species][row][outputs]; and how rows are multiplied with those of all species. Empty where there are no directions.
  std::vector<float> compensation, compensation_out;
  Packed directions;
  std::vector<float> direction_scale;     // [outputs of directions]
  bool coded = false;
  int backward_bits = 32;                 // of the gradient rows, where the backward products are of integers
};

struct LayerPlan {
  bool first = false;
  LinearPlan project, output, hidden, gates;
  std::vector<LinearPlan> mix;
  FeatureScheme query, key;
  std::string query_slot, key_slot;
  std::vector<float> temperature;  // [heads_padded]
  // [interval][6][functions · channels | heads_padded]: coefficients of 1, t … t⁵ of the filters and of the bias of the
  // logits
  std::vector<float> table;
  int row = 0;                     // functions · channels + heads_padded
};

struct Plan {
  Shape shape;
  int coefficients = 0;                   // the most that a linear layer multiplies a row with to find what is taken off
  std::vector<float> embedding;    // [species][channels]
  std::vector<LayerPlan> layers;
  std::vector<GeneratorEntry> generators;  // local gauge: what turning the axes does to vectors
  LinearPlan readout, energy;
  std::vector<float> energy_weight;  // [channels] decoded
};

struct Kernels;
Plan make_plan(const Description& description, int backward_bits, const Kernels& kernels);

}  // namespace gaq
