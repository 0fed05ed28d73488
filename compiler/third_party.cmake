# The libraries we stand on, each as one target mlstack::<name>, linked statically: what a user
# feels first is start-up, and shared libLLVM alone costs ten times the whole budget.
# Headers are SYSTEM, so that warnings as errors hold for our own code only.

function(mlstack_static_library name archive)
  find_library(MLSTACK_${name}_ARCHIVE NAMES ${archive} REQUIRED)
  mark_as_advanced(MLSTACK_${name}_ARCHIVE)
  add_library(mlstack_third_${name} INTERFACE)
  target_link_libraries(mlstack_third_${name} INTERFACE ${MLSTACK_${name}_ARCHIVE} ${ARGN})
  add_library(mlstack::${name} ALIAS mlstack_third_${name})
endfunction()

find_package(Threads REQUIRED)

# Debian ships fmt as a shared library and headers; the sources it leaves out are the two explicit
# instantiations below, so the static library is built here from the packaged headers.
set(fmt_source ${CMAKE_BINARY_DIR}/generated/fmt/format.cc)
file(CONFIGURE OUTPUT ${fmt_source} @ONLY CONTENT [[
#include <fmt/format-inl.h>
FMT_BEGIN_NAMESPACE
namespace detail {
template FMT_API auto dragonbox::to_decimal(float x) noexcept -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal(double x) noexcept -> dragonbox::decimal_fp<double>;
template FMT_API auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto thousands_sep_impl(locale_ref) -> thousands_sep_result<wchar_t>;
template FMT_API auto decimal_point_impl(locale_ref) -> char;
template FMT_API auto decimal_point_impl(locale_ref) -> wchar_t;
template FMT_API void buffer<char>::append(const char*, const char*);
template FMT_API void buffer<wchar_t>::append(const wchar_t*, const wchar_t*);
template FMT_API void vformat_to(buffer<char>&, string_view,
                                 basic_format_args<FMT_BUFFER_CONTEXT(char)>, locale_ref);
}  // namespace detail
template FMT_API detail::locale_ref::locale_ref(const std::locale& loc);
template FMT_API auto detail::locale_ref::get<std::locale>() const -> std::locale;
FMT_END_NAMESPACE
]])
add_library(mlstack_third_fmt STATIC ${fmt_source})
target_compile_options(mlstack_third_fmt PRIVATE -w -ffunction-sections -fdata-sections)
add_library(mlstack::fmt ALIAS mlstack_third_fmt)

# LLVMSupport by its archives: the exported target would add shared z3, zlib and terminfo.
find_package(LLVM 14 CONFIG REQUIRED)
find_library(MLSTACK_tinfo_ARCHIVE NAMES libtinfo.a REQUIRED)
find_library(MLSTACK_zlib_ARCHIVE NAMES libz.a REQUIRED)
mark_as_advanced(MLSTACK_tinfo_ARCHIVE MLSTACK_zlib_ARCHIVE)
add_library(mlstack_third_llvm INTERFACE)
target_include_directories(mlstack_third_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_link_libraries(mlstack_third_llvm INTERFACE
  ${LLVM_LIBRARY_DIR}/libLLVMSupport.a ${LLVM_LIBRARY_DIR}/libLLVMDemangle.a
  ${MLSTACK_tinfo_ARCHIVE} ${MLSTACK_zlib_ARCHIVE} Threads::Threads ${CMAKE_DL_LIBS})
add_library(mlstack::llvm ALIAS mlstack_third_llvm)

mlstack_static_library(yaml libyaml-cpp.a)
mlstack_static_library(antlr libantlr4-runtime.a Threads::Threads)
target_include_directories(mlstack_third_antlr SYSTEM INTERFACE /usr/include/antlr4-runtime)

# CLI11 is headers only and lies in the default include path.
add_library(mlstack_third_cli INTERFACE)
add_library(mlstack::cli ALIAS mlstack_third_cli)

# libcurl is loaded when the first request is made (backend/curl.cpp): linked, it and its two dozen libraries would
# cost every start-up more than a whole build of a small stack. Only its headers are needed here.
find_path(MLSTACK_curl_INCLUDE curl/curl.h REQUIRED)
mark_as_advanced(MLSTACK_curl_INCLUDE)
add_library(mlstack_third_curl INTERFACE)
target_include_directories(mlstack_third_curl SYSTEM INTERFACE ${MLSTACK_curl_INCLUDE})
target_link_libraries(mlstack_third_curl INTERFACE ${CMAKE_DL_LIBS})
add_library(mlstack::curl ALIAS mlstack_third_curl)
