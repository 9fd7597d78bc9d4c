// Schemes of a packed file as its JSON says them, for the models of tiny_model.hpp.
#pragma once

#include <string>

namespace gaq_test {

inline std::string uniform(int bits, const std::string& per, bool framed = false, bool centred = false) {
  return R"({"kind":"uniform","bits":)" + std::to_string(bits) + R"(,"per":")" + per + R"(","framed":)" +
         (framed ? "true" : "false") + (centred ? R"(,"centred":true})" : "}");
}

inline std::string principal(int bits, int directions, bool framed = true, const std::string& per = "row",
                             bool centred = false) {
  const std::string scheme = uniform(bits, per, framed, centred);
  return scheme.substr(0, scheme.size() - 1) + R"(,"principal":)" + std::to_string(directions) + "}";
}

inline std::string polar(const std::string& per, const std::string& magnitude, const std::string& directions,
                         int direction_bits, const std::string& book = "") {
  return R"({"kind":"polar","bits":2,"per":")" + per + R"(","magnitude":")" + magnitude +
         R"(","gradient":"geometric","directions":")" + directions + R"(","direction_bits":)" +
         std::to_string(direction_bits) + (book.empty() ? "}" : R"(,"book":")" + book + R"("})");
}

}  // namespace gaq_test
