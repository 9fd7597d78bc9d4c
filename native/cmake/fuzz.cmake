# The fuzzers, with Clang its libFuzzer, else a driver of our own; meant for GAQ_SANITIZE builds. As tests they replay the
# corpus, then go on for GAQ_FUZZ_SECONDS.
#
# fuzz_reader reads files, without their checksum (GAQ_FUZZING), which libFuzzer's own mutations would rarely pass.
# fuzz_model is the whole library: mutations are sealed again, and models that open are evaluated.
set(GAQ_FUZZ_SECONDS 60 CACHE STRING "How long the test of a fuzzer looks for something new")
set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus)
set(mutations fuzz/mutate.cpp fuzz/change_json.cpp fuzz/change_model.cpp fuzz/change_tensor.cpp)

file(GLOB reader CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/file/*.cpp)
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
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND GAQ_SANITIZE)
  # Tells libFuzzer which lines of the reader run; in other programs the runtime of the sanitizers has what it calls.
  set_source_files_properties(${reader} PROPERTIES COMPILE_OPTIONS -fsanitize=fuzzer-no-link)
endif()
foreach(fuzzer fuzz_reader fuzz_model)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_sources(${fuzzer} PRIVATE fuzz/libfuzzer.cpp)
    target_compile_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
    target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
    # libFuzzer writes what is new into the first folder, and takes the second as a beginning.
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/found/${fuzzer})
    add_test(NAME ${fuzzer} COMMAND ${fuzzer} -max_total_time=${GAQ_FUZZ_SECONDS} -max_len=65536 found/${fuzzer} ${corpus})
  else()
    target_sources(${fuzzer} PRIVATE fuzz/driver.cpp)
    add_test(NAME ${fuzzer} COMMAND ${fuzzer} --seconds ${GAQ_FUZZ_SECONDS} ${corpus})
  endif()
endforeach()
