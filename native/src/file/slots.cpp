// The slots of a model: kinds and keys are those of docs/format.md, meanings those of src/gaq/quant/spec.py.
#include "file/slots.hpp"

#include <algorithm>
#include <cmath>

#include "file/fields.hpp"

namespace gaq {
namespace {

constexpr int most_directions = 16;
constexpr int stored_octahedral_bits = 8;  // beyond, points are computed (quant/octahedral.hpp)

void read_uniform(Fields& fields, Role role, FeatureScheme& scheme) {
  scheme.scheme = Scheme::uniform;
  scheme.bits = fields.integer("bits", 2, 16);
  scheme.per = role == Role::vector  ? Per(fields.choice("per", {"tensor", "row", "atom", "vector"}))
               : role == Role::query ? Per(fields.choice("per", {"tensor"}))
                                     : Per(fields.choice("per", {"tensor", "row", "atom"}));
  scheme.framed = fields.boolean("framed");
}

void read_polar(Fields& fields, int degree, FeatureScheme& scheme) {
  scheme.scheme = Scheme::polar;
  scheme.bits = fields.integer("bits", 2, 16);
  scheme.per = fields.choice("per", {"tensor", "atom"}) == 0 ? Per::tensor : Per::atom;
  scheme.logarithmic = fields.choice("magnitude", {"linear", "log"}) == 1;
  scheme.geometric = fields.choice("gradient", {"geometric", "plain"}) == 0;
  // Codebooks lie on the sphere in three dimensions.
  scheme.direction = degree == 1 ? Direction(fields.choice("directions", {"octahedral", "codebook", "component"}))
                                 : (fields.choice("directions", {"component"}), Direction::component);
  scheme.direction_bits = fields.integer("direction_bits", scheme.direction == Direction::octahedral ? 4 : 2, 16);
}

}  // namespace

Slots::Slots(const Json& slots, int64_t species, Tensors& tensors, const Source& source)
    : slots_(slots), species_(species), tensors_(tensors), source_(source) {
  if (slots.kind != Json::Kind::object) source.refuse("metadata 'slots' is " + shown(slots) + "; expected an object");
}

const Json& Slots::take(const std::string& slot) {
  const Json* scheme = slots_.find(slot);
  if (!scheme) source_.refuse("metadata 'slots' lacks the slot " + quoted(slot));
  taken_.insert(slot);
  return *scheme;
}

FeatureScheme Slots::feature(const std::string& slot, Role role, int degree, int inputs) {
  const std::string what = "slot " + quoted(slot);
  Fields fields(take(slot), what, source_);
  const int kind = role == Role::message  ? fields.choice("kind", {"identity"})
                   : role == Role::vector ? fields.choice("kind", {"identity", "uniform", "polar"})
                                          : fields.choice("kind", {"identity", "uniform"});
  FeatureScheme scheme;
  if (kind == 1) read_uniform(fields, role, scheme);
  if (kind == 2) read_polar(fields, degree, scheme);
  if (scheme.framed && role != Role::vector)
    source_.refuse(what + " has 'framed' true; expected false, for it is no vector");
  if (scheme.direction == Direction::octahedral && scheme.direction_bits % 2 != 0)
    source_.refuse(what + " has 'direction_bits' " + std::to_string(scheme.direction_bits) +
                   "; expected an even number");
  const bool codebook = scheme.scheme == Scheme::polar && scheme.direction == Direction::codebook;
  const std::string book = codebook && fields.has("book") ? fields.text("book") : slot;
  scheme.centred = kind == 1 && fields.has("centred") && fields.boolean("centred");
  if (kind == 1 && fields.has("principal")) scheme.directions = fields.integer("principal", 1, most_directions);
  fields.finish();
  if (scheme.centred && (inputs == 0 || scheme.per != Per::row || role != Role::scalar))
    source_.refuse(what + " has 'centred' true; expected it only for rows of scalars that enter a linear layer");
  if (scheme.directions > 0 && !((scheme.framed || scheme.centred) && scheme.per == Per::row))
    source_.refuse(what +
                   " has 'principal'; expected it only for rows of vectors in the frame of their atom, and of "
                   "centred scalars");
  if (scheme.compensation_rows() > 0) read_compensation(slot, inputs, scheme);
  if (scheme.scheme != Scheme::identity && scheme.per == Per::tensor) read_steps(slot, scheme);
  if (scheme.logarithmic) read_levels(slot, scheme);
  if (codebook) read_codebook(book, scheme);
  if (scheme.scheme == Scheme::polar && scheme.direction == Direction::octahedral &&
      scheme.direction_bits <= stored_octahedral_bits)
    scheme.points = unit_vectors("octahedral." + std::to_string(scheme.direction_bits) + ".points",
                                 1 << scheme.direction_bits);
  return scheme;
}

int Slots::weight_bits(const std::string& slot) {
  Fields fields(take(slot), "slot " + quoted(slot), source_);
  int bits = 32;
  if (fields.choice("kind", {"identity", "uniform"}) == 1) {
    bits = fields.integer("bits", 2, 8);
    fields.choice("per", {"tensor", "channel"});
  }
  fields.finish();
  return bits;
}

void Slots::finish() const {
  for (const std::string& slot : slots_.keys)
    if (taken_.count(slot) == 0)
      source_.refuse("metadata 'slots' has " + quoted(slot) + "; expected only slots of the model");
}

void Slots::read_steps(const std::string& slot, FeatureScheme& scheme) {
  scheme.step = tensors_.floats(slot + ".step", {1})[0];
  scheme.inverse_step = tensors_.floats(slot + ".inverse_step", {1})[0];
  if (!(scheme.step > 0))
    source_.refuse("slot " + quoted(slot) + " has the step " + shown(double(scheme.step)) +
                   "; expected one above zero");
  if (!(std::fabs(double(scheme.step) * double(scheme.inverse_step) - 1.0) < 1e-6))
    source_.refuse("slot " + quoted(slot) + " has the step " + shown(double(scheme.step)) + " and the inverse " +
                   shown(double(scheme.inverse_step)) + "; expected a product of one");
}

void Slots::read_compensation(const std::string& slot, int inputs, FeatureScheme& scheme) {
  scheme.compensation_codes.resize(size_t(species_) * scheme.compensation_rows() * inputs);
  scheme.compensation_scale.resize(size_t(species_) * scheme.compensation_rows());
  // `count` rows of each species, from the place `first` on.
  const auto read = [&](const std::string& name, int first, int count) {
    const auto codes = tensors_.codes(name + ".codes", species_ * count, inputs, 8);
    const auto scale = tensors_.floats(name + ".scale", {species_ * count});
    for (size_t row = 0; row < scale.size(); ++row) {
      if (scale[row] < 0)
        source_.refuse("tensor " + quoted(name + ".scale") + " has " + shown(double(scale[row])) +
                       "; expected no number below zero");
      const size_t to = row / count * scheme.compensation_rows() + first + row % count;
      scheme.compensation_scale[to] = scale[row];
      std::copy_n(codes.begin() + int64_t(row) * inputs, inputs,
                  scheme.compensation_codes.begin() + int64_t(to) * inputs);
    }
  };
  if (scheme.centred) read(slot + ".centre", 0, 1);
  if (scheme.directions > 0) read(slot + ".principal", scheme.centred ? 1 : 0, scheme.directions);
}

// Levels ascend from zero, and a threshold lies between each and the next.
void Slots::read_levels(const std::string& slot, FeatureScheme& scheme) {
  const int64_t high = scheme.high();
  scheme.levels = tensors_.floats(slot + ".levels", {high + 1});
  scheme.thresholds = tensors_.floats(slot + ".thresholds", {high});
  bool good = scheme.levels[0] == 0;
  for (size_t k = 0; k < scheme.thresholds.size(); ++k)
    good = good && scheme.levels[k] < scheme.levels[k + 1] && scheme.levels[k] <= scheme.thresholds[k] &&
           scheme.thresholds[k] <= scheme.levels[k + 1];
  if (!good)
    source_.refuse("slot " + quoted(slot) +
                   " has levels out of order; expected them to ascend from zero with thresholds between");
}

void Slots::read_codebook(const std::string& book, FeatureScheme& scheme) {
  const int64_t count = tensors_.shape(book + ".points", Dtype::F32, {any, 3})[0];
  if (count > (int64_t(1) << scheme.direction_bits))
    source_.refuse("tensor " + quoted(book + ".points") + " has " + std::to_string(count) +
                   " directions; expected at most 2^" + std::to_string(scheme.direction_bits));
  scheme.points = unit_vectors(book + ".points", count);
  const Shape& shape = tensors_.shape(book + ".cells", Dtype::I32, {any, any});
  const auto side = int64_t(std::lround(std::sqrt(double(shape[0]))));
  if (side * side != shape[0] || shape[1] > count)
    source_.refuse("tensor " + quoted(book + ".cells") + " has shape " + shown(shape) +
                   "; expected a square number of cells and at most " + std::to_string(count) + " candidates in each");
  scheme.candidates = int(shape[1]);
  scheme.cells = tensors_.integer(book + ".cells", shape);
  for (int32_t code : scheme.cells)
    if (code < 0 || code >= count)
      source_.refuse("tensor " + quoted(book + ".cells") + " has the candidate " + std::to_string(code) +
                     "; expected 0 to " + std::to_string(count - 1));
}

std::vector<float> Slots::unit_vectors(const std::string& name, int64_t count) {
  std::vector<float> points = tensors_.floats(name, {count, 3});
  for (size_t k = 0; k < points.size(); k += 3) {
    const double x = points[k], y = points[k + 1], z = points[k + 2], square = x * x + y * y + z * z;
    if (!(std::fabs(square - 1.0) < 1e-5))
      source_.refuse("tensor " + quoted(name) + " has at place " + std::to_string(k / 3) + " a vector of length " +
                     shown(std::sqrt(square)) + "; expected 1");
  }
  return points;
}

}  // namespace gaq
