// How a file is refused; texts of a stranger are made harmless before they reach a terminal.
#include "file/refusal.hpp"

#include <cstdio>

#include "error.hpp"

namespace gaq {

void Source::refuse(const std::string& what, const std::string& way_out) const {
  throw BadFile(name_ + ": " + what + ". " + way_out);
}

std::string quoted(std::string_view text) {
  constexpr size_t longest = 60;
  size_t length = text.size();
  if (length > longest) {
    length = longest;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;  // no half characters
  }
  std::string out = "'";
  for (char c : text.substr(0, length)) out += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  return out + (length < text.size() ? "...'" : "'");
}

std::string shown(const Shape& shape) {
  std::string out = "[";
  for (size_t k = 0; k < shape.size(); ++k) {
    if (k == 6) return out + ", ...]";
    if (k > 0) out += ", ";
    out += shape[k] == any ? "n" : std::to_string(shape[k]);
  }
  return out + "]";
}

std::string shown(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", number);
  return text;
}

}  // namespace gaq
