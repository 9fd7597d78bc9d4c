// How much memory the engine takes for a file, and the bound on it: a small file must not take a machine.
#pragma once

#include <cstdint>

#include "description.hpp"
#include "file/refusal.hpp"

namespace gaq {

// Upper bounds in bytes, for NetworkDescription::opened_bytes.
int64_t padded(int64_t count);                     // to whole registers
int64_t scheme_bytes(const FeatureScheme& scheme);          // levels, thresholds and directions
int64_t linear_bytes(const LinearDescription& linear, int64_t inputs, int64_t outputs);  // both padded
int64_t readout_bytes(const ReadoutDescription& readout, int64_t channels);
int64_t radial_bytes(const RadialGrid& radial, int64_t row);  // `row` functions, padded

// Refuses a file of `size` bytes that would take more than its share.
void check_memory(const Description& description, size_t size, const Source& source);

}  // namespace gaq
