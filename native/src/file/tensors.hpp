// The tensors of a container by name, type and shape, copied out; every one must be asked for.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "file/container.hpp"

namespace gaq {

// All of these throw BadFile when the tensor is missing, of another type or shape, or not finite.
class Tensors {
 public:
  Tensors(const Container& container, const Source& source) : container_(container), source_(source) {}

  bool has(const std::string& name) const { return container_.tensors.count(name) != 0; }
  // The shape of a tensor that may have any length where `expected` says `any`; no length is zero.
  const Shape& shape(const std::string& name, Dtype dtype, const Shape& expected);
  std::vector<float> floats(const std::string& name, const Shape& shape);
  std::vector<double> doubles(const std::string& name, const Shape& shape);
  std::vector<int32_t> integer(const std::string& name, const Shape& shape);       // I32
  std::vector<int64_t> long_integers(const std::string& name, const Shape& shape);  // I64
  // Codes [outputs][inputs] of 2 to 8 bits; up to 4 bits two in a byte, the lower half first, rows on whole bytes.
  std::vector<int8_t> codes(const std::string& name, int64_t outputs, int64_t inputs, int bits);

  void finish() const;  // refuses tensors that nobody asked for

 private:
  const TensorView& take(const std::string& name, Dtype dtype, const Shape& shape);

  const Container& container_;
  const Source& source_;
  std::set<std::string> taken_;
};

}  // namespace gaq
