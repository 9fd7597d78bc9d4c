#include "file/physics.hpp"

#include <cmath>

#include "file/fields.hpp"

namespace gaq {
namespace {

constexpr double screening_length = 0.46850, screening_power = 0.23;  // Å; Ziegler, Biersack and Littmark (1985)
constexpr double largest = 1e9;
constexpr int most_frames = 2147483647;

void check_symmetric(const std::vector<double>& table, size_t count, const char* what, const Source& source) {
  for (size_t a = 0; a < count; ++a)
    for (size_t b = 0; b < a; ++b)
      if (table[a * count + b] != table[b * count + a])
        source.refuse(std::string("metadata '") + what + "' has a table that is not symmetric");
}

}  // namespace

void read_repulsion(const Header& header, const Source& source, Description& out) {
  const Json json = header.json("repulsion", Json::Kind::object);
  if (json.keys.empty()) return;
  const size_t count = out.species.size();
  Fields fields(json, "metadata 'repulsion'", source);
  fields.choice("kind", {"zbl"});
  RepulsionDescription& r = out.repulsion;
  r.inner = fields.numbers("inner", count * count, 0, out.cutoff);
  r.outer = fields.numbers("outer", count * count, 0, out.cutoff);
  r.screening = fields.numbers("screening", count * count, 0, 1);
  fields.finish();
  for (const auto* table : {&r.inner, &r.outer, &r.screening}) check_symmetric(*table, count, "repulsion", source);
  for (size_t n = 0; n < r.outer.size(); ++n) {
    if (!(r.inner[n] < r.outer[n]))
      source.refuse("metadata 'repulsion' has the inner radius " + shown(r.inner[n]) + " and the outer one " +
                    shown(r.outer[n]) + "; expected ascending ones");
    const double expected = screening_length / (std::pow(out.species[n / count], screening_power) +
                                                std::pow(out.species[n % count], screening_power));
    if (!(std::fabs(r.screening[n] / expected - 1) < 1e-9))
      source.refuse("metadata 'repulsion' has the screening length " + shown(r.screening[n]) + "; expected " +
                    shown(expected) + " for its species");
  }
}

void read_domain(const Header& header, const Source& source, Description& out) {
  const Json json = header.json("domain", Json::Kind::object);
  if (json.keys.empty()) return;
  const size_t count = out.species.size();
  Fields fields(json, "metadata 'domain'", source);
  DomainDescription& d = out.domain;
  d.frames = fields.integer("frames", 1, most_frames);
  d.closest = fields.numbers("closest", count * count, 0, out.cutoff);
  const std::vector<double> neighbors = fields.numbers("neighbors", 2 * count, 0, 1e6);
  const std::vector<double> features = fields.numbers("features", 3 * count, 0, largest);
  fields.finish();
  check_symmetric(d.closest, count, "domain", source);
  for (size_t n = 0; n < count; ++n) {
    const double fewest = neighbors[2 * n], most = neighbors[2 * n + 1];
    if (fewest != std::floor(fewest) || most != std::floor(most) || fewest > most)
      source.refuse("metadata 'domain' has " + shown(fewest) + " to " + shown(most) +
                    " neighbours; expected two ascending integers");
    d.neighbors.push_back(int32_t(fewest));
    d.neighbors.push_back(int32_t(most));
    d.largest.push_back(features[3 * n + 2]);
  }
}

}  // namespace gaq
