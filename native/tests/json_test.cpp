// The JSON reader: what it takes, and everything that it must refuse.
#include "file/json.hpp"

#include <locale>

#include "check.hpp"

using gaq::Json;
using gaq::JsonFault;
using gaq::parse_json;

namespace {

std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int k = 0; k < count; ++k) out += text;
  return out;
}

std::string fault_of(const std::string& text) {
  try {
    parse_json(text);
    return "none";
  } catch (const JsonFault& fault) {
    return fault.what();
  }
}

void test_values() {
  const Json json = parse_json(" {\"a\": [1, -2.5, 1e3, true, false, null, \"x\"], \"b\": {}, \"c\": []}\n\t\r ");
  CHECK(json.kind == Json::Kind::object);
  CHECK_EQ(json.keys.size(), 3u);
  const Json& list = *json.find("a");
  CHECK_EQ(list.items.size(), 7u);
  CHECK_EQ(list.items[0].number, 1.0);
  CHECK(list.items[0].whole && !list.items[1].whole && !list.items[2].whole);
  CHECK_EQ(list.items[1].number, -2.5);
  CHECK_EQ(list.items[2].number, 1000.0);
  CHECK(list.items[3].boolean && !list.items[4].boolean);
  CHECK(list.items[5].kind == Json::Kind::null);
  CHECK_EQ(list.items[6].text, "x");
  CHECK(json.find("b")->kind == Json::Kind::object && json.find("c")->kind == Json::Kind::list);
  CHECK(json.find("d") == nullptr);
}

void test_numbers() {
  CHECK_EQ(parse_json("0.006737946999085467").number, 0.006737946999085467);
  CHECK_EQ(parse_json("-0").number, 0.0);
  CHECK_EQ(parse_json("9007199254740992").number, 9007199254740992.0);
  CHECK(parse_json("9007199254740992").whole);
  CHECK(!parse_json("9007199254740994").whole);
  CHECK(!parse_json("99999999999999999999").whole);
  CHECK_EQ(parse_json("1e-400").number, 0.0);
  for (const char* text : {"01", "-", "+1", ".5", "1.", "1e", "1e+", "1e999", "-1e999", "NaN", "Infinity", "-Infinity",
                           "0x10", "1_000", "1 2", "--1", "1e5.5", "1,5"})
    CHECK_THROWS(JsonFault, parse_json(text));
  CHECK_THROWS(JsonFault, parse_json(repeated("1", gaq::json_digits + 1)));
}

struct Comma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

// A host program may have set a decimal comma; a file means the same there.
void test_locale() {
  const std::locale before = std::locale::global(std::locale(std::locale(), new Comma));
  std::ostringstream control;
  control << 2.5;
  CHECK_EQ(control.str(), "2,5");
  CHECK_EQ(parse_json("2.5").number, 2.5);
  std::locale::global(before);
}

void test_texts() {
  CHECK_EQ(parse_json("\"a\\n\\t\\\"\\\\\\/\\b\\f\\r\"").text, "a\n\t\"\\/\b\f\r");
  CHECK_EQ(parse_json("\"\\u0041\\u00e9\\u2026\\ud83d\\ude00\"").text, "A\xC3\xA9\xE2\x80\xA6\xF0\x9F\x98\x80");
  CHECK_EQ(parse_json("\"\xC3\x85\xE2\x82\xAC\xF0\x9F\x98\x80\"").text, "\xC3\x85\xE2\x82\xAC\xF0\x9F\x98\x80");
  for (const char* text : {"\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u0000\"", "\"\\ud800\"",
                           "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "'a'"})
    CHECK_THROWS(JsonFault, parse_json(text));
  for (const char* bytes : {"\"\x80\"", "\"\xC0\x80\"", "\"\xC3\"", "\"\xE0\x80\x80\"", "\"\xED\xA0\x80\"",
                            "\"\xF0\x80\x80\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xFF\"", "\"\xE2\x82"})
    CHECK_THROWS(JsonFault, parse_json(bytes));
  CHECK_THROWS(JsonFault, parse_json(std::string("\"a\0b\"", 5)));
}

void test_structure() {
  for (const char* text : {"",      " ",    "{",       "[",        "]",          "}",         "[1",    "[1,",
                           "[1,]",  "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",     "{1:1}", "[1]]",
                           "[1] 2", "tru",  "nul",     "True",     "// x\n1",    "{\"a\" 1}", "[1;2]"})
    CHECK_THROWS(JsonFault, parse_json(text));
  CHECK_EQ(fault_of("{\"a\":1,\"b\":2,\"a\":3}"), "the key 'a' is there twice (at byte 19)");
  CHECK_EQ(fault_of("{\"a\":1,\"\\u0061\":3}"), "the key 'a' is there twice (at byte 18)");
  CHECK_EQ(fault_of("[1, 2"), "a list without its end (at byte 5)");
}

void test_limits() {
  const int depth = gaq::json_depth;
  CHECK_EQ(parse_json(repeated("[", depth) + "1" + repeated("]", depth)).items.size(), 1u);
  CHECK_THROWS(JsonFault, parse_json(repeated("[", depth + 1) + "1" + repeated("]", depth + 1)));
  CHECK_THROWS(JsonFault, parse_json(repeated("[", 1000000)));
  CHECK_THROWS(JsonFault, parse_json(repeated("{\"a\":", 1000000)));
  CHECK_EQ(parse_json("[" + repeated("1,", gaq::json_values - 2) + "1]").items.size(), gaq::json_values - 1);
  CHECK_THROWS(JsonFault, parse_json("[" + repeated("1,", gaq::json_values - 1) + "1]"));
}

}  // namespace

int main() {
  test_values();
  test_numbers();
  test_locale();
  test_texts();
  test_structure();
  test_limits();
  return finish();
}
