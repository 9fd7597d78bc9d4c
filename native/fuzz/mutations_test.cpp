// Changes of meaning get past the checksum: some of the files open, some are refused for what was changed.
#include "../tests/check.hpp"
#include "../tests/tiny_model.hpp"
#include "change_model.hpp"
#include "description.hpp"
#include "error.hpp"

namespace {

// What the reader says; empty when it takes the file.
std::string refusal_of(const std::string& file) {
  try {
    gaq::read_description(file.data(), file.size(), "x.gaq");
  } catch (const gaq::BadFile& refusal) {
    return refusal.what();
  }
  return "";
}

bool of_checksum(const std::string& refusal) { return refusal.find("has the checksum") != std::string::npos; }

void changes_reach_what_is_behind_the_checksum() {
  int opened = 0, refused = 0, same = 0, total = 0;
  for (const auto& [name, model] : gaq_test::tiny_models()) {
    const std::string file = model.bytes();
    for (uint64_t seed = 0; seed < 100; ++seed, ++total) {
      gaq_fuzz::Draw draw(seed);
      const std::string changed = gaq_fuzz::changed_model(file, draw), refusal = refusal_of(changed);
      CHECK(!of_checksum(refusal));
      same += changed == file;
      opened += refusal.empty();
      refused += !refusal.empty();
    }
  }
  CHECK(opened > total / 10 && refused > total / 10 && same < total / 5);
}

void resealing_mends_the_checksum() {
  std::string file = gaq_test::tiny_models().at("fp32").bytes();
  CHECK_EQ(gaq_fuzz::resealed(file) == file, true);
  file.back() ^= 1;
  CHECK(of_checksum(refusal_of(file)));
  CHECK(!of_checksum(refusal_of(gaq_fuzz::resealed(file))));
}

void the_same_seed_makes_the_same_file() {
  const std::string file = gaq_test::tiny_models().at("shared-book").bytes();
  gaq_fuzz::Draw one(7), two(7);
  CHECK(gaq_fuzz::changed_model(file, one) == gaq_fuzz::changed_model(file, two));
}

void what_is_no_container_stays() {
  gaq_fuzz::Draw draw(1);
  for (const std::string file : {"", "12345678", "12345678{}"}) CHECK_EQ(gaq_fuzz::changed_model(file, draw), file);
}

}  // namespace

int main() {
  changes_reach_what_is_behind_the_checksum();
  resealing_mends_the_checksum();
  the_same_seed_makes_the_same_file();
  what_is_no_container_stays();
  return finish();
}
