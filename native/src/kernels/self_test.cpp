#include "kernels/self_test.hpp"

#include <chrono>
#include <cstring>
#include <functional>
#include <random>

#include "error.hpp"

namespace gaq {

namespace {

float draw(std::mt19937& random) { return float(int(random() % 20001) - 10000) / 1000.0f; }

Packed packed(const Kernels& kernels, Arithmetic arithmetic, const std::vector<float>& w, int outputs, int inputs) {
  Packed result;
  result.arithmetic = arithmetic;
  kernels.pack(w.data(), outputs, inputs, result);
  return result;
}

std::vector<float> weights(std::mt19937& random, int outputs, int inputs, int high) {
  std::vector<float> w(size_t(outputs) * inputs);
  for (float& x : w) {
    const unsigned pick = random() % 8;  // extremes are frequent: they are what overflows
    x = pick == 0 ? float(high) : pick == 1 ? float(-high) : float(int(random() % (2 * high + 1)) - high);
  }
  return w;
}

std::string compare(const char* what, const std::vector<float>& a, const std::vector<float>& b, int64_t rows,
                    int inputs, int outputs) {
  if (std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0) return "";
  return std::string(what) + " differs from its plain twin on " + std::to_string(rows) + " rows of " +
         std::to_string(inputs) + " inputs and " + std::to_string(outputs) + " outputs";
}

// Codes of rows by one table of kernels, then the product by the same.
std::vector<float> coded_product(const Kernels& kernels, int bits, int64_t rows, const std::vector<float>& x,
                                 const Packed& w, const std::vector<float>& scale, const std::vector<float>& bias) {
  FeatureScheme scheme;
  scheme.scheme = Scheme::uniform;
  scheme.bits = bits;
  scheme.per = Per::row;
  const Tiles tiles(kernels);
  std::vector<uint8_t> codes((rows + code_rows_slack) * code_row_bytes(w.codes, w.inputs) + 2);
  std::vector<float> row_scale(rows), y(rows * w.outputs);
  kernels.encode_rows(scheme, rows, 1, w.inputs, x.data() + 1, w.inputs, w.codes, codes.data() + 2, row_scale.data());
  kernels.product_coded(rows, {codes.data() + 2, row_scale.data()}, w, scale.data(), bias.data(), y.data(), w.outputs);
  return y;
}

std::string products_differ(const Kernels& fast, const Kernels& plain, int64_t rows, int inputs, int outputs,
                            std::mt19937& random) {
  std::vector<float> x(rows * inputs + 1), scale(outputs), bias(outputs);  // one float off: unaligned
  for (float& value : x) value = random() % 6 ? draw(random) : 10.0f;
  for (float& value : scale) value = draw(random);
  for (float& value : bias) value = draw(random);
  std::vector<float> w = weights(random, outputs, inputs, 1000), y[2];
  for (int k = 0; k < 2; ++k) {
    const Kernels& kernels = k ? plain : fast;
    y[k].resize(rows * outputs);
    kernels.product_float(rows, x.data() + 1, inputs, packed(kernels, Arithmetic::float32, w, outputs, inputs),
                          scale.data(), bias.data(), y[k].data(), outputs);
  }
  std::string fault = compare("the float32 product", y[0], y[1], rows, inputs, outputs);
  for (int bits : {8, 16}) {
    if (!fault.empty()) return fault;
    w = weights(random, outputs, inputs, 127);
    const Arithmetic arithmetic = bits == 8 ? Arithmetic::int8 : Arithmetic::int16;
    for (int k = 0; k < 2; ++k) {
      const Kernels& kernels = k ? plain : fast;
      y[k] = coded_product(kernels, bits, rows, x, packed(kernels, arithmetic, w, outputs, inputs), scale, bias);
    }
    fault = compare(bits == 8 ? "the int8 product" : "the int16 product", y[0], y[1], rows, inputs, outputs);
  }
  return fault;
}

}  // namespace

std::string first_difference(const Kernels& fast, const Kernels& plain) {
  std::mt19937 random(7);
  for (int64_t rows = 1; rows <= 130; ++rows) {
    const int inputs = 16 * int(1 + rows % 5), outputs = 16 * int(1 + (rows / 5) % 9);
    const std::string fault = products_differ(fast, plain, rows, inputs, outputs, random);
    if (!fault.empty()) return fault;
  }
  return "";
}

double kernel_speed(const std::string& kernel, int64_t rows, int inputs, int outputs, double seconds) {
  const Kernels* kernels = choose_kernels();
  const bool whole_numbers = kernel == "int8" || kernel == "int16";
  if (!kernels || rows < 1 || rows > 1 << 20 || inputs < 16 || inputs % 16 || outputs < 16 || outputs % 16 ||
      inputs > 1 << 14 || outputs > 1 << 14 || !(whole_numbers || kernel == "float32"))
    throw Error(GAQ_BAD_ARGUMENT, "expected float32, int8 or int16, and sizes that are multiples of 16");
  std::mt19937 random(7);
  const Packed w = packed(*kernels,
                          kernel == "int8" ? Arithmetic::int8
                          : whole_numbers  ? Arithmetic::int16
                                           : Arithmetic::float32,
                          weights(random, outputs, inputs, 7), outputs, inputs);
  AlignedVector<float> x(rows * inputs, 0.5f), scale(std::max<int64_t>(rows, outputs), 1e-3f), y(rows * outputs);
  const AlignedVector<uint8_t> codes(size_t(rows + code_rows_slack) * 2 * whole_tiles(inputs), 3);
  const Tiles tiles(*kernels);
  const auto start = std::chrono::steady_clock::now();
  double spent = 0;
  int64_t count = 0;
  while (spent < seconds) {
    for (int k = 0; k < 10; ++k, ++count)
      if (whole_numbers)
        kernels->product_coded(rows, {codes.data(), scale.data()}, w, scale.data(), nullptr, y.data(), outputs);
      else
        kernels->product_float(rows, x.data(), inputs, w, nullptr, nullptr, y.data(), outputs);
    spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return double(count) * double(rows) * inputs * outputs / spent / 1e9;
}

}  // namespace gaq
