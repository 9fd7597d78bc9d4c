// Changes one thing of a .gaq file that has a meaning, then makes offsets, lengths, padding and checksum right again.
#pragma once

#include <string>

#include "draw.hpp"

namespace gaq_fuzz {

// The file as it came if it is no container of tensors.
std::string changed_model(const std::string& file, Draw& draw);

// The file with its checksum made right, if there is a place for one.
std::string resealed(const std::string& file);

// The length of the header; 0 if the file does not hold one of the length that it gives.
size_t header_length(const std::string& file);

}  // namespace gaq_fuzz
