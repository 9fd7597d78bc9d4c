// Changes to a .gaq file that a blind fuzzer rarely finds: in the header, with length and checksum put right again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace gaq_fuzz {

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  // `file` after one to four changes; `other` lends parts.
  std::string changed(std::string file, const std::string& other);
  size_t below(size_t count) { return count == 0 ? 0 : size_t(random_() % count); }

 private:
  void flip_bits(std::string& file);
  void overwrite_number(std::string& file);
  void change_header(std::string& file, const std::string& other);
  void replace_number(std::string& header);
  void change_span(std::string& header, const std::string& other);
  void insert_piece(std::string& header);

  std::mt19937_64 random_;
};

}  // namespace gaq_fuzz
