// The checksum of a .gaq file: over all its bytes, its own digits taken as zeros.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gaq {

constexpr std::size_t checksum_digits = 64;

// Where the digits begin; npos if the header does not have their mark exactly once, or ends before they do.
std::size_t place_of_checksum(std::string_view header);

// "sha256:" and 64 digits, of the file with that header and these bytes after it; empty if the header has no place for it.
std::string checksum_of(std::string_view header, const void* data, std::size_t size);

}  // namespace gaq
