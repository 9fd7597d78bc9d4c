#include "change_json.hpp"

#include <cstdio>
#include <utility>
#include <vector>

#include "../tests/tiny_model.hpp"
#include "file/json.hpp"

namespace gaq_fuzz {
namespace {

using gaq::Json;

// As they are written: numbers beyond what JSON may hold, or a model may have, and values of the wrong kind.
constexpr const char* values[] = {
    "0",
    "-1",
    "1",
    "2",
    "3",
    "4",
    "5",
    "7",
    "8",
    "9",
    "16",
    "17",
    "32",
    "64",
    "65",
    "118",
    "119",
    "255",
    "1024",
    "4096",
    "4097",
    "2147483648",
    "9007199254740992",
    "9223372036854775808",
    "0.5",
    "1.0",
    "64.0",
    "1e-300",
    "5e-324",
    "1e308",
    "1e999",
    "-0.0",
    "1e38",
    "-1e38",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    "[1]",
    "\"\"",
    "\"x\"",
    "\"NaN\"",
    "\"é\"",
};
constexpr const char* texts[] = {
    "tensor",
    "channel",
    "row",
    "atom",
    "vector",
    "identity",
    "uniform",
    "polar",
    "linear",
    "log",
    "geometric",
    "plain",
    "octahedral",
    "codebook",
    "component",
    "codebook.fibonacci.2",
    "cosine",
    "dot",
    "zbl",
    "a\nb",
    "a\x7f"
    "b",
};
constexpr const char* names[] = {
    "x",         "book",       "centred",        "principal", "framed",  "bits",  "per",   "kind",
    "magnitude", "directions", "direction_bits", "frames",    "closest", "inner", "knots", "",
};
constexpr double factors[] = {0.5, 2, -1, 1e-3, 1e3, 1e-30, 1e30, 0.999999, 1.000001};
constexpr int steps[] = {-2, -1, 1, 2};

Json written_as(const char* text) {
  Json value;
  value.kind = Json::Kind::number;
  value.text = text;
  return value;
}

Json text_of(const std::string& text) {
  Json value;
  value.kind = Json::Kind::text;
  value.text = text;
  return value;
}

Json number_of(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", number);
  return written_as(text);
}

// A number that holds a text is that text.
std::string written(const Json& value) {
  switch (value.kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return value.boolean ? "true" : "false";
    case Json::Kind::number: return value.text.empty() ? number_of(value.number).text : value.text;
    case Json::Kind::text: return gaq_test::in_quotes(value.text);
    default: break;
  }
  const bool object = value.kind == Json::Kind::object;
  std::string out;
  for (size_t k = 0; k < value.items.size(); ++k) {
    out += k == 0 ? "" : ",";
    if (object) out += gaq_test::in_quotes(value.keys[k]) + ":";
    out += written(value.items[k]);
  }
  return object ? "{" + out + "}" : "[" + out + "]";
}

struct Place {
  Json* outer;
  size_t index;
};

void collect(Json& value, std::vector<Place>& places) {
  for (size_t k = 0; k < value.items.size(); ++k) {
    places.push_back({&value, k});
    collect(value.items[k], places);
  }
}

void add(Json& outer, const Json& value, Draw& draw) {
  if (outer.kind == Json::Kind::object) outer.keys.push_back(draw.one_of(names));
  outer.items.push_back(value);
}

void change(const Place& place, const Json& lent, Draw& draw) {
  Json& outer = *place.outer;
  Json& value = outer.items[place.index];
  switch (draw.below(10)) {
    case 0:
      outer.items.erase(outer.items.begin() + std::ptrdiff_t(place.index));
      if (outer.kind == Json::Kind::object) outer.keys.erase(outer.keys.begin() + std::ptrdiff_t(place.index));
      return;
    case 1: return add(outer, lent, draw);
    case 2: return add(outer, written_as(draw.one_of(values)), draw);
    case 3:
      if (outer.kind == Json::Kind::object) outer.keys[place.index] = draw.one_of(names);
      return;
    case 4: value = lent; return;
    case 5: value = written_as(draw.one_of(values)); return;
    default: break;
  }
  if (value.kind == Json::Kind::number)
    value = number_of(value.whole && draw.below(4) > 0 ? value.number + draw.one_of(steps)
                                                       : value.number * draw.one_of(factors));
  else if (value.kind == Json::Kind::boolean)
    value.boolean = !value.boolean;
  else if (value.kind == Json::Kind::text)
    value = text_of(draw.one_of(texts));
  else
    value = written_as(draw.one_of(values));
}

}  // namespace

std::string changed_json(const std::string& text, Draw& draw) {
  Json value;
  try {
    value = gaq::parse_json(text);
  } catch (const gaq::JsonFault&) {
    return draw.one_of(texts);
  }
  std::vector<Place> places;
  collect(value, places);
  if (places.empty()) return draw.one_of(values);
  const Place lender = draw.one_of(places);
  const Json lent = lender.outer->items[lender.index];
  change(draw.one_of(places), lent, draw);
  return written(value);
}

}  // namespace gaq_fuzz
