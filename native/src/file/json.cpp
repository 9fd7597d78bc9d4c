// A strict reader of JSON: one pass, recursion bounded by json_depth, no conversion that depends on the locale.
#include "file/json.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <locale>
#include <sstream>

#include "file/refusal.hpp"
#include "file/utf8.hpp"

namespace gaq {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Json parse() {
    at_ = valid_utf8(text_);
    if (at_ != text_.size()) fail("bytes that are not UTF-8");
    at_ = 0;
    Json value = parse_value(0);
    skip_space();
    if (at_ != text_.size()) fail("there is more after the end of the value");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw JsonFault(what + " (at byte " + std::to_string(at_) + ")");
  }

  bool more() const { return at_ < text_.size(); }
  char peek() const { return more() ? text_[at_] : '\0'; }

  char next() {
    if (!more()) fail("the text ends too early");
    return text_[at_++];
  }

  bool take(char c) {
    if (!more() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (more() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
  }

  Json parse_value(int depth) {
    if (depth > json_depth) fail("more than " + std::to_string(json_depth) + " lists or objects inside each other");
    if (++count_ > json_values) fail("more than " + std::to_string(json_values) + " values");
    skip_space();
    if (!more()) fail("the text ends where a value was expected");
    switch (peek()) {
      case '{': return parse_object(depth);
      case '[': return parse_list(depth);
      case '"': return parse_text();
      case 't': return parse_word("true", Json::Kind::boolean, true);
      case 'f': return parse_word("false", Json::Kind::boolean, false);
      case 'n': return parse_word("null", Json::Kind::null, false);
      default: return parse_number();
    }
  }

  Json parse_word(std::string_view word, Json::Kind kind, bool boolean) {
    if (text_.substr(at_, word.size()) != word) fail("a word that is not JSON");
    at_ += word.size();
    Json value;
    value.kind = kind;
    value.boolean = boolean;
    return value;
  }

  Json parse_text() {
    Json value;
    value.kind = Json::Kind::text;
    value.text = parse_string();
    return value;
  }

  Json parse_list(int depth) {
    Json value;
    value.kind = Json::Kind::list;
    ++at_;
    skip_space();
    if (take(']')) return value;
    do {
      value.items.push_back(parse_value(depth + 1));
      skip_space();
    } while (take(','));
    if (!take(']')) fail("a list without its end");
    return value;
  }

  Json parse_object(int depth) {
    Json value;
    value.kind = Json::Kind::object;
    ++at_;
    skip_space();
    if (take('}')) return value;
    do {
      skip_space();
      if (peek() != '"') fail("an object without a key in quotes");
      value.keys.push_back(parse_string());
      skip_space();
      if (!take(':')) fail("a key without a colon");
      value.items.push_back(parse_value(depth + 1));
      skip_space();
    } while (take(','));
    if (!take('}')) fail("an object without its end");
    refuse_twins(value.keys);
    return value;
  }

  void refuse_twins(const std::vector<std::string>& keys) const {
    std::vector<std::string_view> sorted(keys.begin(), keys.end());
    std::sort(sorted.begin(), sorted.end());
    const auto twin = std::adjacent_find(sorted.begin(), sorted.end());
    if (twin != sorted.end()) fail("the key " + quoted(*twin) + " is there twice");
  }

  std::string parse_string() {
    ++at_;
    std::string out;
    while (true) {
      const char c = next();
      if (c == '"') return out;
      if (static_cast<unsigned char>(c) < 32) fail("a control character in a text");
      if (c == '\\')
        append_escape(out);
      else
        out += c;
    }
  }

  void append_escape(std::string& out) {
    const char c = next();
    switch (c) {
      case '"':
      case '\\':
      case '/': out += c; return;
      case 'b': out += '\b'; return;
      case 'f': out += '\f'; return;
      case 'n': out += '\n'; return;
      case 'r': out += '\r'; return;
      case 't': out += '\t'; return;
      case 'u': append_utf8(out, parse_code_point()); return;
      default: fail("an unknown escape in a text");
    }
  }

  uint32_t parse_code_point() {
    const uint32_t first = parse_hex();
    if (first == 0) fail("a zero character in a text");  // would end the text for C
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first > 0xDBFF || next() != '\\' || next() != 'u') fail("half a surrogate pair");
    const uint32_t second = parse_hex();
    if (second < 0xDC00 || second > 0xDFFF) fail("half a surrogate pair");
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  uint32_t parse_hex() {
    uint32_t value = 0;
    for (int k = 0; k < 4; ++k) {
      const char c = next();
      value = value * 16;
      if (c >= '0' && c <= '9')
        value += uint32_t(c - '0');
      else if (c >= 'a' && c <= 'f')
        value += uint32_t(c - 'a') + 10;
      else if (c >= 'A' && c <= 'F')
        value += uint32_t(c - 'A') + 10;
      else
        fail("an escape without four hexadecimal digits");
    }
    return value;
  }

  size_t skip_digits() {
    const size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ - start;
  }

  Json parse_number() {
    const size_t start = at_;
    take('-');
    const bool zero = peek() == '0';
    const size_t digits = skip_digits();
    if (digits == 0) fail("neither a value nor a number");
    if (zero && digits > 1) fail("a number that starts with a needless zero");
    Json value;
    value.kind = Json::Kind::number;
    value.whole = digits <= 16;
    if (take('.')) {
      value.whole = false;
      if (skip_digits() == 0) fail("a number without digits after its point");
    }
    if (peek() == 'e' || peek() == 'E') {
      value.whole = false;
      ++at_;
      if (!take('+')) take('-');
      if (skip_digits() == 0) fail("a number without digits in its exponent");
    }
    value.number = to_double(text_.substr(start, at_ - start));
    value.whole = value.whole && std::fabs(value.number) <= 9007199254740992.0;
    return value;
  }

  double to_double(std::string_view digits) const {
    if (digits.size() > json_digits) fail("a number of more than " + std::to_string(json_digits) + " characters");
    std::istringstream stream{std::string(digits)};
    stream.imbue(std::locale::classic());  // a host program may have set a decimal comma
    double number = 0;
    stream >> number;
    if (stream.fail() || !std::isfinite(number)) fail("a number beyond the range of float64");
    return number;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t count_ = 0;
};

}  // namespace

const Json* Json::find(std::string_view key) const {
  for (size_t k = 0; k < keys.size(); ++k)
    if (keys[k] == key) return &items[k];
  return nullptr;
}

Json parse_json(std::string_view text) { return Parser(text).parse(); }

std::string shown(const Json& value) {
  switch (value.kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return value.boolean ? "true" : "false";
    case Json::Kind::number: return shown(value.number);
    case Json::Kind::text: return quoted(value.text);
    case Json::Kind::list: return "a list of " + std::to_string(value.items.size());
    default: return "an object";
  }
}

}  // namespace gaq
