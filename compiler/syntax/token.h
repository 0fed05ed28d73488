#pragma once
// Tokens of a file. White space is not kept: a formatter re-makes it from positions; comments are.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/span.h"

namespace mlstack::syntax {

/// The same names, in the same order, as `tokens { … }` of grammar/MlstackParser.g4
/// (parse/ asserts that the numbers agree).
enum class TokenKind : std::uint8_t {
  EndOfFile,
  Name, Int, Float, Suffixed, String, BlockString, StringHead, StringMid, StringTail, Doc,
  Stack, Import, Param, Let, Kind, Component, For, If, Assert, Output, External, Object, Allow,
  As, At, Else, In, Matches, Then, True, False, Null, Via,
  LBrace, RBrace, LBracket, RBracket, LParen, RParen,
  Assign, Colon, Comma, Dot, Range, RangeBelow, Spread, Arrow, Question, Pipe,
  Eq, Ne, Lt, Le, Gt, Ge, Plus, Minus, Star, Slash, Percent, And, Or, Not,
};

/// "`=`", "a name", "a number": how a message calls the kind.
[[nodiscard]] std::string_view describe(TokenKind kind);
/// "LBrace": for dumps.
[[nodiscard]] std::string_view spell(TokenKind kind);

struct Token {
  TokenKind kind = TokenKind::EndOfFile;
  bool newlineBefore = false;  // first token of its line
  base::Span span;
};

/// A `//` or `/* */` comment (not `///`, which is a Doc token).
struct Comment {
  base::Span span;
  bool ownLine = false;  // nothing but white space before it on its line
};

struct TokenList {
  std::vector<Token> tokens;  // ends with EndOfFile
  std::vector<Comment> comments;
  /// Stretches of text in which something was reported already, by rising begin. Whoever reads the
  /// tokens says nothing more about what touches one.
  std::vector<base::Span> slips;
};

/// The kind of a reserved word, Name for any other text.
[[nodiscard]] TokenKind wordKind(std::string_view text);

/// Statement words and words inside statements, for editors and highlighting.
[[nodiscard]] const std::vector<std::string_view>& statementWords();
[[nodiscard]] const std::vector<std::string_view>& innerWords();

}  // namespace mlstack::syntax
