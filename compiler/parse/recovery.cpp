#include "parse/recovery.h"

#include <array>

#include "parse/habits.h"
#include "parse/parse.h"
#include "parse/token_set.h"
#include "parse/words.h"

namespace mlstack::parse {
namespace {

using diag::Code;
using Grammar = antlr::MlstackParser;
using enum syntax::TokenKind;
using syntax::Token;
using syntax::TokenKind;

// The numbers of tokens agree: the enum is used for both.
static_assert(Grammar::NAME == static_cast<int>(Name) && Grammar::STRING_TAIL == static_cast<int>(StringTail) &&
              Grammar::STACK == static_cast<int>(Stack) && Grammar::ALLOW == static_cast<int>(Allow) &&
              Grammar::AS == static_cast<int>(As) && Grammar::VIA == static_cast<int>(Via) &&
              Grammar::LBRACE == static_cast<int>(LBrace) && Grammar::RPAREN == static_cast<int>(RParen) &&
              Grammar::PIPE == static_cast<int>(Pipe) && Grammar::NOT == static_cast<int>(Not));

constexpr TokenSet kStatementStart{Doc, Stack, Import, Param, Let, Kind, Component, For, If, Assert, Output,
                                   External, Object, Allow, syntax::TokenKind::Spread, String, BlockString, Name};
constexpr TokenSet kMemberStart{Doc, Name};
constexpr TokenSet kEntryStart{Doc, Name, String, BlockString, StringHead, syntax::TokenKind::Spread};
constexpr TokenSet kOpeners{LBrace, LBracket, LParen, StringHead};
constexpr TokenSet kClosers{RBrace, RBracket, RParen, StringTail};
constexpr TokenSet kUnfinished{Assign, Comma, LParen, LBracket, Range, RangeBelow, Eq, Ne, Le, Ge, Plus, Minus,
                               Star, Slash, Percent, And, Or, Not, Dot, Arrow, Then, In, At};

constexpr std::uint64_t bitsOf(TokenSet set) {
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < 64; ++i) {
    if (i <= static_cast<unsigned>(Not) && set.has(static_cast<TokenKind>(i))) bits |= std::uint64_t{1} << i;
  }
  return bits;
}

constexpr std::array<std::uint64_t, 64> kFollow = [] {
  std::array<std::uint64_t, 64> table{};
  table[Grammar::RuleBlock] = bitsOf(kStatementStart | TokenSet{RBrace});
  table[Grammar::RuleMembers] = bitsOf(kMemberStart | TokenSet{RBrace});
  table[Grammar::RuleMapBody] = bitsOf(kEntryStart | TokenSet{RBrace, For});
  return table;
}();

constexpr std::string_view kFieldForm = "a field is written `name = value`";

/// This is no file of ours, or one that nobody mends message by message.
constexpr std::size_t kMaxReports = 500;

/// Where a rule takes up again: at a line that begins with one of `starts`, before or behind a comma.
struct Resumption {
  TokenSet starts;
  bool atComma = false;
  bool behindComma = false;
};

bool resumptionOf(std::uint8_t rule, Resumption& out) {
  switch (rule) {
    case Grammar::RuleStatement:
    case Grammar::RuleBlock: out = {kStatementStart}; return true;
    case Grammar::RuleKindMember:
    case Grammar::RuleMembers: out = {kMemberStart}; return true;
    case Grammar::RuleMapEntry:
    case Grammar::RuleMapBody: out = {kEntryStart, false, true}; return true;
    case Grammar::RuleListItem:
    case Grammar::RuleArgument: out = {{}, true, false}; return true;
    default: return false;
  }
}

}  // namespace

std::uint64_t Recovery::loops() {
  return std::uint64_t{1} << Grammar::RuleBlock | std::uint64_t{1} << Grammar::RuleMembers |
         std::uint64_t{1} << Grammar::RuleMapBody;
}
const std::uint64_t* Recovery::follow() { return kFollow.data(); }
/// `external secret`, `object "v1/Pod"`: what comes next is the name.
bool Recovery::endsHead(std::uint32_t at) const {
  if (tokenBefore(2).kind == Object) return true;
  while (at > 1 && tokens_[at - 1].kind == Name) {
    if (tokens_[at - 2].kind == External) return true;
    if (tokens_[at - 2].kind != Dot) return false;
    at -= 2;
  }
  return false;
}

/// A label, or the reason of an `allow`, stands on the line of what it belongs to: below it another statement begins. Only a
/// comment may part the two, and begins on the line of the first.
bool Recovery::mayBegin(std::uint8_t rule) const {
  const std::uint32_t at = cursor_.position();
  if (at == 0 || (rule == Grammar::RuleExpr && tokenBefore(2).kind != Allow)) return true;
  const base::Pos end = tokens_[at - 1].span.end;
  const auto between = std::string_view(file_.text).substr(end - file_.begin, tokens_[at].span.begin - end);
  return between.substr(0, between.find('\n')).find('/') != std::string_view::npos;
}
std::uint64_t Recovery::onOneLine() { return std::uint64_t{1} << Grammar::RuleLabelOperand | std::uint64_t{1} << Grammar::RuleExpr; }

bool Recovery::startsStatement(TokenKind kind) { return kStatementStart.has(kind); }

/// What follows a slip on its line follows from it.
bool Recovery::followsSlip(std::uint32_t at, base::Span seen) const {
  if (slips_.empty()) return false;
  std::uint32_t line = at;
  while (line > 0 && at - line < 1000 && (line == at || !tokens_[line].newlineBefore)) --line;
  return touches(slips_, std::min(tokens_[line].span.begin, seen.begin), std::max(tokens_[at].span.begin, seen.end));
}

antlr::Built Recovery::build(antlr::Context& context) { return builder_.build(context); }

/// One message for a run of them.
void Recovery::emptyItem(std::uint8_t rule) {
  if (rule != Grammar::RuleListBody && rule != Grammar::RuleSuffix) return;
  builder_.fail();
  const std::uint32_t at = cursor_.position();
  if ((at > 1 && tokens_[at - 2].kind == Comma) || followsSlip(at, tokens_[at].span)) return;
  auto d = diag::make<Code::UnexpectedToken>(tokens_[at].span, "a second `,`", "a value");
  d.fixes.push_back({"remove it", {{tokens_[at].span, ""}}});
  sink_.add(std::move(d));
}

const Token& Recovery::tokenBefore(std::uint32_t back) const {
  const std::uint32_t at = cursor_.position();
  return tokens_[at >= back ? at - back : 0];
}

Recovery::Found Recovery::found(std::uint8_t rule, TokenKind wanted, std::uint32_t at) const {
  const Token& token = tokens_[at];
  // Between two statements the token itself is what does not belong; anywhere else the line ended too early.
  const bool list = wanted == EndOfFile && (rule == Grammar::RuleBlock || rule == Grammar::RuleMembers ||
                                            rule == Grammar::RuleMapBody || rule == kTopLevel);
  if (at > 0 && token.newlineBefore && token.kind != EndOfFile && !list && tokens_[at - 1].kind != Doc) {
    const base::Pos end = tokens_[at - 1].span.end;
    return {"the end of the line", {end, end}};
  }
  if (token.kind == EndOfFile && at > 0) return {std::string(describe(EndOfFile)), {tokens_[at - 1].span.end, tokens_[at - 1].span.end}};
  return {describeToken(file_, token), token.span};
}

void Recovery::unexpected(std::uint8_t rule, TokenKind wanted) {
  builder_.fail();
  const std::uint32_t at = cursor_.position();
  std::string what = expected(rule, wanted);
  std::string help = hint(rule, wanted);
  Found seen = found(rule, wanted, at);
  if (followsSlip(at, seen.span)) return;
  // `f"x:{n}"`: a string right behind a name is no statement of its own.
  const Token& before = tokenBefore(1);
  const bool prefixed = rule == Grammar::RuleStatement && at > 2 && before.kind == String && tokenBefore(2).kind == Name &&
                        tokenBefore(2).span.end == before.span.begin;
  if (prefixed) {
    seen = {describeToken(file_, before), before.span};
    what = "the end of the value";
    help = "a text takes values in by itself: \"${name}\"";
  }
  auto d = diag::make<Code::UnexpectedToken>(seen.span, seen.text, what);
  d.help = std::move(help);
  builder_.spoil(at);
  const bool field = rule == Grammar::RuleStatement || rule == Grammar::RuleMapEntry;
  if (field && tokens_[at].kind == Colon && d.help == kFieldForm) {
    d.fixes.push_back({"write `=`", {{tokens_[at].span, tokens_[at - 1].span.end == tokens_[at].span.begin ? " =" : "="}}});
  } else if (field && tokens_[at].kind == Eq) {
    d.fixes.push_back({"write `=`", {{tokens_[at].span, "="}}});
  } else if (rule == Grammar::RuleBlock && tokens_[at].kind == Comma) {
    // The others of the block are no better.
    diag::Fix fix{"remove it", {}};
    std::size_t depth = 0;
    for (std::uint32_t i = at; tokens_[i].kind != EndOfFile; ++i) {
      if (kOpeners.has(tokens_[i].kind)) ++depth;
      if (kClosers.has(tokens_[i].kind) && depth-- == 0) break;
      if (tokens_[i].kind == Comma && depth == 0) fix.edits.push_back({tokens_[i].span, ""});
    }
    if (fix.edits.size() > 1) fix.title = "remove the commas";
    d.fixes.push_back(std::move(fix));
  }
  if (++reported_ == kMaxReports) {
    d.help = fmt::format("{} slips are enough: what follows is not read", kMaxReports);
    cursor_.seek(tokens_.size() - 1);
  }
  sink_.add(std::move(d));
}

void Recovery::tooDeep() {
  builder_.fail();
  sink_.add(diag::make<Code::TooDeep>(tokens_[cursor_.position()].span, antlr::ParserBase::kMaxRules));
}

bool Recovery::resume(std::uint8_t rule, std::uint32_t begin) {
  Resumption to;
  if (!resumptionOf(rule, to)) return false;
  std::uint32_t at = cursor_.position();
  std::size_t depth = 0;
  for (std::uint32_t i = begin; i < at; ++i) {
    if (kOpeners.has(tokens_[i].kind)) ++depth;
    else if (kClosers.has(tokens_[i].kind) && depth != 0) --depth;
  }
  for (;; ++at) {
    const Token& token = tokens_[at];
    if (token.kind == EndOfFile) break;
    if (kClosers.has(token.kind)) {
      if (depth == 0) break;
      --depth;
      continue;
    }
    if (depth == 0) {
      if (at > begin && token.newlineBefore && to.starts.has(token.kind) && !kUnfinished.has(tokens_[at - 1].kind)) break;
      if (at > begin && token.newlineBefore && to.starts.has(token.kind) && isWordKind(token.kind)) break;
      if (at == cursor_.position() && at > begin && token.newlineBefore && to.starts.has(token.kind)) break;
      if (token.kind == Comma && to.atComma) break;
      if (token.kind == Comma && to.behindComma) {
        ++at;
        break;
      }
    }
    if (kOpeners.has(token.kind)) ++depth;
  }
  cursor_.seek(at);
  return true;
}

std::string Recovery::expected(std::uint8_t rule, TokenKind wanted) const {
  const Token& before = tokenBefore(1);
  switch (rule) {
    case Grammar::RuleStatement:
      if (wanted != EndOfFile) return std::string(describe(wanted));
      if (before.kind == Name) return "`=`, `{` or a label";
      if (before.kind == String || before.kind == BlockString) return "`=` or `{`";
      return "a statement";
    case Grammar::RuleBlock: return wanted == LBrace ? "`{`" : "a statement or `}`";
    case Grammar::RuleMembers: return wanted == LBrace ? "`{`" : "a member or `}`";
    case Grammar::RuleWordStatement:
      if (wanted == Assign && (tokenBefore(2).kind == Let || tokenBefore(2).kind == Output)) return "`:` or `=`";
      if (wanted == Colon) return "`:` and a type";
      if (wanted == In && tokenBefore(2).kind == For) return "`in` or `,`";
      if (wanted == EndOfFile && tokenBefore(2).kind == Allow) return "a reason";
      if (wanted == EndOfFile && before.kind == Else) return "`{` or `if`";
      if (wanted == EndOfFile && cursor_.position() > 0 && endsHead(cursor_.position())) return "a name";
      break;
    case Grammar::RuleTargetStep: return wanted == RBracket ? "a name or `]`" : "a name or a string";
    case Grammar::RuleTypeAtom:
      if (wanted == Gt) return "`,` or `>`";
      if (wanted == RParen) return "`,` or `)`";
      if (wanted == RBrace) return "a field or `}`";
      if (before.kind == LParen || before.kind == Comma) return "a name or a string";
      return "a type";
    case Grammar::RuleOperand:
      if (wanted == RBracket) return before.kind == Comma || before.kind == LBracket ? "a value or `]`" : "`,` or `]`";
      if (wanted == RBrace) return "a key or `}`";
      if (wanted == EndOfFile) return "a value";
      break;
    case Grammar::RuleLabelOperand: return wanted == EndOfFile ? "a name" : std::string(describe(wanted));
    case Grammar::RuleSuffix:
      if (wanted == RParen) return before.kind == Comma || before.kind == LParen ? "a value or `)`" : "`,` or `)`";
      break;
    case Grammar::RuleInterpolated: return "`}`";
    case Grammar::RuleString: return "a string";
    case Grammar::RuleMapBody: return "a key or `}`";
    case Grammar::RuleMapEntry:
      if (wanted != EndOfFile) return std::string(describe(wanted));
      return before.kind == Name || before.kind == String || before.kind == StringTail ? "`=` or `{`" : "a key";
    case Grammar::RuleExpr:
    case Grammar::RuleListItem: break;
    default: break;
  }
  if (wanted != EndOfFile) return std::string(describe(wanted));
  return rule == Grammar::RuleExpr || rule == Grammar::RuleListItem ? "a value" : "a statement";
}

std::string Recovery::hint(std::uint8_t rule, TokenKind wanted) const {
  const TokenKind kind = tokens_[cursor_.position()].kind;
  if (auto habit = habitHint(file_, tokens_, cursor_.position(), wanted); !habit.empty()) return habit;
  if (rule == Grammar::RuleStatement && cursor_.position() > 1) {
    if (auto unit = strayUnit(file_, tokens_, cursor_.position() - 1); !unit.empty()) return unit;
    const Token& before = tokenBefore(1);
    if (before.kind == String && !before.newlineBefore && cursor_.position() > 2) {
      const auto text = std::string_view(file_.text).substr(before.span.begin - file_.begin, before.span.end - before.span.begin);
      if (text.starts_with("\"/")) return fmt::format("a path stands behind `at`: `… at {}`", text.size() > 60 ? "\"…\"" : text);
      return fmt::format("a value stands behind `=`: `… = {}`", text.size() > 60 ? "\"…\"" : text);
    }
  }
  if (rule == Grammar::RuleStatement && wanted == EndOfFile && tokenBefore(1).kind == Name && tokens_[cursor_.position()].newlineBefore) {
    return "a field is written `name = value`, a part `name { … }` or `name label`";
  }
  if (wanted == Name && isWordKind(kind) && !tokens_[cursor_.position()].newlineBefore) return fmt::format("{} is a word of the language here: choose another name", describe(kind));
  if (kind == Colon && (rule == Grammar::RuleStatement || rule == Grammar::RuleMapEntry)) return std::string(kFieldForm);
  if (kind == Comma && rule == Grammar::RuleBlock) return "a new line, or two spaces, end a statement: no comma";
  if (kind == Eq && (wanted != EndOfFile || rule == Grammar::RuleStatement)) return "`=` sets, `==` compares";
  if (kind == Assign && rule == Grammar::RuleBlock) return "`==` compares; a value is set once";
  if (kind == Doc) return "`///` documents a statement; a plain comment is `//`";
  return {};
}

}  // namespace mlstack::parse
