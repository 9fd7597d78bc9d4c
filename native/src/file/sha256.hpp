// SHA-256 (FIPS 180-4), for the checksum of a file.
#pragma once

#include <cstddef>
#include <string>

namespace gaq {

std::string sha256(const void* bytes, std::size_t size);  // 64 hexadecimal digits, lower case

}  // namespace gaq
