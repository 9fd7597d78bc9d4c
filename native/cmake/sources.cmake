# Which files there are, and with which instruction set each file of src/isa is compiled.
#
# A function of src/isa is called after the machine was asked whether it has these instructions; nothing else may use
# them. So flags belong to files, never to the library; and these files come last: of an inline function that several
# objects hold, the linker takes the first.
file(GLOB_RECURSE GAQ_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp)
set(isa_sources ${GAQ_SOURCES})
list(FILTER isa_sources INCLUDE REGEX "/src/isa/")
list(FILTER GAQ_SOURCES EXCLUDE REGEX "/src/isa/")

function(add_instruction_set file)
  set(path ${CMAKE_CURRENT_SOURCE_DIR}/src/isa/${file}.cpp)
  if(path IN_LIST isa_sources)
    set_source_files_properties(${path} PROPERTIES COMPILE_OPTIONS "${ARGN}")
    set(GAQ_SOURCES ${GAQ_SOURCES} ${path} PARENT_SCOPE)
  endif()
endfunction()

add_instruction_set(scalar)
if(GAQ_X86)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 11 to 13 warn of the registers that their own intrinsics leave undefined on purpose (GCC bug 105593).
    set(quiet -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
  add_instruction_set(avx2 -mavx2 -mfma)
  set(avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma ${quiet})
  add_instruction_set(avx512 ${avx512})
  include(CheckCXXCompilerFlag)
  check_cxx_compiler_flag("-mamx-tile -mamx-int8" GAQ_COMPILES_AMX)  # GCC 11, Clang 12
  if(GAQ_COMPILES_AMX AND CMAKE_SYSTEM_NAME STREQUAL "Linux")  # others give tiles to a process in other ways
    add_instruction_set(amx ${avx512} -mamx-tile -mamx-int8)
    set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/dispatch.cpp PROPERTIES
                                COMPILE_DEFINITIONS GAQ_AMX)
  endif()
elseif(GAQ_ARM)
  add_instruction_set(neon)
  add_instruction_set(neon_dot -march=armv8.2-a+dotprod)
endif()
