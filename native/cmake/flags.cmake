# How everything is compiled. Never -march=native and never a fast-math option: a code must not depend on the machine.
add_library(gaq_flags INTERFACE)
target_compile_features(gaq_flags INTERFACE cxx_std_17)
target_compile_options(gaq_flags INTERFACE -fno-math-errno -fvisibility=hidden -fvisibility-inlines-hidden -Wall -Wextra)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(GAQ_X86 ON)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(GAQ_ARM ON)
endif()

if(GAQ_CONTRACT)
  target_compile_options(gaq_flags INTERFACE -ffp-contract=fast)
  if(GAQ_X86)
    target_compile_options(gaq_flags INTERFACE -mfma)
  endif()
else()
  target_compile_options(gaq_flags INTERFACE -ffp-contract=off)
endif()

if(GAQ_SANITIZE)
  list(JOIN GAQ_SANITIZE "," sanitizers)
  set(sanitize -fsanitize=${sanitizers} -fno-sanitize-recover=all)
  # Optimized further, the kernels take a quarter of an hour to compile with every access checked.
  target_compile_options(gaq_flags INTERFACE ${sanitize} -O1 -g1 -fno-omit-frame-pointer)
  # Scratch memory is NaN before it is written (src/arena.hpp).
  target_compile_definitions(gaq_flags INTERFACE GAQ_POISON)
  target_link_options(gaq_flags INTERFACE ${sanitize})
endif()

# The C++ runtime goes into the library where it can, and only the C interface comes out of it: the library then runs on
# any Linux with as old a C library, beside any other C++ runtime in the process.
add_library(gaq_self_contained INTERFACE)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT GAQ_SANITIZE)
  target_link_options(gaq_self_contained INTERFACE
                      -Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/exported.map)
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_LINK_OPTIONS -static-libstdc++ -static-libgcc)
  check_cxx_source_compiles("#include <string>\nint main() { return std::string(\"a\").size() != 1; }" GAQ_STATIC_RUNTIME)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  if(GAQ_STATIC_RUNTIME)
    target_link_options(gaq_self_contained INTERFACE -static-libstdc++ -static-libgcc)
  endif()
endif()
