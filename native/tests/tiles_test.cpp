// The algorithm of tiles - planes of bytes, blocks of rows, padding - by their twin in plain C++, against products that
// know nothing of them: on machines without such a unit too.
#define GAQ_ISA_NAME tiles_test
#include "plain_tiles.hpp"

#include "isa/simd/scalar.hpp"

#include "isa/simd/codes.hpp"
#include "isa/body.hpp"

#include "check.hpp"
#include "kernels/self_test.hpp"

namespace {

const gaq::Kernels& tiled() { return gaq::tiles_test::table(); }

// The control: high bytes taken for low ones, which only sixteen-bit codes notice.
void swapped(const float* w, int outputs, int inputs, gaq::Packed& packed) {
  tiled().pack(w, outputs, inputs, packed);
  if (packed.codes == gaq::CodeLayout::tile_planes) packed.codes = gaq::CodeLayout::tile_bytes;
}

}  // namespace

int main() {
  CHECK_EQ(gaq::first_difference(tiled(), gaq::scalar_kernels()), "");
  gaq::Kernels broken = tiled();
  broken.pack = swapped;
  CHECK(gaq::first_difference(broken, gaq::scalar_kernels()).find("int16 product differs") != std::string::npos);
  return finish();
}
