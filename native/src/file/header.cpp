// The texts in the header of a .gaq file.
#include "file/header.hpp"

#include <algorithm>
#include <string_view>

namespace gaq {
namespace {

constexpr const char* format = "gaq-packed";
constexpr const char* format_version = "3";
constexpr const char* architecture = "transformer";
constexpr std::string_view keys[] = {
    "accuracy", "architecture", "backward_bits", "checksum",  "config", "domain",      "format",  "format_version",
    "gaq_version", "manifest",  "radial",        "recipe",    "repulsion", "recipe_name", "slots", "species", "units",
};
constexpr size_t longest_name = 256;

const char* kind_name(Json::Kind kind) { return kind == Json::Kind::list ? "a list" : "an object"; }

}  // namespace

Header::Header(const Container& container, const Source& source) : container_(container), source_(source) {
  check_format();
  check_keys();
}

void Header::check_format() const {
  const auto found = container_.metadata.find("format");
  if (found != container_.metadata.end() && found->second == "gaq-checkpoint")
    source_.refuse("is a checkpoint; expected a packed model", "Make one of it with `gaq export`.");
  if (found == container_.metadata.end() || found->second != format)
    source_.refuse("is not a gaq file: its format is " +
                       (found == container_.metadata.end() ? "not given" : quoted(found->second)) + "; expected '" +
                       format + "'",
                   "Give a file that `gaq export` wrote.");
  if (text("format_version") != format_version)
    source_.refuse("has format version " + quoted(text("format_version")) + "; this engine reads version '" +
                       format_version + "'",
                   "Update gaq, or export the checkpoint again: gaq export MODEL.ckpt.");
  if (text("architecture") != architecture)
    source_.refuse("has architecture " + quoted(text("architecture")) + "; this engine runs '" + architecture + "'",
                   "Update gaq, or export another model.");
}

void Header::check_keys() const {
  for (std::string_view key : keys) text(std::string(key).c_str());
  for (const auto& [key, value] : container_.metadata)
    if (std::find(std::begin(keys), std::end(keys), key) == std::end(keys))
      source_.refuse("has an unknown key " + quoted(key) + " in its metadata");
  for (const char* key : {"gaq_version", "recipe_name"}) {
    const std::string& name = text(key);
    const bool readable = std::none_of(name.begin(), name.end(), [](char c) { return (c & ~31) == 0 || c == 127; });
    if (name.empty() || name.size() > longest_name || !readable)
      source_.refuse("metadata '" + std::string(key) + "' is " + quoted(name) + "; expected one line of at most " +
                     std::to_string(longest_name) + " bytes");
  }
}

const std::string& Header::text(const char* key) const {
  const auto found = container_.metadata.find(key);
  if (found == container_.metadata.end()) source_.refuse("lacks '" + std::string(key) + "' in its metadata");
  return found->second;
}

Json Header::json(const char* key, Json::Kind kind) const {
  Json value;
  try {
    value = parse_json(text(key));
  } catch (const JsonFault& fault) {
    source_.refuse("metadata '" + std::string(key) + "' is not JSON: " + fault.what());
  }
  if (value.kind != kind)
    source_.refuse("metadata '" + std::string(key) + "' is " + shown(value) + "; expected " + kind_name(kind));
  return value;
}

}  // namespace gaq
