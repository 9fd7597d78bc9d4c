// Slots, steps, codebooks and codes of a file: what each scheme brings along, and what it may not say.
#include "networks/transformer/contents.hpp"
#include "refusals.hpp"

using gaq_test::expect;
using gaq_test::expect_changed;
using gaq_test::refusal_of;
using gaq_test::TinyModel;

namespace {

gaq::TransformerDescription read(const std::string& name) {
  const std::string bytes = "#" + gaq_test::tiny_models().at(name).bytes();  // not aligned
  const gaq::Description model = gaq::read_description(bytes.data() + 1, bytes.size() - 1, name);
  return static_cast<const gaq::TransformerDescription&>(*model.network);
}

void test_schemes() {
  const auto polar = read("octahedral").layers[0];
  CHECK(polar.mix[0].input.scheme == gaq::Scheme::polar && polar.mix[0].input.direction == gaq::Direction::octahedral);
  CHECK(polar.mix[0].input.points.empty());  // more than eight bits: computed by whoever needs them
  CHECK(polar.mix[1].input.direction == gaq::Direction::component);
  CHECK_EQ(polar.mix[0].input.step, 0.03125f);
  CHECK_EQ(polar.query.bits, 16);
  const auto log = read("codebook-log").layers[0].mix[0].input;
  CHECK(log.logarithmic && log.geometric && log.levels.size() == 4 && log.thresholds.size() == 3);
  CHECK(log.candidates == 2 && log.cells.size() == 8 && log.points.size() == 9);
  const auto stored = read("w8a8-tensor").layers[0].mix[0].input;
  CHECK(stored.points == gaq::octahedral_points(4) && stored.per == gaq::Per::atom && stored.direction_bits == 4);
  CHECK(read("w4-l3").layers[0].mix[2].input.per == gaq::Per::vector);
  const auto shared = read("shared-book").layers[1].mix[0].input;
  CHECK(shared.per == gaq::Per::atom && shared.points.size() == 9);
}

void test_codes() {
  expect_changed(
      "w8a8-tensor", [](TinyModel& m) { m.tensors["readout.energy.codes"].bytes[1] = char(-128); },
      "has the code -128; expected -127 to 127 for 8 bits");
  expect_changed(
      "octahedral", [](TinyModel& m) { m.tensors["readout.energy.codes"].bytes[1] = 16; },
      "has the code 16; expected -15 to 15 for 5 bits");
  expect_changed("w4-l3", [](TinyModel& m) { m.tensors["readout.energy.codes"].bytes[0] = char(0x80); }, "the code -8");
  expect_changed("codebook-log", [](TinyModel& m) { m.tensors["readout.energy.codes"].bytes[0] = 2; }, "the code 2");
  expect_changed(
      "w4-l3", [](TinyModel& m) { m.tensors["layers.0.update.gates.codes"].bytes[2] |= 0x10; },
      "a code beyond the end of a row");
  expect_changed("w4-l3", [](TinyModel& m) { m.floats("readout.energy.scale", {1}, {-1}); }, "no number below zero");
}

void test_slots() {
  const auto scheme = [](const char* slot, const std::string& text) {
    return [=](TinyModel& m) { m.slots[slot] = text; };
  };
  const char *scalar = "readout.hidden.input", *weight = "readout.hidden.weight";
  const char* vector = "layers.0.update.mix1.input";
  using gaq_test::polar;
  using gaq_test::uniform;
  expect_changed("fp32", [](TinyModel& m) { m.slots.erase("layers.0.attention.key"); }, "lacks the slot 'layers.0.att");
  expect_changed("fp32", scheme("layers.0.message.vector.l1", R"({"kind":"identity"})"), "only slots of the model");
  expect_changed("fp32", scheme("layers.0.message.scalar", uniform(8, "row")),
                 "'kind' 'uniform'; expected one of identity");
  expect_changed("fp32", scheme(scalar, polar("tensor", "linear", "component", 8)), "'kind' 'polar'");
  expect_changed("fp32", scheme(scalar, uniform(8, "vector")), "'per' 'vector'");
  expect_changed("fp32", scheme("layers.0.attention.key", uniform(8, "row")), "'per' 'row'; expected one of tensor");
  expect_changed("fp32", scheme(scalar, uniform(17, "row")), "'bits' 17");
  expect_changed("fp32", scheme(scalar, uniform(1, "row")), "'bits' 1");
  expect_changed("fp32", scheme(scalar, uniform(8, "row", true)), "'framed' true");
  expect_changed("fp32", scheme(scalar, uniform(8, "tensor")), "lacks tensor 'readout.hidden.input.step'");
  expect_changed("fp32", scheme(scalar, R"({"kind":"identity","bits":8})"), "unknown key 'bits'");
  expect_changed("fp32", scheme(scalar, "8"), "slot 'readout.hidden.input' is 8; expected an object");
  expect_changed("fp32", scheme(scalar, "{}"), "lacks the key 'kind'");
  expect_changed("fp32", scheme(weight, R"({"kind":"uniform","bits":9,"per":"channel"})"), "'bits' 9");
  expect_changed("fp32", scheme(weight, R"({"kind":"uniform","bits":8,"per":"group"})"), "'per' 'group'");
  expect_changed("fp32", scheme(weight, R"({"kind":"uniform","bits":8,"per":"tensor"})"),
                 "lacks tensor 'readout.hidden.codes'");
  expect_changed("octahedral", scheme(vector, polar("tensor", "linear", "octahedral", 7)), "expected an even number");
  expect_changed("octahedral", scheme(vector, polar("tensor", "linear", "octahedral", 6)),
                 "'octahedral.6.points'; expected F32 [64, 3]");
  expect_changed("octahedral", scheme("layers.0.update.mix2.input", polar("tensor", "linear", "octahedral", 16)),
                 "expected one of component");
  expect_changed("octahedral", scheme(vector, polar("row", "linear", "octahedral", 16)), "'per' 'row'");
  expect_changed("octahedral", scheme(vector, polar("tensor", "linear", "octahedral", 16, "b")), "unknown key 'book'");
  expect_changed(
      "fp32", [](TinyModel& m) { m.metadata["slots"] = "[]"; }, "'slots' is a list of 0; expected an object");
}

void test_parameters() {
  const std::string slot = "layers.0.update.mix1.input";
  const auto numbers = [&](const char* end, std::vector<int64_t> shape, std::vector<float> values) {
    return [=](TinyModel& m) { m.floats(slot + end, shape, values); };
  };
  expect_changed("codebook-log", numbers(".step", {1}, {0}), "expected one above zero");
  expect_changed("codebook-log", numbers(".step", {1}, {-0.03125f}), "expected one above zero");
  expect_changed("codebook-log", numbers(".inverse_step", {1}, {31}), "expected a product of one");
  expect_changed("codebook-log", numbers(".levels", {4}, {0, 0.5f, 0.25f, 1}), "levels out of order");
  expect_changed("codebook-log", numbers(".levels", {4}, {0.1f, 0.2f, 0.5f, 1}), "levels out of order");
  expect_changed("codebook-log", numbers(".thresholds", {3}, {0.125f, 0.6f, 0.75f}), "levels out of order");
  expect_changed("codebook-log", numbers(".points", {3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 0.9f}), "a vector of length 0.89");
  expect_changed("codebook-log", numbers(".points", {5, 3}, std::vector<float>(15, 0.57735f)), "at most 2^2");
  expect_changed("codebook-log", [&](TinyModel& m) { m.tensors[slot + ".cells"].bytes[0] = 3; }, "has the candidate 3");
  expect_changed(
      "codebook-log", [&](TinyModel& m) { m.tensors[slot + ".cells"].bytes[3] = char(0x80); }, "the candidate -");
  expect_changed(
      "codebook-log", [&](TinyModel& m) { m.tensors[slot + ".cells"].shape = {2, 4}; }, "a square number of cells");
  expect_changed(
      "codebook-log", [&](TinyModel& m) { m.tensors[slot + ".cells"].shape = {1, 8}; }, "at most 3 candidates");
}

void test_centres() {
  const std::string slot = "layers.0.update.hidden.input", at = slot + ".centre";
  using gaq_test::uniform;
  const auto scheme = [](const std::string& name, const std::string& text) {
    return [=](TinyModel& m) { m.slots[name] = text; };
  };
  const char* model = "w4a8-centred";
  expect_changed(model, scheme(slot, uniform(8, "atom", false, true)), "'centred' true; expected it only for rows");
  expect_changed(model, scheme("layers.0.update.mix1.input", uniform(8, "row", true, true)),
                 "'centred' true; expected");
  expect_changed(model, scheme("layers.0.attention.key", uniform(8, "tensor", false, true)), "'centred' true");
  expect_changed(model, scheme(slot, uniform(8, "row")), "has a tensor 'layers.0.update.hidden.input.centre.codes'");
  expect_changed("w4a16-frame", scheme(slot, uniform(16, "row", false, true)),
                 "lacks tensor '" + at + ".codes'; expected I8 [2, 28]");
  expect_changed(model, [&](TinyModel& m) { m.tensors[at + ".codes"].bytes[1] = char(-128); }, "has the code -128");
  expect_changed(model, [&](TinyModel& m) { m.floats(at + ".scale", {2}, {0.1f, -1}); }, "no number below zero");
  expect_changed(model, [&](TinyModel& m) { m.floats(at + ".scale", {3}, {1, 1, 1}); }, "has shape [3]; expected [2]");
  gaq_test::TinyOptions options;
  options.scalar = uniform(8, "row", false, true);
  expect(gaq_test::TinyWriter(options).write().bytes(), "is centred, but its weight is float; expected codes", "float");
}

void test_directions() {
  const std::string slot = "layers.0.update.mix1.input", at = slot + ".principal";
  using gaq_test::principal;
  const auto scheme = [](const std::string& name, const std::string& text) {
    return [=](TinyModel& m) { m.slots[name] = text; };
  };
  const char* model = "w4a8-principal";
  expect_changed(model, scheme(slot, principal(8, 17)), "'principal' 17");
  expect_changed(model, scheme(slot, principal(8, 0)), "'principal' 0");
  expect_changed(model, scheme(slot, principal(8, 3, false)), "'principal'; expected it only for rows of vectors");
  expect_changed(model, scheme(slot, principal(8, 3, true, "atom")),
                 "'principal'; expected it only for rows of vectors");
  const std::string scalar = "layers.0.update.hidden.input";
  expect_changed(model, scheme(scalar, principal(8, 2, false)), "'principal'; expected it only");
  expect_changed(model, scheme(scalar, principal(8, 2, false, "atom", true)),
                 "'centred' true; expected it only for rows");
  expect_changed(model, scheme(scalar, gaq_test::uniform(8, "row", false, true)),
                 "has a tensor 'layers.0.update.hidden.input.principal");
  expect_changed(model, scheme(slot, principal(8, 2)), "has shape [6, 4]; expected [4, 4]");
  expect_changed(model, [&](TinyModel& m) { m.tensors[at + ".codes"].bytes[1] = char(-128); }, "has the code -128");
  expect_changed(
      model, [&](TinyModel& m) { m.floats(at + ".scale", {6}, {1, 1, 1, 1, 1, -1}); }, "no number below zero");
  gaq_test::TinyOptions options;
  options.vector = principal(8, 3);
  expect(gaq_test::TinyWriter(options).write().bytes(), "is principal, but its weight is float; expected codes",
         "float");
}

// 32,767 · 127 · 516 still fits 32 bits with its sign; 517 inputs do not.
void test_sums() {
  gaq_test::TinyOptions options;
  options.weight_bits = 8;
  options.hidden = 517;
  options.scalar = gaq_test::uniform(16, "row");
  expect(gaq_test::TinyWriter(options).write().bytes(), "layer 'layers.0.update.gates' can sum to 2151448453", "517");
  options.hidden = 516;
  CHECK_EQ(refusal_of(gaq_test::TinyWriter(options).write().bytes()), "accepted");
}

}  // namespace

int main() {
  test_schemes();
  test_codes();
  test_slots();
  test_parameters();
  test_centres();
  test_directions();
  test_sums();
  return finish();
}
