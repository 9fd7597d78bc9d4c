// The safetensors container: a JSON header, then the bytes of named tensors. Knows bytes and names, not models.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "file/refusal.hpp"

namespace gaq {

enum class Dtype { F32, F64, I8, U8, I32, I64 };

const char* name_of(Dtype dtype);
size_t size_of(Dtype dtype);  // bytes of one number

// A view of the file: `data` may stand at any address.
struct TensorView {
  Dtype dtype = Dtype::F32;
  Shape shape;
  const unsigned char* data = nullptr;
  size_t bytes = 0;
};

struct Container {
  std::map<std::string, std::string> metadata;
  std::map<std::string, TensorView> tensors;
  std::string_view header;              // its JSON
  const unsigned char* data = nullptr;  // the bytes of all tensors: without gaps, without overlaps
  size_t bytes = 0;
};

constexpr size_t largest_header = size_t(8) << 20;

// The views live as long as `bytes`. Throws BadFile.
Container read_container(const void* bytes, size_t size, const Source& source);

// Refuses a file that does not have the sum "sha256:<hex>". (The fuzzer, which could not get past it, has its place
// checked only.)
void check_sum(const Container& container, const std::string& expected, const Source& source);

}  // namespace gaq
