#pragma once
// Contexts of the generated parser to nodes: one function a rule, by labels.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "MlstackParser.h"

#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "parse/balance.h"
#include "parse/strings.h"
#include "syntax/ast.h"
#include "syntax/token.h"

namespace mlstack::parse {

class Builder {
 public:
  using Grammar = antlr::MlstackParser;

  Builder(const base::SourceFile& file, const Balanced& balanced, const antlr::ContextStack& stack, base::Arena& arena,
          base::SymbolTable& symbols, diag::Sink& sink)
      : file_(file), tokens_(*balanced.tokens), slips_(balanced.slips), stack_(stack), arena_(arena), symbols_(symbols), sink_(sink) {}

  /// Of a rule of `builtRules`: a Statement, an Expr, or a MapEntry to be kept.
  [[nodiscard]] antlr::Built build(antlr::Context& context);
  [[nodiscard]] static std::uint64_t builtRules();
  [[nodiscard]] syntax::Expr* buildExpr(Grammar::ExprContext* context, unsigned depth = 0);

  /// Something could not be read: the tree holds Error nodes.
  [[nodiscard]] bool failed() const { return failed_; }
  void fail() { failed_ = true; }
  /// The token at `at` belongs to nothing. What it stands behind, on its line, is not what was meant, and of a list of
  /// names (`let a = 1, b = 2`) the others are declared as well.
  void spoil(std::uint32_t at);
  /// Moves what `spoil` declared behind `from` to the end of `items`.
  void takeStrays(base::Pos from, std::vector<syntax::Statement*>& items);

 private:
  /// Expressions nest no deeper than this, so that whoever walks the tree may recurse.
  static constexpr unsigned kMaxExprDepth = 1000;
  static constexpr std::size_t kMaxReports = 500;

  using Token = antlr4::Token;

  void buildWord(Grammar::WordStatementContext& context, syntax::Statement& out);
  void buildRefinement(Grammar::RefinementContext* context, syntax::Expr*& range, syntax::Expr*& pattern);
  syntax::Statement* buildStatement(Grammar::StatementContext& context);
  [[nodiscard]] std::string_view foreignHead(std::uint32_t at) const;
  syntax::Statement* readStatement(Grammar::StatementContext& context);
  syntax::Statement* buildElseIf(Grammar::ElseIfContext& context);
  void buildElse(Grammar::BlockContext* otherwise, Grammar::ElseIfContext* chained, syntax::Statement& out);
  syntax::List<syntax::Statement*> buildBlock(Grammar::BlockContext* context);
  syntax::List<syntax::KindMember> buildMembers(Grammar::MembersContext* context);
  syntax::KindMember unreadMember(base::Span span);
  syntax::KindMember buildMember(Grammar::KindMemberContext& context);
  syntax::List<syntax::TargetStep> buildTarget(Grammar::TargetContext& context);

  syntax::TypeExpr* buildType(Grammar::TypeContext* context);
  syntax::TypeExpr* buildTypeAtom(Grammar::TypeAtomContext* context);
  syntax::TypeField buildTypeField(Grammar::TypeFieldContext& context);

  syntax::Expr* buildOperand(Grammar::OperandContext* context, unsigned depth);
  syntax::Expr* buildLabel(Grammar::LabelOperandContext* context);
  syntax::Expr* buildSuffix(Grammar::SuffixContext& context, syntax::Expr* left, unsigned depth);
  syntax::List<syntax::Argument> buildArguments(Grammar::SuffixContext& context, unsigned depth);
  syntax::Expr* buildLiteral(Token* token);
  syntax::Expr* buildNumber(Token* token, syntax::ExprKind kind);
  syntax::Expr* buildTemplate(Grammar::InterpolatedContext* context, unsigned depth);
  syntax::Expr* buildString(Grammar::StringContext* context, unsigned depth);
  syntax::Expr* buildPlainString(Token* token);
  syntax::Expr* buildList(Grammar::ListBodyContext* context, unsigned depth);
  syntax::Expr* buildListItem(Grammar::ListItemContext& context);
  syntax::Expr* buildFor(Grammar::ForClauseContext& context, bool map, unsigned depth);
  syntax::Expr* buildMap(Grammar::MapBodyContext* context, unsigned depth);
  syntax::MapEntry buildEntry(Grammar::MapEntryContext& context);
  template <class Primary>
  syntax::Expr* buildPrimary(Primary& context, unsigned depth);

  struct Chain {
    Grammar::ExprContext& context;
    std::size_t next = 0;  // the operator to look at
    unsigned depth = 0;
  };
  syntax::Expr* climb(Chain& chain, unsigned level);

  // Tokens by index.
  static std::uint32_t indexOf(const Token* token) { return static_cast<const antlr::Lexeme*>(token)->index(); }
  static syntax::TokenKind kindOf(const Token* token) { return static_cast<const antlr::Lexeme*>(token)->kind(); }
  [[nodiscard]] base::Span spanAt(std::uint32_t index) const { return tokens_[index].span; }
  [[nodiscard]] base::Span spanOf(const antlr::Context& context) const;
  [[nodiscard]] std::string_view textOf(base::Span span) const;
  [[nodiscard]] std::string_view textOf(const Token* token) const { return textOf(spanAt(indexOf(token))); }
  [[nodiscard]] syntax::Name name(const Token* token);
  [[nodiscard]] syntax::Name nameAt(std::uint32_t index);
  [[nodiscard]] syntax::List<syntax::Name> path(std::uint32_t first, base::Span& span);
  [[nodiscard]] syntax::Name declaredBy(std::uint32_t first);
  [[nodiscard]] syntax::Name importedBy(std::uint32_t first);
  void setHead(syntax::Statement& out, std::uint32_t first);
  [[nodiscard]] std::string_view doc(const antlr::Context& context);
  [[nodiscard]] syntax::Expr* make(syntax::ExprKind kind, base::Span span);
  [[nodiscard]] syntax::Expr* error(base::Span span);
  [[nodiscard]] bool tooDeep(unsigned depth, base::Span span);
  [[nodiscard]] std::span<const antlr::Built> builtIn(const antlr::Context& context) const {
    return std::span(stack_.built).subspan(context.firstBuilt, context.endBuilt - context.firstBuilt);
  }
  [[nodiscard]] bool slipped(const antlr::Context& context) const;
  void unexpected(std::uint32_t index, std::string_view expected, std::string_view hint = {});

  template <class T>
  syntax::List<T> room(std::size_t count) {
    return syntax::List<T>::make(arena_, count);
  }

  const base::SourceFile& file_;
  const std::vector<syntax::Token>& tokens_;
  const std::vector<base::Span>& slips_;
  const antlr::ContextStack& stack_;
  base::Arena& arena_;
  base::SymbolTable& symbols_;
  diag::Sink& sink_;
  bool failed_ = false;
  unsigned deepest_ = 0;   // in what is being built
  syntax::MapEntry entry_; // the one that was built last, until it is kept
  syntax::Statement* last_ = nullptr;    // that was built, of the tokens [lastBegin_, lastEnd_)
  std::uint32_t lastBegin_ = 0;
  std::uint32_t lastEnd_ = 0;
  std::vector<syntax::Statement*> strays_;
  std::size_t reported_ = 0;
};

/// For `10 Gi`, whose `Gi` stands at `at`: what to write; empty otherwise.
[[nodiscard]] std::string strayUnit(const base::SourceFile& file, const std::vector<syntax::Token>& tokens, std::uint32_t at);

/// How a message calls this very token: "`foo`", "`}`", "the string \"a\"".
[[nodiscard]] std::string describeToken(const base::SourceFile& file, const syntax::Token& token);

}  // namespace mlstack::parse
