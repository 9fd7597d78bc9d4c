// The texts in the header of a .gaq file: format and version first, then all keys and no others.
#pragma once

#include <string>

#include "file/container.hpp"
#include "file/json.hpp"

namespace gaq {

// All of these throw BadFile.
class Header {
 public:
  Header(const Container& container, const Source& source);  // refuses other formats and versions

  const std::string& text(const char* key) const;
  Json json(const char* key, Json::Kind kind) const;

 private:
  void check_format() const;
  std::string writer() const;
  void check_keys() const;

  const Container& container_;
  const Source& source_;
};

}  // namespace gaq
