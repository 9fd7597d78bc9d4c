// Octahedral points against those that Python wrote: equal to the bit for every number of levels.
#include "quant/octahedral.hpp"

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "check.hpp"
#include "file/sha256.hpp"

namespace {

uint32_t bits_of(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

}  // namespace

int main() {
  std::ifstream golden(gaq_test::beside(__FILE__, "golden/octahedral.txt"));
  CHECK(golden.good());
  int levels = 0, codes = 0;
  std::string expected;
  while (golden >> levels >> expected) {
    ++codes;
    std::vector<float> points = gaq::octahedral_points(levels);
    CHECK_EQ(points.size(), size_t(levels) * size_t(levels) * 3);
    CHECK_EQ(gaq::sha256(points.data(), points.size() * sizeof(float)), expected);
    if (levels <= 8) {
      for (float x : points) {
        std::string number;
        golden >> number;
        CHECK_EQ(bits_of(x), bits_of(std::strtof(number.c_str(), nullptr)));
      }
    }
    points[points.size() / 2] = std::nextafter(points[points.size() / 2], 2.0f);  // the control: one bit is noticed
    CHECK(gaq::sha256(points.data(), points.size() * sizeof(float)) != expected);
  }
  CHECK_EQ(codes, 7);
  return finish();
}
