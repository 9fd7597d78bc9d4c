// A strict reader of JSON (RFC 8259) for files of strangers: UTF-8 only, no key twice, and limits to depth and number.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gaq {

struct Json {
  enum class Kind { null, boolean, number, text, list, object };

  Kind kind = Kind::null;
  bool boolean = false;
  bool whole = false;  // a number written without fraction and exponent, at most 2^53 in size: exact in `number`
  double number = 0;
  std::string text;
  std::vector<std::string> keys;  // of an object: the names of its `items`
  std::vector<Json> items;        // of a list or an object

  const Json* find(std::string_view key) const;  // nullptr when there is none
};

struct JsonFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

constexpr int json_depth = 32;            // lists and objects inside each other
constexpr size_t json_values = 1u << 18;  // values in one text
constexpr size_t json_digits = 48;        // characters of one number

// Throws JsonFault, whose text tells what is wrong and at which byte.
Json parse_json(std::string_view text);

std::string shown(const Json& value);  // short, for sentences

}  // namespace gaq
