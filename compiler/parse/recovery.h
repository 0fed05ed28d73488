#pragma once
// What happens when the grammar meets a token that cannot follow: one message, and on with the next
// statement, member, entry or item.

#include <cstdint>
#include <string>
#include <vector>

#include "parse/balance.h"
#include "parse/build.h"

namespace mlstack::parse {

/// The rule's number when no rule is running.
inline constexpr std::uint8_t kTopLevel = 63;

class Recovery final : public antlr::Actions {
 public:
  Recovery(const base::SourceFile& file, const Balanced& balanced, Builder& builder, antlr::Cursor& cursor,
           diag::Sink& sink)
      : file_(file), tokens_(*balanced.tokens), slips_(balanced.slips), builder_(builder), cursor_(cursor), sink_(sink) {}

  antlr::Built build(antlr::Context& context) override;
  void emptyItem(std::uint8_t rule) override;
  void unexpected(std::uint8_t rule, syntax::TokenKind wanted) override;
  void tooDeep() override;
  bool resume(std::uint8_t rule, std::uint32_t begin) override;
  bool mayBegin(std::uint8_t rule) const override;

  /// The rules that are lists of things, for ParserBase::prepare.
  [[nodiscard]] static std::uint64_t loops();
  [[nodiscard]] static const std::uint64_t* follow();
  /// The rules that mayBegin is asked of.
  [[nodiscard]] static std::uint64_t onOneLine();
  [[nodiscard]] static bool startsStatement(syntax::TokenKind kind);

 private:
  struct Found {
    std::string text;
    base::Span span;
  };
  [[nodiscard]] Found found(std::uint8_t rule, syntax::TokenKind wanted, std::uint32_t at) const;
  [[nodiscard]] std::string expected(std::uint8_t rule, syntax::TokenKind wanted) const;
  [[nodiscard]] std::string hint(std::uint8_t rule, syntax::TokenKind wanted) const;
  [[nodiscard]] bool followsSlip(std::uint32_t at, base::Span seen) const;
  [[nodiscard]] bool endsHead(std::uint32_t at) const;
  [[nodiscard]] const syntax::Token& tokenBefore(std::uint32_t back) const;

  const base::SourceFile& file_;
  const std::vector<syntax::Token>& tokens_;
  const std::vector<base::Span>& slips_;
  Builder& builder_;
  antlr::Cursor& cursor_;
  diag::Sink& sink_;
  std::size_t reported_ = 0;
};

}  // namespace mlstack::parse
