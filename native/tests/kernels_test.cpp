// Every instruction set of this build that this machine has, kernel by kernel: against its plain twin, and on memory
// that ends where its numbers end.
#include "check.hpp"
#include "kernels/self_test.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace {

// Memory whose next page may not be touched: a kernel that reads or writes beyond its numbers does not survive.
// (Of plain C++ too: gcc 12 made vectors of two loads that reached four rows further.)
template <class Number>
class Guarded {
 public:
  explicit Guarded(size_t count) {
    const size_t page = size_t(sysconf(_SC_PAGESIZE)), bytes = count * sizeof(Number);
    const size_t inside = (bytes + page - 1) / page * page;
    size_ = inside + page;
    place_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place_ == MAP_FAILED || mprotect(static_cast<char*>(place_) + inside, page, PROT_NONE) != 0) std::abort();
    first = reinterpret_cast<Number*>(static_cast<char*>(place_) + inside - bytes);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(place_, size_); }

  Number* first = nullptr;

 private:
  void* place_ = nullptr;
  size_t size_ = 0;
};

// Rows that a kernel may read beyond the last: those of whole tiles.
size_t slack_of(gaq::CodeLayout layout) {
  const bool tiles = layout == gaq::CodeLayout::tile_bytes || layout == gaq::CodeLayout::tile_planes;
  return tiles ? size_t(gaq::code_rows_slack) : 0;
}

void test_on_guarded_rows(const gaq::Kernels& kernels, int bits, int64_t rows, int inputs, int outputs) {
  const std::vector<float> weight(size_t(inputs) * size_t(outputs), 1.0f);
  gaq::Packed coded, plain;
  coded.arithmetic = bits == 8 ? gaq::Arithmetic::int8 : gaq::Arithmetic::int16;
  kernels.pack(weight.data(), outputs, inputs, coded);
  kernels.pack(weight.data(), outputs, inputs, plain);
  const size_t in = size_t(rows * inputs), out = size_t(rows * outputs);
  const Guarded<float> x(in), y(out), decoded(in), scale_x{size_t(rows)}, scale_w{size_t(outputs)};
  const size_t row = size_t(gaq::code_row_bytes(coded.codes, inputs));
  const Guarded<uint8_t> codes((size_t(rows) + slack_of(coded.codes)) * row);
  gaq::FeatureScheme scheme;
  scheme.scheme = gaq::Scheme::uniform;
  scheme.bits = bits;
  scheme.per = gaq::Per::row;
  for (size_t k = 0; k < in; ++k) x.first[k] = float(k % 7);
  for (int o = 0; o < outputs; ++o) scale_w.first[o] = 1.0f;
  const gaq::Tiles tiles(kernels);
  kernels.encode_rows(scheme, rows, 1, inputs, x.first, inputs, coded.codes, codes.first, scale_x.first);
  kernels.product_coded(rows, {codes.first, scale_x.first}, coded, scale_w.first, scale_w.first, y.first, outputs);
  const double of_codes = y.first[0];
  kernels.product_float(rows, x.first, inputs, plain, scale_w.first, scale_w.first, y.first, outputs);
  kernels.decode_through(scheme, rows, 1, inputs, x.first, decoded.first, nullptr, nullptr, nullptr);
  double total = 1, exact = 1;  // the bias
  for (int k = 0; k < inputs; ++k) total += double(decoded.first[k]), exact += double(x.first[k]);
  CHECK_NEAR(of_codes, total, 1e-3);
  CHECK_NEAR(y.first[0], exact, 1e-3);
}

void test_memory(const gaq::Kernels& kernels) {
  for (int bits : {8, 16})
    for (int inputs : {16, 32, 64, 80})
      for (int outputs : {16, 48, 64, 144})
        for (int64_t rows : {1, 2, 3, 5, 7, 12, 14, 16, 17, 24, 25})
          test_on_guarded_rows(kernels, bits, rows, inputs, outputs);
}

// Products that add one to the last output, whatever else they do.
void off_by_one(int64_t rows, const gaq::CodedRows& x, const gaq::Packed& w, const float* scale, const float* bias,
                float* y, int64_t y_stride) {
  gaq::scalar_kernels().product_coded(rows, x, w, scale, bias, y, y_stride);
  y[rows * y_stride - 1] += 1.0f;
}

}  // namespace

int main() {
  std::istringstream names(gaq::available_kernels());
  int sets = 0;
  for (std::string name; std::getline(names >> std::ws, name, ',');) {
    setenv("GAQ_ISA", name.c_str(), 1);
    const gaq::Kernels* kernels = gaq::choose_kernels();
    CHECK(kernels && std::string(kernels->name).find(name) == 0);  // neon may be neon_dot
    if (!kernels) continue;
    CHECK_EQ(name + ": " + gaq::first_difference(*kernels, gaq::scalar_kernels()), name + ": ");
    test_memory(*kernels);
    ++sets;
  }
  CHECK(sets >= 1);
  setenv("GAQ_ISA", "abacus", 1);
  CHECK(gaq::choose_kernels() == nullptr);
  gaq::Kernels broken = gaq::scalar_kernels();  // the control
  broken.product_coded = off_by_one;
  CHECK(gaq::first_difference(broken, gaq::scalar_kernels()).find("int8 product differs") != std::string::npos);
  return finish();
}
