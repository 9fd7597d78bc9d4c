// Changes one tensor of a model: its numbers, its shape, its type, its name, or whether it is there.
#pragma once

#include <map>
#include <string>

#include "../tests/tiny_model.hpp"
#include "draw.hpp"

namespace gaq_fuzz {

void change_tensor(std::map<std::string, gaq_test::TinyTensor>& tensors, Draw& draw);

}  // namespace gaq_fuzz
