// What goes wrong, with the status that the C interface returns and a sentence for the user.
#pragma once

#include <stdexcept>
#include <string>

#include "gaq.h"

namespace gaq {

struct Error : std::runtime_error {
  Error(int status, const std::string& sentence) : std::runtime_error(sentence), status(status) {}
  int status;
};

struct BadFile : Error {
  explicit BadFile(const std::string& sentence) : Error(GAQ_BAD_FILE, sentence) {}
};

struct BadStructure : Error {
  explicit BadStructure(const std::string& sentence) : Error(GAQ_BAD_STRUCTURE, sentence) {}
};

}  // namespace gaq
