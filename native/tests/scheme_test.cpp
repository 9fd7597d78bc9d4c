// The quantization scheme against vectors that the scheme in Python wrote: codes and decoded values equal to the bit on every
// instruction set, pullbacks to round-off. Knows nothing of files or models.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>

#include "check.hpp"
#include "kernels/kernels.hpp"
#include "quant/octahedral.hpp"

// The pullback is inside of layers, so its source is compiled here once more.
#define GAQ_ISA_NAME scheme_test
#include <algorithm>

#include "isa/simd/no_tiles.hpp"
#include "isa/simd/scalar.hpp"

#include "isa/simd/codes.hpp"
namespace gaq {
namespace scheme_test {
#include "quant/uniform.inl"
#include "quant/polar.inl"
}  // namespace scheme_test
}  // namespace gaq

namespace {

using gaq::Direction;
using gaq::FeatureScheme;
using gaq::Per;
using gaq::Scheme;

struct Case {
  FeatureScheme scheme;
  std::string words;
  int atoms = 0, components = 0, columns = 0;
  std::vector<float> values, decoded, gradient, pullback;
  std::vector<int32_t> codes, directions;

  int64_t size() const { return int64_t(atoms) * components * columns; }
  bool per_part() const { return scheme.direction == Direction::component; }
};

std::vector<float> read_floats(std::istream& in, size_t count) {
  std::vector<float> numbers(count);
  std::string word;
  for (float& number : numbers) {
    in >> word;
    const uint32_t bits = uint32_t(std::strtoul(word.c_str(), nullptr, 16));
    std::memcpy(&number, &bits, sizeof bits);
  }
  return numbers;
}

std::vector<int32_t> read_integers(std::istream& in, size_t count) {
  std::vector<int32_t> numbers(count);
  for (int32_t& number : numbers) in >> number;
  return numbers;
}

Per per_of(const std::string& word) {
  return word == "tensor" ? Per::tensor : word == "row" ? Per::row : word == "atom" ? Per::atom : Per::vector;
}

void read_polar(std::istream& in, FeatureScheme& scheme) {
  std::string magnitude, gradient, kind;
  in >> magnitude >> gradient >> kind >> scheme.direction_bits;
  scheme.logarithmic = magnitude == "log";
  scheme.geometric = gradient == "geometric";
  scheme.direction = kind == "codebook"     ? Direction::codebook
                     : kind == "octahedral" ? Direction::octahedral
                                            : Direction::component;
  if (scheme.logarithmic) {
    scheme.levels = read_floats(in, size_t(scheme.high()) + 1);
    scheme.thresholds = read_floats(in, size_t(scheme.high()));
  }
  if (scheme.direction != Direction::codebook) return;
  size_t points = 0, cells = 0;
  in >> points;
  scheme.points = read_floats(in, 3 * points);
  in >> cells >> scheme.candidates;
  scheme.cells = read_integers(in, cells * size_t(scheme.candidates));
}

bool read_case(std::istream& in, Case& c) {
  std::string kind, per;
  if (!(in >> kind >> c.scheme.bits >> per)) return false;
  c.scheme.scheme = kind == "polar" ? Scheme::polar : Scheme::uniform;
  c.scheme.per = per_of(per);
  const std::vector<float> steps = read_floats(in, 2);
  c.scheme.step = steps[0];
  c.scheme.inverse_step = steps[1];
  in >> c.atoms >> c.components >> c.columns;
  c.words = kind + " " + std::to_string(c.scheme.bits) + " " + per;
  const bool polar = c.scheme.scheme == Scheme::polar;
  if (polar) read_polar(in, c.scheme);
  const size_t size = size_t(c.size()), vectors = size / size_t(c.components);
  c.values = read_floats(in, size);
  c.codes = read_integers(in, polar ? vectors : size);
  if (polar) c.directions = read_integers(in, c.per_part() ? size : vectors);
  c.decoded = read_floats(in, size);
  if (polar) {
    c.gradient = read_floats(in, size);
    c.pullback = read_floats(in, size);
  }
  return true;
}

void test_decode_through(const gaq::Kernels& kernels, const Case& c) {
  std::vector<float> out(size_t(c.size())), steps(size_t(c.atoms) * c.components);
  std::vector<int32_t> codes(c.codes.size()), directions(size_t(c.size()));
  kernels.decode_through(c.scheme, c.atoms, c.components, c.columns, c.values.data(), out.data(), codes.data(),
                         directions.data(), steps.data());
  directions.resize(c.directions.size());
  const std::string where = std::string(kernels.name) + ", " + c.words;
  CHECK_EQ(where + (codes == c.codes ? "" : ": codes differ"), where);
  CHECK_EQ(where + (directions == c.directions ? "" : ": directions differ"), where);
  CHECK_EQ(where + (out == c.decoded ? "" : ": decoded values differ"), where);
}

int code_at(const uint8_t* row, gaq::CodeLayout layout, int columns, int k) {
  if (layout == gaq::CodeLayout::bytes) return int(row[k]) - 128;
  if (layout == gaq::CodeLayout::tile_bytes) return int8_t(row[k]);
  if (layout == gaq::CodeLayout::tile_planes) return 256 * int8_t(row[gaq::whole_tiles(columns) + k]) + row[k];
  int16_t word;
  std::memcpy(&word, row + 2 * k, 2);
  return word;
}

void test_encode_rows(const gaq::Kernels& kernels, const Case& c) {
  if (c.scheme.scheme == Scheme::polar || c.scheme.per == Per::vector) return;
  const int64_t rows = int64_t(c.atoms) * c.components;
  std::vector<float> scale(static_cast<size_t>(rows));
  for (const gaq::Arithmetic arithmetic : {gaq::Arithmetic::int8, gaq::Arithmetic::int16}) {
    if (arithmetic == gaq::Arithmetic::int8 && c.scheme.bits > 8) continue;
    gaq::Packed weight;
    weight.arithmetic = arithmetic;
    kernels.pack(std::vector<float>(size_t(16) * c.columns).data(), 16, c.columns, weight);
    const int64_t row_bytes = gaq::code_row_bytes(weight.codes, c.columns);
    std::vector<uint8_t> codes(size_t(rows * row_bytes));
    kernels.encode_rows(c.scheme, rows, c.components, c.columns, c.values.data(), c.columns, weight.codes, codes.data(),
                        scale.data());
    int64_t wrong = 0;
    for (int64_t k = 0; k < c.size(); ++k) {
      const int code = code_at(codes.data() + k / c.columns * row_bytes, weight.codes, c.columns, int(k % c.columns));
      wrong += code != c.codes[k] || float(code) * scale[k / c.columns] != c.decoded[k];
    }
    CHECK_EQ(wrong, 0);
  }
}

// Sums of some products: not to the bit, for the terms are fused here and not there.
void test_pullback(const Case& c) {
  std::vector<float> g = c.gradient;
  const int64_t size = int64_t(c.components) * c.columns;
  for (int64_t atom = 0; atom < c.atoms; ++atom)
    gaq::scheme_test::polar_back(c.scheme, c.components, c.columns, c.values.data() + atom * size,
                                 g.data() + atom * size);
  float largest = 0;
  for (float x : c.pullback) largest = std::max(largest, std::fabs(x));
  for (size_t k = 0; k < g.size(); ++k) CHECK_NEAR(g[k], c.pullback[k], 1e-6 * largest);
  int64_t changed = 0;
  for (size_t k = 0; k < g.size(); ++k) changed += g[k] != c.gradient[k];
  CHECK(changed > int64_t(g.size()) / 4 || !c.scheme.geometric);  // the control: it is no identity
}

std::vector<const gaq::Kernels*> all_kernels() {
  std::vector<const gaq::Kernels*> found{&gaq::scalar_kernels()};
  for (const char* name : {"avx2", "avx512", "amx", "neon"}) {
    setenv("GAQ_ISA", name, 1);
    if (const gaq::Kernels* kernels = gaq::choose_kernels()) found.push_back(kernels);
  }
  unsetenv("GAQ_ISA");
  CHECK(gaq::choose_kernels() == found.back());
  return found;
}

// A row with a NaN has no step, wherever in the row it is: what is decoded is NaN, all of the row.
void test_nan_is_kept(const gaq::Kernels& kernels, const Case& c) {
  if (c.scheme.per == Per::tensor) return;
  std::vector<float> steps(size_t(c.atoms) * c.components), out(size_t(c.size()));
  for (int place = 0; place < c.columns; ++place) {
    std::vector<float> values = c.values;
    values[place] = std::numeric_limits<float>::quiet_NaN();
    kernels.decode_through(c.scheme, c.atoms, c.components, c.columns, values.data(), out.data(), nullptr, nullptr,
                           steps.data());
    int kept = 0;
    for (int k = 0; k < c.columns; ++k) kept += std::isnan(out[k]);
    CHECK_EQ(kept, c.scheme.per == Per::vector ? 1 : c.columns);
    CHECK(!std::isnan(out.back()));  // the control: another atom
  }
}

// The control: one code, and one bit of a value that lies beside a threshold.
void test_that_a_difference_is_seen(const Case& c) {
  std::vector<float> out(size_t(c.size())), values = c.values;
  std::vector<int32_t> codes(c.codes.size());
  int64_t moved = 0;
  for (float& x : values) x = std::nextafter(x, -3e38f);
  gaq::scalar_kernels().decode_through(c.scheme, c.atoms, c.components, c.columns, values.data(), out.data(),
                                       codes.data(), nullptr, nullptr);
  for (size_t k = 0; k < codes.size(); ++k) moved += codes[k] != c.codes[k];
  CHECK(moved > 0);
}

}  // namespace

int main() {
  std::ifstream golden(gaq_test::beside(__FILE__, "golden/scheme.txt"));
  CHECK(golden.good());
  const std::vector<const gaq::Kernels*> tables = all_kernels();
  int uniform = 0, polar = 0;
  for (Case c; read_case(golden, c); c = Case()) {
    for (const gaq::Kernels* kernels : tables) {
      test_decode_through(*kernels, c);
      test_encode_rows(*kernels, c);
      test_nan_is_kept(*kernels, c);
    }
    if (c.scheme.scheme == Scheme::polar) test_pullback(c);
    if (c.scheme.scheme == Scheme::uniform && !uniform) test_that_a_difference_is_seen(c);
    ++(c.scheme.scheme == Scheme::polar ? polar : uniform);
  }
  CHECK_EQ(uniform, 13);
  CHECK_EQ(polar, 18);
  return finish();
}
