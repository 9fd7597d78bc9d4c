// Fast kernels against their plain twins, and how fast they are.
#pragma once

#include <string>

#include "kernels/kernels.hpp"

namespace gaq {

// The first kernel whose bits differ from those of `plain`, said in words; empty when all agree. Every number of rows
// from 1 to 130, extreme codes, unaligned pointers.
std::string first_difference(const Kernels& fast, const Kernels& plain);

// Billions of multiply-adds per second of "float32", "int8" or "int16" with the kernels in use; quantizing not counted.
double kernel_speed(const std::string& kernel, int64_t rows, int inputs, int outputs, double seconds);

}  // namespace gaq
