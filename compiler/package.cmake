# What `cmake --install` and `cpack -G DEB` hold: program, library, completions, manual, licence.
if(NOT TARGET mlstackc)
  return()
endif()

install(TARGETS mlstackc RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY stdlib/ DESTINATION ${CMAKE_INSTALL_DATADIR}/mlstackc/stdlib
        FILES_MATCHING PATTERN "*.mlstack" PATTERN "README.md")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES compiler/driver/mlstackc.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

# The completions are what the program itself prints. When a build cannot run it (cross
# compiling), the package goes without.
file(GLOB completion CONFIGURE_DEPENDS compiler/driver/*complet*.cpp)
if(completion AND NOT CMAKE_CROSSCOMPILING)
  set(completions ${CMAKE_BINARY_DIR}/completions)
  file(MAKE_DIRECTORY ${completions})
  set(run ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:mlstackc>)
  add_custom_command(
    OUTPUT ${completions}/mlstackc ${completions}/_mlstackc ${completions}/mlstackc.fish
    COMMAND ${run} completion bash > ${completions}/mlstackc
    COMMAND ${run} completion zsh > ${completions}/_mlstackc
    COMMAND ${run} completion fish > ${completions}/mlstackc.fish
    DEPENDS mlstackc
    COMMENT "Writing shell completions" VERBATIM)
  add_custom_target(mlstack_completions ALL DEPENDS ${completions}/mlstackc)
  install(FILES ${completions}/mlstackc
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${completions}/_mlstackc DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
  install(FILES ${completions}/mlstackc.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mlstackc)
set(CPACK_PACKAGE_VENDOR "mlstackc")
set(CPACK_PACKAGE_CONTACT "The mlstackc authors <mlstackc@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compiler from .mlstack to Kubernetes manifests")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Describes training, serving and the data they own in one small language,\n checks storage before anything reaches a cluster, and writes manifests.")
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_STRIP_FILES ON)
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
find_program(FILE_PROGRAM file)
mark_as_advanced(DPKG_SHLIBDEPS FILE_PROGRAM)
if(DPKG_SHLIBDEPS AND FILE_PROGRAM)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4 | libcurl4t64")   # loaded at run time: shlibdeps does not see it
else()
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.36), libcurl4 | libcurl4t64")
endif()
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
include(CPack)
