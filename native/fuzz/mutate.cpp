// Changes to the bytes of a .gaq file: bits, cuts, splices, numbers, and pieces of the header.
#include "mutate.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "../tests/tiny_model.hpp"
#include "change_model.hpp"

namespace gaq_fuzz {
namespace {

constexpr const char* numbers[] = {
    "0",          "-1",
    "1",          "2",
    "3",          "4",
    "5",          "7",
    "8",          "16",
    "17",         "32",
    "128",        "255",
    "1024",       "4096",
    "65536",      "2147483648",
    "4294967297", "9007199254740992",
    "1e308",      "1e999",
    "-0",         "0.5",
    "1e-300",     "18446744073709551616",
};
constexpr const char* pieces[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\\"",
    "null",
    "true",
    "[[[[[[[[[[[[[[[[[[[[",
    "\\u0000",
    "\\ud800",
    "\xFF",
    "{\\\"a\\\":{\\\"a\\\":{\\\"a\\\":{\\\"a\\\":",
    "\xE2\x82",
    "\"F32\"",
    "\"F64\"",
    "\"I8\"",
    "\"U8\"",
    "\\\"kind\\\":\\\"polar\\\"",
    "\\\"per\\\":\\\"tensor\\\"",
    "\\\"per\\\":\\\"row\\\"",
    "\\\"framed\\\":true",
    "\\\"directions\\\":\\\"codebook\\\"",
    "\"__metadata__\":{}",
    "\"shape\":[0]",
    "\"data_offsets\":[0,0]",
};
constexpr uint64_t patterns[] = {
    0,          0x7FC00000, 0x7F800000,          0xFF800000,          0x80000000,          0xFFFFFFFF,
    0x00000001, 0x3F800000, 0x7FF8000000000000u, 0x7FF0000000000000u, 0xFFFFFFFFFFFFFFFFu, 0x8080808080808080u,
};

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string Mutator::changed(std::string file, const std::string& other) {
  if (below(2) == 0) {
    for (size_t times = below(3) == 0 ? 1 + below(4) : 1; times > 0; --times) file = changed_model(file, draw_);
    return file;
  }
  for (size_t times = 1 + below(4); times > 0; --times) change_bytes(file, other);
  return below(4) == 0 ? file : resealed(file);
}

void Mutator::change_bytes(std::string& file, const std::string& other) {
  switch (below(10)) {
    case 0: flip_bits(file); break;
    case 1: file.resize(below(file.size() + 1)); break;
    case 2: file = file.substr(0, below(file.size() + 1)) + other.substr(below(other.size() + 1)); break;
    case 3:
    case 4: overwrite_number(file); break;
    default: change_header(file, other);
  }
}

void Mutator::flip_bits(std::string& file) {
  for (size_t times = 1 + below(4); times > 0 && !file.empty(); --times)
    file[below(file.size())] ^= char(1 << below(8));
}

// A NaN, an infinity, an extreme code or index somewhere in the data.
void Mutator::overwrite_number(std::string& file) {
  const size_t start = 8 + header_length(file), width = below(2) == 0 ? 4 : 8;
  if (file.size() < start + width) return;
  const uint64_t pattern = patterns[below(std::size(patterns))];
  std::memcpy(&file[start + below((file.size() - start) / width) * width], &pattern, width);
}

void Mutator::change_header(std::string& file, const std::string& other) {
  const size_t length = header_length(file);
  if (length == 0) return;
  std::string header = file.substr(8, length);
  const std::string data = file.substr(8 + length);
  switch (below(4)) {
    case 0:
    case 1: replace_number(header); break;
    case 2: change_span(header, other); break;
    default: insert_piece(header);
  }
  file = gaq_test::file_of(header, data);
}

void Mutator::replace_number(std::string& header) {
  size_t at = below(header.size());
  while (at < header.size() && !digit(header[at])) ++at;
  size_t end = at;
  while (at > 0 && digit(header[at - 1])) --at;
  while (end < header.size() && digit(header[end])) ++end;
  header.replace(at, end - at, numbers[below(std::size(numbers))]);
}

// A span between two marks of JSON is cut, doubled, or replaced by one of the other file.
void Mutator::change_span(std::string& header, const std::string& other) {
  const auto span_of = [&](const std::string& text, size_t& begin) {
    begin = text.find_first_of(",:{[", below(text.size()));
    if (begin == std::string::npos) begin = 0;
    size_t end = begin;
    for (size_t marks = 1 + below(6); marks > 0 && end != std::string::npos; --marks)
      end = text.find_first_of(",:}]", end + 1);
    return std::min(end, text.size()) - begin;
  };
  size_t begin = 0, from = 0;
  const size_t length = span_of(header, begin);
  const size_t choice = below(3);
  if (choice == 0) header.erase(begin, length);
  if (choice == 1) header.insert(begin, header.substr(begin, length));
  if (choice == 2) {
    const std::string lender = other.substr(std::min<size_t>(8, other.size()), header_length(other));
    if (lender.empty()) return;
    const size_t borrowed = span_of(lender, from);
    header.replace(begin, length, lender.substr(from, borrowed));
  }
}

void Mutator::insert_piece(std::string& header) {
  const size_t times = below(8) == 0 ? 1 + below(200) : 1, at = below(header.size() + 1);
  const char* piece = pieces[below(std::size(pieces))];
  for (size_t k = 0; k < times; ++k) header.insert(at, piece);
}

}  // namespace gaq_fuzz
