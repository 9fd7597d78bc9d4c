// The slots of a model: the scheme of each, checked against what flows through it, with its parameters.
#pragma once

#include <set>
#include <string>

#include "description.hpp"
#include "file/json.hpp"
#include "file/tensors.hpp"

namespace gaq {

enum class Role { scalar, vector, query, message };  // features; weights have schemes of their own

// All of these throw BadFile.
class Slots {
 public:
  Slots(const Json& slots, int64_t species, Tensors& tensors, const Source& source);

  // The scheme of a feature slot; for a message it must be the identity. `degree` is that of a vector, `inputs` the width of
  // a linear layer's input.
  FeatureScheme feature(const std::string& slot, Role role, int degree = 0, int inputs = 0);
  int weight_bits(const std::string& slot);  // 2 to 8, or 32 for a weight that is left in float
  void finish() const;                       // refuses slots that the model does not have

 private:
  const Json& take(const std::string& slot);
  void read_steps(const std::string& slot, FeatureScheme& scheme);
  void read_compensation(const std::string& slot, int inputs, FeatureScheme& scheme);
  void read_levels(const std::string& slot, FeatureScheme& scheme);
  void read_codebook(const std::string& book, FeatureScheme& scheme);
  std::vector<float> unit_vectors(const std::string& name, int64_t count);

  const Json& slots_;
  int64_t species_;
  Tensors& tensors_;
  const Source& source_;
  std::set<std::string> taken_;
};

}  // namespace gaq
