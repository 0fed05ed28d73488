#pragma once
// Code points to bytes.

#include <cstdint>
#include <string>

namespace mlstack::base {

/// `code` is a Unicode scalar value.
void appendUtf8(std::string& out, std::uint32_t code);

}  // namespace mlstack::base
