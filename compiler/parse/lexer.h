#pragma once
// Bytes to tokens in one pass, driven by a table of byte classes.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"
#include "syntax/token.h"

namespace mlstack::parse {

class Lexer {
 public:
  Lexer(const base::SourceFile& file, diag::Sink& sink);
  /// Call once.
  [[nodiscard]] syntax::TokenList run();

 private:
  /// A string whose `${` is open: the code inside is lexed as any other until its `}`.
  struct OpenString {
    bool block;
    std::uint32_t braces;        // `{` open inside the interpolation
    const char* begin;           // where the string begins
    const char* interpolation;   // its `${`
  };
  enum class Slip : std::uint8_t { BadByte, Other };

  void code();
  void newLine();
  void word();
  void number();
  void slash();
  void lineComment();
  void blockComment();
  void punctuation();
  void unexpected();
  bool hereDocument();
  bool foreignQuotes(std::string_view open, std::string_view close);

  void openString(const char* start);
  void rawString(const char* start);
  void text(const char* start, bool block, bool head);
  void blockEnd(const char* start, bool head);
  void interpolate(const char* start, bool block, bool head);
  void unterminated(const char* start, bool block, bool head);
  void escape();
  void unfinishedInterpolation();

  void push(syntax::TokenKind kind, const char* start);
  void resolveWord(std::size_t index, syntax::TokenKind next, bool nextOnNewLine);
  void demoteDocs();
  void comment(const char* start);

  [[nodiscard]] base::Span span(const char* from, const char* to) const;
  [[nodiscard]] base::Span lineOf(const char* place) const;
  void report(diag::Diagnostic d, Slip slip = Slip::Other);
  void reportBadBytes();
  void finish();

  const base::SourceFile& file_;
  diag::Sink& sink_;
  const char* begin_;
  const char* end_;
  const char* at_;
  syntax::TokenList out_;
  std::vector<OpenString> open_;
  std::vector<diag::Diagnostic> found_;
  std::size_t badBytes_ = 0;
  unsigned hereDocuments_ = 0;
  const char* stringBegin_ = nullptr;  // of the string that `text` is reading
  bool firstOnLine_ = true;   // no token yet on this line
  bool blankBefore_ = true;   // nothing at all yet on this line
  bool wordPending_ = false;  // the last token is a word whose meaning hangs on what follows
};

}  // namespace mlstack::parse
