// The safetensors container: every length and offset is checked before it is used.
#include "file/container.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "file/checksum.hpp"
#include "file/json.hpp"

namespace gaq {
namespace {

const std::string other_kind = "Give a file that `gaq export` wrote.";
const std::string damaged = "The file is cut off or damaged: copy it or export it again.";

struct Named {
  const char* name;
  size_t size;
};
constexpr std::array<Named, 6> dtypes{{{"F32", 4}, {"F64", 8}, {"I8", 1}, {"U8", 1}, {"I32", 4}, {"I64", 8}}};

std::string_view header_text(const unsigned char* bytes, size_t size, const Source& source) {
  if (size < 8) source.refuse("has " + std::to_string(size) + " bytes; expected at least 8 of a header", other_kind);
  uint64_t length = 0;
  for (int k = 7; k >= 0; --k) length = length << 8 | bytes[k];
  if (length < 2 || length > largest_header)
    source.refuse("is not a gaq file: its first bytes give a header of " + std::to_string(length) +
                      " bytes; expected 2 to " + std::to_string(largest_header),
                  other_kind);
  if (length > size - 8)
    source.refuse(
        "has " + std::to_string(size) + " bytes; expected at least " + std::to_string(length + 8) + " for its header",
        damaged);
  return {reinterpret_cast<const char*>(bytes) + 8, size_t(length)};
}

Json parse_header(std::string_view text, const Source& source) {
  Json header;
  try {
    header = parse_json(text);
  } catch (const JsonFault& fault) {
    source.refuse(std::string("is not a gaq file: its header is not JSON: ") + fault.what(), other_kind);
  }
  if (header.kind != Json::Kind::object)
    source.refuse("is not a gaq file: its header is " + shown(header) + "; expected an object", other_kind);
  return header;
}

std::map<std::string, std::string> texts(const Json& metadata, const Source& source) {
  if (metadata.kind != Json::Kind::object)
    source.refuse("__metadata__ is " + shown(metadata) + "; expected an object", other_kind);
  std::map<std::string, std::string> out;
  for (size_t k = 0; k < metadata.keys.size(); ++k) {
    if (metadata.items[k].kind != Json::Kind::text)
      source.refuse("metadata " + quoted(metadata.keys[k]) + " is " + shown(metadata.items[k]) + "; expected a text");
    out[metadata.keys[k]] = metadata.items[k].text;
  }
  return out;
}

uint64_t integer(const Json& value, const std::string& what, const Source& source) {
  if (value.kind != Json::Kind::number || !value.whole || value.number < 0)
    source.refuse(what + " is " + shown(value) + "; expected an integer of at least 0", damaged);
  return uint64_t(value.number);
}

Dtype dtype_of(const Json& value, const std::string& what, const Source& source) {
  for (size_t k = 0; k < dtypes.size(); ++k)
    if (value.kind == Json::Kind::text && value.text == dtypes[k].name) return Dtype(k);
  source.refuse(what + " has type " + shown(value) + "; expected F32, F64, I8, U8, I32 or I64");
}

Shape shape_of(const Json& value, const std::string& what, const Source& source) {
  if (value.kind != Json::Kind::list || value.items.size() > 8)
    source.refuse(what + " has as its shape " + shown(value) + "; expected a list of at most 8 numbers");
  Shape shape;
  for (const Json& item : value.items) shape.push_back(int64_t(integer(item, what + ": a length", source)));
  return shape;
}

// Bytes of a tensor of that shape; refuses more than `most`, before the product can overflow.
uint64_t bytes_of(Dtype dtype, const Shape& shape, uint64_t most, const std::string& what, const Source& source) {
  uint64_t total = size_of(dtype);
  for (int64_t length : shape) {
    if (length != 0 && total > most / uint64_t(length))
      source.refuse(what + " of shape " + shown(shape) + " is larger than the file", damaged);
    total *= uint64_t(length);
  }
  return total;
}

TensorView view_of(const std::string& name, const Json& entry, const Container& file, const Source& source) {
  const std::string what = "tensor " + quoted(name);
  const Json* dtype = entry.find("dtype");
  const Json* shape = entry.find("shape");
  const Json* offsets = entry.find("data_offsets");
  if (entry.kind != Json::Kind::object || entry.keys.size() != 3 || !dtype || !shape || !offsets)
    source.refuse(what + " is not described by dtype, shape and data_offsets alone", other_kind);
  if (offsets->kind != Json::Kind::list || offsets->items.size() != 2)
    source.refuse(what + " has as its data_offsets " + shown(*offsets) + "; expected two numbers", damaged);
  const uint64_t begin = integer(offsets->items[0], what + ": its begin", source);
  const uint64_t end = integer(offsets->items[1], what + ": its end", source);
  if (begin > end || end > file.bytes)
    source.refuse(what + " has the bytes from " + std::to_string(begin) + " to " + std::to_string(end) +
                      "; expected an order, and an end of at most " + std::to_string(file.bytes),
                  damaged);
  TensorView view;
  view.dtype = dtype_of(*dtype, what, source);
  view.shape = shape_of(*shape, what, source);
  view.data = file.data + begin;
  view.bytes = size_t(end - begin);
  const uint64_t expected = bytes_of(view.dtype, view.shape, file.bytes, what, source);
  if (expected != view.bytes)
    source.refuse(what + " has " + std::to_string(view.bytes) + " bytes; expected " + std::to_string(expected) +
                      " for " + name_of(view.dtype) + " " + shown(view.shape),
                  damaged);
  return view;
}

// Tensors must follow each other without a gap, so that no byte is read twice and none is hidden.
void check_order(const Container& file, const Source& source) {
  std::vector<std::pair<size_t, size_t>> ranges;
  for (const auto& [name, view] : file.tensors)
    ranges.emplace_back(size_t(view.data - file.data), size_t(view.data - file.data) + view.bytes);
  std::sort(ranges.begin(), ranges.end());
  size_t expected = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin != expected)
      source.refuse("a tensor begins at byte " + std::to_string(begin) + " of the data; expected " +
                        std::to_string(expected) + ", where the one before it ends",
                    damaged);
    expected = end;
  }
  if (expected != file.bytes)
    source.refuse("has " + std::to_string(file.bytes) + " bytes of tensors; expected " + std::to_string(expected),
                  damaged);
}

}  // namespace

const char* name_of(Dtype dtype) { return dtypes[size_t(dtype)].name; }

size_t size_of(Dtype dtype) { return dtypes[size_t(dtype)].size; }

Container read_container(const void* bytes, size_t size, const Source& source) {
  const auto* start = static_cast<const unsigned char*>(bytes);
  const std::string_view text = header_text(start, size, source);
  const Json header = parse_header(text, source);
  Container file;
  file.header = text;
  file.data = start + 8 + text.size();
  file.bytes = size - 8 - text.size();
  for (size_t k = 0; k < header.keys.size(); ++k) {
    if (header.keys[k] == "__metadata__")
      file.metadata = texts(header.items[k], source);
    else
      file.tensors[header.keys[k]] = view_of(header.keys[k], header.items[k], file, source);
  }
  check_order(file, source);
  return file;
}

void check_sum(const Container& container, const std::string& expected, const Source& source) {
  if (place_of_checksum(container.header) == std::string_view::npos)
    source.refuse("has the checksum " + quoted(expected) + "; expected sha256 and 64 digits, without blanks", damaged);
#ifndef GAQ_FUZZING
  const std::string found = checksum_of(container.header, container.data, container.bytes);
  if (found != expected)
    source.refuse("has the checksum " + quoted(found.substr(0, 23)) + "; expected " + quoted(expected.substr(0, 23)),
                  damaged);
#endif
}

}  // namespace gaq
