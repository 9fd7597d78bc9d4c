// The packed models of golden/models, and their golden frames through the C interface.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "description.hpp"
#include "gaq.h"

namespace gaq_test {

// In alphabetical order.
inline std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline gaq::GoldenFrames golden_frames(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  return gaq::read_description(bytes.data(), bytes.size(), path).golden;
}

struct Answers {
  std::string problem;  // empty when all went well
  std::vector<double> energies, forces, virials;  // [frame], [frame][atom][3], [frame][3][3]

  bool operator==(const Answers& other) const {
    return problem == other.problem && energies == other.energies && forces == other.forces && virials == other.virials;
  }
};

struct Asked {
  int threads = 1;
  int backward_bits = 0;  // as the file says
  bool batch = false;     // all frames in one call
  std::string isa;        // the best, or the one of this name
};

// Sets GAQ_ISA for as long as it lives.
struct Forced {
  explicit Forced(const std::string& isa) {
    if (!isa.empty()) setenv("GAQ_ISA", isa.c_str(), 1);
  }
  ~Forced() { unsetenv("GAQ_ISA"); }
};

inline Answers answers(const std::string& path, const gaq::GoldenFrames& frames, const Asked& asked) {
  const Forced forced(asked.isa);
  char message[1024];
  gaq_options options{};
  options.threads = asked.threads;
  options.backward_bits = asked.backward_bits;
  gaq_engine* engine = gaq_open(path.c_str(), &options, message, sizeof message);
  if (!engine) return {message, {}, {}, {}};

  const size_t atoms = frames.species.size(), count = frames.energies.size();
  Answers found{"", std::vector<double>(count), std::vector<double>(count * atoms * 3), std::vector<double>(count * 9)};
  std::vector<gaq_system> systems;
  std::vector<gaq_result> results;
  for (size_t k = 0; k < count; ++k) {
    systems.push_back({int64_t(atoms), frames.species.data(), &frames.positions[k * atoms * 3], nullptr, {0, 0, 0}});
    results.push_back({&found.energies[k], &found.forces[k * atoms * 3], &found.virials[k * 9], nullptr});
  }
  int status = GAQ_OK;
  if (asked.batch) status = gaq_evaluate_batch(engine, int64_t(count), systems.data(), results.data(), nullptr);
  for (size_t k = 0; k < count && !asked.batch && status == GAQ_OK; ++k)
    status = gaq_evaluate(engine, &systems[k], &results[k]);
  if (status != GAQ_OK) found.problem = gaq_last_error(engine);
  gaq_close(engine);
  return found;
}

}  // namespace gaq_test
