// One row per kernel, one table per instruction set. Every table gives the same bits: sums run in one order everywhere,
// products and sums that are fused are fused everywhere, and nothing else is.
#pragma once

#include <cstdint>
#include <vector>

#include "layers/plan.hpp"

namespace gaq {

// Rows that a linear layer reads, coded: codes and one scale per row.
struct CodedRows {
  const uint8_t* codes = nullptr;  // [rows + code_rows_slack][code_row_bytes]
  const float* scale = nullptr;  // [rows]
};

// Scratch memory for one block of rows; one per thread.
struct Scratch {
  static constexpr int count = 10;
  float* floats[count] = {};  // each [atoms of a block][widest row of an atom]
  const int32_t* species = nullptr;  // [atom] by place: rows of the model's own table
  float* coefficients = nullptr;  // [rows][coefficient] of a scheme that takes directions off
  float* scale = nullptr;  // [rows]
  uint8_t* codes = nullptr;  // of one input
  std::vector<float> rows;  // as many as an atom has neighbours: radial functions that are not kept
};

struct Tap {
  void (*call)(void* context, const char* name, int64_t first_row, int64_t rows, int32_t columns,
               float* data) = nullptr;
  void* context = nullptr;
};

struct Block {
  int64_t first, last;  // places of atoms
};

struct TransformerKernels;
struct PainnKernels;

struct Kernels {
  const char* name;

  // Around every use of what follows, in each thread: a unit that multiplies tiles is set up, and put to rest.
  void (*begin)();
  void (*end)();

  // y[row][o] = (Σ_k x[row][k] w[o][k]) · scale[o] + bias[o]. Strides in floats.
  void (*product_float)(int64_t rows, const float* x, int64_t x_stride, const Packed& w, const float* scale,
                        const float* bias, float* y, int64_t y_stride);
  // y = float(Σ code_x code_w) · (scale_x[row] · scale[o]) + bias[o]; no scale: as if all were one
  void (*product_coded)(int64_t rows, const CodedRows& x, const Packed& w, const float* scale, const float* bias,
                        float* y, int64_t y_stride);
  void (*pack)(const float* w, int outputs, int inputs, Packed& packed);  // w [outputs][inputs]; integers if coded
  // The uniform scheme on rows of one atom after the other; `components` rows belong to an atom.
  void (*encode_rows)(const FeatureScheme& scheme, int64_t rows, int components, int columns, const float* x,
                      int64_t stride, CodeLayout layout, uint8_t* codes, float* scale);
  // x → decoded, by any scheme (polar and per-vector included); in place allowed. codes and directions may be null.
  void (*decode_through)(const FeatureScheme& scheme, int64_t atoms, int components, int columns, const float* x,
                         float* out, int32_t* codes, int32_t* directions, float* steps);

  void (*linear)(const LinearPlan&, int64_t rows, int components, float* x, int64_t x_stride, float* y,
                 int64_t y_stride, Scratch&, const Tap&, int64_t first_row);

  // Atomic energies in the network's units, and dE/ds.
  void (*readout)(const Readout&, Block, const float* s, double* energy, float* g_s, Scratch&, const Tap&);

  // One table per network (networks/).
  const TransformerKernels* transformer;
  const PainnKernels* painn;
};

// The unit of tiles, for as long as this lives.
class Tiles {
 public:
  explicit Tiles(const Kernels& kernels) : kernels_(kernels) { kernels_.begin(); }
  ~Tiles() { kernels_.end(); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

 private:
  const Kernels& kernels_;
};

const Kernels& scalar_kernels();
// By GAQ_ISA or the best that this machine has; null when the forced one is not there.
const Kernels* choose_kernels();
// The names that this build has and this machine can run.
const char* available_kernels();

}  // namespace gaq
