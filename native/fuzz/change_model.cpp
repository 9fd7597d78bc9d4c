#include "change_model.hpp"

#include <cstring>

#include "../tests/tiny_model.hpp"
#include "change_json.hpp"
#include "change_tensor.hpp"
#include "error.hpp"
#include "file/container.hpp"

namespace gaq_fuzz {
namespace {

using gaq_test::TinyModel;

// Keys with values that shape the network; the others are texts for people.
constexpr const char* keys[] = {"config",  "config",    "slots",     "slots",  "slots",  "radial",
                                "species", "repulsion", "repulsion", "domain", "domain", "backward_bits"};
constexpr const char* numbers[] = {"0", "1", "4", "8", "64", "4096", "-1", "2147483648", "9007199254740992", "1e3"};

TinyModel model_of(const std::string& file) {
  const gaq::Container container = gaq::read_container(file.data(), file.size(), gaq::Source("x.gaq"));
  TinyModel model;
  model.metadata = container.metadata;
  model.metadata.erase("checksum");  // which the model then computes
  for (const auto& [name, view] : container.tensors)
    model.tensors[name] = {
        gaq::name_of(view.dtype), view.shape, {reinterpret_cast<const char*>(view.data), view.bytes}};
  return model;
}

void change_metadata(TinyModel& model, Draw& draw) {
  if (model.metadata.empty()) return;
  const std::string key = draw.below(8) > 0 ? draw.one_of(keys) : draw.one_of(model.metadata).first;
  const auto found = model.metadata.find(key);
  if (found == model.metadata.end()) return;
  if (draw.once_in(30))
    model.metadata.erase(found);
  else
    found->second = changed_json(found->second, draw);
}

std::string with_another_offset(const TinyModel& model, Draw& draw) {
  std::string header = model.header();
  const std::string mark = "\"data_offsets\":[", data = model.data();
  size_t begin = header.find(mark, draw.below(header.size()));
  if (begin == std::string::npos) return gaq_test::file_of(header, data);
  begin += mark.size();
  if (draw.once_in(2)) begin = header.find(',', begin) + 1;
  const size_t end = header.find_first_of(",]", begin);
  header.replace(begin, end - begin, draw.one_of(numbers));
  return gaq_test::file_of(gaq_test::sealed(header, data), data);
}

}  // namespace

size_t header_length(const std::string& file) {
  uint64_t length = 0;
  if (file.size() >= 8) std::memcpy(&length, file.data(), 8);
  return file.size() < 8 || length > file.size() - 8 ? 0 : size_t(length);
}

std::string resealed(const std::string& file) {
  const size_t length = header_length(file);
  if (length == 0) return file;
  const std::string data = file.substr(8 + length);
  return gaq_test::file_of(gaq_test::sealed(file.substr(8, length), data), data);
}

std::string changed_model(const std::string& file, Draw& draw) {
  TinyModel model;
  try {
    model = model_of(file);
  } catch (const gaq::BadFile&) {
    return file;
  }
  if (draw.once_in(24)) return with_another_offset(model, draw);
  if (draw.once_in(2))
    change_metadata(model, draw);
  else
    change_tensor(model.tensors, draw);
  return model.bytes();
}

}  // namespace gaq_fuzz
