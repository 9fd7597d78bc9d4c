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

void test_on_guarded_rows(const gaq::Kernels& kernels, int bits, int64_t rows, int inputs, int outputs) {
  const bool bytes = bits == 8;
  const std::vector<float> weight(size_t(inputs) * size_t(outputs), 1.0f);
  gaq::Packed coded, plain;
  coded.arithmetic = bytes ? gaq::Arithmetic::int8 : gaq::Arithmetic::int16;
  kernels.pack(weight.data(), outputs, inputs, coded);
  kernels.pack(weight.data(), outputs, inputs, plain);
  const size_t in = size_t(rows * inputs), out = size_t(rows * outputs);
  const Guarded<float> x(in), y(out), decoded(in), scale_x{size_t(rows)}, scale_w{size_t(outputs)};
  const Guarded<uint8_t> codes8(in);
  const Guarded<int16_t> codes16(in);
  gaq::FeatureScheme scheme;
  scheme.scheme = gaq::Scheme::uniform;
  scheme.bits = bits;
  scheme.per = gaq::Per::row;
  for (size_t k = 0; k < in; ++k) x.first[k] = float(k % 7);
  for (int o = 0; o < outputs; ++o) scale_w.first[o] = 1.0f;
  const bool as_bytes = coded.arithmetic == gaq::Arithmetic::int8;  // without a kernel for them, words take their place
  kernels.encode_rows(scheme, rows, 1, inputs, x.first, inputs, as_bytes, codes8.first, codes16.first, scale_x.first);
  kernels.product_coded(rows, {codes8.first, codes16.first, scale_x.first}, coded, scale_w.first, scale_w.first,
                        y.first, outputs, false);
  kernels.product_float(rows, x.first, inputs, plain, scale_w.first, scale_w.first, y.first, outputs, true);
  kernels.decode_through(scheme, rows, 1, inputs, x.first, decoded.first, nullptr, nullptr, nullptr);
  double total = 2;  // the coded product and the float one, and twice the bias
  for (int k = 0; k < inputs; ++k) total += double(decoded.first[k]) + double(x.first[k]);
  CHECK_NEAR(y.first[0], total, 1e-3);
}

void test_memory(const gaq::Kernels& kernels) {
  for (int bits : {8, 16})
    for (int inputs : {16, 32, 64, 80})
      for (int outputs : {16, 48, 64, 144})
        for (int64_t rows = 1; rows <= 14; ++rows) test_on_guarded_rows(kernels, bits, rows, inputs, outputs);
}

// Products that add one to the last output, whatever else they do.
void off_by_one(int64_t rows, const gaq::CodedRows& x, const gaq::Packed& w, const float* scale, const float* bias,
                float* y, int64_t y_stride, bool add) {
  gaq::scalar_kernels().product_coded(rows, x, w, scale, bias, y, y_stride, add);
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
