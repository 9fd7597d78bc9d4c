// What holds of every answer to a file, whatever its bytes; a promise that is broken ends the fuzzer.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace gaq_fuzz {

inline void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

// A refusal is one readable line.
inline void promise_sentence(const std::string& sentence) {
  promise(!sentence.empty() && sentence.size() < 1000, "a sentence");
  for (char c : sentence) promise(static_cast<unsigned char>(c) >= 32 && c != 127, "no control characters");
}

// A refused file is named at the beginning.
inline void promise_refusal(const std::string& sentence) {
  promise_sentence(sentence);
  promise(sentence.rfind("x.gaq: ", 0) == 0 && sentence.back() == '.', "a sentence of a file");
}

}  // namespace gaq_fuzz
