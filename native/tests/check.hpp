// The few macros that the test programs share: what fails is printed with its place, and `finish` gives the status.
#pragma once

#include <cmath>
#include <cstdio>
#include <sstream>
#include <string>

namespace gaq_test {

inline int checks = 0, failures = 0;

inline void report(bool good, const char* file, int line, const std::string& what) {
  ++checks;
  if (good) return;
  ++failures;
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

template <typename A, typename B>
void check_equal(const A& a, const B& b, const char* file, int line, const char* text) {
  std::ostringstream out;
  const bool good = a == b;
  if (!good) out << text << ": " << a << " is not " << b;
  report(good, file, line, out.str());
}

inline void check_near(double a, double b, double tolerance, const char* file, int line, const char* text) {
  char out[512];
  std::snprintf(out, sizeof out, "%s: %.17g and %.17g differ by %.3g, more than %.3g", text, a, b, std::fabs(a - b),
                tolerance);
  report(std::fabs(a - b) <= tolerance, file, line, out);  // false for NaN
}

// The path of a file beside the test program's source, such as beside(__FILE__, "golden/octahedral.txt").
inline std::string beside(const char* source, const std::string& name) {
  const std::string path = source;
  const size_t slash = path.find_last_of("/\\");
  return slash == std::string::npos ? name : path.substr(0, slash + 1) + name;
}

}  // namespace gaq_test

#define CHECK(cond) gaq_test::report(bool(cond), __FILE__, __LINE__, #cond)
#define CHECK_EQ(a, b) gaq_test::check_equal((a), (b), __FILE__, __LINE__, #a " == " #b)
#define CHECK_NEAR(a, b, tol) gaq_test::check_near((a), (b), (tol), __FILE__, __LINE__, #a " ~ " #b)
#define CHECK_THROWS(Type, ...)                                                                         \
  do {                                                                                                  \
    const char* outcome = "threw nothing";                                                              \
    try {                                                                                               \
      (void)(__VA_ARGS__);                                                                              \
    } catch (const Type&) {                                                                             \
      outcome = nullptr;                                                                                \
    } catch (...) {                                                                                     \
      outcome = "threw another type";                                                                   \
    }                                                                                                   \
    gaq_test::report(!outcome, __FILE__, __LINE__,                                                      \
                     std::string(#__VA_ARGS__ ": expected " #Type ", it ") + (outcome ? outcome : "")); \
  } while (false)

// Prints how many checks there were; the status of the program: 1 when one failed, or when there was none.
inline int finish() {
  std::printf("%d checks, %d failed\n", gaq_test::checks, gaq_test::failures);
  return gaq_test::failures != 0 || gaq_test::checks == 0;
}
