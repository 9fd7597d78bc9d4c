// UTF-8 as Unicode defines it: no overlong forms, no surrogates, and here no zero characters, which end a text for C.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gaq {

std::size_t valid_utf8(std::string_view text);  // bytes up to the first that is not well-formed; all of them if none
void append_utf8(std::string& out, uint32_t code_point);

}  // namespace gaq
