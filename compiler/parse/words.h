#pragma once
// When a reserved word is reserved. Kubernetes has fields called `kind`, `for`, `in`; so a word is
// reserved only where its statement or operator can stand, which its two neighbours tell.

#include <cstdint>

#include "syntax/token.h"

namespace mlstack::parse {

[[nodiscard]] constexpr bool isWordKind(syntax::TokenKind kind) {
  return kind >= syntax::TokenKind::Stack && kind <= syntax::TokenKind::Via;
}

struct WordPlace {
  syntax::TokenKind previous;  // resolved already; EndOfFile for the first token
  syntax::TokenKind next;      // as spelled
  bool newLine;                // the word is the first of its line
  bool nextOnNewLine;
};

/// Whether `word` means itself, or is a name that merely looks like it.
[[nodiscard]] bool isReserved(syntax::TokenKind word, const WordPlace& place);

}  // namespace mlstack::parse
