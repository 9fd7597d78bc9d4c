// libFuzzer's way to our mutations; every fourth change is its own, and half of these are sealed again.
#include <cstring>

#include "change_model.hpp"
#include "mutate.hpp"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  const auto file = [&] { return std::string(reinterpret_cast<const char*>(data), size); };
  std::string changed;
  if (seed % 4 > 0) changed = gaq_fuzz::Mutator(seed).changed(file(), file());
  if (seed % 4 == 0 || changed.size() > most) {
    size = LLVMFuzzerMutate(data, size, most);
    changed = seed % 8 < 4 ? gaq_fuzz::resealed(file()) : file();
  }
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}
