// Everything that computes with float32, compiled once per instruction set: `Vec` and its operations are already there.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "kernels/kernels.hpp"

namespace gaq {
namespace GAQ_ISA_NAME {
namespace {

#include "kernels/product.inl"
#include "quant/uniform.inl"
#include "quant/polar.inl"
#include "quant/decode.inl"
#include "layers/curves.inl"
#include "layers/linear.inl"
#include "layers/attention.inl"
#include "layers/messages.inl"
#include "layers/messages_back.inl"
#include "layers/update.inl"
#include "layers/update_back.inl"

}  // namespace

#define GAQ_TEXT_OF(name) #name
#define GAQ_TEXT(name) GAQ_TEXT_OF(name)
const Kernels& table() {
  static const Kernels kernels{GAQ_TEXT(GAQ_ISA_NAME),
                               has_dot4,
                               product_float,
                               product_coded,
                               pack,
                               encode_rows,
                               decode_through,
                               linear,
                               unit_queries,
                               unit_queries_back,
                               attention,
                               messages,
                               messages_back,
                               project,
                               project_back,
                               update,
                               update_back,
                               readout};
  return kernels;
}

}  // namespace GAQ_ISA_NAME
}  // namespace gaq
