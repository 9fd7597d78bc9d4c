// A fuzzer without libFuzzer: replays files, then changes them for some seconds. The sanitizers end it at a finding.
//
//   driver [--seconds N] [--seed S] FILE_OR_FOLDER...
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "mutate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);

#if defined(__has_feature)  // Clang's way to say it
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

namespace {

std::string current;  // what is being read, for the report of a finding

void keep_finding() {
  std::ofstream("finding.gaq", std::ios::binary) << current;
  std::fprintf(stderr, "finding.gaq holds the file that did it\n");
}

void try_file(const std::string& bytes) {
  current = bytes;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(current.data()), current.size());
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(content_of(path));
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (entry.is_regular_file()) files.push_back(content_of(entry.path()));
  }
  return files;
}

}  // namespace

int main(int count, char** arguments) {
  double seconds = 0;
  unsigned long long seed = 1;
  std::vector<std::string> paths;
  for (int k = 1; k < count; ++k) {
    const std::string argument = arguments[k];
    if (argument == "--seconds" && k + 1 < count)
      seconds = std::atof(arguments[++k]);
    else if (argument == "--seed" && k + 1 < count)
      seed = std::strtoull(arguments[++k], nullptr, 10);
    else
      paths.push_back(argument);
  }
  const std::vector<std::string> files = files_of(paths);
  if (files.empty()) {
    std::fprintf(stderr, "usage: driver [--seconds N] [--seed S] FILE_OR_FOLDER...\n");
    return 2;
  }
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(keep_finding);
#endif
  std::signal(SIGABRT, [](int) { keep_finding(); });  // a broken promise; the program then ends all the same
  for (const std::string& file : files) try_file(file);
  gaq_fuzz::Mutator mutator(seed);
  const auto start = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  long long runs = 0;
  for (; seconds > 0 && passed() < seconds; ++runs)
    try_file(mutator.changed(files[mutator.below(files.size())], files[mutator.below(files.size())]));
  std::printf("%zu files replayed, %lld changed ones read in %.0f s, no finding\n", files.size(), runs, passed());
  return 0;
}
