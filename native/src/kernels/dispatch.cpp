// Which instruction set runs: the best that the machine has, or the one that GAQ_ISA names.
#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/kernels.hpp"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif
#if defined(GAQ_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
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
#if defined(GAQ_AMX)
namespace amx {
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

#if defined(GAQ_AMX)
// Tiles are eight kilobytes of registers, which Linux saves for those processes alone that asked. It may refuse: an older
// kernel, a sandbox, or a signal stack that is too small for them. Threads and forks have what their process was given.
bool may_use_tiles() {
  constexpr int request = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned tiles = 1u << 24, bytes = 1u << 25;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & tiles) || !(d & bytes)) return false;
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
}
#endif

// Best first.
template <class Body>
void over_choices(Body body) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni")) {
#if defined(GAQ_AMX)
    if (may_use_tiles()) body(Choice{"amx", amx::table});
#endif
    body(Choice{"avx512", avx512::table});
  }
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
