// A JSON object in which every key is known: values by key, each checked for type and range.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "file/json.hpp"
#include "file/refusal.hpp"

namespace gaq {

// All of these throw BadFile with `what` as the name of the object, such as "config" or "slot 'readout.energy.input'".
class Fields {
 public:
  Fields(const Json& object, std::string what, const Source& source);

  bool has(const char* key) const { return object_.find(key) != nullptr; }
  int integer(const char* key, int least, int most);
  double number(const char* key, double least, double most);
  std::vector<double> numbers(const char* key, size_t count, double least, double most);
  bool boolean(const char* key);
  const std::string& text(const char* key);
  // The place of the text among the options.
  int choice(const char* key, std::initializer_list<const char*> options);
  void finish() const;  // refuses keys that nobody asked for

 private:
  const Json& take(const char* key);
  [[noreturn]] void refuse(const char* key, const Json& value, const std::string& expected) const;

  const Json& object_;
  std::string what_;
  const Source& source_;
  std::set<std::string> taken_;
};

}  // namespace gaq
