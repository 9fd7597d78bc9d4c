// The smallest models that a file can hold, in every scheme, written without Python: for tests and the fuzzer's corpus.
// Shapes and ranges are right, numbers are drawn; they are no physics.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "file/checksum.hpp"
#include "quant/octahedral.hpp"
#include "tiny_schemes.hpp"

namespace gaq_test {

struct TinyTensor {
  std::string dtype;
  std::vector<int64_t> shape;
  std::string bytes;
};

template <typename T>
std::string bytes_of(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

// A text of JSON as the value of a key of JSON.
inline std::string in_quotes(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c >= 0 && c < 32)
      out += std::string("\\u00") + "01"[c >> 4] + "0123456789abcdef"[c & 15];
    else
      out += c;
  }
  return out + "\"";
}

inline std::string joined(const std::map<std::string, std::string>& values) {
  std::string out;
  for (const auto& [key, value] : values) out += (out.empty() ? "" : ",") + in_quotes(key) + ":" + value;
  return "{" + out + "}";
}

// A file from its parts: the length of the header, the header, the data.
inline std::string file_of(const std::string& header, const std::string& data) {
  std::string out;
  for (int k = 0; k < 8; ++k) out += char((uint64_t(header.size()) >> (8 * k)) & 255);
  return out + header + data;
}

// The header with the checksum of the file that it and the data make.
inline std::string sealed(std::string header, const std::string& data) {
  const size_t at = gaq::place_of_checksum(header);
  if (at == std::string::npos) return header;
  const std::string sum = gaq::checksum_of(header, data.data(), data.size());
  return header.replace(at, gaq::checksum_digits, sum, sum.size() - gaq::checksum_digits, std::string::npos);
}

struct TinyModel {
  std::map<std::string, std::string> metadata, slots;
  std::map<std::string, TinyTensor> tensors;

  std::string data() const {
    std::string out;
    for (const auto& [name, tensor] : tensors) out += tensor.bytes;
    return out;
  }

  std::string header() const {
    auto texts = metadata;
    if (texts.count("slots") == 0) texts["slots"] = joined(slots);
    if (texts.count("checksum") == 0) texts["checksum"] = "sha256:" + std::string(gaq::checksum_digits, '0');
    for (auto& [key, text] : texts) text = in_quotes(text);
    std::map<std::string, std::string> entries{{"__metadata__", joined(texts)}};
    size_t at = 0;
    for (const auto& [name, tensor] : tensors) {
      std::string shape;
      for (int64_t n : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(n);
      const std::string end = std::to_string(at + tensor.bytes.size());
      entries[name] = "{\"dtype\":\"" + tensor.dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":[" +
                      std::to_string(at) + "," + end + "]}";
      at += tensor.bytes.size();
    }
    std::string text = joined(entries);
    text.append((8 - text.size() % 8) % 8, ' ');
    return metadata.count("checksum") == 0 ? sealed(text, data()) : text;
  }

  std::string bytes() const { return file_of(header(), data()); }

  void floats(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& numbers) {
    tensors[name] = {"F32", std::move(shape), bytes_of(numbers)};
  }
  void doubles(const std::string& name, std::vector<int64_t> shape, const std::vector<double>& numbers) {
    tensors[name] = {"F64", std::move(shape), bytes_of(numbers)};
  }
};

struct TinyOptions {
  int channels = 4, degrees = 1, layers = 1, heads = 2, basis = 4, hidden = 5;  // an odd width, for packed codes
  std::string scalar = R"({"kind":"identity"})", vector = scalar, query = scalar;  // schemes of features
  int weight_bits = 32;
  std::string architecture = "transformer";
  bool own_tables =
      false;  // radial functions of each layer as tables of their own, the first mixed, the second finished
};

class TinyWriter {
 public:
  explicit TinyWriter(const TinyOptions& options) : o_(options) {}

  TinyModel write() {
    const int c = o_.channels;
    write_metadata();
    drawn("embedding", {2, c});
    model_.doubles("reference", {2}, {-13.6, -1029.5});
    model_.doubles("radii", {2}, {0.31, 0.76});
    model_.doubles("scale", {1}, {0.8});
    if (!o_.own_tables) table("radial", o_.basis);
    for (int i = 0; i < o_.layers; ++i) {
      const std::string name = "layers." + std::to_string(i);
      if (o_.architecture == "painn")
        write_painn_layer(i, name);
      else
        write_layer(i, name);
    }
    linear("readout.hidden", c, c, true, 0);
    linear("readout.energy", 1, c, false, 0);
    model_.tensors["golden.species"] = {"I64", {1}, bytes_of(std::vector<int64_t>{6})};
    model_.doubles("golden.positions", {3, 1, 3}, std::vector<double>(9, 0.7));
    model_.doubles("golden.energies", {3}, {-1043.1, -1043.2, -1043.3});
    model_.doubles("golden.forces", {3, 1, 3}, std::vector<double>(9, 0.01));
    return std::move(model_);
  }

 private:
  // Of hydrogen and carbon.
  static constexpr const char* repulsion =
      R"({"kind":"zbl","inner":[0.5,0.6,0.6,0.8],"outer":[0.7,0.9,0.9,1.2],"screening":)"
      R"([0.23425,0.1866539448593495,0.1866539448593495,0.15513322179188582]})";
  static constexpr const char* domain =
      R"({"frames":7,"closest":[1.4,0.9,0.9,1.3],"neighbors":[3,9,4,8],"features":[1.5,0.1,2.5,1.0,0.2,3.0]})";

  void write_metadata() {
    const auto n = [](int x) { return std::to_string(x); };
    std::map<std::string, std::string> config{
        {"channels", n(o_.channels)}, {"layers", n(o_.layers)}, {"basis", n(o_.basis)}, {"cutoff", "5.0"}};
    if (o_.architecture == "transformer") {
      config["degrees"] = n(o_.degrees);
      config["heads"] = n(o_.heads);
      config["hidden"] = n(o_.hidden);
      config["attention"] = "\"cosine\"";
    }
    model_.metadata = {{"format", "gaq-packed"},
                       {"format_version", "6"},
                       {"gaq_version", "0.0"},
                       {"architecture", o_.architecture},
                       {"config", joined(config)},
                       {"repulsion", repulsion},
                       {"domain", domain},
                       {"species", "[1,6]"},
                       {"units", R"({"length":"Angstrom","energy":"eV"})"},
                       {"recipe", "{}"},
                       {"recipe_name", "tiny"},
                       {"backward_bits", "32"},
                       {"manifest", "{}"},
                       {"accuracy", "[]"},
                       {"radial", R"({"knots":4,"decay":1.0,"low":0.006737946999085467,"high":1.0})"}};
  }

  void write_layer(int i, const std::string& name) {
    const int c = o_.channels, products = o_.degrees > 1 ? 2 : 0;
    const int wide = (1 + 2 * o_.degrees + products) * c, gated = i + 1 == o_.layers ? (1 + o_.degrees) * c : wide;
    linear(name + ".attention.project", 4 * c, c, true, 0);
    linear(name + ".attention.output", c, c, true, 0);
    linear(name + ".update.hidden", o_.hidden, wide, true, 0);
    linear(name + ".update.gates", gated, o_.hidden, true, 0);
    feature(name + ".attention.query", o_.query);
    feature(name + ".attention.key", o_.query);
    model_.slots[name + ".message.scalar"] = R"({"kind":"identity"})";
    for (int l = 1; l <= o_.degrees; ++l) linear(name + ".update.mix" + std::to_string(l), 2 * c, c, false, l);
    drawn(name + ".attention.temperature", {o_.heads});
    model_.floats(name + ".update.limits", {2, c}, std::vector<float>(size_t(2 * c), 16.0f));
    const int functions = 2 * c;  // of scalars, of vectors
    drawn(name + ".attention.bias", {o_.basis, o_.heads});
    if (o_.own_tables) table(name + ".attention.bias", o_.basis);
    if (o_.own_tables)
      table(name + ".filters", functions);
    else
      drawn(name + ".filters", {o_.basis, functions});
  }

  void write_painn_layer(int i, const std::string& name) {
    const int c = o_.channels;
    linear(name + ".message.hidden", c, c, true, 0);
    linear(name + ".message.sent", 3 * c, c, true, 0);
    linear(name + ".update.mix1", 2 * c, c, false, 1);
    linear(name + ".update.hidden", c, 2 * c, true, 0);
    linear(name + ".update.gates", 3 * c, c, true, 0);
    model_.slots[name + ".message.scalar"] = R"({"kind":"identity"})";
    if (i > 0) model_.slots[name + ".message.vector.l1"] = R"({"kind":"identity"})";
    drawn(name + ".filters", {o_.basis, 3 * c});
  }

  void linear(const std::string& name, int outputs, int inputs, bool bias, int degree) {
    if (bias) drawn(name + ".bias", {outputs});
    const bool component = degree > 1 && o_.vector.find("polar") != std::string::npos;
    feature(name + ".input", degree == 0 ? o_.scalar : component ? polar_component : o_.vector);
    const std::string& scheme = model_.slots[name + ".input"];
    if (scheme.find("centred") != std::string::npos) compensation(name + ".input.centre", 1, inputs);
    const size_t at = scheme.find("\"principal\":");
    if (at != std::string::npos) compensation(name + ".input.principal", scheme[at + 12] - '0', inputs);
    if (o_.weight_bits == 32) {
      drawn(name + ".weight", {outputs, inputs});
      model_.slots[name + ".weight"] = R"({"kind":"identity"})";
      return;
    }
    model_.slots[name + ".weight"] = R"({"kind":"uniform","bits":)" + std::to_string(o_.weight_bits) +
                                     R"(,"per":"channel"})";
    model_.floats(name + ".scale", {outputs}, std::vector<float>(size_t(outputs), 0.01f));
    const int high = (1 << (o_.weight_bits - 1)) - 1;
    const bool packed = o_.weight_bits <= 4;
    const int columns = packed ? (inputs + 1) / 2 : inputs;
    std::string codes(size_t(outputs * columns), '\0');
    for (int k = 0; k < outputs * inputs; ++k) {
      const int row = k / inputs, column = k % inputs, code = int(draw() * float(high));
      if (!packed)
        codes[size_t(k)] = char(code);
      else
        codes[size_t(row * columns + column / 2)] |= char((code & 15) << (column % 2 * 4));
    }
    model_.tensors[name + ".codes"] = {packed ? "U8" : "I8", {outputs, columns}, codes};
  }

  void compensation(const std::string& name, int count, int inputs) {
    const int rows = 2 * count;  // of two species
    std::string codes(size_t(rows * inputs), '\0');
    for (char& code : codes) code = char(int(draw() * 127));
    model_.tensors[name + ".codes"] = {"I8", {rows, inputs}, codes};
    model_.floats(name + ".scale", {rows}, std::vector<float>(size_t(rows), 0.01f));
  }

  void feature(const std::string& slot, const std::string& scheme) {
    model_.slots[slot] = scheme;
    const auto says = [&](const char* text) { return scheme.find(text) != std::string::npos; };
    if (says("\"per\":\"tensor\"")) {
      model_.floats(slot + ".step", {1}, {0.03125f});
      model_.floats(slot + ".inverse_step", {1}, {32.0f});
    }
    if (says("\"log\"")) {
      model_.floats(slot + ".levels", {4}, {0.0f, 0.25f, 0.5f, 1.0f});
      model_.floats(slot + ".thresholds", {3}, {0.125f, 0.375f, 0.75f});
    }
    if (says("\"octahedral\"") && says("\"direction_bits\":4"))
      model_.floats("octahedral.4.points", {16, 3}, gaq::octahedral_points(4));
    if (!says("\"codebook\"")) return;
    const std::string book = says("codebook.") ? "codebook.fibonacci.2" : slot;
    model_.floats(book + ".points", {3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, -1});
    model_.tensors[book + ".cells"] = {"I32", {4, 2}, bytes_of(std::vector<int32_t>{0, 1, 1, 2, 0, 2, 2, 2})};
  }

  void table(const std::string& name, int functions) {
    for (const char* part : {".values", ".slopes", ".curvatures"}) drawn(name + part, {4, functions});
  }

  void drawn(const std::string& name, const std::vector<int64_t>& shape) {
    size_t count = 1;
    for (int64_t n : shape) count *= size_t(n);
    std::vector<float> numbers(count);
    for (float& x : numbers) x = draw();
    model_.floats(name, shape, numbers);
  }

  float draw() {  // in (-1, 1)
    seed_ = seed_ * 1664525u + 1013904223u;
    return float(int32_t(seed_) >> 8) / 8388608.0f;
  }

  static constexpr const char* polar_component =
      R"({"kind":"polar","bits":8,"per":"tensor","magnitude":"linear","gradient":"geometric",)"
      R"("directions":"component","direction_bits":8})";

  TinyOptions o_;
  TinyModel model_;
  uint32_t seed_ = 1;
};

// One model a scheme, by a name for it.
inline const std::map<std::string, TinyModel>& tiny_models() {
  static std::map<std::string, TinyModel> models;
  if (!models.empty()) return models;
  std::map<std::string, TinyOptions> options;
  options["fp32"] = {};
  options["w4-l3"].degrees = 3;
  options["w4-l3"].layers = 2;
  options["w4-l3"].weight_bits = 4;
  options["w4-l3"].vector = uniform(8, "vector");
  options["w8a8-tensor"] = {
      4, 1, 1, 2, 4, 5, uniform(8, "tensor"), polar("atom", "linear", "octahedral", 4), uniform(16, "tensor"), 8};
  options["w4a16-frame"] = {4, 2, 1, 1, 4, 5, uniform(16, "row"), uniform(16, "row", true), uniform(8, "tensor"), 4};
  options["w4a8-centred"] = {
      4, 2, 2, 2, 4, 5, uniform(8, "row", false, true), uniform(8, "row", true), uniform(16, "tensor"), 4};
  options["w4a8-principal"] = {
      4, 2, 2, 2, 4, 5, principal(8, 2, false, "row", true), principal(8, 3), uniform(16, "tensor"), 4};
  options["octahedral"] = {
      4, 2, 1, 4, 4, 4, uniform(8, "row"), polar("tensor", "linear", "octahedral", 16), uniform(16, "tensor"), 5};
  options["codebook-log"] = {
      4, 1, 1, 2, 4, 4, uniform(8, "row"), polar("tensor", "log", "codebook", 2), uniform(16, "tensor"), 2};
  options["shared-book"] = {4,
                            1,
                            2,
                            2,
                            4,
                            4,
                            uniform(8, "atom"),
                            polar("atom", "linear", "codebook", 2, "codebook.fibonacci.2"),
                            uniform(16, "tensor"),
                            3};
  options["own-tables"].own_tables = true;
  options["painn"] = {
      5, 1, 2, 1, 4, 4, uniform(8, "row", false, true), uniform(8, "row", true), uniform(16, "tensor"), 4, "painn"};
  for (const auto& [name, option] : options) models[name] = TinyWriter(option).write();
  return models;
}

}  // namespace gaq_test
