// Every instruction set of this build that this machine has, kernel by kernel against its plain twin.
#include "check.hpp"
#include "kernels/self_test.hpp"

#include <cstdlib>
#include <sstream>

namespace {

// Products that add one to every output, whatever else they do.
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
    CHECK(kernels && kernels->name == name);
    if (kernels) CHECK_EQ(name + ": " + gaq::first_difference(*kernels, gaq::scalar_kernels()), name + ": ");
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
