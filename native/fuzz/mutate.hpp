// Changes to a .gaq file that a blind fuzzer rarely finds: of its meaning, and of its bytes, most of them sealed again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "draw.hpp"

namespace gaq_fuzz {

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : draw_(seed) {}

  // `file` after one to four changes, of what it means or of its bytes; `other` lends parts.
  std::string changed(std::string file, const std::string& other);
  size_t below(size_t count) { return draw_.below(count); }

 private:
  void change_bytes(std::string& file, const std::string& other);
  void flip_bits(std::string& file);
  void overwrite_number(std::string& file);
  void change_header(std::string& file, const std::string& other);
  void replace_number(std::string& header);
  void change_span(std::string& header, const std::string& other);
  void insert_piece(std::string& header);

  Draw draw_;
};

}  // namespace gaq_fuzz
