// PaiNN (Schütt, Unke and Gastegger, arXiv 2102.03150): messages that are products with functions of distance, vectors
// of degree one.
#pragma once

#include "networks/network.hpp"

namespace gaq {

std::unique_ptr<NetworkDescription> read_painn(NetworkFile& file);
std::unique_ptr<Network> open_painn(const Description& model, int backward_bits, const Kernels& kernels);

}  // namespace gaq
