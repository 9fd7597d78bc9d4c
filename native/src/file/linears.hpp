// Linear layers of a file: float values or codes, scales, bias, and whether their sums fit the engine's integers.
#pragma once

#include <string>

#include "description.hpp"
#include "file/slots.hpp"
#include "file/tensors.hpp"

namespace gaq {

struct LinearShape {
  int outputs, inputs;
  bool bias;
  int degree;  // 0: a layer of scalars
};

// Throws BadFile.
LinearDescription read_linear(const std::string& name, const LinearShape& shape, Slots& slots, Tensors& tensors,
                              const Source& source);

}  // namespace gaq
