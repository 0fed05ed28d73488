#pragma once
// What somebody wrote who thinks in another language: YAML, JSON, HCL, Python, JavaScript. A slip is told by the tokens around it, and
// answered with the form that is meant here.

#include <cstdint>
#include <string>
#include <vector>

#include "base/source.h"
#include "syntax/token.h"

namespace mlstack::parse {

/// For the token at `at`, which cannot stand there: how it is written here; empty when it resembles nothing. `wanted`: the
/// one kind that could stand there, or EndOfFile.
[[nodiscard]] std::string habitHint(const base::SourceFile& file, const std::vector<syntax::Token>& tokens, std::uint32_t at,
                                    syntax::TokenKind wanted);

}  // namespace mlstack::parse
