// Which instruction set runs: the best that the machine has, or the one that GAQ_ISA names.
#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/kernels.hpp"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace gaq {

namespace scalar {
const Kernels& table();
}
#if defined(__x86_64__)
namespace avx2 {
const Kernels& table();
}
namespace avx512 {
const Kernels& table();
}
#endif
#if defined(__aarch64__)
namespace neon {
const Kernels& table();
}
namespace neon_dot {
const Kernels& table();
}
#endif

const Kernels& scalar_kernels() { return scalar::table(); }

namespace {

struct Choice {
  const char* name;  // as GAQ_ISA says it
  const Kernels& (*table)();
};

// Best first.
template <class Body>
void over_choices(Body body) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni"))
    body(Choice{"avx512", avx512::table});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) body(Choice{"avx2", avx2::table});
#endif
#if defined(__aarch64__)
  constexpr unsigned long asimddp = 1ul << 20;  // HWCAP_ASIMDDP
  if (getauxval(AT_HWCAP) & asimddp) body(Choice{"neon", neon_dot::table});
  body(Choice{"neon", neon::table});
#endif
  body(Choice{"scalar", scalar::table});
}

}  // namespace

const Kernels* choose_kernels() {
  const char* forced = std::getenv("GAQ_ISA");
  const bool free = !forced || !*forced;
  const Kernels* found = nullptr;
  over_choices([&](const Choice& choice) {
    if (!found && (free || std::strcmp(forced, choice.name) == 0)) found = &choice.table();
  });
  return found;
}

const char* available_kernels() {
  static const std::string names = [] {
    std::string all;
    over_choices([&](const Choice& choice) {
      if (all.find(choice.name) == std::string::npos) all += (all.empty() ? "" : ", ") + std::string(choice.name);
    });
    return all;
  }();
  return names.c_str();
}

}  // namespace gaq
