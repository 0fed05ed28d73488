#include "parse/lexer.h"

#include <algorithm>
#include <cstring>

#include "parse/parse.h"
#include "parse/words.h"

namespace mlstack::parse {

using diag::Code;
using syntax::TokenKind;

namespace {

enum Class : std::uint8_t { Other, Blank, Line, Letter, Digit, Quote, Slash, Punctuation };

constexpr std::array<Class, 256> kClass = [] {
  std::array<Class, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = Letter;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = Letter;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = Digit;
  table['_'] = Letter;
  table[' '] = table['\t'] = table['\r'] = Blank;
  table['\n'] = Line;
  table['"'] = Quote;
  table['/'] = Slash;
  for (const char c : std::string_view("{}[]()=:,.-?|!<>+*%&")) table[static_cast<std::uint8_t>(c)] = Punctuation;
  return table;
}();

/// Bytes that may stand in a name.
constexpr std::array<bool, 256> kWord = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) table[i] = kClass[i] == Letter || kClass[i] == Digit;
  return table;
}();

/// Bytes at which the text of a string needs a look.
constexpr std::array<bool, 256> kStringStop = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = c != '\t';
  table['"'] = table['\\'] = table['$'] = table[0x7F] = true;
  return table;
}();

constexpr Class classOf(char c) { return kClass[static_cast<std::uint8_t>(c)]; }
constexpr bool isWord(char c) { return kWord[static_cast<std::uint8_t>(c)]; }
constexpr bool isDigit(char c) { return classOf(c) == Digit; }
constexpr bool isControl(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}
/// Characters that no string and no comment may hold as they are; a carriage return is one unless a line ends with it.
constexpr bool isUnwritable(const char* at) { return isControl(*at) || (*at == '\r' && at[1] != '\n'); }

/// The bytes of the character at `at`; 1 for what is no UTF-8.
std::size_t characterLength(const char* at, const char* end) {
  const auto lead = static_cast<std::uint8_t>(*at);
  std::size_t length = 1;
  if (lead >= 0xF0) length = 4;
  else if (lead >= 0xE0) length = 3;
  else if (lead >= 0xC0) length = 2;
  return std::min<std::size_t>(length, static_cast<std::size_t>(end - at));
}

std::string show(const char* at, const char* end) {
  const std::size_t length = characterLength(at, end);
  const auto byte = static_cast<std::uint8_t>(*at);
  if (isControl(*at) || *at == '\r') return fmt::format("U+{:04X}", byte);
  if (byte < 0x80) return *at == '`' ? std::string("\"`\"") : fmt::format("`{}`", *at);
  std::uint32_t point = byte & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) point = point << 6 | (static_cast<std::uint8_t>(at[i]) & 0x3F);
  if (point == 0xA0 || point == 0x200B || point == 0xFEFF || (point >= 0x2028 && point <= 0x202E)) {
    return fmt::format("U+{:04X}", point);
  }
  return fmt::format("`{}` (U+{:04X})", std::string_view(at, length), point);
}

/// The end of a line's text: blanks at the end of a comment are no part of it.
const char* withoutBlanks(const char* end) {
  while (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r') --end;
  return end;
}

/// More slips of single bytes than this, and the file is taken for something other than text.
constexpr std::size_t kMaxBadBytes = 16;

/// Messages on one file's characters; what is beyond is lexed in silence.
constexpr std::size_t kMaxReports = 500;

}  // namespace

Lexer::Lexer(const base::SourceFile& file, diag::Sink& sink)
    : file_(file),
      sink_(sink),
      begin_(file.text.data()),
      end_(begin_ + file.text.size()),
      at_(begin_) {
  // More than nearly every text has: what is not written to takes no memory, and growing would take it twice.
  out_.tokens.reserve(file.text.size() / 2 + 16);
}

base::Span Lexer::span(const char* from, const char* to) const {
  return {file_.begin + static_cast<base::Pos>(from - begin_), file_.begin + static_cast<base::Pos>(to - begin_)};
}

base::Span Lexer::lineOf(const char* place) const {
  const char* from = place;
  while (from != begin_ && from[-1] != '\n') --from;
  const char* to = std::find(place, end_, '\n');
  return span(from, to);
}

void Lexer::report(diag::Diagnostic d, Slip slip) {
  if (slip == Slip::BadByte) ++badBytes_;
  out_.slips.push_back(d.span);
  if (found_.size() < kMaxReports) found_.push_back(std::move(d));
}

syntax::TokenList Lexer::run() {
  if (file_.text.starts_with("\xEF\xBB\xBF")) at_ += 3;
  if (end_ - at_ >= 2 && at_[0] == '#' && at_[1] == '!') lineComment();
  reportBadBytes();
  if (badBytes_ <= kMaxBadBytes) code();
  finish();
  return std::move(out_);
}

/// Byte sequences that are not UTF-8, whatever they stand in. Stops when it is clear that this is no text.
void Lexer::reportBadBytes() {
  std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  while (badBytes_ <= kMaxBadBytes) {
    const std::size_t bad = base::firstBadUtf8(rest);
    if (bad == std::string_view::npos) return;
    const char* place = rest.data() + bad;
    report(diag::make<Code::BadUtf8>(span(place, place + 1), static_cast<unsigned>(static_cast<std::uint8_t>(*place))),
           Slip::BadByte);
    rest.remove_prefix(bad + 1);
    while (!rest.empty() && (rest[0] & 0xC0) == 0x80) rest.remove_prefix(1);
  }
}

void Lexer::finish() {
  while (!open_.empty() && badBytes_ <= kMaxBadBytes) unfinishedInterpolation();
  if (badBytes_ > kMaxBadBytes) {
    const auto first = std::find_if(found_.begin(), found_.end(), [](const diag::Diagnostic& d) {
      return d.code == Code::BadUtf8 || d.code == Code::UnexpectedCharacter;
    });
    const base::Span place = first->span;
    const auto offset = place.begin - file_.begin;
    found_.clear();
    found_.push_back(diag::make<Code::NotText>(
        place, file_.name, offset, static_cast<unsigned>(static_cast<std::uint8_t>(begin_[offset]))));
    out_.tokens.clear();
    out_.comments.clear();
    out_.slips.assign(1, span(begin_, end_));
    wordPending_ = false;
    at_ = end_;
  }
  push(TokenKind::EndOfFile, end_);
  std::sort(out_.slips.begin(), out_.slips.end(),
            [](base::Span a, base::Span b) { return a.begin < b.begin; });
  for (auto& d : found_) sink_.add(std::move(d));
}

void Lexer::code() {
  while (at_ != end_) {
    switch (classOf(*at_)) {
      case Blank: ++at_; break;
      case Line: newLine(); break;
      case Letter: word(); break;
      case Digit: number(); break;
      case Quote: openString(at_); break;
      case Slash: slash(); break;
      case Punctuation: punctuation(); break;
      case Other: unexpected(); break;
    }
    if (badBytes_ > kMaxBadBytes) return;
  }
}

void Lexer::newLine() {
  if (!open_.empty()) {
    unfinishedInterpolation();
    return;
  }
  ++at_;
  firstOnLine_ = true;
  blankBefore_ = true;
}

void Lexer::push(TokenKind kind, const char* start) {
  if (wordPending_) resolveWord(out_.tokens.size() - 1, kind, firstOnLine_);
  if (kind == TokenKind::RBrace || kind == TokenKind::EndOfFile) demoteDocs();
  out_.tokens.push_back({kind, firstOnLine_, span(start, at_)});
  wordPending_ = isWordKind(kind);
  firstOnLine_ = false;
  blankBefore_ = false;
}

void Lexer::resolveWord(std::size_t index, TokenKind next, bool nextOnNewLine) {
  syntax::Token& token = out_.tokens[index];
  const bool first = index == 0;
  const WordPlace place{.previous = first ? TokenKind::EndOfFile : out_.tokens[index - 1].kind,
                        .next = next,
                        .newLine = token.newlineBefore || first,
                        .nextOnNewLine = nextOnNewLine};
  if (!isReserved(token.kind, place)) token.kind = TokenKind::Name;
  wordPending_ = false;
}

/// A `///` line with nothing after it to belong to is a plain comment.
void Lexer::demoteDocs() {
  std::size_t count = 0;
  auto& tokens = out_.tokens;
  while (count < tokens.size() && tokens[tokens.size() - 1 - count].kind == TokenKind::Doc) ++count;
  if (count == 0) return;
  const auto from = tokens.end() - static_cast<std::ptrdiff_t>(count);
  for (auto doc = from; doc != tokens.end(); ++doc) {
    const auto where = std::upper_bound(
        out_.comments.begin(), out_.comments.end(), doc->span.begin,
        [](base::Pos pos, const syntax::Comment& c) { return pos < c.span.begin; });
    out_.comments.insert(where, {doc->span, true});
  }
  tokens.erase(from, tokens.end());
}

void Lexer::comment(const char* start) {
  out_.comments.push_back({span(start, at_), blankBefore_});
  blankBefore_ = false;
}

void Lexer::word() {
  const char* start = at_;
  if (*at_ == 'r' && end_ - at_ > 1 && at_[1] == '"') {
    rawString(start);
    return;
  }
  ++at_;
  for (;;) {
    while (isWord(*at_)) ++at_;  // the text is NUL-terminated
    if (*at_ != '-') break;
    const char* after = at_ + 1;
    while (*after == '-') ++after;
    if (!isWord(*after)) break;
    at_ = after;
  }
  push(syntax::wordKind({start, static_cast<std::size_t>(at_ - start)}), start);
}

void Lexer::number() {
  const char* start = at_;
  TokenKind kind = TokenKind::Int;
  while (isDigit(*at_)) ++at_;
  if (*at_ == '.' && isDigit(at_[1])) {
    kind = TokenKind::Float;
    ++at_;
    while (isDigit(*at_)) ++at_;
  }
  if (*at_ == 'e' || *at_ == 'E') {
    const char* digits = at_ + 1;
    if (*digits == '+' || *digits == '-') ++digits;
    if (isDigit(*digits)) {
      kind = TokenKind::Float;
      at_ = digits;
      while (isDigit(*at_)) ++at_;
    }
  }
  if (isWord(*at_)) {
    kind = TokenKind::Suffixed;
    while (isWord(*at_)) ++at_;
    while (*at_ == '.' && isDigit(at_[1])) {  // 1h1.5m
      const char* ahead = at_ + 1;
      while (isDigit(*ahead)) ++ahead;
      if (classOf(*ahead) != Letter) break;
      at_ = ahead;
      while (isWord(*at_)) ++at_;
    }
  }
  push(kind, start);
}

void Lexer::slash() {
  const char next = at_[1];
  if (next == '/') {
    const bool doc = at_[2] == '/' && at_[3] != '/' && firstOnLine_ && blankBefore_ && open_.empty();
    if (!doc) {
      lineComment();
      return;
    }
    const char* start = at_;
    at_ = std::find(at_, end_, '\n');
    const char* stop = at_;
    at_ = withoutBlanks(at_);
    push(TokenKind::Doc, start);
    at_ = stop;
  } else if (next == '*') {
    blockComment();
  } else {
    const char* start = at_++;
    push(TokenKind::Slash, start);
  }
}

void Lexer::lineComment() {
  const char* start = at_;
  while (at_ != end_ && *at_ != '\n') {
    if (isUnwritable(at_)) {
      report(diag::make<Code::UnexpectedCharacter>(span(at_, at_ + 1), show(at_, end_)), Slip::BadByte);
      if (badBytes_ > kMaxBadBytes) return;
    }
    ++at_;
  }
  const char* stop = at_;
  at_ = withoutBlanks(at_);
  comment(start);
  at_ = stop;
}

void Lexer::blockComment() {
  const char* start = at_;
  at_ += 2;
  bool lines = false;
  while (at_ != end_) {
    if (*at_ == '*' && at_[1] == '/') {
      at_ += 2;
      comment(start);
      if (lines && open_.empty()) firstOnLine_ = true;  // the code of a `${` stays on its line
      return;
    }
    lines = lines || *at_ == '\n';
    if (isUnwritable(at_)) {
      report(diag::make<Code::UnexpectedCharacter>(span(at_, at_ + 1), show(at_, end_)), Slip::BadByte);
      if (badBytes_ > kMaxBadBytes) return;
    }
    ++at_;
  }
  report(diag::make<Code::UnterminatedComment>(span(start, start + 2)));
  out_.slips.back() = span(start, end_);
}

void Lexer::punctuation() {
  const char* start = at_;
  const char next = at_[1];
  const auto take = [&](std::size_t length, TokenKind kind) {
    at_ += length;
    push(kind, start);
  };
  switch (*start) {
    case '{':
      if (!open_.empty()) ++open_.back().braces;
      take(1, TokenKind::LBrace);
      break;
    case '}':
      if (!open_.empty()) {
        if (open_.back().braces == 0) {
          const OpenString string = open_.back();
          open_.pop_back();
          ++at_;
          stringBegin_ = string.begin;
          text(start, string.block, false);
          return;
        }
        --open_.back().braces;
      }
      take(1, TokenKind::RBrace);
      break;
    case '[': take(1, TokenKind::LBracket); break;
    case ']': take(1, TokenKind::RBracket); break;
    case '(': take(1, TokenKind::LParen); break;
    case ')': take(1, TokenKind::RParen); break;
    case '=': next == '=' ? take(2, TokenKind::Eq) : take(1, TokenKind::Assign); break;
    case ':': take(1, TokenKind::Colon); break;
    case ',': take(1, TokenKind::Comma); break;
    case '.':
      if (next != '.') take(1, TokenKind::Dot);
      else if (at_[2] == '.') take(3, TokenKind::Spread);
      else if (at_[2] == '<') take(3, TokenKind::RangeBelow);
      else take(2, TokenKind::Range);
      break;
    case '-': next == '>' ? take(2, TokenKind::Arrow) : take(1, TokenKind::Minus); break;
    case '?': take(1, TokenKind::Question); break;
    case '|': next == '|' ? take(2, TokenKind::Or) : take(1, TokenKind::Pipe); break;
    case '!': next == '=' ? take(2, TokenKind::Ne) : take(1, TokenKind::Not); break;
    case '<':
      if (next == '<' && hereDocument()) return;
      next == '=' ? take(2, TokenKind::Le) : take(1, TokenKind::Lt); break;
    case '>': next == '=' ? take(2, TokenKind::Ge) : take(1, TokenKind::Gt); break;
    case '+': take(1, TokenKind::Plus); break;
    case '*': take(1, TokenKind::Star); break;
    case '%': take(1, TokenKind::Percent); break;
    default: next == '&' ? take(2, TokenKind::And) : unexpected(); break;
  }
}

/// A character that begins no token. What a reader probably meant is lexed along, so that one slip is one message.
void Lexer::unexpected() {
  const char* start = at_;
  const auto byte = static_cast<std::uint8_t>(*at_);
  if (foreignQuotes("'", "'") || foreignQuotes("`", "`") || foreignQuotes("\u201C", "\u201D") || foreignQuotes("\u2018", "\u2019")) return;
  const std::size_t length = characterLength(at_, end_);
  const std::string_view character(at_, length);
  if (byte >= 0x80 && base::firstBadUtf8(character) != std::string_view::npos) {
    ++at_;  // reported already
    return;
  }
  at_ += length;
  while (at_ != end_ && std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(character)) at_ += length;
  auto d = diag::make<Code::UnexpectedCharacter>(span(start, start + length), show(start, end_));
  if (byte == '#') {
    d.help = "a comment begins with `//`";
    at_ = std::find(at_, end_, '\n');
  } else if (byte == ';') {
    d.help = "a statement ends with its line";
    d.fixes.push_back({"remove it", {{span(start, at_), ""}}});
  } else if (byte == '$') {
    d.help = "a name is used as it is; `${name}` stands in texts";
  } else if (byte == '&') {
    d.help = "\"and\" is written `&&`";
  } else if (character == "\u00A0") {
    d.help = "this is a no-break space: write a plain one";
    d.fixes.push_back({"write a plain space", {{span(start, at_), " "}}});
  }
  report(std::move(d), isControl(*start) ? Slip::BadByte : Slip::Other);
  if (byte == '&') push(TokenKind::And, start);
}

/// `<<EOF`, lines, `EOF`: text as a shell or HCL has it, with one message.
bool Lexer::hereDocument() {
  const char* start = at_;
  if (!open_.empty() || ++hereDocuments_ > 100) return false;   // each may look far
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  std::size_t from = rest.find_first_not_of("-~", 2);
  if (from == std::string_view::npos || classOf(rest[from]) != Letter) return false;
  std::size_t to = from;
  while (to < rest.size() && isWord(rest[to])) ++to;
  const std::string_view word = rest.substr(from, to - from);
  constexpr std::size_t kFar = 20'000;
  std::size_t line = rest.find('\n', to);
  if (line == std::string_view::npos || rest.substr(to, line - to).find_first_not_of(" \t\r") != std::string_view::npos) return false;
  while (line != std::string_view::npos && line < kFar) {
    const std::size_t text = rest.find_first_not_of(" \t", line + 1);
    if (text == std::string_view::npos) return false;
    line = rest.find('\n', text);
    std::string_view whole = rest.substr(text, line == std::string_view::npos ? line : line - text);
    if (whole.ends_with('\r')) whole.remove_suffix(1);
    if (whole != word) continue;
    at_ += text + word.size();
    report(diag::make<Code::UnexpectedCharacter>(span(start, start + to), "`<`").hint("text of several lines stands in \"\"\"…\"\"\""));
    out_.slips.back() = span(start, at_);
    push(TokenKind::String, start);
    return true;
  }
  return false;
}

/// Text in quotes of another language: a string, with one message.
bool Lexer::foreignQuotes(std::string_view open, std::string_view close) {
  const char* start = at_;
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(open)) return false;
  constexpr std::ptrdiff_t kFar = 2000;  // nobody's string, and a line of such quotes must not cost its square
  const char* far = at_ + std::min(end_ - at_, kFar);
  const std::string_view line(at_, static_cast<std::size_t>(std::find(at_, far, '\n') - at_));
  std::size_t end = line.find(close, open.size());
  while (end != std::string_view::npos && line[end - 1] == '\\') end = line.find(close, end + 1);
  auto d = diag::make<Code::UnexpectedCharacter>(span(start, start + open.size()), show(start, end_));
  d.help = "strings stand in straight double quotes: \"…\"";
  if (end == std::string_view::npos) {
    at_ += open.size();
    report(std::move(d));
    return true;
  }
  const std::string_view inner = line.substr(open.size(), end - open.size());
  at_ += end + close.size();
  if (inner.find_first_of("\"\\$") == std::string_view::npos) {
    d.fixes.push_back({"use double quotes",
                       {{span(start, start + open.size()), "\""}, {span(at_ - close.size(), at_), "\""}}});
  }
  report(std::move(d));
  push(TokenKind::String, start);
  return true;
}

// --- strings -----------------------------------------------------------------------------------

void Lexer::openString(const char* start) {
  const bool block = at_[1] == '"' && at_[2] == '"';
  at_ += block ? 3 : 1;
  stringBegin_ = start;
  text(start, block, true);
}

/// r"…" and r"""…""": everything stands for itself.
void Lexer::rawString(const char* start) {
  ++at_;
  const bool block = at_[1] == '"' && at_[2] == '"';
  at_ += block ? 3 : 1;
  while (at_ != end_) {
    if (*at_ == '"') {
      if (!block) {
        ++at_;
        push(TokenKind::String, start);
        return;
      }
      if (at_[1] == '"' && at_[2] == '"') {
        blockEnd(start, true);
        return;
      }
    } else if (*at_ == '\n' && !block) {
      break;
    } else if (isUnwritable(at_)) {
      report(diag::make<Code::UnexpectedCharacter>(span(at_, at_ + 1), show(at_, end_)), Slip::BadByte);
      if (badBytes_ > kMaxBadBytes) return;
    }
    ++at_;
  }
  unterminated(start, block, true);
}

/// The text of a string from `at_` to its end or to the next `${`.
void Lexer::text(const char* start, bool block, bool head) {
  for (;;) {
    while (!kStringStop[static_cast<std::uint8_t>(*at_)]) ++at_;
    if (at_ == end_) break;
    switch (*at_) {
      case '"':
        if (!block) {
          ++at_;
          push(head ? TokenKind::String : TokenKind::StringTail, start);
          return;
        }
        if (at_[1] == '"' && at_[2] == '"') {
          blockEnd(start, head);
          return;
        }
        ++at_;
        break;
      case '\\':
        if (at_ + 1 == end_ || (at_[1] == '\n' && !block)) {
          ++at_;
          break;
        }
        escape();
        break;
      case '$':
        if (at_[1] == '{') {
          interpolate(start, block, head);
          return;
        }
        ++at_;
        break;
      case '\n':
        if (!block) {
          unterminated(start, block, head);
          return;
        }
        ++at_;
        break;
      default:
        if (!isUnwritable(at_)) {
          ++at_;
          break;
        }
        report(diag::make<Code::UnexpectedCharacter>(span(at_, at_ + 1), show(at_, end_)), Slip::BadByte);
        if (badBytes_ > kMaxBadBytes) return;
        ++at_;
        break;
    }
  }
  unterminated(start, block, head);
}

/// Of a run of quotes the last three close; those before belong to the text.
void Lexer::blockEnd(const char* start, bool head) {
  while (at_[3] == '"') ++at_;
  at_ += 3;
  push(head ? TokenKind::BlockString : TokenKind::StringTail, start);
}

void Lexer::interpolate(const char* start, bool block, bool head) {
  const char* interpolation = at_;
  at_ += 2;
  push(head ? TokenKind::StringHead : TokenKind::StringMid, start);
  open_.push_back({block, 0, stringBegin_, interpolation});
}

void Lexer::escape() {
  const char* start = at_;
  const char letter = start[1];
  at_ += 2;
  switch (letter) {
    case 'n': case 't': case 'r': case '"': case '\\': case '$':
    case '\n': return;  // in block strings: the last character of a shell's continued line
    case '\r': if (*at_ == '\n') return; break;
    case 'u': {
      const char* at = at_;
      std::uint32_t point = 0;
      if (*at == '{') {
        ++at;
        const char* digits = at;
        for (; at - digits < 6; ++at) {
          const char c = *at;
          const int low = c | 0x20;
          if (isDigit(c)) point = point * 16 + static_cast<std::uint32_t>(c - '0');
          else if (low >= 'a' && low <= 'f') point = point * 16 + static_cast<std::uint32_t>(low - 'a' + 10);
          else break;
        }
        if (at != digits && *at == '}' && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF) && point != 0) {
          at_ = at + 1;
          return;
        }
      }
      report(diag::make<Code::UnknownEscape>(span(start, at_), "u")
                 .hint("a character by number is written \\u{2026}: its hexadecimal code point in braces"));
      return;
    }
    default: break;
  }
  const std::size_t length = characterLength(start + 1, end_);
  at_ = start + 1 + length;
  const std::string shown = isControl(letter) ? show(start + 1, end_) : std::string(start + 1, length);
  auto d = diag::make<Code::UnknownEscape>(span(start, at_), shown)
               .hint("a backslash itself is written `\\\\`; r\"…\" and r\"\"\"…\"\"\" take everything as it stands");
  d.fixes.push_back({"double the backslash", {{span(start, start), "\\"}}});
  report(std::move(d));
}

/// The end of a line inside `"…"`, or the end of the file inside a string.
void Lexer::unterminated(const char* start, bool block, bool head) {
  const TokenKind whole = block ? TokenKind::BlockString : TokenKind::String;
  // Inside the `${` of another string the quote is more likely that string's end: one message, at its `${`.
  if (open_.empty() && !(start == end_ && !head)) {
    const char* begin = head ? start : stringBegin_;
    const char* quotes = begin + (*begin == 'r' ? 1 : 0);
    if (block) report(diag::make<Code::UnterminatedBlockString>(span(begin, quotes + 3)));
    else report(diag::make<Code::UnterminatedString>(span(begin, quotes + 1)));
    out_.slips.back() = block ? span(begin, end_) : lineOf(begin);
  }
  push(head ? whole : TokenKind::StringTail, start);
}

/// The line or the file ends inside `${`. The strings around end here too, or go on behind it (block strings).
void Lexer::unfinishedInterpolation() {
  const char* first = open_.front().interpolation;
  report(diag::make<Code::UnclosedInterpolation>(span(first, first + 2))
             .hint("the text `${` is written `\\${`, or use r\"…\", which takes everything as it stands"));
  out_.slips.back() = lineOf(first);
  while (!open_.empty()) {
    const OpenString string = open_.back();
    for (std::uint32_t i = 0; i < string.braces; ++i) push(TokenKind::RBrace, at_);
    open_.pop_back();
    if (string.block) {
      stringBegin_ = string.begin;
      text(at_, true, false);
      return;
    }
    push(TokenKind::StringTail, at_);
  }
}

syntax::TokenList lex(const base::SourceFile& file, diag::Sink& sink) { return Lexer(file, sink).run(); }

}  // namespace mlstack::parse
