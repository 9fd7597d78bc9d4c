// Writes the fuzzer's corpus: one tiny model a scheme.   make_corpus FOLDER
#include <cstdio>
#include <fstream>

#include "../tests/tiny_model.hpp"

int main(int count, char** arguments) {
  if (count != 2) return std::fprintf(stderr, "usage: make_corpus FOLDER\n"), 2;
  for (const auto& [name, model] : gaq_test::tiny_models()) {
    const std::string path = std::string(arguments[1]) + "/" + name + ".gaq";
    std::ofstream stream(path, std::ios::binary);
    stream << model.bytes();
    stream.close();
    if (!stream) return std::fprintf(stderr, "%s cannot be written\n", path.c_str()), 1;
  }
  return 0;
}
