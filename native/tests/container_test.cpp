// The container: lengths, offsets, types and the checksum; each way to be wrong is refused by name.
#include "refusals.hpp"

using gaq_test::expect;
using gaq_test::file_of;
using gaq_test::refusal_of;
using gaq_test::replaced;
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
  expect(changed("\"shape\":[2,4]", "\"shape\":[2,-4]"), "is -4; expected a whole number", "negative");
  expect(changed("\"shape\":[2,4]", "\"shape\":[2,4.5]"), "is 4.5; expected a whole number", "fraction");
  expect(changed("\"shape\":[2,4]", "\"shape\":8"), "has as its shape 8", "no list");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[0,32,1]"), "expected two numbers", "three offsets");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[32,0]"), "from 32 to 0", "order");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[8,40]"), "begins at byte 8", "overlap");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[0,1e18]"), "expected a whole number", "far");
  expect(changed("\"data_offsets\":[0,32]", "\"data_offsets\":[0,9007199254740992]"), "an end of at most", "far");
  expect(changed("\"dtype\":\"F32\"", "\"dtype\":\"BF16\""), "has type 'BF16'", "type");
  expect(changed("\"dtype\":", "\"type\":"), "not described by dtype", "key");
}

// Every cut and every flipped bit of a file is noticed: by the structure, or at the latest by the checksum.
void test_damage() {
  const std::string good = gaq_test::tiny_models().at("codebook-log").bytes();
  for (size_t length = 0; length < good.size(); length += 7)
    CHECK(refusal_of(good.substr(0, length)) != "accepted");
  const size_t data = gaq_test::tiny_models().at("codebook-log").data().size();
  for (size_t k = good.size() - data; k < good.size(); k += 5) {
    std::string bad = good;
    bad[k] = char(bad[k] ^ (1 << (k % 8)));
    CHECK(refusal_of(bad) != "accepted");
  }
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
  test_harmless_sentences();
  return finish();
}
