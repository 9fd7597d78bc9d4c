// What a packed model says: plain data, checked by the reader (file/), used by the engine. Knows no bytes and no kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gaq {

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
  std::vector<float> compensation_scale;  // [species][row]
  float step = 0, inverse_step = 0;
  // polar only
  Direction direction = Direction::octahedral;
  int direction_bits = 0;
  bool logarithmic = false, geometric = true;
  std::vector<float> levels, thresholds;  // logarithmic magnitudes
  std::vector<float> points;  // [codeword][3]: octahedral and codebook
  std::vector<int32_t> cells;  // [cell][candidates]: codebook
  int candidates = 0;

  int compensation_rows() const { return (centred ? 1 : 0) + directions; }
  int high() const { return int((1u << (scheme == Scheme::polar ? bits : bits - 1)) - 1); }
};

// A linear layer [outputs][inputs]: either float values, or whole-number codes with a scale per output.
struct LinearDescription {
  std::string name;  // "layers.0.update.hidden"
  int outputs = 0, inputs = 0;
  int bits = 32;  // of the weight; 32: `values`, else `codes` and `scale`
  std::vector<float> values;  // [outputs][inputs]
  std::vector<int8_t> codes;  // [outputs][inputs]
  std::vector<float> scale;  // [outputs]
  std::vector<float> bias;  // [outputs] or empty
  FeatureScheme input;
};

// From the last scalar features to the energy of an atom.
struct ReadoutDescription {
  LinearDescription hidden, energy;
};

// Where functions of distance are tabulated: at knots equidistant in u = exp(-decay r), from u = low to u = high.
struct RadialGrid {
  int knots = 0;
  double decay = 0, low = 0, high = 0;  // 1/Å
};

// Functions at the knots of the grid, a distance h apart in u: between two knots a quintic has the values, slopes and
// curvatures of both.
struct RadialTable {
  int functions = 0;
  std::vector<float> values, slopes, curvatures;  // [knots][functions]: f, f' h, f'' h² / 2, derivatives in u
};

// Radial functions of a layer: combinations of the functions in a table, or these themselves.
struct RadialFunctions {
  int functions = 0;
  std::shared_ptr<const RadialTable> table;
  std::vector<float> mixing;  // [functions of the table][functions]; empty: one each
};

// A wall between atoms closer than any in the training data: geometry/repulsion.hpp. Empty for none.
struct RepulsionDescription {
  std::vector<double> inner, outer, screening;  // [species][species] Å
};

// What the training frames hold: domain.hpp. No frames for a model that does not say.
struct DomainDescription {
  int frames = 0;
  std::vector<double> closest;  // [species][species] Å
  std::vector<int32_t> neighbors;  // [species][2] fewest and most within the cutoff
  std::vector<double> largest;  // [species] norm of the last scalar features
};

struct GoldenFrames {
  std::vector<int32_t> species;  // [atoms]
  std::vector<double> positions, energies, forces;  // [frame][atoms][3], [frame], [frame][atoms][3]
};

// What the file says of one architecture; its reader makes one of its own kind (networks/).
struct NetworkDescription {
  virtual ~NetworkDescription() = default;
  // Upper bound of the bytes that weights, tables and quantizers take when the network is opened.
  virtual int64_t opened_bytes(const RadialGrid& radial) const = 0;
};

struct Description {
  std::string architecture, recipe;
  int backward_bits = 32;
  double cutoff = 0;  // Å
  std::vector<int32_t> species;  // [species] atomic numbers, ascending
  std::vector<double> reference;  // [species] eV
  std::vector<double> radii;  // [species] covalent radii, Å
  double scale = 1;  // eV
  RadialGrid radial;
  RepulsionDescription repulsion;
  DomainDescription domain;
  GoldenFrames golden;
  // Set by the reader of the architecture.
  int channels = 0, degrees = 1, layers = 0;
  bool framed = false;  // whether a slot wants vectors in the frames of their atoms
  std::shared_ptr<const NetworkDescription> network;
};

// Reads and checks a whole file. Throws BadFile with a sentence; trusts nothing before it is checked.
Description read_description(const void* bytes, std::size_t size, const std::string& name);

}  // namespace gaq
