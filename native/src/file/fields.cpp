// A JSON object in which every key is known.
#include "file/fields.hpp"

#include <utility>

namespace gaq {

Fields::Fields(const Json& object, std::string what, const Source& source)
    : object_(object), what_(std::move(what)), source_(source) {
  if (object.kind != Json::Kind::object) source.refuse(what_ + " is " + shown(object) + "; expected an object");
}

const Json& Fields::take(const char* key) {
  const Json* value = object_.find(key);
  if (!value) source_.refuse(what_ + " lacks the key '" + key + "'");
  taken_.insert(key);
  return *value;
}

void Fields::refuse(const char* key, const Json& value, const std::string& expected) const {
  source_.refuse(what_ + " has '" + key + "' " + shown(value) + "; expected " + expected);
}

int Fields::integer(const char* key, int least, int most) {
  const Json& value = take(key);
  if (value.kind != Json::Kind::number || !value.whole || value.number < least || value.number > most)
    refuse(key, value, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
  return int(value.number);
}

double Fields::number(const char* key, double least, double most) {
  const Json& value = take(key);
  if (value.kind != Json::Kind::number || value.number < least || value.number > most)
    refuse(key, value, "a number from " + shown(least) + " to " + shown(most));
  return value.number;
}

std::vector<double> Fields::numbers(const char* key, size_t count, double least, double most) {
  const Json& value = take(key);
  const std::string expected = std::to_string(count) + " numbers from " + shown(least) + " to " + shown(most);
  if (value.kind != Json::Kind::list || value.items.size() != count) refuse(key, value, expected);
  std::vector<double> out;
  for (const Json& item : value.items) {
    if (item.kind != Json::Kind::number || item.number < least || item.number > most) refuse(key, item, expected);
    out.push_back(item.number);
  }
  return out;
}

bool Fields::boolean(const char* key) {
  const Json& value = take(key);
  if (value.kind != Json::Kind::boolean) refuse(key, value, "true or false");
  return value.boolean;
}

const std::string& Fields::text(const char* key) {
  const Json& value = take(key);
  if (value.kind != Json::Kind::text) refuse(key, value, "a text");
  return value.text;
}

int Fields::choice(const char* key, std::initializer_list<const char*> options) {
  const Json& value = take(key);
  std::string expected;
  int place = 0;
  for (const char* option : options) {
    if (value.kind == Json::Kind::text && value.text == option) return place;
    expected += (place++ > 0 ? ", " : "") + std::string(option);
  }
  refuse(key, value, "one of " + expected);
}

void Fields::finish() const {
  for (const std::string& key : object_.keys)
    if (taken_.count(key) == 0) source_.refuse(what_ + " has an unknown key " + quoted(key));
}

}  // namespace gaq
