# The fuzzer of the file reader: with Clang its libFuzzer, else a driver of our own; meant for GAQ_SANITIZE builds.
# It leaves out the checksum (GAQ_FUZZING), which no mutation would pass. As a test it replays the corpus, then goes on
# for GAQ_FUZZ_SECONDS.
set(GAQ_FUZZ_SECONDS 60 CACHE STRING "How long the test of the fuzzer looks for something new")
set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus)

file(GLOB reader CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/file/*.cpp)
add_executable(fuzz_reader fuzz/reader_fuzz.cpp fuzz/mutate.cpp ${reader})
target_include_directories(fuzz_reader PRIVATE include src)
target_compile_definitions(fuzz_reader PRIVATE GAQ_FUZZING)
target_link_libraries(fuzz_reader PRIVATE gaq_flags)

add_executable(make_corpus fuzz/make_corpus.cpp)
target_link_libraries(make_corpus PRIVATE gaq_objects)

enable_testing()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_sources(fuzz_reader PRIVATE fuzz/libfuzzer.cpp)
  target_compile_options(fuzz_reader PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_reader PRIVATE -fsanitize=fuzzer)
  # libFuzzer writes what is new into the first folder, and takes the second as a beginning.
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/found)
  add_test(NAME fuzz_reader COMMAND fuzz_reader -max_total_time=${GAQ_FUZZ_SECONDS} found ${corpus})
else()
  target_sources(fuzz_reader PRIVATE fuzz/driver.cpp)
  add_test(NAME fuzz_reader COMMAND fuzz_reader --seconds ${GAQ_FUZZ_SECONDS} ${corpus})
endif()
