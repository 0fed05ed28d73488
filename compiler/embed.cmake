# cmake -DROOT=dir -DSUFFIX=.md -DOUT=file.inc -P embed.cmake
# Writes one row `{"relative/path", {"bytes", size}},` per file, sorted by path, fit for an array
# of {std::string_view path; std::string_view content;}. Every byte is escaped, so content may be
# anything. Without files there is one row with an empty path, as C++ has no empty arrays.
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/*${SUFFIX})
list(SORT files)
set(rows "")
foreach(file IN LISTS files)
  file(READ ${ROOT}/${file} hex HEX)
  file(SIZE ${ROOT}/${file} size)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
  string(REPLACE "\\x0a" "\\x0a\"\n   \"" bytes "${bytes}")  # one source line a row of text
  string(APPEND rows "{\"${file}\", {\"${bytes}\", ${size}}},\n")
endforeach()
if(rows STREQUAL "")
  set(rows "{\"\", \"\"},\n")
endif()
file(WRITE ${OUT} "${rows}")
