#pragma once
// What the libraries of the compiler hold, in words.

#include <string>
#include <string_view>
#include <vector>

namespace mlstack::driver {

/// "std/train" and "train": what the library has; "train.pytorch", "aws.efs": that component or thing. Empty when there is none.
[[nodiscard]] std::string explainLibrary(std::string_view what);
/// "train.pytorch", …: what can be asked of the library `name`; empty when there is no such library.
[[nodiscard]] std::vector<std::string> libraryMembers(std::string_view name);

}  // namespace mlstack::driver
