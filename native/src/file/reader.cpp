// A whole .gaq file to a Description: docs/format.md in code. Nothing is used before it is checked. What belongs to one
// architecture is read by it (networks/).
#include <algorithm>
#include <cmath>

#include "description.hpp"
#include "file/container.hpp"
#include "file/fields.hpp"
#include "file/header.hpp"
#include "file/memory.hpp"
#include "file/network_file.hpp"
#include "file/physics.hpp"
#include "file/slots.hpp"
#include "file/tensors.hpp"
#include "networks/network.hpp"

namespace gaq {
namespace {

constexpr int golden_frames = 3;
constexpr int64_t largest_golden = 100000;  // atoms
constexpr double least_decay = 0.01, most_decay = 50;  // times the cutoff: from nearly equidistant in r on
constexpr double closest = 0.2;  // Å; the engine refuses atoms closer than that, so tables must reach there

class Reader {
 public:
  Reader(const Container& container, const Source& source)
      : source_(source), header_(container, source), tensors_(container, source) {
    check_sum(container, header_.text("checksum"), source);
  }

  Description read() {
    const Architecture& architecture = architecture_of(header_.text("architecture"), source_);
    out_.architecture = architecture.name;
    const Json config_json = header_.json("config", Json::Kind::object);
    Fields config(config_json, "config", source_);
    out_.cutoff = config.number("cutoff", 0.5, 20.0);
    read_labels();
    read_species();
    read_repulsion(header_, source_, out_);
    read_domain(header_, source_, out_);
    const Json schemes = header_.json("slots", Json::Kind::object);
    Slots slots(schemes, int64_t(out_.species.size()), tensors_, source_);
    NetworkFile file{config, slots, tensors_, source_, out_, nullptr};
    read_radial();
    out_.network = architecture.read(file);
    read_golden();
    slots.finish();
    tensors_.finish();
    return std::move(out_);
  }

 private:
  // What the engine does not compute with, but what must be true for its numbers to mean something.
  void read_labels() {
    const Json json = header_.json("units", Json::Kind::object);
    Fields units(json, "units", source_);
    units.choice("length", {"Angstrom"});
    units.choice("energy", {"eV"});
    units.finish();
    header_.json("recipe", Json::Kind::object);
    header_.json("manifest", Json::Kind::object);
    header_.json("accuracy", Json::Kind::list);
    out_.recipe = header_.text("recipe_name");
    const std::string& bits = header_.text("backward_bits");
    if (bits != "8" && bits != "16" && bits != "32")
      source_.refuse("metadata 'backward_bits' is " + quoted(bits) + "; expected '8', '16' or '32'");
    out_.backward_bits = bits == "8" ? 8 : bits == "16" ? 16 : 32;
  }

  void read_species() {
    const Json json = header_.json("species", Json::Kind::list);
    int last = 0;
    for (const Json& item : json.items) {
      if (item.kind != Json::Kind::number || !item.whole || item.number <= last || item.number > 118)
        source_.refuse("metadata 'species' has " + shown(item) + " after " + std::to_string(last) +
                       "; expected atomic numbers from 1 to 118 in ascending order");
      out_.species.push_back(last = int(item.number));
    }
    if (out_.species.empty()) source_.refuse("metadata 'species' is empty; expected at least one atomic number");
    const auto count = int64_t(out_.species.size());
    out_.reference = tensors_.doubles("reference", {count});
    out_.radii = tensors_.doubles("radii", {count});
    for (double radius : out_.radii)
      if (!(radius > 0 && radius < 10))
        source_.refuse("tensor 'radii' has " + shown(radius) + "; expected more than 0 and less than 10 (Angstrom)");
    out_.scale = tensors_.doubles("scale", {1})[0];
  }

  void read_radial() {
    const Json json = header_.json("radial", Json::Kind::object);
    Fields fields(json, "radial", source_);
    RadialGrid& r = out_.radial;
    r.knots = fields.integer("knots", 4, 4096);
    r.decay = fields.number("decay", least_decay / out_.cutoff, most_decay / out_.cutoff);
    const auto u_at = [&](double distance) { return std::exp(-r.decay * distance); };
    r.low = fields.number("low", u_at(2 * out_.cutoff), u_at(out_.cutoff) * (1 + 1e-12));
    r.high = fields.number("high", u_at(closest), 1.0);
    fields.finish();
  }

  void read_golden() {
    GoldenFrames& golden = out_.golden;
    const int64_t atoms = tensors_.shape("golden.species", Dtype::I64, {any})[0];
    if (atoms > largest_golden)
      source_.refuse("tensor 'golden.species' has " + std::to_string(atoms) + " atoms; expected at most " +
                     std::to_string(largest_golden));
    for (int64_t species : tensors_.long_integers("golden.species", {atoms})) {
      if (!std::binary_search(out_.species.begin(), out_.species.end(), species))
        source_.refuse("tensor 'golden.species' has " + std::to_string(species) + "; expected species of the model");
      golden.species.push_back(int32_t(species));
    }
    golden.positions = tensors_.doubles("golden.positions", {golden_frames, atoms, 3});
    golden.energies = tensors_.doubles("golden.energies", {golden_frames});
    golden.forces = tensors_.doubles("golden.forces", {golden_frames, atoms, 3});
  }

  const Source& source_;
  Header header_;
  Tensors tensors_;
  Description out_;
};

}  // namespace

Description read_description(const void* bytes, std::size_t size, const std::string& name) {
  const Source source(name);
  const Container container = read_container(bytes, size, source);
  Description description = Reader(container, source).read();
  check_memory(description, size, source);
  return description;
}

}  // namespace gaq
