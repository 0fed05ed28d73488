#include "format/outline.h"

#include <algorithm>

namespace mlstack::format {

bool endsOperand(syntax::TokenKind kind) {
  using syntax::TokenKind;
  switch (kind) {
    case TokenKind::Name: case TokenKind::Int: case TokenKind::Float: case TokenKind::Suffixed:
    case TokenKind::String: case TokenKind::BlockString: case TokenKind::StringTail: case TokenKind::True:
    case TokenKind::False: case TokenKind::Null: case TokenKind::RParen: case TokenKind::RBracket:
    case TokenKind::RBrace: return true;
    default: return false;
  }
}

namespace {

using syntax::Expr;
using syntax::ExprKind;
using syntax::Statement;
using syntax::StatementKind;
using syntax::Token;
using syntax::TokenKind;
using syntax::TypeExpr;
using syntax::TypeExprKind;

class Walk {
 public:
  Walk(const std::vector<Token>& tokens, Outline& out) : tokens_(tokens), out_(out) {}

  void statements(std::span<Statement* const> items) {
    for (const Statement* item : items) statement(*item, true);
  }

 private:
  [[nodiscard]] std::uint32_t indexAt(base::Pos pos) const {
    const auto at = std::lower_bound(tokens_.begin(), tokens_.end(), pos,
                                     [](const Token& token, base::Pos p) { return token.span.begin < p; });
    return static_cast<std::uint32_t>(at - tokens_.begin());
  }

  void start(base::Pos pos) {
    std::uint32_t index = indexAt(pos);
    while (index > 0 && tokens_[index - 1].kind == TokenKind::Doc) --index;
    out_.itemStart[index] = true;
  }

  void statement(const Statement& s, bool item) {
    if (item) start(s.span.begin);
    const std::uint32_t first = indexAt(s.span.begin);
    labelOf(first);
    expr(s.value);
    statements(s.body);
    switch (s.kind) {
      case StatementKind::Use: case StatementKind::External: case StatementKind::Object:
        expr(s.label);
        expr(s.at);
        break;
      case StatementKind::Assert: expr(s.at); break;
      case StatementKind::Param:
        type(s.type);
        expr(s.range);
        expr(s.pattern);
        break;
      case StatementKind::Let: case StatementKind::Output: type(s.type); break;
      case StatementKind::Kind:
        for (const auto& each : s.members) member(each);
        break;
      case StatementKind::If:
        for (const Statement* other : s.otherwise) statement(*other, !s.chained);
        break;
      case StatementKind::Error: case StatementKind::Stack: case StatementKind::Import: case StatementKind::Component:
      case StatementKind::For: case StatementKind::Allow: case StatementKind::Spread: case StatementKind::Field: break;
    }
  }

  void member(const syntax::KindMember& m) {
    start(m.name.span.begin);
    type(m.type);
    for (const Expr* e : {m.range, m.pattern, m.value}) expr(e);
  }

  /// `scratch (n * 1Gi) at …`: a parenthesis right behind the head of a statement calls nothing.
  void labelOf(std::uint32_t at) {
    if (tokens_[at].kind == TokenKind::External || tokens_[at].kind == TokenKind::Object) ++at;
    if (tokens_[at].kind != TokenKind::Name && tokens_[at].kind != TokenKind::String) return;
    ++at;
    while (tokens_[at].kind == TokenKind::Dot) at += 2;
    if (tokens_[at].kind != TokenKind::LParen) return;
    out_.label[at] = true;
    out_.use[at] = BracketUse::Inline;
  }

  void type(const TypeExpr* t) {
    if (t == nullptr) return;
    if (t->kind == TypeExprKind::Named && !t->arguments.empty()) {
      out_.tight[indexAt(t->path.back().span.begin) + 1] = true;
      std::uint32_t close = indexAt(t->span.end) - 1;
      while (tokens_[close].kind != TokenKind::Gt) --close;
      out_.tight[close] = true;
    }
    for (const TypeExpr* argument : t->arguments) type(argument);
    for (const auto& field : t->fields) {
      start(field.name.span.begin);
      type(field.type);
      expr(field.value);
    }
  }

  void expr(const Expr* e) {
    if (e == nullptr) return;
    switch (e->kind) {
      case ExprKind::Error: case ExprKind::Null: case ExprKind::Bool: case ExprKind::Int: case ExprKind::Float:
      case ExprKind::Suffixed: case ExprKind::String: case ExprKind::NameRef: break;
      case ExprKind::Member: case ExprKind::Unary: case ExprKind::Spread: expr(e->left); break;
      case ExprKind::Index: case ExprKind::Binary:
        expr(e->left);
        expr(e->right);
        break;
      case ExprKind::Conditional: case ExprKind::ForList: case ExprKind::ForMap:
        for (const Expr* part : {e->left, e->right, e->third}) expr(part);
        if (e->kind == ExprKind::ForMap) expr(e->value);
        break;
      case ExprKind::Call:
        expr(e->left);
        for (const auto& argument : e->arguments) expr(argument.value);
        break;
      case ExprKind::Template: case ExprKind::List:
        for (const Expr* item : e->items) expr(item);
        break;
      case ExprKind::Map:
        for (const auto& entry : e->entries) {
          start(entry.span.begin);
          expr(entry.key);
          expr(entry.value);
        }
        break;
    }
  }

  const std::vector<Token>& tokens_;
  Outline& out_;
};

void pairBrackets(const std::vector<Token>& tokens, Outline& out) {
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    out.partner[i] = i;
    switch (tokens[i].kind) {
      case TokenKind::LBrace: out.use[i] = BracketUse::Items; open.push_back(i); break;
      case TokenKind::LParen:
      case TokenKind::LBracket: {
        const bool suffix = i > 0 && endsOperand(tokens[i - 1].kind);
        out.use[i] = suffix == (tokens[i].kind == TokenKind::LParen) ? BracketUse::Items : BracketUse::Inline;
        open.push_back(i);
        break;
      }
      case TokenKind::StringHead: out.use[i] = BracketUse::Inline; open.push_back(i); break;
      case TokenKind::RBrace: case TokenKind::RBracket: case TokenKind::RParen: case TokenKind::StringTail:
        if (open.empty()) break;
        out.partner[i] = open.back();
        out.partner[open.back()] = i;
        open.pop_back();
        break;
      default: break;
    }
  }
}

}  // namespace

Outline makeOutline(const syntax::TokenList& list, const syntax::File& tree) {
  const auto& tokens = list.tokens;
  Outline out;
  out.partner.resize(tokens.size());
  out.use.resize(tokens.size(), BracketUse::None);
  out.itemStart.resize(tokens.size());
  out.tight.resize(tokens.size());
  out.label.resize(tokens.size());
  pairBrackets(tokens, out);
  Walk(tokens, out).statements(tree.items);
  return out;
}

}  // namespace mlstack::format
