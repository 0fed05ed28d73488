#include "parse/balance.h"

#include <algorithm>

#include "parse/parse.h"
#include "parse/token_set.h"

namespace mlstack::parse {
namespace {

using diag::Code;
using enum syntax::TokenKind;
using syntax::Token;
using syntax::TokenKind;

/// Whoever pairs no bracket of a file has read enough.
constexpr std::size_t kMaxReports = 50;

constexpr TokenSet kOpeners{LBrace, LBracket, LParen, StringHead};
constexpr TokenSet kClosers{RBrace, RBracket, RParen, StringTail};

constexpr TokenKind closerOf(TokenKind opener) {
  return opener == LBrace ? RBrace : opener == LBracket ? RBracket : opener == LParen ? RParen : StringTail;
}

constexpr std::string_view bracketText(TokenKind kind) {
  constexpr std::string_view texts[] = {"{", "}", "[", "]", "(", ")"};
  return kind == StringHead ? "${" : texts[static_cast<unsigned>(kind) - static_cast<unsigned>(LBrace)];
}

/// Behind these a line may not end when the next begins a field: an operand is missing.
constexpr TokenSet kOperandMissing{Assign, Range, RangeBelow, Eq, Ne, Le, Ge, Plus, Minus, Star, Slash, Percent,
                                   And, Or, Not, At, In, Then, Assert, Matches};
constexpr TokenSet kNameMissing{Dot, As};

/// `size =`, and on the next line `class = …`: the grammar would read `class` as the size.
bool missesOperand(const base::SourceFile& file, const std::vector<Token>& tokens, std::size_t at) {
  if (at == 0 || tokens[at].kind != Name || !tokens[at].newlineBefore) return false;
  if (!(kOperandMissing | kNameMissing).has(tokens[at - 1].kind)) return false;
  if (kNameMissing.has(tokens[at - 1].kind)) {
    // `-> spec.` and `name = 1` below it may be one path with a comment inside.
    const base::Pos from = tokens[at - 1].span.end;
    const auto gap = std::string_view(file.text).substr(from - file.begin, tokens[at].span.begin - from);
    if (gap.find('/') != std::string_view::npos) return false;
  }
  // `let n = 3 +`, and on the next line `job train { … }`: no value is followed by a name or a string.
  const TokenKind second = tokens[at + 1].kind;
  if (tokens[at - 1].kind != Dot && (second == Name || second == String) && !tokens[at + 1].newlineBefore) return true;
  std::size_t next = at + 1;
  while (tokens[next].kind == Dot && tokens[next + 1].kind == Name) next += 2;
  return tokens[next].kind == Assign;
}

/// What is wrong when brackets are matched by nothing but their order.
struct Count {
  std::size_t unclosed = 0;
  std::size_t unopened = 0;
  std::size_t depth = 0;
  std::size_t operands = 0;  // that are missing
  [[nodiscard]] bool clean() const { return unclosed == 0 && unopened == 0 && depth <= kMaxDepth; }
};

Count count(const base::SourceFile& file, const std::vector<Token>& tokens) {
  Count result;
  std::vector<TokenKind> open;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.newlineBefore && missesOperand(file, tokens, i)) ++result.operands;
    if (kOpeners.has(token.kind)) {
      open.push_back(closerOf(token.kind));
      result.depth = std::max(result.depth, open.size());
    } else if (kClosers.has(token.kind)) {
      if (!open.empty() && open.back() == token.kind) {
        open.pop_back();
        continue;
      }
      // No further back than nesting may go: a file of closers must not cost a search each.
      const auto limit = open.rbegin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(open.size(), kMaxDepth));
      const auto match = std::find(open.rbegin(), limit, token.kind);
      if (match == limit) {
        ++result.unopened;
      } else {
        const auto above = static_cast<std::size_t>(match - open.rbegin());
        result.unclosed += above;
        open.resize(open.size() - above - 1);
      }
    }
  }
  result.unclosed += open.size();
  return result;
}

class Mender {
 public:
  Mender(const base::SourceFile& file, const syntax::TokenList& list, diag::Sink& sink, const Count& count,
         Balanced& result)
      : file_(file), list_(list), sink_(sink), unclosed_(count.unclosed), unopened_(count.unopened), result_(result) {}

  void run() {
    const auto& tokens = list_.tokens;
    result_.mended.reserve(tokens.size() + unclosed_);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      if (token.newlineBefore) lineStart(token);
      if (token.kind == EndOfFile) {
        while (!open_.empty()) closeTop(token);
        result_.mended.push_back(token);
      } else if (kOpeners.has(token.kind)) {
        if (open_.size() == kMaxDepth) i = skipNest(i);
        else open(token);
      } else if (kClosers.has(token.kind)) {
        close(token);
      } else {
        result_.mended.push_back(token);
      }
    }
    result_.slips.insert(result_.slips.end(), found_.begin(), found_.end());
    std::sort(result_.slips.begin(), result_.slips.end(),
              [](base::Span a, base::Span b) { return a.begin < b.begin; });
  }

 private:
  struct Open {
    Token token;
    std::size_t indentation;
  };

  std::size_t indentation(const Token& token) {
    if (token.span.begin < file_.begin) return 0;
    const std::string_view text = file_.text;
    const std::size_t offset = token.span.begin - file_.begin;
    const std::size_t newLine = text.substr(0, offset).rfind('\n');
    const std::size_t line = newLine == std::string_view::npos ? 0 : newLine + 1;
    const std::size_t content = text.find_first_not_of(" \t", line);
    return content == std::string_view::npos ? 0 : content - line;
  }

  void open(const Token& token) {
    open_.push_back({token, lineIndentation_});
    result_.mended.push_back(token);
  }

  /// A line that is indented no deeper than the line of the innermost opener: what that opened should have been closed.
  void lineStart(const Token& token) {
    lineIndentation_ = indentation(token);
    if (kClosers.has(token.kind)) return;
    while (unclosed_ != 0 && !open_.empty() && lineIndentation_ <= open_.back().indentation) closeTop(token);
  }

  void close(const Token& token) {
    const auto matches = [&token](const Open& open) { return closerOf(open.token.kind) == token.kind; };
    if (token.newlineBefore && !open_.empty() && matches(open_.back())) {
      // `}` under the opener of an outer block: the inner ones lack theirs.
      while (unclosed_ != 0 && open_.size() > 1 && lineIndentation_ < open_.back().indentation &&
             lineIndentation_ <= open_[open_.size() - 2].indentation) {
        closeTop(token);
      }
      if (unopened_ != 0 && !open_.empty() && lineIndentation_ > open_.back().indentation) {
        drop(token);
        return;
      }
    }
    const auto match = std::find_if(open_.rbegin(), open_.rend(), matches);
    if (match == open_.rend() || (token.kind != StringTail && crossesString(match))) {
      drop(token);
      return;
    }
    for (auto above = match - open_.rbegin(); above != 0; --above) closeTop(token);
    open_.pop_back();
    result_.mended.push_back(token);
  }

  /// A closer inside `${…}` never closes what was opened outside of the string.
  [[nodiscard]] bool crossesString(std::vector<Open>::reverse_iterator match) {
    return std::any_of(open_.rbegin(), match, [](const Open& open) { return open.token.kind == StringHead; });
  }

  void drop(const Token& token) {
    if (unopened_ != 0) --unopened_;
    if (!touches(result_.slips, token.span.begin, token.span.end) && ++reported_ <= kMaxReports) {
      auto d = diag::make<Code::UnopenedBracket>(token.span, bracketText(token.kind));
      d.fixes.push_back({"remove it", {{token.span, ""}}});
      sink_.add(std::move(d));
    }
    found_.push_back(token.span);
  }

  /// Closes the innermost bracket before `next`.
  void closeTop(const Token& next) {
    const Token opener = open_.back().token;
    open_.pop_back();
    if (unclosed_ != 0) --unclosed_;
    const base::Pos end = result_.mended.back().span.end;
    if (!touches(result_.slips, opener.span.begin, next.span.begin) && ++reported_ <= kMaxReports) {
      sink_.add(diag::make<Code::UnclosedBracket>(
          opener.kind == StringHead ? base::Span{opener.span.end - 2, opener.span.end} : opener.span,
          bracketText(opener.kind)));
    }
    result_.mended.push_back({closerOf(opener.kind), false, {end, end}});
    found_.push_back({end, end});
    found_.push_back(opener.span);   // what else is odd on its line follows from it
  }

  /// Leaves out what lies beyond the limit. Returns the index of its last token.
  std::size_t skipNest(std::size_t from) {
    const auto& tokens = list_.tokens;
    std::size_t depth = 0;
    std::size_t i = from;
    for (; tokens[i].kind != EndOfFile; ++i) {
      if (kOpeners.has(tokens[i].kind)) ++depth;
      else if (kClosers.has(tokens[i].kind) && --depth == 0) break;
    }
    if (tokens[i].kind == EndOfFile) {
      --i;
      unclosed_ = 0;
      result_.slips.push_back({tokens[from].span.begin, tokens[i].span.end});  // what is open around is silent, too
      for (const Open& open : open_) result_.slips.push_back(open.token.span);
      std::sort(result_.slips.begin(), result_.slips.end(),
                [](base::Span a, base::Span b) { return a.begin < b.begin; });
    }
    sink_.add(diag::make<Code::TooDeep>(tokens[from].span, kMaxDepth));
    found_.push_back({tokens[from].span.begin, tokens[i].span.end});
    return i;
  }

  const base::SourceFile& file_;
  const syntax::TokenList& list_;
  diag::Sink& sink_;
  std::size_t unclosed_;  // how many of each may still be blamed on indentation
  std::size_t unopened_;
  Balanced& result_;
  std::vector<Open> open_;
  std::vector<base::Span> found_;
  std::size_t lineIndentation_ = 0;
  std::size_t reported_ = 0;
};

/// Puts an empty token where an operand is missing; the builder makes an Error of it.
void insertOperands(const base::SourceFile& file, diag::Sink& sink, Balanced& result) {
  std::vector<Token> out;
  std::vector<base::Span> found;
  const auto& tokens = *result.tokens;
  out.reserve(tokens.size() + 16);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (missesOperand(file, tokens, i)) {
      const base::Pos end = tokens[i - 1].span.end;
      const bool name = kNameMissing.has(tokens[i - 1].kind);
      out.push_back({name ? Name : Null, false, {end, end}});
      if (found.size() < kMaxReports && !touches(result.slips, tokens[i - 1].span.begin, tokens[i].span.begin)) {
        sink.add(diag::make<Code::UnexpectedToken>(base::Span{end, end}, "the end of the line", name ? "a name" : "a value"));
      }
      found.push_back({end, end});
    }
    out.push_back(tokens[i]);
  }
  result.slips.insert(result.slips.end(), found.begin(), found.end());
  std::sort(result.slips.begin(), result.slips.end(), [](base::Span a, base::Span b) { return a.begin < b.begin; });
  result.mended = std::move(out);
  result.tokens = &result.mended;
}

}  // namespace

bool touches(const std::vector<base::Span>& slips, base::Pos from, base::Pos to) {
  const auto after = std::upper_bound(slips.begin(), slips.end(), to,
                                      [](base::Pos pos, base::Span slip) { return pos < slip.begin; });
  // A slip may reach over many that begin later (an unclosed comment): look back a few.
  auto slip = after;
  for (int i = 0; i < 4 && slip != slips.begin(); ++i) {
    --slip;
    if (slip->end >= from) return true;
  }
  return false;
}

void balance(const base::SourceFile& file, const syntax::TokenList& list, diag::Sink& sink, Balanced& result) {
  result.slips = list.slips;
  const Count found = count(file, list.tokens);
  result.tokens = &list.tokens;
  if (!found.clean()) {
    Mender(file, list, sink, found, result).run();
    result.tokens = &result.mended;
  }
  if (found.operands != 0) insertOperands(file, sink, result);
}

}  // namespace mlstack::parse
