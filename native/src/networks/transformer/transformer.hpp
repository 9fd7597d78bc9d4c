// The SO(3)-equivariant transformer: messages weighted by attention, vectors of degree one to three.
#pragma once

#include "networks/network.hpp"

namespace gaq {

std::unique_ptr<NetworkDescription> read_transformer(NetworkFile& file);
std::unique_ptr<Network> open_transformer(const Description& model, int backward_bits, const Kernels& kernels);

}  // namespace gaq
