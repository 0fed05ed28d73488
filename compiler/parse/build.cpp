#include "parse/build.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>
#include <string>

#include "base/duration.h"
#include "base/quantity.h"
#include "parse/token_set.h"

namespace mlstack::parse {

using diag::Code;
using syntax::Statement;
using syntax::StatementKind;
using syntax::TokenKind;
using syntax::TypeExpr;
using syntax::TypeExprKind;

namespace {

constexpr TokenSet kOpeners{TokenKind::LBrace, TokenKind::LBracket, TokenKind::LParen, TokenKind::StringHead};
constexpr TokenSet kClosers{TokenKind::RBrace, TokenKind::RBracket, TokenKind::RParen, TokenKind::StringTail};

}  // namespace

base::Span Builder::spanOf(const antlr::Context& context) const {
  const std::uint32_t last = context.end > context.begin ? context.end - 1 : context.begin;
  return {spanAt(context.begin).begin, spanAt(last).end};
}

std::string_view Builder::textOf(base::Span span) const {
  return std::string_view(file_.text).substr(span.begin - file_.begin, span.end - span.begin);
}

syntax::Name Builder::nameAt(std::uint32_t index) {
  const syntax::Token& token = tokens_[index];
  if (token.kind == TokenKind::Name) return {symbols_.intern(textOf(token.span)), token.span};
  StringPieces string;
  string.first(textOf(token.span), true);
  decode(string, arena_);
  return {symbols_.intern(string.pieces[0]), token.span};
}

syntax::Name Builder::name(const Token* token) { return token == nullptr ? syntax::Name{} : nameAt(indexOf(token)); }

syntax::List<syntax::Name> Builder::path(std::uint32_t first, base::Span& span) {
  std::uint32_t count = 1;
  while (tokens_[first + 2 * count - 1].kind == TokenKind::Dot) ++count;
  const auto names = room<syntax::Name>(count);
  for (std::uint32_t i = 0; i < count; ++i) names[i] = nameAt(first + 2 * i);
  span = {names.front().span.begin, names.back().span.end};
  return names;
}

void Builder::setHead(Statement& out, std::uint32_t first) {
  if (tokens_[first + 1].kind == TokenKind::Dot) {
    out.head = path(first, out.headSpan);
    return;
  }
  out.name = nameAt(first);
  out.headSpan = out.name.span;
  out.head = syntax::List<syntax::Name>::single(out.name);
}

/// What an `import` that could not be read would be called: its alias, or the last of its path.
syntax::Name Builder::importedBy(std::uint32_t first) {
  syntax::Name last;
  for (std::uint32_t at = first + 1; tokens_[at].kind != TokenKind::EndOfFile && !tokens_[at].newlineBefore; ++at) {
    if (tokens_[at].kind == TokenKind::Name) last = nameAt(at);
    if (tokens_[at].kind != TokenKind::String) continue;
    last = nameAt(at);
    std::string_view path = symbols_.text(last.symbol);
    path = path.substr(path.rfind('/') + 1);
    if (path.ends_with(".mlstack")) path.remove_suffix(8);
    last.symbol = symbols_.intern(path);
  }
  return last;
}

/// What a statement that could not be read would have declared, as far as its tokens tell: what uses it is no further slip.
syntax::Name Builder::declaredBy(std::uint32_t first) {
  while (tokens_[first].kind == TokenKind::Doc) ++first;
  const auto isName = [this](std::uint32_t at) { return tokens_[at].kind == TokenKind::Name && !tokens_[at].newlineBefore; };
  const auto label = [&](std::uint32_t at) {
    const bool text = tokens_[at].kind == TokenKind::String && !tokens_[at].newlineBefore;
    return isName(at) || text ? nameAt(at) : syntax::Name{};
  };
  std::uint32_t head = first;
  switch (tokens_[first].kind) {
    case TokenKind::Param:   // `param int n`: the type came first
      return isName(first + 1) ? nameAt(isName(first + 2) ? first + 2 : first + 1) : syntax::Name{};
    case TokenKind::Let: case TokenKind::Kind: case TokenKind::Component: case TokenKind::For:
      return isName(first + 1) ? nameAt(first + 1) : syntax::Name{};
    case TokenKind::Import: return importedBy(first);
    case TokenKind::Object: {
      if (tokens_[first + 1].kind == TokenKind::String) return label(first + 2);
      syntax::Name last;
      for (std::uint32_t at = first + 1; tokens_[at].kind != TokenKind::EndOfFile && !tokens_[at].newlineBefore; ++at) {
        if (tokens_[at].kind == TokenKind::LBrace) break;
        if (isName(at)) last = nameAt(at);
      }
      return last;
    }
    case TokenKind::External: head = first + 1; break;
    case TokenKind::Name: break;
    default: return {};
  }
  if (tokens_[head].kind != TokenKind::Name) return {};
  while (tokens_[head + 1].kind == TokenKind::Dot && isName(head + 2)) head += 2;
  return label(head + 1);
}

std::string_view Builder::doc(const antlr::Context& context) {
  std::uint32_t count = 0;
  while (tokens_[context.begin + count].kind == TokenKind::Doc) ++count;
  const auto line = [&](std::uint32_t i) {
    std::string_view text = textOf(spanAt(context.begin + i)).substr(3);
    if (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
  };
  if (count <= 1) return count == 0 ? std::string_view{} : line(0);
  std::string all(line(0));
  for (std::uint32_t i = 1; i < count; ++i) all.append("\n").append(line(i));
  return arena_.copy(std::string_view(all));
}

std::string describeToken(const base::SourceFile& file, const syntax::Token& token) {
  const std::string_view text =
      std::string_view(file.text).substr(token.span.begin - file.begin, token.span.end - token.span.begin);
  switch (token.kind) {
    case TokenKind::Name:
    case TokenKind::Int:
    case TokenKind::Float:
    case TokenKind::Suffixed: return text.size() > 60 ? std::string(describe(token.kind)) : fmt::format("`{}`", text);
    case TokenKind::String: return text.size() > 40 ? "a string" : fmt::format("the string {}", text);
    default: return std::string(describe(token.kind));
  }
}

std::string strayUnit(const base::SourceFile& file, const std::vector<syntax::Token>& tokens, std::uint32_t at) {
  if (at == 0 || tokens[at].kind != TokenKind::Name || tokens[at].newlineBefore) return {};
  if (tokens[at - 1].kind != TokenKind::Int && tokens[at - 1].kind != TokenKind::Float) return {};
  const auto text = [&file](base::Span span) { return std::string_view(file.text).substr(span.begin - file.begin, span.end - span.begin); };
  const std::string whole = fmt::format("{}{}", text(tokens[at - 1].span), text(tokens[at].span));
  if (!base::parseQuantity(whole) && !base::parseDuration(whole)) return {};
  return fmt::format("a number and its unit are one word: `{}`", whole);
}

void Builder::unexpected(std::uint32_t index, std::string_view expected, std::string_view hint) {
  failed_ = true;
  if (++reported_ > kMaxReports) return;
  auto d = diag::make<Code::UnexpectedToken>(spanAt(index), describeToken(file_, tokens_[index]), expected);
  d.help = hint;
  sink_.add(std::move(d));
}

std::uint64_t Builder::builtRules() {
  return std::uint64_t{1} << Grammar::RuleStatement | std::uint64_t{1} << Grammar::RuleListItem | std::uint64_t{1} << Grammar::RuleMapEntry;
}

antlr::Built Builder::build(antlr::Context& context) {
  deepest_ = 0;
  antlr::Built out;
  switch (context.rule) {
    case Grammar::RuleListItem: out.node = buildListItem(static_cast<Grammar::ListItemContext&>(context)); break;
    case Grammar::RuleMapEntry:
      static_assert(std::is_trivially_copyable_v<syntax::MapEntry> && sizeof(syntax::MapEntry) <= antlr::ContextStack::kMostKept);
      entry_ = buildEntry(static_cast<Grammar::MapEntryContext&>(context));
      out.node = &entry_;
      out.size = sizeof entry_;
      break;
    default: out.node = buildStatement(static_cast<Grammar::StatementContext&>(context)); break;
  }
  out.depth = deepest_;
  return out;
}

/// `} elif x {`, `param n: int default 3`: a word of another language that reads as a head; how it is written here.
std::string_view Builder::foreignHead(std::uint32_t at) const {
  const std::string_view text = textOf(spanAt(at));
  const TokenKind next = tokens_[at + 1].kind;
  if (next == TokenKind::Assign || next == TokenKind::LBrace || tokens_[at + 1].newlineBefore) return {};
  if (text == "elif" || text == "elsif" || text == "elseif") return "it is written `} else if CONDITION {`";
  const bool behindParam = last_ != nullptr && last_->kind == StatementKind::Param && lastEnd_ == at && !tokens_[at].newlineBefore;
  if (behindParam && text == "default") return "a default is written `= VALUE`";
  return {};
}

Statement* Builder::buildStatement(Grammar::StatementContext& context) {
  if (context.failed && !tokens_[context.begin].newlineBefore) spoil(context.begin);
  Statement* out = readStatement(context);
  last_ = out;
  lastBegin_ = context.begin;
  lastEnd_ = context.end;
  return out;
}

Statement* Builder::readStatement(Grammar::StatementContext& context) {
  auto* out = arena_.make<Statement>();
  out->span = spanOf(context);
  out->doc = doc(context);
  if (!out->doc.empty()) {
    std::uint32_t first = context.begin;
    while (tokens_[first].kind == TokenKind::Doc) ++first;
    out->span.begin = spanAt(first).begin;
  }
  out->headSpan = {out->span.begin, out->span.begin};
  if (context.failed) {
    failed_ = true;
    out->name = declaredBy(context.begin);
    return out;
  }
  if (context.word != nullptr) {
    buildWord(*context.word, *out);
    return out;
  }
  if (context.spread != nullptr) {
    out->kind = StatementKind::Spread;
    out->value = buildExpr(context.spread);
    return out;
  }
  out->quotedHead = context.quoted != nullptr;
  if (context.quoted != nullptr) {
    out->name = name(context.quoted);
    out->headSpan = out->name.span;
    out->head = syntax::List<syntax::Name>::single(out->name);
  } else {
    setHead(*out, indexOf(context.head));
    if (const std::string_view habit = foreignHead(indexOf(context.head)); !habit.empty()) {
      unexpected(indexOf(context.head), "a statement", habit);
      spoil(context.begin);
      out->head = {};
      out->name = {};
      return out;
    }
    if (context.label != nullptr && context.label->begin == indexOf(context.head) + 1) {
      if (const std::string unit = strayUnit(file_, tokens_, indexOf(context.head)); !unit.empty()) {
        unexpected(indexOf(context.head), "a statement", unit);
        out->head = {};
        out->name = {};
        return out;
      }
    }
  }
  if (context.value != nullptr) out->value = buildExpr(context.value);
  if (context.label != nullptr) out->label = buildLabel(context.label);
  if (context.at != nullptr) out->at = buildExpr(context.at);
  out->hasBody = context.body != nullptr;
  out->body = buildBlock(context.body);
  out->kind = out->label == nullptr && !out->hasBody ? StatementKind::Field : StatementKind::Use;
  return out;
}

void Builder::buildWord(Grammar::WordStatementContext& context, Statement& out) {
  out.name = name(context.name);
  out.headSpan = spanAt(indexOf(context.word));
  if (context.name != nullptr) out.headSpan = out.headSpan.to(out.name.span);
  if (context.ty != nullptr) out.type = buildType(context.ty);
  if (context.refine != nullptr) buildRefinement(context.refine, out.range, out.pattern);
  if (context.from != nullptr) out.value = buildPlainString(context.from);
  if (context.value != nullptr) out.value = buildExpr(context.value);
  if (context.label != nullptr) out.label = buildLabel(context.label);
  out.hasBody = context.body != nullptr;
  out.body = buildBlock(context.body);
  switch (kindOf(context.word)) {
    case TokenKind::Stack: out.kind = StatementKind::Stack; break;
    case TokenKind::Import: out.kind = StatementKind::Import; break;
    case TokenKind::Param: out.kind = StatementKind::Param; break;
    case TokenKind::Let: out.kind = StatementKind::Let; break;
    case TokenKind::Output: out.kind = StatementKind::Output; break;
    case TokenKind::Component: out.kind = StatementKind::Component; break;
    case TokenKind::Allow: out.kind = StatementKind::Allow; break;
    case TokenKind::Object: out.kind = StatementKind::Object; break;
    case TokenKind::Kind:
      out.kind = StatementKind::Kind;
      out.members = buildMembers(context.fields);
      break;
    case TokenKind::For:
      out.kind = StatementKind::For;
      out.second = name(context.second);
      break;
    case TokenKind::If:
      out.kind = StatementKind::If;
      buildElse(context.otherwise, context.chained, out);
      break;
    case TokenKind::Assert:
      out.kind = StatementKind::Assert;
      if (context.message != nullptr) out.at = buildExpr(context.message);
      break;
    case TokenKind::External:
      out.kind = StatementKind::External;
      setHead(out, indexOf(context.word) + 1);
      break;
    default: break;  // no other kind begins the rule
  }
}

void Builder::buildElse(Grammar::BlockContext* otherwise, Grammar::ElseIfContext* chained, Statement& out) {
  if (otherwise != nullptr) out.otherwise = buildBlock(otherwise);
  if (chained == nullptr) return;
  out.chained = true;
  out.otherwise = room<Statement*>(1);
  out.otherwise[0] = buildElseIf(*chained);
}

void Builder::spoil(std::uint32_t at) {
  if (last_ == nullptr || lastEnd_ != at || tokens_[at].newlineBefore) return;
  for (std::uint32_t i = lastBegin_ + 1; i < lastEnd_; ++i)
    if (tokens_[i].newlineBefore) return;   // what stands on lines of its own is judged
  const bool declares = tokens_[lastBegin_].kind == TokenKind::Let;
  // Over what was there: the statements around hold it already.
  const base::Span span = last_->span;
  std::memset(static_cast<void*>(last_), 0, sizeof(Statement));
  new (last_) Statement;
  last_->span = span;
  last_->headSpan = {span.begin, span.begin};
  last_->name = declaredBy(lastBegin_);
  std::size_t depth = 0;
  for (std::uint32_t i = at; declares && tokens_[i].kind != TokenKind::EndOfFile && !tokens_[i + 1].newlineBefore; ++i) {
    if (kOpeners.has(tokens_[i].kind)) ++depth;
    else if (kClosers.has(tokens_[i].kind) && depth-- == 0) break;
    if (depth != 0 || tokens_[i].kind != TokenKind::Comma || tokens_[i + 1].kind != TokenKind::Name) continue;
    auto* stray = arena_.make<Statement>();
    stray->span = tokens_[i + 1].span;
    stray->headSpan = stray->span;
    stray->name = nameAt(i + 1);
    strays_.push_back(stray);
  }
}

void Builder::takeStrays(base::Pos from, std::vector<Statement*>& items) {
  while (!strays_.empty() && strays_.back()->span.begin >= from) {
    items.push_back(strays_.back());
    strays_.pop_back();
  }
}

Statement* Builder::buildElseIf(Grammar::ElseIfContext& context) {
  auto* out = arena_.make<Statement>();
  out->kind = StatementKind::If;
  out->span = spanOf(context);
  out->headSpan = spanAt(context.begin);
  out->value = buildExpr(context.value);
  out->hasBody = true;
  out->body = buildBlock(context.body);
  buildElse(context.otherwise, context.chained, *out);
  return out;
}

syntax::List<Statement*> Builder::buildBlock(Grammar::BlockContext* context) {
  if (context == nullptr) return {};
  const auto items = builtIn(*context);
  const std::size_t count = items.size();
  std::vector<Statement*> more;
  if (context->failed) {
    failed_ = true;
    more.push_back(arena_.make<Statement>());
    more[0]->span = {spanOf(*context).end - 1, spanOf(*context).end};
    takeStrays(spanOf(*context).begin, more);
  }
  const auto out = room<Statement*>(count + more.size());
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Statement*>(items[i].node);
  for (std::size_t i = 0; i < more.size(); ++i) out[count + i] = more[i];
  return out;
}

void Builder::buildRefinement(Grammar::RefinementContext* context, syntax::Expr*& range, syntax::Expr*& pattern) {
  if (context->range != nullptr) range = buildExpr(context->range);
  if (context->pattern != nullptr) pattern = buildString(context->pattern, 0);
}

syntax::List<syntax::KindMember> Builder::buildMembers(Grammar::MembersContext* context) {
  if (context == nullptr) return {};
  if (context->failed) failed_ = true;
  const std::size_t count = context->items.size();
  const auto out = room<syntax::KindMember>(count + (context->failed ? 1 : 0));
  if (context->failed) out[count] = unreadMember(spanOf(*context));
  bool typeMissing = false;
  for (std::size_t i = 0; i < count; ++i) {
    auto& item = *context->items[i];
    if (item.failed || typeMissing) {
      failed_ = true;
      typeMissing = false;
      out[i] = unreadMember(spanOf(item));
      continue;
    }
    // `size quantity -> spec.size`: two names on a line are one member that lacks its colon.
    const std::uint32_t next = item.end;
    const bool bare = item.ty == nullptr && item.to == nullptr && item.via == nullptr && item.value == nullptr;
    typeMissing = bare && i + 1 < count && tokens_[next].kind == TokenKind::Name && !tokens_[next].newlineBefore;
    if (typeMissing) unexpected(next, "`:` and a type", fmt::format("a field is written `{}: string -> spec.path`", textOf(item.name)));
    out[i] = typeMissing ? unreadMember(spanOf(item)) : buildMember(item);
  }
  return out;
}

syntax::KindMember Builder::unreadMember(base::Span span) {
  syntax::KindMember out;
  out.type = arena_.make<TypeExpr>();
  out.type->span = span;
  out.span = span;
  return out;
}

syntax::KindMember Builder::buildMember(Grammar::KindMemberContext& context) {
  syntax::KindMember out;
  out.doc = doc(context);
  out.name = name(context.name);
  if (context.ty != nullptr) out.type = buildType(context.ty);
  if (context.refine != nullptr) buildRefinement(context.refine, out.range, out.pattern);
  if (context.to != nullptr) out.target = buildTarget(*context.to);
  out.via = name(context.via);
  if (context.value != nullptr) out.value = buildExpr(context.value);
  out.span = out.name.span.to(spanOf(context));
  return out;
}

syntax::List<syntax::TargetStep> Builder::buildTarget(Grammar::TargetContext& context) {
  const auto out = room<syntax::TargetStep>(context.steps.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto& step = *context.steps[i];
    out[i] = {name(step.name), step.open != nullptr, name(step.key)};
  }
  return out;
}

TypeExpr* Builder::buildType(Grammar::TypeContext* context) {
  TypeExpr* first = buildTypeAtom(context->first);
  if (context->rest.empty()) return first;
  auto* out = arena_.make<TypeExpr>();
  out->kind = TypeExprKind::Union;
  out->span = spanOf(*context);
  out->arguments = room<TypeExpr*>(context->rest.size() + 1);
  out->arguments[0] = first;
  for (std::size_t i = 0; i < context->rest.size(); ++i) out->arguments[i + 1] = buildTypeAtom(context->rest[i]);
  return out;
}

TypeExpr* Builder::buildTypeAtom(Grammar::TypeAtomContext* context) {
  auto* out = arena_.make<TypeExpr>();
  out->span = spanOf(*context);
  out->optional = context->optional != nullptr;
  if (context->name == nullptr) {
    out->kind = TypeExprKind::Record;
    out->fields = room<syntax::TypeField>(context->fields.size());
    for (std::size_t i = 0; i < out->fields.size(); ++i) out->fields[i] = buildTypeField(*context->fields[i]);
    return out;
  }
  base::Span span;
  out->kind = TypeExprKind::Named;
  out->path = path(indexOf(context->name), span);
  if (!context->words.empty()) {
    if (out->path.size() != 1 || textOf(out->path[0].span) != "enum") {
      const auto open = static_cast<std::uint32_t>(indexOf(context->name) + 2 * out->path.size() - 1);
      unexpected(open, "`<` or the end of the type", "only `enum(…)` takes words; types take types: `list<…>`");
      out->kind = TypeExprKind::Error;
      return out;
    }
    out->kind = TypeExprKind::Enum;
    out->words = room<syntax::Name>(context->words.size());
    for (std::size_t i = 0; i < out->words.size(); ++i) out->words[i] = name(context->words[i]);
  }
  out->arguments = room<TypeExpr*>(context->arguments.size());
  for (std::size_t i = 0; i < out->arguments.size(); ++i) out->arguments[i] = buildType(context->arguments[i]);
  return out;
}

syntax::TypeField Builder::buildTypeField(Grammar::TypeFieldContext& context) {
  syntax::TypeField out;
  out.name = name(context.name);
  out.type = buildType(context.ty);
  if (context.value != nullptr) out.value = buildExpr(context.value);
  return out;
}

}  // namespace mlstack::parse
