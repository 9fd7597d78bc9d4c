// What the reader says of a file, and of a tiny model after one change.
#pragma once

#include <functional>
#include <string>

#include "check.hpp"
#include "description.hpp"
#include "error.hpp"
#include "tiny_model.hpp"

namespace gaq_test {

inline std::string refusal_of(const std::string& bytes) {
  try {
    gaq::read_description(bytes.data(), bytes.size(), "x.gaq");
    return "accepted";
  } catch (const gaq::BadFile& error) {
    return error.what();
  }
}

// The file must be refused by a sentence that names it and has that part.
inline void expect(const std::string& bytes, const std::string& part, const char* what) {
  const std::string came = refusal_of(bytes);
  const bool sentence = came.rfind("x.gaq: ", 0) == 0 && came.back() == '.';
  report(sentence && came.find(part) != std::string::npos, what, 0, "\"" + came + "\" lacks \"" + part + "\"");
}

// What a change makes of the tiny model with that name.
inline void expect_changed(const char* name, const std::function<void(TinyModel&)>& change, const std::string& part) {
  TinyModel model = tiny_models().at(name);
  change(model);
  expect(model.bytes(), part, name);
}

inline std::string replaced(std::string text, const std::string& old, const std::string& by) {
  const size_t at = text.find(old);
  CHECK(at != std::string::npos);
  return at == std::string::npos ? text : text.replace(at, old.size(), by);
}

}  // namespace gaq_test
