// The checksum of a .gaq file, in three parts: before its digits, zeros for them, after them.
#include "file/checksum.hpp"

#include <cstdint>

#include "file/sha256.hpp"

namespace gaq {
namespace {

// Within a text of JSON, quotes have a backslash before them: this cannot be part of one.
constexpr std::string_view mark = "\"checksum\":\"sha256:";

}  // namespace

std::size_t place_of_checksum(std::string_view header) {
  const std::size_t found = header.find(mark);
  if (found == std::string_view::npos || header.find(mark, found + 1) != std::string_view::npos)
    return std::string_view::npos;
  const std::size_t at = found + mark.size();
  return header.size() - at < checksum_digits ? std::string_view::npos : at;
}

std::string checksum_of(std::string_view header, const void* data, std::size_t size) {
  const std::size_t at = place_of_checksum(header);
  if (at == std::string_view::npos) return "";
  Sha256 sum;
  unsigned char length[8];
  for (int k = 0; k < 8; ++k) length[k] = static_cast<unsigned char>(uint64_t(header.size()) >> (8 * k));
  sum.add(length, sizeof length);
  sum.add(header.data(), at);
  sum.add(std::string(checksum_digits, '0').data(), checksum_digits);
  sum.add(header.data() + at + checksum_digits, header.size() - at - checksum_digits);
  sum.add(data, size);
  return "sha256:" + sum.digits();
}

}  // namespace gaq
