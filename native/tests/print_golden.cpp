// Prints every bit of energies and forces of the golden frames of packed models: print_golden FILE...
// `make test-arm` compares what two processors print.
#include <cstdio>

#include "golden_models.hpp"

int main(int count, char** paths) {
  for (int i = 1; i < count; ++i) {
    const gaq_test::Answers found = gaq_test::answers(paths[i], gaq_test::golden_frames(paths[i]), {});
    if (!found.problem.empty()) return std::fprintf(stderr, "%s: %s\n", paths[i], found.problem.c_str()), 1;
    std::printf("%s\n", std::filesystem::path(paths[i]).filename().c_str());
    for (double energy : found.energies) std::printf("%a\n", energy);
    for (double force : found.forces) std::printf("%a\n", force);
  }
  return 0;
}
