# Each tests/NAME_test.cpp is a program that returns non-zero when a check fails. They run in tests/, where golden/ is.
enable_testing()
file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/*_test.cpp)
foreach(path IN LISTS tests)
  get_filename_component(name ${path} NAME_WE)
  add_executable(${name} ${path})
  target_link_libraries(${name} PRIVATE gaq_objects)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/tests)
  set_tests_properties(${name} PROPERTIES TIMEOUT 3600)
endforeach()

# Programs that tests in Python and the Makefile compare with something else.
file(GLOB printers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tests/print_*.cpp)
foreach(path IN LISTS printers)
  get_filename_component(name ${path} NAME_WE)
  add_executable(${name} ${path})
  target_link_libraries(${name} PRIVATE gaq_objects)
endforeach()
