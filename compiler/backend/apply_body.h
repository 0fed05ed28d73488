#pragma once
// Small changes in the compact JSON of a body, without reading all of it into a tree.

#include <string>
#include <string_view>

namespace mlstack::backend {

/// The text of the member `key` of an object; empty when there is none. `json` is well-formed.
[[nodiscard]] std::string_view jsonMember(std::string_view json, std::string_view key);
/// With `metadata.uid` set: the server then refuses when the object of that name is another one.
[[nodiscard]] std::string withUid(std::string body, std::string_view uid);
/// With the label `key` in metadata.labels, whatever it was before.
[[nodiscard]] std::string withLabel(std::string body, std::string_view key, std::string_view value);

}  // namespace mlstack::backend
