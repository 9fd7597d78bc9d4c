// The texts in the header of a .gaq file.
#include "file/header.hpp"

#include <algorithm>
#include <string_view>

namespace gaq {
namespace {

constexpr const char* format = "gaq-packed";
constexpr const char* format_version = "6";
constexpr std::string_view older_versions = "1234";  // had the first generation of the transformer, if they had one
constexpr std::string_view keys[] = {
    "accuracy",  "architecture",   "backward_bits", "checksum", "config", "domain",
    "format",    "format_version", "gaq_version",   "manifest", "radial", "recipe",
    "repulsion", "recipe_name",    "slots",         "species",  "units",
};
constexpr size_t longest_name = 256;

// Without control characters (also U+0080 to U+009F) and without U+2028 and U+2029, which end a line. The text is UTF-8.
bool is_one_line(const std::string& text) {
  for (size_t k = 0; k < text.size(); ++k) {
    const auto byte = [&](size_t n) { return n < text.size() ? static_cast<unsigned char>(text[n]) : 0; };
    if (byte(k) < 32 || byte(k) == 127 || (byte(k) == 0xC2 && byte(k + 1) < 0xA0)) return false;
    if (byte(k) == 0xE2 && byte(k + 1) == 0x80 && (byte(k + 2) == 0xA8 || byte(k + 2) == 0xA9)) return false;
  }
  return true;
}

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
  const std::string& version = text("format_version");
  const auto architecture = container_.metadata.find("architecture");
  if (version.size() == 1 && older_versions.find(version) != std::string_view::npos &&
      architecture != container_.metadata.end() && architecture->second == "transformer")
    source_.refuse("holds a transformer of the first generation (version " + quoted(version) +
                       " of its format); this engine runs the second, from version '" + format_version + "' on",
                   "Train it again with this gaq, or use the gaq that wrote it (" + writer() + ").");
  if (version != format_version)
    source_.refuse(
        "has format version " + quoted(version) + "; this engine reads version '" + format_version + "'",
        "Export its checkpoint anew, gaq export MODEL.ckpt, or use the gaq that wrote it (" + writer() + ").");
}

// The program that wrote the file, as far as it says so.
std::string Header::writer() const {
  const auto found = container_.metadata.find("gaq_version");
  return found == container_.metadata.end() ? "unknown" : quoted(found->second);
}

void Header::check_keys() const {
  for (std::string_view key : keys) text(std::string(key).c_str());
  for (const auto& [key, value] : container_.metadata)
    if (std::find(std::begin(keys), std::end(keys), key) == std::end(keys))
      source_.refuse("has an unknown key " + quoted(key) + " in its metadata");
  for (const char* key : {"gaq_version", "recipe_name"}) {
    const std::string& name = text(key);
    if (name.empty() || name.size() > longest_name || !is_one_line(name))
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
