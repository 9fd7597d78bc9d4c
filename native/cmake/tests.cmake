# Each tests/NAME_test.cpp is a program that returns non-zero when a check fails. They run in tests/, where golden/ is.
enable_testing()
file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/*_test.cpp)
foreach(path IN LISTS tests)
  get_filename_component(name ${path} NAME_WE)
  add_executable(${name} ${path})
  target_link_libraries(${name} PRIVATE gaq_objects)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/tests)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endforeach()

# Prints the neighbour list of a structure, for the comparison with a list of other authors.
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/tests/print_neighbors.cpp)
  add_executable(print_neighbors tests/print_neighbors.cpp)
  target_link_libraries(print_neighbors PRIVATE gaq_objects)
endif()
