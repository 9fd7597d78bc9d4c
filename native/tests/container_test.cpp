// The container: lengths, offsets, types and the checksum; each way to be wrong is refused by name.
#include <random>

#include "refusals.hpp"

using gaq_test::expect;
using gaq_test::file_of;
using gaq_test::refusal_of;
using gaq_test::replaced;
using gaq_test::report;
using gaq_test::TinyModel;

namespace {

void test_container() {
  const TinyModel model = gaq_test::tiny_models().at("fp32");
  const std::string good = model.bytes(), header = model.header(), data = model.data();
  expect("", "has 0 bytes", "empty");
  expect(good.substr(0, 7), "has 7 bytes", "length cut");
  expect(std::string(8, '\xFF') + "{}", "not a gaq file", "length of all ones");
  expect(std::string("PK\x03\x04\x14\0\0\0\0\0", 10), "not a gaq file", "zip");
  expect(good.substr(0, 100), "for its header", "header cut");
  expect(good.substr(0, good.size() - 1), "an end of at most", "data cut");
  expect(good + "x", "bytes of tensors", "more data");
  expect(file_of("[]", ""), "its header is a list", "list");
  expect(file_of("{}", ""), "its format is not given", "nothing");
  expect(file_of("{\"__metadata__\":1}", ""), "__metadata__ is 1", "metadata");
  expect(file_of("{\"__metadata__\":{\"a\":1}}", ""), "metadata 'a' is 1", "metadata value");
  expect(file_of(replaced(header, "{", "{\"scale\":0,"), data), "'scale' is there twice", "twice");
  const auto changed = [&](const std::string& old, const std::string& by) {
    return file_of(replaced(header, old, by), data);
  };
  expect(changed("\"shape\":[2,4]", "\"shape\":[2,3]"), "has 32 bytes; expected 24 for F32 [2, 3]", "shape");
  expect(changed("\"shape\":[2,4]", "\"shape\":[4294967296,4294967296]"), "larger than the file", "overflow");
  expect(changed("\"shape\":[2,4]", "\"shape\":[2,-4]"), "is -4; expected an integer", "negative");
  expect(changed("\"shape\":[2,4]", "\"shape\":[2,4.5]"), "is 4.5; expected an integer", "fraction");
  expect(changed("\"shape\":[2,4]", "\"shape\":8"), "has as its shape 8", "no list");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[0,32,1]"), "expected two numbers", "three offsets");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[32,0]"), "from 32 to 0", "order");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[8,40]"), "begins at byte 8", "overlap");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[0,1e18]"), "expected an integer", "far");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[0,9007199254740992]"), "an end of at most", "far");
  expect(changed("\"dtype\":\"F32\"", "\"dtype\":\"BF16\""), "has type 'BF16'", "type");
  expect(changed("\"dtype\":", "\"type\":"), "not described by dtype", "key");
}

// Every cut and every flipped bit of a file is noticed: by the structure, or at the latest by the checksum. Header,
// padding and the checksum itself included.
void test_damage() {
  const std::string good = gaq_test::tiny_models().at("codebook-log").bytes();
  std::mt19937 random(1);
  for (size_t length = 0; length < good.size(); length += 7) CHECK(refusal_of(good.substr(0, length)) != "accepted");
  for (size_t k = 0; k < good.size(); ++k) {
    std::string bad = good;
    bad[k] = char(bad[k] ^ (1 << (random() % 8)));
    const std::string came = refusal_of(bad);
    report(came.rfind("x.gaq: ", 0) == 0 && came.back() == '.', "flipped bit", int(k), came);
  }
}

// A header that says something else, or the same in other bytes, and is right in every other respect.
void test_changes_that_parse() {
  TinyModel model = gaq_test::tiny_models().at("fp32");
  model.metadata["recipe_name"] = "tiny";
  while (model.header().back() != ' ') model.metadata["recipe_name"] += "y";
  const std::string header = model.header(), data = model.data();
  const auto changed = [&](const std::string& old, const std::string& by) {
    const std::string other = replaced(header, old, by);
    expect(file_of(other, data), "has the checksum", by.c_str());
    CHECK_EQ(refusal_of(file_of(gaq_test::sealed(other, data), data)), "accepted");
  };
  changed("\"tiny", "\"tinx");
  changed("\"golden.energies\"", "\"\\u0067olden.energies\"");
  changed("} ", "}\n");
  changed("\"embedding\":", "\"embedding\": ");
  expect(file_of(replaced(header, "\"checksum\":", "\"checksum\": "), data), "without blanks", "blank");
  expect(file_of(replaced(header, "sha256:", "sha256:\\u0030"), data), "has the checksum", "escape");
  TinyModel similar = model;  // in a text, quotes are escaped: what looks like a checksum there is none
  similar.metadata["manifest"] = "{\"checksum\":\"sha256:" + std::string(64, '0') + "\"}";
  CHECK_EQ(refusal_of(similar.bytes()), "accepted");
}

// A stranger's text does not reach the terminal as it is.
void test_harmless_sentences() {
  const std::string bell = "\\u001b[31m" + std::string(500, 'x');
  const std::string came = refusal_of(file_of("{\"__metadata__\":{\"format\":\"" + bell + "\"}}", ""));
  CHECK_EQ(came.find('\x1b'), std::string::npos);
  CHECK(came.size() < 250);
}

}  // namespace

int main() {
  test_container();
  test_damage();
  test_changes_that_parse();
  test_harmless_sentences();
  return finish();
}
