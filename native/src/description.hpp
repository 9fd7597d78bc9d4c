// What a packed model says: plain data, checked by the reader (file/), used by the engine. Knows no bytes and no kernels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gaq {

struct Config {
  int channels = 0, degrees = 0, layers = 0, heads = 0, basis = 0, hidden = 0;
  double cutoff = 0;  // Å
  bool cosine = true; // attention: unit queries and keys, or plain scaled products
};

// The scheme of one feature slot; twin of quant/spec.py. `tensor`: step from the file; the others from the data.
enum class Scheme { identity, uniform, polar };
enum class Per { tensor, row, atom, vector };
enum class Direction { octahedral, codebook, component };

struct FeatureScheme {
  Scheme scheme = Scheme::identity;
  int bits = 32;
  Per per = Per::tensor;
  bool framed = false;  // components in the atom's own frame
  // What is taken off a row before it is rounded: the mean of the atom's species (scalars), and what is left along the
  // principal directions of the species. None: rows are rounded as they are.
  bool centred = false;
  int directions = 0;
  std::vector<int8_t> compensation_codes;  // [species][row][columns], the mean first
  std::vector<float> compensation_scale;   // [species][row]
  float step = 0, inverse_step = 0;
  // polar only
  Direction direction = Direction::octahedral;
  int direction_bits = 0;
  bool logarithmic = false, geometric = true;
  std::vector<float> levels, thresholds;  // logarithmic magnitudes
  std::vector<float> points;              // [codeword][3]: octahedral and codebook
  std::vector<int32_t> cells;             // [cell][candidates]: codebook
  int candidates = 0;

  int compensation_rows() const { return (centred ? 1 : 0) + directions; }
  int high() const { return int((1u << (scheme == Scheme::polar ? bits : bits - 1)) - 1); }
};

// A linear layer [outputs][inputs]: either float values, or whole-number codes with a scale per output.
struct LinearDescription {
  std::string name;  // "layers.0.update.hidden"
  int outputs = 0, inputs = 0;
  int bits = 32;                // of the weight; 32: `values`, else `codes` and `scale`
  std::vector<float> values;    // [outputs][inputs]
  std::vector<int8_t> codes;    // [outputs][inputs]
  std::vector<float> scale;     // [outputs]
  std::vector<float> bias;      // [outputs] or empty
  FeatureScheme input;
};

struct LayerDescription {
  LinearDescription project, output, hidden, gates;
  std::vector<LinearDescription> mix;      // one per degree
  FeatureScheme query, key;                   // identity or uniform
  std::vector<float> temperature;          // [heads]
  std::vector<float> radial_bias;          // [basis][heads]
  std::vector<float> filters;              // [basis][functions * channels]
};

// The radial basis at knots equidistant in u = exp(-alpha r) from u_low to u_high, a distance h apart: a quintic between
// two knots has the values, slopes and curvatures of both.
struct RadialDescription {
  int knots = 0;
  double alpha = 0, u_low = 0, u_high = 0;
  std::vector<float> values, slopes, curvatures;  // [knots][basis]: f, f' h, f'' h² / 2, derivatives in u
};

// A wall between atoms closer than any in the training data: geometry/repulsion.hpp. Empty for none.
struct RepulsionDescription {
  std::vector<double> inner, outer, screening;  // [species][species] Å
};

// What the training frames hold: domain.hpp. No frames for a model that does not say.
struct DomainDescription {
  int frames = 0;
  std::vector<double> closest;     // [species][species] Å
  std::vector<int32_t> neighbors;  // [species][2] fewest and most within the cutoff
  std::vector<double> largest;     // [species] norm of the last scalar features
};

struct GoldenFrames {
  std::vector<int32_t> species;             // [atoms]
  std::vector<double> positions, energies, forces;  // [frame][atoms][3], [frame], [frame][atoms][3]
};

struct Description {
  Config config;
  std::string recipe;
  int backward_bits = 32;
  std::vector<int32_t> species;    // [species] atomic numbers, ascending
  std::vector<double> reference;   // [species] eV
  std::vector<double> radii;       // [species] covalent radii, Å
  double scale = 1;                // eV
  std::vector<float> embedding;    // [species][channels]
  RadialDescription radial;
  RepulsionDescription repulsion;
  DomainDescription domain;
  std::vector<double> wigner_points[2], wigner_inverse[2];  // degrees 2 and 3: [probe][3], [2l+1][probe]
  std::vector<LayerDescription> layers;
  LinearDescription readout, energy;
  GoldenFrames golden;

  bool framed() const {
    for (const auto& layer : layers)
      for (const auto& mix : layer.mix)
        if (mix.input.framed) return true;
    return false;
  }
};

// Reads and checks a whole file. Throws BadFile with a sentence; trusts nothing before it is checked.
Description read_description(const void* bytes, std::size_t size, const std::string& name);

}  // namespace gaq
