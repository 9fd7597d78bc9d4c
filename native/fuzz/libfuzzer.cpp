// libFuzzer's way to our mutations; every second change is its own.
#include <algorithm>
#include <cstring>

#include "mutate.hpp"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  if (seed % 2 == 0) return LLVMFuzzerMutate(data, size, most);
  const std::string file(reinterpret_cast<const char*>(data), size);
  const std::string changed = gaq_fuzz::Mutator(seed).changed(file, file);
  const size_t length = std::min(changed.size(), most);
  std::memcpy(data, changed.data(), length);
  return length;
}
