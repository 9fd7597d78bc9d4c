// An opened model: what its file says, and its network as the kernels want it. Shared by all evaluators of an engine.
#pragma once

#include <memory>

#include "description.hpp"
#include "networks/network.hpp"

namespace gaq {

struct Model {
  Description description;
  const Kernels* kernels = nullptr;
  int backward_bits = 32;
  std::unique_ptr<Network> network;
};

}  // namespace gaq
