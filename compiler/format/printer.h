#pragma once
// Prints tokens and comments in the canonical layout. Sees structure only through the Outline.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/source.h"
#include "format/outline.h"
#include "syntax/token.h"

namespace mlstack::format {

class Printer {
 public:
  Printer(const base::SourceFile& file, const syntax::TokenList& list, const Outline& outline);
  [[nodiscard]] std::string run();

 private:
  /// What stands between two tokens.
  struct Gap {
    enum class Kind : std::uint8_t { Tight, Spaces, Line } kind = Kind::Tight;
    std::uint8_t spaces = 0;
    bool mayBlank = false;    // Line: one blank line of the source stays, before the token
    bool parts = false;       // Line: and also before the comments in front of it
    std::size_t indent = 0;   // Line: of the token
    std::size_t commentIndent = 0;
  };

  /// Consecutive lines whose `=` are brought under one another.
  struct Aligned {
    std::size_t anchor;  // offset of the `=` in the output
    std::size_t width;   // columns before it
  };

  void items(std::uint32_t from, std::uint32_t to, std::size_t indent, bool byComma);
  void item(std::uint32_t from, std::uint32_t to, std::size_t indent, const Gap& before);
  void tokens(std::uint32_t from, std::uint32_t to);
  void bracket(std::uint32_t open);
  void token(std::uint32_t index, const Gap& gap);
  void blockString(std::uint32_t index);
  [[nodiscard]] std::uint32_t headOf(std::uint32_t index) const;
  void measureBlockString(std::uint32_t head);

  void comments(std::uint32_t index, const Gap& gap);
  void newLine(std::size_t indent, bool blank);
  void write(std::string_view text);

  [[nodiscard]] Gap gapBefore(std::uint32_t index) const;
  [[nodiscard]] bool glued(std::uint32_t index) const;
  [[nodiscard]] bool isUnary(std::uint32_t index) const;
  [[nodiscard]] bool closesTight(std::uint32_t index) const;
  [[nodiscard]] bool keepsBreak(std::uint32_t index) const;
  [[nodiscard]] bool isBroken(std::uint32_t open);
  [[nodiscard]] std::vector<std::uint32_t> chainOf(std::uint32_t open) const;
  [[nodiscard]] std::size_t flatWidth(std::uint32_t from, std::uint32_t limit, std::size_t room) const;
  [[nodiscard]] bool breaksBetween(std::uint32_t after, std::uint32_t to) const { return lines_[to + 1] != lines_[after + 1]; }
  [[nodiscard]] bool blankBetween(base::Pos from, base::Pos to) const;
  [[nodiscard]] std::string_view textOf(base::Span span) const;
  [[nodiscard]] std::string_view textOf(std::uint32_t index) const { return textOf(list_.tokens[index].span); }

  void noteAlignment(std::uint32_t anchor, std::uint32_t to, std::size_t begin);
  [[nodiscard]] bool isDetached(std::size_t gapBegin, std::size_t firstComment, std::uint32_t from) const;
  void flushAlignment();
  [[nodiscard]] std::uint32_t anchorOf(std::uint32_t from, std::uint32_t to, std::string_view& group) const;

  const base::SourceFile& file_;
  const syntax::TokenList& list_;
  const Outline& outline_;
  std::string out_;
  std::size_t column_ = 0;
  std::size_t lineIndent_ = 0;      // of the line being written
  std::size_t itemIndent_ = 0;      // of the item being written
  std::size_t nextComment_ = 0;
  std::size_t anchorOffset_ = 0;    // of the `=` that was marked
  std::uint32_t anchorToken_ = 0;   // the `=` to mark; 0 for none
  bool atStart_ = true;             // nothing yet in this block: no blank line
  bool forceLine_ = false;          // a line comment was written
  std::vector<std::uint32_t> commentWidth_;  // by token: columns of the comments before it, from the beginning
  unsigned flat_ = 0;                 // brackets that are on one line around what is written
  std::vector<std::uint32_t> lines_;  // by token: breaks in the source before it, from the beginning
  std::uint32_t measured_ = UINT32_MAX;  // the block string whose indentation is known
  std::size_t common_ = 0;
  std::unordered_set<std::uint32_t> forced_;  // blocks that break because another of their `if` does
  std::vector<Aligned> run_;
  std::string_view runGroup_;
};

}  // namespace mlstack::format
