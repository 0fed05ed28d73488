#pragma once
// Each piece of state in words, for people.

#include <string>
#include <string_view>

#include "base/source.h"
#include "ir/stack.h"

namespace mlstack::storage {

/// A paragraph for each piece of state of a linked stack: what it can give, who uses it, what ends it and what
/// would lose it. Claims first, then claim templates, then what pods write outside of claims. Ends with a line feed;
/// a stack without state says so.
[[nodiscard]] std::string describeState(const ir::Stack& stack, const base::SourceSet& sources);

/// The computed facts as lines, for `build --emit ir`: of each claim, template, ephemeral claim and scratch volume the capability,
/// capacity, place, lifetime and uses. Empty without state; begins with an empty line and `state` otherwise.
[[nodiscard]] std::string stateFacts(const ir::Stack& stack);

/// What is known of a driver, provisioner or in-tree source of that name, and where it is written down; empty when nothing is.
[[nodiscard]] std::string describeProfile(std::string_view name);

}  // namespace mlstack::storage
