#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "parse/build.h"
#include "parse/parse.h"

namespace mlstack::parse {

using diag::Code;
using syntax::Expr;
using syntax::ExprKind;
using syntax::Operator;
using syntax::TokenKind;

namespace {

struct OperatorRow {
  Operator op;
  unsigned level;  // higher binds tighter
  bool chains;
};

constexpr unsigned kOrLevel = 1;

OperatorRow operatorOf(TokenKind kind) {
  switch (kind) {
    case TokenKind::Or: return {Operator::Or, kOrLevel, true};
    case TokenKind::And: return {Operator::And, 2, true};
    case TokenKind::Eq: return {Operator::Eq, 3, false};
    case TokenKind::Ne: return {Operator::Ne, 3, false};
    case TokenKind::Lt: return {Operator::Lt, 4, false};
    case TokenKind::Le: return {Operator::Le, 4, false};
    case TokenKind::Gt: return {Operator::Gt, 4, false};
    case TokenKind::Ge: return {Operator::Ge, 4, false};
    case TokenKind::In: return {Operator::In, 4, false};
    case TokenKind::Range: return {Operator::Range, 5, false};
    case TokenKind::RangeBelow: return {Operator::RangeBelow, 5, false};
    case TokenKind::Plus: return {Operator::Add, 6, true};
    case TokenKind::Minus: return {Operator::Subtract, 6, true};
    case TokenKind::Star: return {Operator::Multiply, 7, true};
    case TokenKind::Slash: return {Operator::Divide, 7, true};
    default: return {Operator::Remainder, 7, true};
  }
}

std::size_t sizeOf(ExprKind kind) {
  switch (kind) {
    case ExprKind::Error: case ExprKind::Null: case ExprKind::Bool: case ExprKind::NameRef: return offsetof(Expr, text);
    case ExprKind::String: case ExprKind::Suffixed: return offsetof(Expr, left);
    case ExprKind::Int: case ExprKind::Float: case ExprKind::Member: case ExprKind::Unary: case ExprKind::Spread:
      return offsetof(Expr, right);
    case ExprKind::Template: case ExprKind::Index: case ExprKind::Call: case ExprKind::Binary: case ExprKind::List:
    case ExprKind::Map: return offsetof(Expr, third);
    case ExprKind::Conditional: return offsetof(Expr, value);
    case ExprKind::ForList: case ExprKind::ForMap: return sizeof(Expr);
  }
  return sizeof(Expr);
}

}  // namespace

/// A node, as far as its kind has fields; all zero.
Expr* Builder::make(ExprKind kind, base::Span span) {
  const std::size_t size = sizeOf(kind);
  auto* out = static_cast<Expr*>(arena_.allocate(size, alignof(Expr)));
  std::memset(static_cast<void*>(out), 0, size);
  out->kind = kind;
  out->span = span;
  return out;
}

Expr* Builder::error(base::Span span) {
  failed_ = true;
  return make(ExprKind::Error, span);
}

bool Builder::tooDeep(unsigned depth, base::Span span) {
  deepest_ = std::max(deepest_, depth);
  if (depth <= kMaxExprDepth) return false;
  failed_ = true;
  sink_.add(diag::make<Code::TooDeep>(span, kMaxExprDepth));
  return true;
}

/// A value in which something was reported: whatever else would be said of it follows from that.
bool Builder::slipped(const antlr::Context& context) const {
  if (slips_.empty()) return false;
  const base::Pos from = context.begin > 0 ? spanAt(context.begin - 1).end : spanAt(context.begin).begin;
  return touches(slips_, from, spanOf(context).end);
}

Expr* Builder::buildExpr(Grammar::ExprContext* context, unsigned depth) {
  if (depth == 0 && slipped(*context)) return error(spanOf(*context));
  if (context->then != nullptr) {
    Expr* out = make(ExprKind::Conditional, spanOf(*context));
    if (tooDeep(depth, spanAt(context->begin))) return error(out->span);
    out->third = buildExpr(context->condition, depth + 1);
    out->left = buildExpr(context->then, depth + 1);
    out->right = buildExpr(context->otherwise, depth + 1);
    return out;
  }
  if (context->ops.empty()) return buildOperand(context->first, depth);
  Chain chain{*context, 0, depth + static_cast<unsigned>(context->ops.size())};
  if (tooDeep(chain.depth, spanOf(*context))) return error(spanOf(*context));
  return climb(chain, kOrLevel);
}

/// Reads operators that bind at least as tight as `level`.
Expr* Builder::climb(Chain& chain, unsigned level) {
  const auto& ops = chain.context.ops;
  const auto operand = [&chain](std::size_t i) { return i == 0 ? chain.context.first : chain.context.rest[i - 1]; };
  Expr* left = buildOperand(operand(chain.next), chain.depth);
  while (chain.next < ops.size()) {
    Token* token = ops[chain.next];
    const OperatorRow row = operatorOf(kindOf(token));
    if (row.level < level) break;
    ++chain.next;
    Expr* right = climb(chain, row.level + 1);
    Expr* out = make(ExprKind::Binary, left->span.to(right->span));
    out->op = row.op;
    out->left = left;
    out->right = right;
    left = out;
    if (!row.chains && chain.next < ops.size() && operatorOf(kindOf(ops[chain.next])).level == row.level) {
      unexpected(indexOf(ops[chain.next]), "one comparison at a time",
                 "comparisons and ranges do not chain: join them by `&&`, or use parentheses");
      left->kind = ExprKind::Error;
    }
  }
  return left;
}

template <class Primary>
Expr* Builder::buildPrimary(Primary& context, unsigned depth) {
  if (context.token != nullptr) return buildLiteral(context.token);
  if (context.text != nullptr) return buildTemplate(context.text, depth);
  return buildExpr(context.inner, depth + 1);
}

Expr* Builder::buildOperand(Grammar::OperandContext* context, unsigned depth) {
  std::uint32_t base = context->begin;
  while (tokens_[base].kind == TokenKind::Minus || tokens_[base].kind == TokenKind::Not) ++base;
  depth += base - context->begin + static_cast<unsigned>(context->suffixes.size());
  if (tooDeep(depth, spanAt(context->begin))) return error(spanOf(*context));
  Expr* out = nullptr;
  if (context->list != nullptr) out = buildList(context->list, depth + 1);
  else if (context->map != nullptr) out = buildMap(context->map, depth + 1);
  else out = buildPrimary(*context, depth);
  for (auto* suffix : context->suffixes) out = buildSuffix(*suffix, out, depth);
  for (std::uint32_t i = base; i-- > context->begin;) {
    Expr* unary = make(ExprKind::Unary, spanAt(i).to(out->span));
    unary->op = tokens_[i].kind == TokenKind::Minus ? Operator::Negate : Operator::Not;
    unary->left = out;
    out = unary;
  }
  return out;
}

Expr* Builder::buildLabel(Grammar::LabelOperandContext* context) {
  const auto depth = static_cast<unsigned>(context->suffixes.size());
  if (slipped(*context) || tooDeep(depth, spanAt(context->begin))) return error(spanOf(*context));
  Expr* out = buildPrimary(*context, depth);
  for (auto* suffix : context->suffixes) out = buildSuffix(*suffix, out, depth);
  return out;
}

Expr* Builder::buildLiteral(Token* token) {
  const base::Span span = spanAt(indexOf(token));
  if (span.begin == span.end) return error(span);  // mended before: nothing was written here
  switch (kindOf(token)) {
    case TokenKind::Int: return buildNumber(token, ExprKind::Int);
    case TokenKind::Float: return buildNumber(token, ExprKind::Float);
    case TokenKind::String:
    case TokenKind::BlockString: return buildPlainString(token);
    case TokenKind::Null: return make(ExprKind::Null, span);
    case TokenKind::True:
    case TokenKind::False: {
      Expr* out = make(ExprKind::Bool, span);
      out->flag = kindOf(token) == TokenKind::True;
      return out;
    }
    case TokenKind::Suffixed: {
      Expr* out = make(ExprKind::Suffixed, span);
      out->text = textOf(span);
      return out;
    }
    default: {
      Expr* out = make(ExprKind::NameRef, span);
      out->name = symbols_.intern(textOf(span));
      return out;
    }
  }
}

Expr* Builder::buildNumber(Token* token, ExprKind kind) {
  Expr* out = make(kind, spanAt(indexOf(token)));
  out->text = textOf(token);
  const char* begin = out->text.data();
  const char* end = begin + out->text.size();
  const bool fits = kind == ExprKind::Int ? std::from_chars(begin, end, out->integer).ec == std::errc{}
                                          : std::from_chars(begin, end, out->real).ec == std::errc{};
  if (fits) {
    return out;
  }
  sink_.add(diag::make<Code::NumberTooLarge>(out->span, out->text));
  return error(out->span);
}

Expr* Builder::buildPlainString(Token* token) {
  Expr* out = make(ExprKind::String, spanAt(indexOf(token)));
  const std::string_view text = textOf(token);
  if (kindOf(token) == TokenKind::String && text.front() == '"' && text.size() >= 2 && text.back() == '"' &&
      text.find('\\') == std::string_view::npos) {
    out->text = text.substr(1, text.size() - 2);
    return out;
  }
  StringPieces string;
  string.first(text, true);
  decode(string, arena_);
  out->text = string.pieces[0];
  out->flag = string.block;
  return out;
}

Expr* Builder::buildString(Grammar::StringContext* context, unsigned depth) {
  return context->plain != nullptr ? buildPlainString(context->plain) : buildTemplate(context->text, depth);
}

Expr* Builder::buildTemplate(Grammar::InterpolatedContext* context, unsigned depth) {
  StringPieces string;
  string.first(textOf(context->head), false);
  for (Token* middle : context->mids) string.more(textOf(middle), false);
  string.more(textOf(context->tail), true);
  decode(string, arena_);

  const auto spanOfPiece = [&](std::size_t i) {
    if (i == 0) return spanAt(indexOf(context->head));
    return spanAt(indexOf(i <= context->mids.size() ? context->mids[i - 1] : context->tail));
  };
  Expr* out = make(ExprKind::Template, spanOf(*context));
  out->flag = string.block;
  std::size_t count = context->parts.size();
  for (const auto piece : string.pieces) count += piece.empty() ? 0 : 1;
  out->items = room<Expr*>(count);
  std::size_t at = 0;
  for (std::size_t i = 0; i < string.pieces.size(); ++i) {
    if (!string.pieces[i].empty()) {
      out->items[at] = make(ExprKind::String, spanOfPiece(i));
      out->items[at++]->text = string.pieces[i];
    }
    if (i < context->parts.size()) out->items[at++] = buildExpr(context->parts[i], depth + 1);
  }
  return out;
}

Expr* Builder::buildSuffix(Grammar::SuffixContext& context, Expr* left, unsigned depth) {
  const base::Span span = left->span.to(spanOf(context));
  if (context.name != nullptr) {
    Expr* out = make(ExprKind::Member, span);
    out->left = left;
    const syntax::Name member = name(context.name);
    out->name = member.symbol;
    out->nameSpan = member.span;
    if (!member.symbol) out->kind = ExprKind::Error;
    return out;
  }
  if (context.index != nullptr) {
    Expr* out = make(ExprKind::Index, span);
    out->left = left;
    out->right = buildExpr(context.index, depth + 1);
    return out;
  }
  Expr* out = make(ExprKind::Call, span);
  out->left = left;
  out->arguments = buildArguments(context, depth + 1);
  return out;
}

syntax::List<syntax::Argument> Builder::buildArguments(Grammar::SuffixContext& context, unsigned depth) {
  const auto out = room<syntax::Argument>(context.arguments.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto& argument = *context.arguments[i];
    out[i] = {};
    if (argument.failed) {
      out[i].value = error(spanOf(argument));
      continue;
    }
    out[i].value = buildExpr(argument.value, depth);
    if (argument.named == nullptr) continue;
    if (out[i].value->kind != ExprKind::NameRef) {
      unexpected(indexOf(argument.equals), "`,` or `)`", "only a plain name can name an argument");
      out[i].value = error(spanOf(argument));
      continue;
    }
    out[i].name = {out[i].value->name, out[i].value->span};
    out[i].value = buildExpr(argument.named, depth);
  }
  return out;
}

Expr* Builder::buildList(Grammar::ListBodyContext* context, unsigned depth) {
  // The brackets are the tokens around the body.
  const base::Span span = {spanAt(context->begin - 1).begin, spanAt(context->end).end};
  if (context->comprehension != nullptr) {
    Expr* out = buildFor(*context->comprehension, false, depth);
    out->span = span;
    return out;
  }
  Expr* out = make(ExprKind::List, span);
  const auto items = builtIn(*context);
  out->items = room<Expr*>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto* item = static_cast<Expr*>(items[i].node);
    out->items[i] = tooDeep(depth + items[i].depth, item->span) ? error(item->span) : item;
  }
  return out;
}

Expr* Builder::buildListItem(Grammar::ListItemContext& context) {
  if (context.failed) return error(spanOf(context));
  if (context.value != nullptr) return buildExpr(context.value, 1);
  Expr* out = make(ExprKind::Spread, spanOf(context));
  out->left = buildExpr(context.spread, 1);
  return out;
}

Expr* Builder::buildFor(Grammar::ForClauseContext& context, bool map, unsigned depth) {
  Expr* out = make(map ? ExprKind::ForMap : ExprKind::ForList, spanOf(context));
  const syntax::Name first = name(context.first);
  out->name = first.symbol;
  out->nameSpan = first.span;
  out->second = name(context.second).symbol;
  out->left = buildExpr(context.source, depth);
  if (context.condition != nullptr) out->third = buildExpr(context.condition, depth);
  out->right = buildExpr(context.element, depth);
  if (context.mapped != nullptr) out->value = buildExpr(context.mapped, depth);
  if (map && context.mapped == nullptr) {
    unexpected(context.end, "`=`", "a map is made of pairs: `{for x in list: key = value}`");
    out->kind = ExprKind::Error;
  } else if (!map && context.mapped != nullptr) {
    unexpected(indexOf(context.equals), "`]`", "a map of pairs stands in braces: `{for x in list: key = value}`");
    out->kind = ExprKind::Error;
  }
  return out;
}

Expr* Builder::buildMap(Grammar::MapBodyContext* context, unsigned depth) {
  const base::Span span = {spanAt(context->begin - 1).begin, spanAt(context->end).end};
  if (tooDeep(depth, span)) return error(span);
  if (context->comprehension != nullptr) {
    Expr* out = buildFor(*context->comprehension, true, depth);
    out->span = span;
    return out;
  }
  Expr* out = make(ExprKind::Map, span);
  const auto entries = builtIn(*context);
  const std::size_t count = entries.size();
  out->entries = room<syntax::MapEntry>(count + (context->failed ? 1 : 0));
  for (std::size_t i = 0; i < count; ++i) {
    out->entries[i] = *static_cast<const syntax::MapEntry*>(entries[i].node);
    if (tooDeep(depth + entries[i].depth, out->entries[i].span)) out->entries[i].value = error(out->entries[i].span);
  }
  if (context->failed) {
    out->entries[count] = {};
    out->entries[count].value = error({span.end - 1, span.end});
    out->entries[count].span = out->entries[count].value->span;
  }
  return out;
}

/// What could not be read is a spread of an Error: nobody can say then what the map lacks.
syntax::MapEntry Builder::buildEntry(Grammar::MapEntryContext& context) {
  syntax::MapEntry out;
  out.span = spanOf(context);
  std::uint32_t first = context.begin;
  while (tokens_[first].kind == TokenKind::Doc) ++first;
  out.span.begin = spanAt(first).begin;
  if (!context.failed && tokens_[context.end - 1].kind == TokenKind::Comma && context.end - 1 > context.begin) {
    out.span.end = spanAt(context.end - 2).end;
  }
  if (context.failed) {
    out.value = error(out.span);
    return out;
  }
  if (context.spread != nullptr) {
    out.value = buildExpr(context.spread, 1);
    return out;
  }
  base::Span keySpan;
  if (context.name != nullptr) {
    out.path = path(indexOf(context.name), keySpan);
  } else {
    out.key = buildString(context.key, 1);
    keySpan = out.key->span;
  }
  out.span.begin = keySpan.begin;
  out.value = context.value != nullptr ? buildExpr(context.value, 1) : buildMap(context.nested->map, 2);
  return out;
}

}  // namespace mlstack::parse
