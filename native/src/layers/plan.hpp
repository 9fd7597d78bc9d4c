// Parts that networks are made of, as the kernels want them: channels padded to whole registers, weights packed, tables
// combined.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aligned.hpp"
#include "description.hpp"

namespace gaq {

constexpr int lanes = 16;
constexpr int whole(int n) { return (n + lanes - 1) / lanes * lanes; }

enum class Arithmetic { float32, int8, int16 };

// How codes of a row lie in memory, as the kernel that multiplies them wants them.
enum class CodeLayout {
  words,  // sixteen bits each
  bytes,  // code + 128
  tile_bytes,  // with their sign, and zeros up to whole tiles
  tile_planes,  // code = 256 high + low: low bytes without sign, then high ones with theirs, zeros after both
};
constexpr int whole_tiles(int inputs) { return (inputs + 63) / 64 * 64; }
constexpr int64_t code_row_bytes(CodeLayout layout, int inputs) {
  return layout == CodeLayout::words        ? 2 * inputs
         : layout == CodeLayout::bytes      ? inputs
         : layout == CodeLayout::tile_bytes ? whole_tiles(inputs)
                                            : 2 * whole_tiles(inputs);
}
// Rows that tiles may read beyond the last.
constexpr int64_t code_rows_slack = 15;

// One side of a linear layer: y[outputs] = x[inputs] · packed, then · scale (+ bias).
struct Packed {
  Arithmetic arithmetic = Arithmetic::float32;
  CodeLayout codes = CodeLayout::words;  // of the rows, where the arithmetic is of integers
  int inputs = 0, outputs = 0;  // padded to sixteen
  AlignedVector<float> floats;
  AlignedVector<int8_t> bytes;
  AlignedVector<int16_t> words;
  AlignedVector<int32_t> start;  // [outputs] what integer totals begin with
  const void* next = nullptr;  // the weights that will be multiplied after these, if known
};

struct LinearPlan {
  std::string name;
  int inputs = 0, outputs = 0;  // padded
  int true_inputs = 0, true_outputs = 0;
  std::vector<int> input_place, output_place;  // true channel → padded channel
  FeatureScheme scheme;
  std::string slot;  // "layers.0.update.hidden.input"
  Packed forward, backward;
  AlignedVector<float> scale;  // [outputs]; ones for a float weight
  AlignedVector<float> bias;  // [outputs], or empty
  // What the scheme takes off rows: mean and directions of species, [species][row][inputs], and the weight times them,
  // [species][row][outputs]; and how rows are multiplied with those of all species. Empty where there are no directions.
  AlignedVector<float> compensation, compensation_out;
  Packed directions;
  AlignedVector<float> direction_scale;  // [outputs of directions]
  bool coded = false;
  int backward_bits = 32;  // of the gradient rows, where the backward products are of integers
};

// Radial functions of one layer, quintics between knots: [interval][coefficient][row].
constexpr int radial_terms = 6;
struct RadialPlan {
  AlignedVector<float> table;
  int row = 0;  // functions, padded
};

// From the last scalar features to the energy of an atom.
struct Readout {
  LinearPlan hidden, energy;
  AlignedVector<float> energy_weight;  // [channels] decoded
};

struct Kernels;

// Makes linear layers for one set of kernels.
struct LinearBuilder {
  const Kernels& kernels;
  int backward_bits;

  // `in` and `out`: where the model's own channels stand after padding to `inputs` and `outputs`.
  LinearPlan operator()(const LinearDescription& from, std::vector<int> in, int inputs, std::vector<int> out,
                        int outputs, int least_backward_bits = 8) const;
  // `place` of the channels in a row of so many.
  Readout readout(const ReadoutDescription& from, const std::vector<int>& place, int channels) const;
};

// Tells each of the weights which come after it, as the forward and the backward pass go through the layers in order.
void link_weights(const std::vector<LinearPlan*>& layers);

std::vector<int> plain_places(int count);  // 0, 1, 2 …

// The functions of all sets, one after another, each at its place in a row of `row`.
RadialPlan combine(const RadialGrid& grid, const std::vector<const RadialFunctions*>& sets,
                   const std::vector<int>& place, int row);

}  // namespace gaq
