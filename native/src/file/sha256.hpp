// SHA-256 (FIPS 180-4), for the checksum of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gaq {

// The sum of all bytes added, one piece after the other.
class Sha256 {
 public:
  void add(const void* bytes, std::size_t size);
  std::string digits() const;  // 64 hexadecimal digits, lower case

 private:
  uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  unsigned char block_[64] = {};  // `held_` bytes that wait for the rest of their block
  std::size_t held_ = 0;
  uint64_t total_ = 0;
};

std::string sha256(const void* bytes, std::size_t size);

}  // namespace gaq
