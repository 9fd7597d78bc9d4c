// The reader of .gaq files: good files arrive whole; wrong texts, numbers and tensors are refused by name.
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include "networks/painn/contents.hpp"
#include "networks/transformer/contents.hpp"
#include "refusals.hpp"

using gaq_test::expect_changed;
using gaq_test::refusal_of;
using gaq_test::replaced;
using gaq_test::TinyModel;

namespace {

gaq::Description read(const std::string& name) {
  const std::string bytes = "#" + gaq_test::tiny_models().at(name).bytes();  // not aligned
  return gaq::read_description(bytes.data() + 1, bytes.size() - 1, name);
}

const gaq::TransformerDescription& network_of(const gaq::Description& model) {
  return static_cast<const gaq::TransformerDescription&>(*model.network);
}

gaq::TransformerDescription network(const std::string& name) { return network_of(read(name)); }

void test_good_files() {
  for (const auto& [name, model] : gaq_test::tiny_models())
    gaq_test::report(refusal_of(model.bytes()) == "accepted", name.c_str(), 0, refusal_of(model.bytes()));
}

// The fuzzer begins with these models; stale ones would be refused at once, and it would see nothing.
void test_corpus() {
  for (const auto& [name, model] : gaq_test::tiny_models()) {
    std::ifstream stream("../fuzz/corpus/" + name + ".gaq", std::ios::binary);
    const std::string found{std::istreambuf_iterator<char>(stream), {}};
    gaq_test::report(found == model.bytes(), name.c_str(), 0, "fuzz/corpus is stale: make_corpus fuzz/corpus");
  }
}

void test_values() {
  const gaq::Description d = read("w4-l3");
  const gaq::TransformerDescription& n = network_of(d);
  CHECK_EQ(d.architecture, "transformer");
  CHECK(d.degrees == 3 && d.channels == 4 && d.layers == 2);
  CHECK_EQ(d.cutoff, 5.0);
  CHECK(n.config.cosine && d.recipe == "tiny" && d.backward_bits == 32 && !d.framed);
  CHECK_EQ(d.species.size(), 2u);
  CHECK_EQ(d.species[1], 6);
  CHECK_EQ(d.reference[1], -1029.5);
  CHECK_EQ(d.radial.knots, 4);
  CHECK_EQ(n.layers.size(), 2u);
  CHECK_EQ(n.layers[0].filters.mixing.size(), 4u * 2u * 4u);
  CHECK_EQ(n.layers[1].filters.mixing.size(), 4u * 2u * 4u);
  CHECK(n.layers[0].filters.table == n.layers[1].bias.table && n.layers[0].bias.table->functions == 4);
  CHECK_EQ(n.layers[1].mix.size(), 3u);
  CHECK_EQ(n.layers[1].mix[2].name, "layers.1.update.mix3");
  CHECK(n.layers[0].mix[0].bias.empty() && n.readout.energy.bias.empty() && n.readout.hidden.bias.size() == 4);
  CHECK_EQ(d.golden.positions.size(), 9u);
  CHECK_EQ(network("w4a16-frame").layers[0].mix[1].input.framed, true);
  CHECK(read("w4a16-frame").framed);
  const gaq::FeatureScheme centred = network("w4a8-centred").layers[1].hidden.input;
  CHECK(centred.centred && centred.directions == 0 &&
        network("w4a16-frame").layers[0].mix[1].input.compensation_rows() == 0);
  CHECK_EQ(centred.compensation_codes.size(), 2u * 28u);
  CHECK_EQ(centred.compensation_scale.size(), 2u);
  const gaq::FeatureScheme principal = network("w4a8-principal").layers[1].mix[0].input;
  CHECK(principal.directions == 3 && !principal.centred);
  CHECK_EQ(principal.compensation_codes.size(), 2u * 3u * 4u);
  CHECK_EQ(principal.compensation_scale.size(), 2u * 3u);
  const gaq::FeatureScheme both =
      network("w4a8-principal").layers[1].hidden.input;  // a mean and two directions of each species
  CHECK(both.directions == 2 && both.centred);
  CHECK_EQ(both.compensation_codes.size(), 2u * 3u * 28u);
  CHECK(both.compensation_codes != principal.compensation_codes);
}

// Codes of four bits: the lower half first, rows on whole bytes, negative numbers in two's complement.
void test_painn() {
  const gaq::Description d = read("painn");
  const auto& n = static_cast<const gaq::PainnDescription&>(*d.network);
  CHECK(d.architecture == "painn" && d.channels == 5 && d.layers == 2 && d.degrees == 1 && d.framed);
  CHECK(n.layers.size() == 2 && n.layers[0].filters.functions == 15 && n.embedding.size() == 10);
  CHECK(n.layers[1].message_sent.outputs == 15 && n.layers[1].gates.codes.size() == 75 && n.layers[0].mix.bias.empty());
  for (const auto& [name, tensor] : gaq_test::tiny_models().at("painn").tensors) {
    const std::string key = name;
    expect_changed("painn", [=](TinyModel& m) { m.tensors.erase(key); }, "lacks tensor '" + key + "'");
  }
  expect_changed(
      "painn", [](TinyModel& m) { m.slots.erase("layers.1.message.vector.l1"); }, "lacks the slot 'layers.1.mess");
  expect_changed(
      "painn", [](TinyModel& m) { m.slots["layers.0.message.vector.l1"] = R"({"kind":"identity"})"; },
      "expected only slots of the model");
  expect_changed(
      "painn", [](TinyModel& m) { m.metadata["architecture"] = "transformer"; }, "config lacks the key 'degrees'");
  expect_changed(
      "painn", [](TinyModel& m) { m.metadata["config"] = replaced(m.metadata["config"], "\"layers\"", "\"heads\""); },
      "config lacks the key 'layers'");
}

void test_radial_tables() {
  const gaq::TransformerLayerDescription layer = network("own-tables").layers[0];
  CHECK(layer.filters.mixing.empty() && layer.filters.table->functions == 8 && layer.filters.functions == 8);
  CHECK(layer.bias.mixing.size() == 8 && layer.bias.table->functions == 4 && layer.bias.functions == 2);
  const auto shape = [](const char* name, std::vector<int64_t> with) {
    return [=](TinyModel& m) { m.tensors[name].shape = with; };
  };
  const char* filters = "layers.0.filters.values";
  expect_changed("own-tables", shape(filters, {8, 4}), "'layers.0.filters.values' has shape [8, 4]; expected [4, 8]");
  expect_changed("own-tables", shape("layers.0.attention.bias.slopes", {2, 8}), "has shape [2, 8]; expected [4, 4]");
  expect_changed("own-tables", [=](TinyModel& m) { m.tensors.erase(filters); }, "lacks tensor 'radial.values'");
  expect_changed(
      "own-tables", [](TinyModel& m) { m.tensors.erase("layers.0.attention.bias"); },
      "'layers.0.attention.bias.values' has shape [4, 4]; expected [4, 2]");
  expect_changed(
      "own-tables", [](TinyModel& m) { m.tensors["radial.values"] = m.tensors["layers.0.filters.values"]; },
      "has a tensor 'radial.values' that the model does not use");
}

void test_unpacking() {
  TinyModel model = gaq_test::tiny_models().at("w4-l3");
  std::string& codes = model.tensors["layers.0.update.gates.codes"].bytes;  // [36][5] in [36][3]
  std::memcpy(&codes[0], "\xF1\x79\x07\x2E", 4);
  const std::string bytes = model.bytes();
  const auto d = gaq::read_description(bytes.data(), bytes.size(), "x.gaq");
  const gaq::TransformerDescription& n = network_of(d);
  const int8_t expected[] = {1, -1, -7, 7, 7, -2, 2};
  for (size_t k = 0; k < 7; ++k) CHECK_EQ(int(n.layers[0].gates.codes[k]), int(expected[k]));
  CHECK_EQ(n.layers[0].gates.codes.size(), 36u * 5u);
}

void test_metadata() {
  const auto set = [](const char* key, const std::string& text) {
    return [=](TinyModel& m) { m.metadata[key] = text; };
  };
  expect_changed("fp32", set("format", "pt"), "its format is 'pt'; expected 'gaq-packed'");
  expect_changed("fp32", set("format", "gaq-checkpoint"), "gaq export");
  for (const char* version : {"1", "4"})
    expect_changed("fp32", set("format_version", version),
                   "holds a transformer of the first generation (version '" + std::string(version) +
                       "' of its format); this engine runs the second, from version '6' on. Train it again");
  expect_changed("painn", set("format_version", "1"),
                 "format version '1'; this engine reads version '6'. Export its checkpoint anew, gaq export");
  expect_changed("painn", set("format_version", "4"), "or use the gaq that wrote it ('0.0')");
  for (const char* version : {"5", "7", "12", ""})
    expect_changed("fp32", set("format_version", version), "this engine reads version '6'. Export");
  expect_changed("fp32", set("architecture", "mace"),
                 "has architecture 'mace'; this engine runs 'transformer', 'painn'. Update");
  expect_changed("fp32", set("extra", ""), "unknown key 'extra'");
  expect_changed("fp32", set("checksum", "sha256:0"), "expected 'sha256:0'");
  expect_changed("fp32", set("checksum", "md5:0"), "has the checksum 'md5:0'; expected sha256 and 64 digits");
  expect_changed("fp32", set("checksum", "sha256:" + std::string(64, '0')), "expected 'sha256:00000000");
  expect_changed("fp32", set("backward_bits", "4"), "'backward_bits' is '4'");
  expect_changed("fp32", set("units", R"({"length":"Bohr","energy":"eV"})"),
                 "'length' 'Bohr'; expected one of Angstrom");
  expect_changed("fp32", set("recipe", "[]"), "'recipe' is a list of 0; expected an object");
  expect_changed("fp32", set("manifest", "{"), "'manifest' is not JSON");
  expect_changed("fp32", set("accuracy", "[NaN]"), "'accuracy' is not JSON");
  expect_changed("fp32", set("recipe_name", ""), "expected one line");
  for (const char* species : {"[]", "[6,1]", "[1,1]", "[0]", "[119]", "[1.5]", "[\"H\"]"})
    expect_changed("fp32", set("species", species), "'species'");
  expect_changed("fp32", set("repulsion", R"({"kind":"morse"})"), "'kind' 'morse'; expected one of zbl");
  expect_changed("fp32", set("domain", R"({"frames":0})"), "has 'frames' 0; expected an integer from 1");
  for (const char* key : {"accuracy", "architecture", "backward_bits", "config", "domain", "format_version",
                          "gaq_version", "manifest", "radial", "recipe", "recipe_name", "species", "units"})
    expect_changed("fp32", [=](TinyModel& m) { m.metadata.erase(key); }, "lacks '" + std::string(key) + "'");
}

void test_numbers_of_the_model() {
  const auto config = [](const char* old, const char* by) {
    return [=](TinyModel& m) { m.metadata["config"] = replaced(m.metadata["config"], old, by); };
  };
  expect_changed("fp32", config("\"channels\":4", "\"channels\":3"), "'channels' 3; expected an integer from 4");
  expect_changed("fp32", config("\"channels\":4", "\"channels\":1025"), "'channels' 1025");
  expect_changed("fp32", config("\"channels\":4", "\"channels\":5"), "multiple of the heads");
  expect_changed("fp32", config("\"channels\":4", "\"channels\":4.0"), "expected an integer");
  expect_changed("fp32", config("\"channels\":4", "\"channels\":8"), "has shape [2, 4]; expected [2, 8]");
  expect_changed("fp32", config("\"degrees\":1", "\"degrees\":4"), "'degrees' 4");
  expect_changed("fp32", config("\"degrees\":1", "\"degrees\":2"), "lacks the slot 'layers.0.update.mix2.input'");
  expect_changed("fp32", config("\"layers\":1", "\"layers\":33"), "'layers' 33");
  expect_changed("fp32", config("\"layers\":1", "\"layers\":2"), "gates.weight' has shape [8, 5]; expected [12, 5]");
  expect_changed("w4-l3", config("\"layers\":2", "\"layers\":1"), "gates.codes' has shape [36, 3]; expected [16, 3]");
  expect_changed("painn", config("\"layers\":2", "\"layers\":3"), "lacks the slot 'layers.2");
  expect_changed("painn", config("\"layers\":2", "\"layers\":1"), "'layers.1");
  expect_changed("fp32", config("\"heads\":2", "\"heads\":0"), "'heads' 0");
  expect_changed("fp32", config("\"basis\":4", "\"basis\":129"), "'basis' 129");
  expect_changed("fp32", config("\"hidden\":5", "\"hidden\":5000"), "'hidden' 5000");
  expect_changed("fp32", config("\"cutoff\":5.0", "\"cutoff\":21"), "'cutoff' 21; expected a number from 0.5 to 20");
  expect_changed("fp32", config("\"cutoff\":5.0", "\"cutoff\":5.1"), "'low' 0.006737947; expected a number from");
  expect_changed("fp32", config("cosine", "linear"), "'attention' 'linear'; expected one of cosine, dot");
  expect_changed("fp32", config("\"basis\":4,", ""), "config lacks the key 'basis'");
  expect_changed("fp32", config("\"basis\"", "\"more\":1,\"basis\""), "config has an unknown key 'more'");
  const auto radial = [](const char* old, const char* by) {
    return [=](TinyModel& m) { m.metadata["radial"] = replaced(m.metadata["radial"], old, by); };
  };
  expect_changed("fp32", radial("\"knots\":4", "\"knots\":3"), "'knots' 3");
  expect_changed("fp32", radial("\"knots\":4", "\"knots\":5"), "expected [5, n]");
  expect_changed("fp32", radial("0.006737946999085467", "0.0068"), "'low'");
  expect_changed("fp32", radial("\"high\":1.0", "\"high\":0.5"), "'high' 0.5");
}

void test_tensors() {
  const auto cut = [](const char* name) { return [=](TinyModel& m) { m.tensors.erase(name); }; };
  expect_changed("fp32", cut("layers.0.filters"), "lacks tensor 'layers.0.filters'; expected F32 [4, 8]. Export");
  for (const auto& [name, tensor] : gaq_test::tiny_models().at("codebook-log").tensors)
    expect_changed("codebook-log", cut(name.c_str()), "lacks tensor '" + name + "'");
  for (const auto& [name, tensor] : gaq_test::tiny_models().at("w4-l3").tensors) {
    const std::string key = name;
    expect_changed(
        "w4-l3", [=](TinyModel& m) { m.tensors[key].shape.push_back(1); }, "tensor '" + name + "' has shape");
    const bool floating = tensor.dtype[0] == 'F';
    if (!floating) continue;
    for (double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
      expect_changed(
          "w4-l3",
          [=](TinyModel& m) {
            std::string& bytes = m.tensors[key].bytes;
            const float single = float(bad);
            if (m.tensors[key].dtype == "F32")
              std::memcpy(&bytes[bytes.size() - 4], &single, 4);
            else
              std::memcpy(&bytes[bytes.size() - 8], &bad, 8);
          },
          "tensor '" + name + "' has ");
  }
  expect_changed("fp32", [](TinyModel& m) { m.floats("extra", {1}, {1}); }, "a tensor 'extra' that the model does not");
  expect_changed("fp32", [](TinyModel& m) { m.tensors["scale"] = {"I64", {1}, std::string(8, 0)}; }, "has type I64");
  expect_changed("fp32", [](TinyModel& m) { m.doubles("radii", {2}, {0.3, 0}); }, "'radii' has 0");
  expect_changed("fp32", [](TinyModel& m) { m.tensors["golden.species"].bytes[0] = 7; }, "'golden.species' has 7");
  expect_changed("fp32", [](TinyModel& m) { m.tensors["golden.species"] = {"I64", {0}, ""}; }, "expected [n]");
}

}  // namespace

int main() {
  test_good_files();
  test_corpus();
  test_values();
  test_painn();
  test_radial_tables();
  test_unpacking();
  test_metadata();
  test_numbers_of_the_model();
  test_tensors();
  return finish();
}
