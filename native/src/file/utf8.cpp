// UTF-8, after table 3-7 of the Unicode standard.
#include "file/utf8.hpp"

namespace gaq {
namespace {

bool follows(std::string_view text, std::size_t k, unsigned least = 0x80, unsigned most = 0xBF) {
  if (k >= text.size()) return false;
  const unsigned byte = static_cast<unsigned char>(text[k]);
  return byte >= least && byte <= most;
}

// Bytes of the character that starts at k; 0 when it is not well-formed.
std::size_t length_at(std::string_view text, std::size_t k) {
  const unsigned first = static_cast<unsigned char>(text[k]);
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(text, k + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = follows(text, k + 1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && follows(text, k + 2) ? 3 : 0;
  }
  if (first < 0xF0 || first > 0xF4) return 0;
  const bool second = follows(text, k + 1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
  return second && follows(text, k + 2) && follows(text, k + 3) ? 4 : 0;
}

}  // namespace

std::size_t valid_utf8(std::string_view text) {
  std::size_t k = 0;
  while (k < text.size()) {
    const std::size_t length = length_at(text, k);
    if (length == 0) break;
    k += length;
  }
  return k;
}

void append_utf8(std::string& out, uint32_t point) {
  const auto tail = [&](int shift) { return char(0x80 | ((point >> shift) & 63)); };
  if (point < 0x80) {
    out += char(point);
  } else if (point < 0x800) {
    out += {char(0xC0 | (point >> 6)), tail(0)};
  } else if (point < 0x10000) {
    out += {char(0xE0 | (point >> 12)), tail(6), tail(0)};
  } else {
    out += {char(0xF0 | (point >> 18)), tail(12), tail(6), tail(0)};
  }
}

}  // namespace gaq
