// Everything that computes with float32, compiled once per instruction set: `Vec` and its operations are already there.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <type_traits>
#include <utility>

#include "kernels/kernels.hpp"
#include "networks/painn/kernels.hpp"
#include "networks/transformer/kernels.hpp"

namespace gaq {
namespace GAQ_ISA_NAME {
namespace {

#include "layers/curves.inl"
#include "kernels/epilogue.inl"
#include "kernels/pack.inl"
#include "kernels/tiles.inl"
#include "kernels/product.inl"
#include "quant/uniform.inl"
#include "quant/polar.inl"
#include "quant/decode.inl"
#include "layers/linear.inl"
#include "layers/radial.inl"
#include "layers/turning.inl"
#include "layers/coupling.inl"
#include "layers/readout.inl"
#include "networks/transformer/table.inl"
#include "networks/painn/table.inl"

}  // namespace

#define GAQ_TEXT_OF(name) #name
#define GAQ_TEXT(name) GAQ_TEXT_OF(name)
const Kernels& table() {
  static const Kernels kernels{
      GAQ_TEXT(GAQ_ISA_NAME), begin_tiles, end_tiles, product_float,         product_coded,  pack, encode_rows,
      decode_through,         linear_rows, readout,   &transformer::kernels, &painn::kernels};
  return kernels;
}

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
