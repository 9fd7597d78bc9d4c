# The fuzzers, meant for GAQ_SANITIZE builds. As tests they replay the corpus, then go on for GAQ_FUZZ_SECONDS.
#
# fuzz_reader reads files, without their checksum (GAQ_FUZZING), which libFuzzer's own mutations would rarely pass. With
# Clang it is driven by libFuzzer, else by a driver of our own.
# fuzz_model is the whole library: mutations are sealed again, and models that open are evaluated.
set(GAQ_FUZZ_SECONDS 60 CACHE STRING "How long the test of a fuzzer looks for something new")
set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus)
set(mutations fuzz/mutate.cpp fuzz/change_json.cpp fuzz/change_model.cpp fuzz/change_tensor.cpp)

# Reading calls no kernel, but the table of architectures knows who runs what is read.
file(GLOB_RECURSE reader CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_SOURCE_DIR}/src/file/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/src/networks/*.cpp
  ${CMAKE_CURRENT_SOURCE_DIR}/src/layers/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/src/threads/*.cpp
  ${CMAKE_CURRENT_SOURCE_DIR}/src/geometry/adjacency.cpp)
add_executable(fuzz_reader fuzz/reader_fuzz.cpp ${mutations} ${reader})
target_include_directories(fuzz_reader PRIVATE include src)
target_compile_definitions(fuzz_reader PRIVATE GAQ_FUZZING)
target_link_libraries(fuzz_reader PRIVATE gaq_flags)

add_executable(fuzz_model fuzz/model_fuzz.cpp ${mutations})
target_link_libraries(fuzz_model PRIVATE gaq_objects)

add_executable(make_corpus fuzz/make_corpus.cpp)
target_link_libraries(make_corpus PRIVATE gaq_objects)

enable_testing()
add_executable(mutations_test fuzz/mutations_test.cpp ${mutations})
target_link_libraries(mutations_test PRIVATE gaq_objects)
add_test(NAME mutations_test COMMAND mutations_test)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_sources(fuzz_reader PRIVATE fuzz/libfuzzer.cpp)
  target_compile_options(fuzz_reader PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_reader PRIVATE -fsanitize=fuzzer)
  # libFuzzer writes what is new into the first folder, and takes the second as a beginning.
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/found)
  add_test(NAME fuzz_reader COMMAND fuzz_reader -max_total_time=${GAQ_FUZZ_SECONDS} -max_len=65536 found ${corpus})
else()
  target_sources(fuzz_reader PRIVATE fuzz/driver.cpp)
  add_test(NAME fuzz_reader COMMAND fuzz_reader --seconds ${GAQ_FUZZ_SECONDS} ${corpus})
endif()
# Our driver with every compiler: libFuzzer collects files that reach new lines, which are nearly all refused (437 of 441
# after four minutes), and then changes these, so that next to no model is evaluated.
target_sources(fuzz_model PRIVATE fuzz/driver.cpp)
add_test(NAME fuzz_model COMMAND fuzz_model --seconds ${GAQ_FUZZ_SECONDS} ${corpus})
