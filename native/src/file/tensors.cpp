// The tensors of a container, copied out of a file in which nothing need be aligned.
#include "file/tensors.hpp"

#include <cmath>
#include <cstring>

namespace gaq {
namespace {

#if defined(__BYTE_ORDER__)
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers in a file are little-endian, and so are ours");
#endif

template <typename T>
std::vector<T> copied(const TensorView& view) {
  std::vector<T> out(view.bytes / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), view.data, view.bytes);
  return out;
}

template <typename T>
std::vector<T> finite(const TensorView& view, const std::string& name, const Source& source) {
  std::vector<T> out = copied<T>(view);
  for (size_t k = 0; k < out.size(); ++k)
    if (!std::isfinite(out[k]))
      source.refuse("tensor " + quoted(name) + " has " + shown(double(out[k])) + " at place " + std::to_string(k) +
                    "; expected finite numbers");
  return out;
}

bool fits(const Shape& shape, const Shape& expected) {
  if (shape.size() != expected.size()) return false;
  for (size_t k = 0; k < shape.size(); ++k)
    if (expected[k] == any ? shape[k] < 1 : shape[k] != expected[k]) return false;
  return true;
}

// Two codes in a byte, four bits each in two's complement, to one in each; false when the unused half is not zero.
bool unpack(const std::vector<uint8_t>& packed, int64_t outputs, int64_t inputs, std::vector<int8_t>& out) {
  const int64_t row_bytes = (inputs + 1) / 2;
  out.resize(size_t(outputs * inputs));
  for (int64_t row = 0; row < outputs; ++row) {
    const uint8_t* from = packed.data() + row * row_bytes;
    for (int64_t k = 0; k < inputs; ++k) {
      const int nibble = (from[k / 2] >> (k % 2 * 4)) & 15;
      out[size_t(row * inputs + k)] = int8_t(nibble < 8 ? nibble : nibble - 16);
    }
    if (inputs % 2 != 0 && (from[row_bytes - 1] >> 4) != 0) return false;
  }
  return true;
}

}  // namespace

const TensorView& Tensors::take(const std::string& name, Dtype dtype, const Shape& shape) {
  const auto found = container_.tensors.find(name);
  if (found == container_.tensors.end())
    source_.refuse("lacks tensor " + quoted(name) + "; expected " + name_of(dtype) + " " + shown(shape));
  const TensorView& view = found->second;
  if (view.dtype != dtype)
    source_.refuse("tensor " + quoted(name) + " has type " + name_of(view.dtype) + "; expected " + name_of(dtype));
  if (!fits(view.shape, shape))
    source_.refuse("tensor " + quoted(name) + " has shape " + shown(view.shape) + "; expected " + shown(shape));
  taken_.insert(name);
  return view;
}

const Shape& Tensors::shape(const std::string& name, Dtype dtype, const Shape& expected) {
  return take(name, dtype, expected).shape;
}

std::vector<float> Tensors::floats(const std::string& name, const Shape& shape) {
  return finite<float>(take(name, Dtype::F32, shape), name, source_);
}

std::vector<double> Tensors::doubles(const std::string& name, const Shape& shape) {
  return finite<double>(take(name, Dtype::F64, shape), name, source_);
}

std::vector<int32_t> Tensors::integer(const std::string& name, const Shape& shape) {
  return copied<int32_t>(take(name, Dtype::I32, shape));
}

std::vector<int64_t> Tensors::long_integers(const std::string& name, const Shape& shape) {
  return copied<int64_t>(take(name, Dtype::I64, shape));
}

std::vector<int8_t> Tensors::codes(const std::string& name, int64_t outputs, int64_t inputs, int bits) {
  std::vector<int8_t> out;
  if (bits > 4) {
    out = copied<int8_t>(take(name, Dtype::I8, {outputs, inputs}));
  } else {
    const auto packed = copied<uint8_t>(take(name, Dtype::U8, {outputs, (inputs + 1) / 2}));
    if (!unpack(packed, outputs, inputs, out))
      source_.refuse("tensor " + quoted(name) + " has a code beyond the end of a row; expected zero there");
  }
  const int high = (1 << (bits - 1)) - 1;
  for (int8_t code : out)
    if (code < -high || code > high)
      source_.refuse("tensor " + quoted(name) + " has the code " + std::to_string(int(code)) + "; expected -" +
                     std::to_string(high) + " to " + std::to_string(high) + " for " + std::to_string(bits) + " bits");
  return out;
}

void Tensors::finish() const {
  for (const auto& [name, view] : container_.tensors)
    if (taken_.count(name) == 0)
      source_.refuse("has a tensor " + quoted(name) + " that the model does not use; expected none");
}

}  // namespace gaq
