#include "format/printer.h"

#include <algorithm>

#include "parse/strings.h"

namespace mlstack::format {
namespace {

using syntax::Comment;
using syntax::Token;
using syntax::TokenKind;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 2;

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool isBinary(TokenKind kind) {
  switch (kind) {
    case TokenKind::Or: case TokenKind::And: case TokenKind::Eq: case TokenKind::Ne: case TokenKind::Lt:
    case TokenKind::Le: case TokenKind::Gt: case TokenKind::Ge: case TokenKind::Plus: case TokenKind::Minus:
    case TokenKind::Star: case TokenKind::Slash: case TokenKind::Percent: return true;
    default: return false;
  }
}

bool isLineComment(std::string_view text) { return !text.starts_with("/*"); }

}  // namespace

Printer::Printer(const base::SourceFile& file, const syntax::TokenList& list, const Outline& outline)
    : file_(file), list_(list), outline_(outline) {
  // lines_[i + 1]: how many breaks lie before token i, comments that force or hold one included.
  lines_.resize(list.tokens.size() + 1);
  commentWidth_.resize(list.tokens.size() + 1);
  std::size_t next = 0;
  for (std::size_t i = 0; i < list.tokens.size(); ++i) {
    std::uint32_t breaks = list.tokens[i].newlineBefore ? 1 : 0;
    std::uint32_t width = 0;
    for (; next < list.comments.size() && list.comments[next].span.begin < list.tokens[i].span.begin; ++next) {
      const std::string_view text = textOf(list.comments[next].span);
      if (isLineComment(text) || list.comments[next].ownLine || text.find('\n') != std::string_view::npos) ++breaks;
      width += static_cast<std::uint32_t>(columns(text)) + 1;
    }
    lines_[i + 1] = lines_[i] + breaks;
    commentWidth_[i + 1] = commentWidth_[i] + width;
  }
}

std::string Printer::run() {
  out_.reserve(file_.text.size() + file_.text.size() / 8);
  const auto last = static_cast<std::uint32_t>(list_.tokens.size() - 1);
  items(0, last, 0, false);
  comments(last, {.kind = Gap::Kind::Line, .parts = true});
  if (!out_.empty() && !out_.ends_with('\n')) out_ += '\n';
  return std::move(out_);
}

std::string_view Printer::textOf(base::Span span) const {
  return std::string_view(file_.text).substr(span.begin - file_.begin, span.end - span.begin);
}

// --- items -------------------------------------------------------------------------------------

/// The items of a broken bracket, or of the file: one a line.
void Printer::items(std::uint32_t from, std::uint32_t to, std::size_t indent, bool byComma) {
  atStart_ = true;
  std::uint32_t at = from;
  while (at < to) {
    std::uint32_t end = at;
    do {
      end = outline_.partner[end] > end ? outline_.partner[end] + 1 : end + 1;
    } while (end < to && !(byComma ? list_.tokens[end - 1].kind == TokenKind::Comma : outline_.itemStart[end]));
    item(at, end, indent,
         {.kind = Gap::Kind::Line, .mayBlank = true, .parts = true, .indent = indent, .commentIndent = indent});
    at = end;
  }
  flushAlignment();
}

void Printer::item(std::uint32_t from, std::uint32_t to, std::size_t indent, const Gap& before) {
  const std::size_t firstComment = nextComment_;
  const std::size_t gapBegin = out_.size();
  token(from, before);
  while (list_.tokens[from].kind == TokenKind::Doc && from + 1 < to) {
    ++from;
    token(from, {.kind = Gap::Kind::Line, .indent = indent, .commentIndent = indent});
  }
  std::string_view group;
  const std::uint32_t anchor = anchorOf(from, to, group);
  if (anchor == 0 || group != runGroup_ || isDetached(gapBegin, firstComment, from)) flushAlignment();

  // Blocks inside have lines and marks of their own.
  std::vector<Aligned> run = std::move(run_);
  run_.clear();
  const std::uint32_t outerAnchor = anchorToken_;
  const std::size_t outerIndent = itemIndent_;
  itemIndent_ = indent;
  anchorToken_ = anchor;
  anchorOffset_ = 0;
  const std::size_t lineBreak = out_.rfind('\n');
  const std::size_t begin = lineBreak == std::string::npos ? 0 : lineBreak + 1;
  if (outline_.partner[from] > from) {
    bracket(from);
    from = outline_.partner[from];
  }
  tokens(from + 1, to);
  anchorToken_ = outerAnchor;
  itemIndent_ = outerIndent;
  run_ = std::move(run);

  runGroup_ = group;
  if (anchor != 0) noteAlignment(anchor, to, begin);
}

/// A blank line, a comment on a line of its own or documentation before an item parts it from those above.
bool Printer::isDetached(std::size_t gapBegin, std::size_t firstComment, std::uint32_t from) const {
  if (from > 0 && list_.tokens[from - 1].kind == TokenKind::Doc) return true;
  if (out_.find("\n\n", gapBegin) != std::string::npos) return true;
  return std::any_of(list_.comments.begin() + static_cast<std::ptrdiff_t>(firstComment),
                     list_.comments.begin() + static_cast<std::ptrdiff_t>(nextComment_),
                     [](const Comment& c) { return c.ownLine; });
}

/// The `=` by which an item may be aligned, 0 when it has none. `group` tells which lines go together: all fields,
/// or all parts of one kind (`port http = 80`, `port grpc = 90`).
std::uint32_t Printer::anchorOf(std::uint32_t from, std::uint32_t to, std::string_view& group) const {
  const auto kind = [this](std::uint32_t i) { return list_.tokens[i].kind; };
  std::uint32_t at = from;
  if (kind(at) != TokenKind::Name && kind(at) != TokenKind::String) return 0;
  ++at;
  while (at < to && kind(at) == TokenKind::Dot) at += 2;
  group = "=";
  if (at < to && kind(at) != TokenKind::Assign) {
    group = textOf(from);
    if (kind(at) != TokenKind::Name && kind(at) != TokenKind::Int && kind(at) != TokenKind::String) return 0;
    ++at;
    for (std::uint32_t i = at; i < to; ++i) {
      if (kind(i) == TokenKind::LBrace || kind(i) == TokenKind::At) return 0;
    }
  }
  return at < to && kind(at) == TokenKind::Assign ? at : 0;
}

void Printer::noteAlignment(std::uint32_t anchor, std::uint32_t to, std::size_t begin) {
  const bool multiLine = out_.find('\n', begin) != std::string::npos;
  const TokenKind value = anchor + 1 < to ? list_.tokens[anchor + 1].kind : TokenKind::EndOfFile;
  const bool blockValue = value == TokenKind::BlockString || value == TokenKind::StringHead;
  if (anchorOffset_ == 0 || (multiLine && !blockValue)) {
    flushAlignment();
    return;
  }
  run_.push_back({anchorOffset_, columns(std::string_view(out_).substr(begin, anchorOffset_ - begin))});
  if (multiLine) flushAlignment();
}

void Printer::flushAlignment() {
  if (run_.size() > 1) {
    std::size_t width = 0;
    for (const Aligned& line : run_) width = std::max(width, line.width);
    std::string moved;
    std::size_t done = run_.front().anchor;
    for (std::size_t i = 0; i < run_.size(); ++i) {
      moved.append(width - run_[i].width, ' ');
      const std::size_t next = i + 1 < run_.size() ? run_[i + 1].anchor : out_.size();
      moved.append(out_, done, next - done);
      done = next;
    }
    out_.replace(run_.front().anchor, std::string::npos, moved);
  }
  run_.clear();
  runGroup_ = {};
}

// --- tokens ------------------------------------------------------------------------------------

/// The tokens of a stretch that is one item, or lies inside one.
void Printer::tokens(std::uint32_t from, std::uint32_t to) {
  for (std::uint32_t i = from; i < to; ++i) {
    token(i, gapBefore(i));
    if (outline_.partner[i] > i) {
      bracket(i);
      i = outline_.partner[i];
    }
  }
}

/// Behind an opener: its content and the closer.
void Printer::bracket(std::uint32_t open) {
  const std::uint32_t close = outline_.partner[open];
  if (flat_ != 0 || !isBroken(open)) {
    const unsigned outer = flat_;
    if (!breaksBetween(open, close)) ++flat_;  // what lies inside was measured, too
    tokens(open + 1, close);
    token(close, gapBefore(close));
    flat_ = outer;
    return;
  }
  const std::size_t outer = lineIndent_;
  const std::uint32_t anchor = anchorToken_;
  const std::size_t anchorOffset = anchorOffset_;
  anchorToken_ = 0;
  items(open + 1, close, outer + kIndent, list_.tokens[open].kind != TokenKind::LBrace);
  anchorToken_ = anchor;
  anchorOffset_ = anchorOffset;
  token(close, {.kind = Gap::Kind::Line, .parts = true, .indent = outer, .commentIndent = outer + kIndent});
}

/// The blocks of an `if` from this one on, as openers.
std::vector<std::uint32_t> Printer::chainOf(std::uint32_t open) const {
  std::vector<std::uint32_t> chain{open};
  for (std::uint32_t at = outline_.partner[open] + 1; at < list_.tokens.size() && list_.tokens[at].kind == TokenKind::Else;) {
    while (at < list_.tokens.size() && list_.tokens[at].kind != TokenKind::LBrace) at = std::max(at, outline_.partner[at]) + 1;
    if (at >= list_.tokens.size()) break;
    chain.push_back(at);
    at = outline_.partner[at] + 1;
  }
  return chain;
}

/// Broken is what was broken, and what does not fit. The blocks of an `if` are broken together.
bool Printer::isBroken(std::uint32_t open) {
  const std::uint32_t close = outline_.partner[open];
  if (outline_.use[open] != BracketUse::Items || close == open) return false;
  if (close == open + 1) {
    return breaksBetween(open, close) && nextComment_ < list_.comments.size() &&
           list_.comments[nextComment_].span.begin < list_.tokens[close].span.begin;
  }
  std::uint32_t last = close;
  if (list_.tokens[open].kind == TokenKind::LBrace) {
    if (forced_.contains(open)) return true;
    const auto chain = chainOf(open);
    last = outline_.partner[chain.back()];
    const bool broken = std::any_of(chain.begin(), chain.end(),
                                    [this](std::uint32_t each) { return breaksBetween(each, outline_.partner[each]); });
    if (broken || column_ > kWidth || flatWidth(open + 1, last, kWidth - column_) > kWidth - column_) {
      forced_.insert(chain.begin(), chain.end());
      return true;
    }
    return false;
  }
  bool start = true;
  for (std::uint32_t i = open + 1; i <= close; ++i) {
    if ((start || i == close) && breaksBetween(i - 1, i)) return true;
    start = list_.tokens[i].kind == TokenKind::Comma;
    if (outline_.partner[i] > i) i = outline_.partner[i];
  }
  return column_ > kWidth || flatWidth(open + 1, last, kWidth - column_) > kWidth - column_;
}

/// The columns of what lies behind `from - 1`, up to the closer at `limit` and the closers and commas behind it. Ends at the
/// first break of the source, and as soon as there is no more room.
std::size_t Printer::flatWidth(std::uint32_t from, std::uint32_t limit, std::size_t room) const {
  std::size_t width = 0;
  for (std::uint32_t i = from; width <= room && i < list_.tokens.size(); ++i) {
    const TokenKind kind = list_.tokens[i].kind;
    if (i > limit && kind != TokenKind::RParen && kind != TokenKind::RBracket && kind != TokenKind::Comma) break;
    if (breaksBetween(i - 1, i)) break;
    const Gap gap = gapBefore(i);
    width += gap.kind == Gap::Kind::Spaces ? gap.spaces : 0;
    width += commentWidth_[i + 1] - commentWidth_[i];
    const std::string_view text = textOf(i);
    const std::size_t lineBreak = text.find('\n');
    width += columns(text.substr(0, lineBreak));
    if (lineBreak != std::string_view::npos) break;
  }
  return width;
}

bool Printer::isUnary(std::uint32_t index) const {
  const TokenKind kind = list_.tokens[index].kind;
  if (kind == TokenKind::Not) return true;
  return kind == TokenKind::Minus && (index == 0 || !endsOperand(list_.tokens[index - 1].kind));
}

/// No space before this token.
bool Printer::glued(std::uint32_t index) const {
  const TokenKind left = list_.tokens[index - 1].kind;
  const TokenKind right = list_.tokens[index].kind;
  if (outline_.tight[index] || (outline_.tight[index - 1] && left == TokenKind::Lt)) return true;
  switch (right) {
    case TokenKind::Comma: case TokenKind::Dot: case TokenKind::Colon: case TokenKind::Question:
    case TokenKind::RParen: case TokenKind::RBracket: case TokenKind::Range: case TokenKind::RangeBelow:
    case TokenKind::StringMid: case TokenKind::StringTail: return true;
    case TokenKind::RBrace:
      if (left == TokenKind::LBrace) return true;
      break;
    case TokenKind::LParen:
      if (!outline_.label[index] && endsOperand(left)) return true;
      break;
    case TokenKind::LBracket:
      if (endsOperand(left)) return true;
      break;
    default: break;
  }
  switch (left) {
    case TokenKind::LParen: case TokenKind::LBracket: case TokenKind::Dot: case TokenKind::Range:
    case TokenKind::RangeBelow: case TokenKind::Spread: case TokenKind::StringHead: case TokenKind::StringMid: return true;
    default: return isUnary(index - 1);
  }
}

/// A line break of the source inside an expression stays: around an operator, and before the words of `if` and `for`.
bool Printer::keepsBreak(std::uint32_t index) const {
  if (!list_.tokens[index].newlineBefore || outline_.tight[index] || outline_.tight[index - 1]) return false;
  const TokenKind left = list_.tokens[index - 1].kind;
  const TokenKind right = list_.tokens[index].kind;
  if (right == TokenKind::LBrace || left == TokenKind::RBrace) return false;
  if (right == TokenKind::Then || right == TokenKind::Else || right == TokenKind::If) return true;
  if (isBinary(right) && !isUnary(index)) return true;
  return isBinary(left) && !isUnary(index - 1);
}

Printer::Gap Printer::gapBefore(std::uint32_t index) const {
  if (keepsBreak(index)) return {.kind = Gap::Kind::Line, .indent = itemIndent_ + kIndent, .commentIndent = itemIndent_ + kIndent};
  if (glued(index)) return {};
  const bool item = outline_.itemStart[index] && list_.tokens[index - 1].kind != TokenKind::LBrace &&
                    list_.tokens[index - 1].kind != TokenKind::Comma;
  return {.kind = Gap::Kind::Spaces, .spaces = static_cast<std::uint8_t>(item ? 2 : 1)};
}

void Printer::token(std::uint32_t index, const Gap& gap) {
  comments(index, gap);
  if (index == anchorToken_ && index != 0) anchorOffset_ = out_.size();
  const TokenKind kind = list_.tokens[index].kind;
  const std::string_view text = textOf(index);
  const bool strings = kind == TokenKind::BlockString || kind == TokenKind::StringHead || kind == TokenKind::StringMid ||
                       kind == TokenKind::StringTail;
  if (strings && text.find('\n') != std::string_view::npos) blockString(index);
  else write(text);
  atStart_ = false;
}

/// Moves a block string with its line: its lines stand one step deeper than the line it begins on, its closing quotes
/// under it. Only what the language takes off every line changes, so the value stays.
void Printer::blockString(std::uint32_t index) {
  const std::uint32_t head = headOf(index);
  if (head != measured_) measureBlockString(head);
  const std::size_t common = common_;
  const std::string_view text = textOf(index);
  if (common == std::string_view::npos) {
    write(text);
    return;
  }
  const bool last = index == outline_.partner[head];
  std::string moved;
  std::size_t at = 0;
  for (;;) {
    const std::size_t lineBreak = text.find('\n', at);
    std::string_view line = text.substr(at, lineBreak == std::string_view::npos ? lineBreak : lineBreak - at);
    if (at != 0) {
      const std::size_t content = line.find_first_not_of(" \t\r");
      const bool closing = lineBreak == std::string_view::npos && last && content != std::string_view::npos &&
                           line.substr(content) == "\"\"\"";
      if (closing) {
        moved.append(lineIndent_, ' ');
        line.remove_prefix(content);
      } else if (content == std::string_view::npos && lineBreak != std::string_view::npos) {
        while (line.ends_with('\r')) line.remove_suffix(1);
        if (line.size() > common) moved.append(lineIndent_ + kIndent, ' ');
        line.remove_prefix(std::min(line.size(), common));
      } else {
        moved.append(lineIndent_ + kIndent, ' ');
        line.remove_prefix(common);
      }
    }
    if (line.ends_with('\r') && lineBreak != std::string_view::npos) line.remove_suffix(1);
    moved += line;
    if (lineBreak == std::string_view::npos) break;
    moved += '\n';
    at = lineBreak + 1;
  }
  write(moved);
}

/// The first token of the string that a piece belongs to.
std::uint32_t Printer::headOf(std::uint32_t index) const {
  const TokenKind kind = list_.tokens[index].kind;
  if (kind == TokenKind::StringTail) return outline_.partner[index];
  if (kind != TokenKind::StringMid) return index;
  std::uint32_t at = index - 1;
  while (list_.tokens[at].kind != TokenKind::StringHead || outline_.partner[at] < index) {
    at = (outline_.partner[at] < at ? outline_.partner[at] : at) - 1;
  }
  return at;
}

void Printer::measureBlockString(std::uint32_t head) {
  parse::StringPieces string;
  const std::uint32_t tail = outline_.partner[head];
  string.first(textOf(head), tail == head);
  for (std::uint32_t i = head + 1; i < tail; ++i) {
    if (list_.tokens[i].kind == TokenKind::StringMid) string.more(textOf(i), false);
    else if (outline_.partner[i] > i) i = outline_.partner[i];
  }
  if (tail != head) string.more(textOf(tail), true);
  measured_ = head;
  common_ = parse::commonIndentation(string.pieces);
}

// --- gaps and comments -------------------------------------------------------------------------

/// Everything between the token before `index` and `index` itself.
void Printer::comments(std::uint32_t index, const Gap& gap) {
  const bool line = gap.kind == Gap::Kind::Line;
  const base::Pos begin = list_.tokens[index].span.begin;
  base::Pos previous = index > 0 ? list_.tokens[index - 1].span.end : file_.begin;
  const Comment* last = nullptr;
  for (; nextComment_ < list_.comments.size() && list_.comments[nextComment_].span.begin < begin; ++nextComment_) {
    const Comment& c = list_.comments[nextComment_];
    const bool lineComment = isLineComment(textOf(c.span));
    const bool alone = forceLine_ || (line && c.ownLine);
    if (out_.empty()) {
    } else if (alone) {
      newLine(line ? gap.commentIndent : itemIndent_ + kIndent, gap.parts && !atStart_ && blankBetween(previous, c.span.begin));
    } else if (line || lineComment) {
      write("  ");
    } else if (!out_.ends_with('(') && !out_.ends_with('[') && !out_.ends_with("${") && !out_.ends_with(' ')) {
      write(" ");
    }
    write(textOf(c.span));
    if (alone) atStart_ = false;
    last = &c;
    previous = c.span.end;
    forceLine_ = lineComment;
  }
  if (list_.tokens[index].kind == TokenKind::EndOfFile) return;
  const bool besides = line && last != nullptr && !forceLine_ && last->ownLine &&
                       textOf({previous, begin}).find('\n') == std::string_view::npos;
  if (besides) write(" ");  // `/* … */ image = "x"`
  else if (line && !out_.empty()) newLine(gap.indent, gap.mayBlank && !atStart_ && blankBetween(previous, begin));
  else if (forceLine_) newLine(itemIndent_ + kIndent, false);
  else if (gap.kind == Gap::Kind::Spaces) write(std::string_view("  ").substr(0, last != nullptr ? 1 : gap.spaces));
  else if (last != nullptr && !closesTight(index)) write(" ");
  forceLine_ = false;
}

/// Tokens that stand right behind a comment, too.
bool Printer::closesTight(std::uint32_t index) const {
  switch (list_.tokens[index].kind) {
    case TokenKind::Comma: case TokenKind::RParen: case TokenKind::RBracket: case TokenKind::StringMid:
    case TokenKind::StringTail: return true;
    default: return false;
  }
}

void Printer::newLine(std::size_t indent, bool blank) {
  while (out_.ends_with(' ')) out_.pop_back();
  out_.append(blank ? "\n\n" : "\n");
  out_.append(indent, ' ');
  column_ = indent;
  lineIndent_ = indent;
}

void Printer::write(std::string_view text) {
  if (text.find('\r') == std::string_view::npos) {
    out_ += text;
  } else {
    for (const char c : text) {
      if (c != '\r') out_ += c;  // inside comments and strings a line break is one character
    }
  }
  const std::size_t lineBreak = text.rfind('\n');
  column_ = lineBreak == std::string_view::npos ? column_ + columns(text) : columns(text.substr(lineBreak + 1));
}

bool Printer::blankBetween(base::Pos from, base::Pos to) const {
  const std::string_view text = textOf({from, to});
  const std::size_t first = text.find('\n');
  return first != std::string_view::npos && text.find('\n', first + 1) != std::string_view::npos;
}

}  // namespace mlstack::format
