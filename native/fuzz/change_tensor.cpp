#include "change_tensor.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace gaq_fuzz {
namespace {

using gaq_test::TinyTensor;

constexpr double infinite = std::numeric_limits<double>::infinity();
// For floats of both widths: what does not fit becomes infinite or zero in the narrow one.
const double floats[] = {std::nan(""), infinite, -infinite, 0,     -0.0,  1,     -1,     0.5,   1e10,   -1e10,
                         1e20,         1e38,     -3.4e38,   1e-20, 1e-38, 1e-45, -1e-45, 1e308, -1e308, 5e-324};
constexpr int64_t integers[] = {0,
                                1,
                                -1,
                                2,
                                3,
                                5,
                                6,
                                7,
                                8,
                                -8,
                                15,
                                127,
                                -127,
                                -128,
                                200,
                                255,
                                2147483647,
                                -2147483648LL,
                                int64_t(1) << 53,
                                std::numeric_limits<int64_t>::max()};
constexpr const char* types[] = {"F32", "F64", "I8", "U8", "I32", "I64", "F16"};
constexpr const char* endings[] = {"x", ".bias", ".step", ".scale", ".codes"};
constexpr int64_t lengths[] = {0, 1, 2, 3, 4, 7, 4096, int64_t(1) << 31, int64_t(1) << 53};

size_t width_of(const std::string& type) {
  return type == "F64" || type == "I64" ? 8 : type == "F32" || type == "I32" ? 4 : 1;
}

template <class T>
std::string bytes_of(T number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

// Bytes of a number that few models hold.
std::string odd_number(const std::string& type, Draw& draw) {
  if (type == "F64") return bytes_of(draw.one_of(floats));
  if (type == "F32") {
    const double number = draw.one_of(floats);
    const double most = std::numeric_limits<float>::max();
    return bytes_of(std::fabs(number) > most ? float(std::copysign(infinite, number)) : float(number));
  }
  return bytes_of(draw.one_of(integers)).substr(0, width_of(type));  // little-endian
}

void change_number(TinyTensor& tensor, Draw& draw) {
  const size_t width = width_of(tensor.dtype), count = tensor.bytes.size() / width;
  if (count == 0) return;
  const std::string number = odd_number(tensor.dtype, draw);
  const bool all = draw.once_in(6);
  const size_t first = all ? 0 : draw.below(count), last = all ? count : first + 1;
  for (size_t k = first; k < last; ++k) tensor.bytes.replace(k * width, width, number);
}

// One row more or less along the first axis, bytes and shape alike.
void change_rows(TinyTensor& tensor, Draw& draw) {
  if (tensor.shape.empty() || tensor.shape[0] < 1) return;
  const size_t row = tensor.bytes.size() / size_t(tensor.shape[0]);
  const bool longer = draw.once_in(2);
  tensor.shape[0] += longer ? 1 : -1;
  if (longer)
    tensor.bytes += tensor.bytes.substr(0, row);
  else
    tensor.bytes.resize(tensor.bytes.size() - row);
}

// The shape alone: turned around, or with another length.
void change_shape(TinyTensor& tensor, Draw& draw) {
  if (tensor.shape.empty() || draw.once_in(4))
    tensor.shape.push_back(draw.one_of(lengths));
  else if (draw.once_in(2))
    std::reverse(tensor.shape.begin(), tensor.shape.end());
  else
    tensor.shape[draw.below(tensor.shape.size())] = draw.one_of(lengths);
}

}  // namespace

void change_tensor(std::map<std::string, TinyTensor>& tensors, Draw& draw) {
  if (tensors.empty()) return;
  const std::string name = draw.one_of(tensors).first;
  TinyTensor& tensor = tensors[name];
  switch (draw.below(16)) {
    case 0: change_rows(tensor, draw); return;
    case 1: change_shape(tensor, draw); return;
    case 2: tensor.dtype = draw.one_of(types); return;
    case 3: tensors.erase(name); return;
    case 4: {
      const TinyTensor copy = tensor;
      tensors[name + draw.one_of(endings)] = copy;
      return;
    }
    case 5: std::swap(tensor, tensors[draw.one_of(tensors).first]); return;
    default: change_number(tensor, draw);
  }
}

}  // namespace gaq_fuzz
