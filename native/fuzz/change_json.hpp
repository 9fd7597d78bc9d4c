// Changes one value, key or element of a text of JSON; the result is JSON again.
#pragma once

#include <string>

#include "draw.hpp"

namespace gaq_fuzz {

// A text that is not JSON, or has nothing inside, is replaced.
std::string changed_json(const std::string& text, Draw& draw);

}  // namespace gaq_fuzz
