// Any bytes: tokens, tree, canonical text. What parses keeps its tokens when formatted, and formatting twice is
// formatting once.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "support/reading.h"

using mlstack::tests::Reading;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Reading read(std::string(reinterpret_cast<const char*>(data), size));
  if (read.tree->hasErrors != read.sink.hasErrors()) std::abort();
  const std::string before = read.ast();
  const std::string once = read.formatted();
  if (read.tree->hasErrors) {
    if (once != read.file.text) std::abort();
    return 0;
  }
  const Reading again(once);
  if (again.sink.hasErrors() || again.ast() != before) std::abort();
  if (again.formatted() != once) std::abort();
  return 0;
}
