// How a file is refused: one line that names the file, the thing, what came, what was expected and the way out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gaq {

using Shape = std::vector<int64_t>;
constexpr int64_t any = -1;  // in an expected shape: whatever the file says

class Source {
 public:
  explicit Source(std::string name) : name_(std::move(name)) {}

  // Throws BadFile: "name: what. way_out".
  [[noreturn]] void refuse(const std::string& what, const std::string& way_out = "Export the model again.") const;

 private:
  std::string name_;
};

std::string quoted(std::string_view text);  // in quotes, cut to a readable length, control characters as '?'
std::string shown(const Shape& shape);      // "[32, 192]"; `any` is "n"
std::string shown(double number);

}  // namespace gaq
