// How much memory the engine takes for a file, and the bound on it: a small file must not take a machine.
#pragma once

#include <cstdint>

#include "description.hpp"
#include "file/refusal.hpp"

namespace gaq {

// Upper bound of the bytes of weights, tables and quantization schemes in a Plan; twin of src/gaq/pack/memory.py.
int64_t plan_bytes(const Description& description);

// Refuses a file of `size` bytes that would take more than its share.
void check_memory(const Description& description, size_t size, const Source& source);

}  // namespace gaq
