// SHA-256 against the vectors of FIPS 180-4 and NIST, and at every length around the edge of a block.
#include "file/sha256.hpp"

#include <cstring>

#include "check.hpp"

int main() {
  const auto sum = [](const std::string& text) { return gaq::sha256(text.data(), text.size()); };
  CHECK_EQ(sum(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK_EQ(gaq::sha256(nullptr, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK_EQ(sum("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK_EQ(sum("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK_EQ(sum("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
               "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
           "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK_EQ(sum(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");

  // The sum of all sums of the texts "", "a", "aa", … "a" × 129 (from Python's hashlib).
  std::string all;
  for (size_t length = 0; length < 130; ++length) all += sum(std::string(length, 'a'));
  CHECK_EQ(sum(all), "c665ed20ef30f158e90c7e921d8182bc0943c4b087a82f64a18d417bcdfadce7");
  CHECK(sum("abc") != sum("abd"));

  // In pieces of any length it is the same sum.
  const std::string text = all.substr(0, 300);
  for (size_t first = 0; first <= 150; ++first) {
    gaq::Sha256 pieces;
    pieces.add(text.data(), first);
    pieces.add(text.data() + first, first);
    pieces.add(nullptr, 0);
    pieces.add(text.data() + 2 * first, text.size() - 2 * first);
    CHECK_EQ(pieces.digits(), sum(text));
  }
  return finish();
}
