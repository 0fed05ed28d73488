#include "parse/habits.h"

#include <string_view>

#include <fmt/format.h>

namespace mlstack::parse {
namespace {

using enum syntax::TokenKind;
using syntax::Token;
using syntax::TokenKind;

class Place {
 public:
  Place(const base::SourceFile& file, const std::vector<Token>& tokens, std::uint32_t at, TokenKind wanted)
      : file_(file), tokens_(tokens), at_(at), wanted_(wanted) {
    // The line of what stands before: a slip may be that the line ended.
    first_ = at == 0 ? 0 : at - 1;
    for (std::uint32_t steps = 0; first_ > 0 && !tokens[first_].newlineBefore && steps < kFar; ++steps) --first_;
  }

  [[nodiscard]] std::string hint() const {
    std::string out = aboutStatement();
    if (out.empty()) out = aboutWord();
    if (out.empty()) out = aboutColon();
    if (out.empty()) out = aboutQuotes();
    if (out.empty()) out = aboutSigns();
    return out;
  }

 private:
  static constexpr std::uint32_t kFar = 200;

  [[nodiscard]] TokenKind kind(int step = 0) const { return token(step).kind; }
  [[nodiscard]] const Token& token(int step) const {
    const auto at = static_cast<std::int64_t>(at_) + step;
    if (at < 0) return tokens_.back();
    return tokens_[at < static_cast<std::int64_t>(tokens_.size()) ? static_cast<std::size_t>(at) : tokens_.size() - 1];
  }
  [[nodiscard]] std::string_view textOf(const Token& token) const {
    return std::string_view(file_.text).substr(token.span.begin - file_.begin, token.span.end - token.span.begin);
  }
  [[nodiscard]] std::string_view text(int step = 0) const { return textOf(token(step)); }
  /// Nothing stands between the token and the one before it.
  [[nodiscard]] bool touches(int step = 0) const { return token(step - 1).span.end == token(step).span.begin; }
  [[nodiscard]] bool lineEndsBehind() const { return token(1).newlineBefore || kind(1) == EndOfFile; }
  /// What is written in one piece from the token on.
  [[nodiscard]] std::string_view piece(int step = 0) const {
    const std::string_view rest = std::string_view(file_.text).substr(token(step).span.begin - file_.begin, 60);
    return rest.substr(0, rest.find_first_of(" \t\r\n,;(){}[]\""));
  }
  [[nodiscard]] TokenKind statement() const { return tokens_[first_].kind; }
  [[nodiscard]] std::string_view statementText() const { return textOf(tokens_[first_]); }

  /// By the statement that the line begins.
  [[nodiscard]] std::string aboutStatement() const {
    const bool atEnd = token(0).newlineBefore || kind() == EndOfFile;
    switch (statement()) {
      case Let:
        if (kind() == Comma && kind(1) == Name && kind(2) == Assign) return "each name has a `let` of its own, on a line of its own";
        if (wanted_ == EndOfFile && kind() == Assign && kind(-1) == Colon && touches()) return "`=` sets: no `:` before it";
        break;
      case Param:
        if (wanted_ == Colon && kind() == Name && kind(-1) == Name && at_ == first_ + 2) return fmt::format("the name comes first: `param {}: {}`", text(), text(-1));
        if (wanted_ == Colon && kind() == Assign && kind(1) == Name) return fmt::format("a type stands behind `:`: `param {}: {}`", text(-1), text(1));
        break;
      case Allow:
        if (kind() == Comma) return "each rule has an `allow` of its own, with its reason";
        if (atEnd) return "`allow CODE \"reason\"`: the reason is missing";
        break;
      case Assert:
        if (kind() == Colon) return "a comma comes before the message: `assert VALUE, \"message\"`";
        if (kind() == Comma && wanted_ == RParen) return "no parentheses: `assert VALUE, \"message\"`";
        break;
      case External:
        if (kind() == Assign) return "no `=`: `external KIND NAME { … }`";
        break;
      case For:
        if (wanted_ == Name && kind() == LParen) return "no parentheses: `for x in list { … }`";
        if (wanted_ == In && text() == "of") return "`for x in list { … }`";
        break;
      case Component:
        if (kind() == LParen) return "parameters stand in the block: `param n: int`";
        break;
      default: break;
    }
    if (atEnd && kind(-1) == Name && text(-1) == "external") return "what is not part of the stack is declared `external KIND NAME`";
    if (statementText() == "stack" && kind(-1) == Name && kind() == Colon && at_ == first_ + 1) return "a stack begins `stack NAME`";
    if (at_ == 1 && kind() == Colon && (text(-1) == "apiVersion" || text(-1) == "kind")) return "manifests stand in files that end in .yaml";
    return {};
  }

  [[nodiscard]] std::string aboutWord() const {
    const std::string_view word = kind() == Name ? text() : std::string_view{};
    if (word == "and") return "\"and\" is written `&&`";
    if (word == "or") return "\"or\" is written `||`";
    if (word == "not" || (kind(-1) == Name && text(-1) == "not")) return "\"not\" is written `!`";
    if (word == "default" && statement() == Param) return "a default is written `= VALUE`";
    if (kind(-1) == Name && (text(-1) == "elif" || text(-1) == "elsif" || text(-1) == "elseif")) return "it is written `else if`";
    if (kind() == Question) return "a choice is written `if CONDITION then A else B`";
    if (kind() == For && (wanted_ == RBracket || wanted_ == RBrace)) return "the loop comes first: `[for x in list: VALUE]`";
    return {};
  }

  /// YAML, above all.
  [[nodiscard]] std::string aboutColon() const {
    if (kind() != Colon) return {};
    if (kind(1) == String && text(1).starts_with("\"/") && kind(-2) == Name) return fmt::format("a path stands behind `at`: `… at {}`", text(1));
    if (wanted_ != EndOfFile) return {};
    if (touches() && touches(1) && kind(-1) == Name && kind(-2) == Assign) return fmt::format("a text stands in quotes: \"{}\"", piece(-1));
    if (!lineEndsBehind() || kind(-1) != Name) return {};
    if (kind(1) == Minus) return fmt::format("a list stands in brackets: `{} = [\"…\", \"…\"]`", text(-1));
    if (kind(1) == Name) return fmt::format("what belongs together stands in braces: `{} {{ … }}`", text(-1));
    return {};
  }

  [[nodiscard]] std::string aboutQuotes() const {
    const bool value = wanted_ == EndOfFile && (kind(-1) == Assign || kind(-1) == At || kind(-1) == LBracket || kind(-1) == Comma);
    if (kind() == Slash && value && touches(1)) return fmt::format("a path stands in quotes: \"{}\"", piece());
    if (wanted_ == String && kind() == Name) return fmt::format("it stands in quotes: \"{}\"", piece());
    if (wanted_ == Name && kind() == String) return "a name stands without quotes";
    if (kind() == Slash && kind(1) == Slash) return {};
    return {};
  }

  [[nodiscard]] std::string aboutSigns() const {
    if (kind() == Gt && kind(-1) == Assign && touches()) return "`=` sets; no `>`";
    if (kind() == Assign && kind(-1) == Eq && touches()) return "`==` compares";
    if (kind() == Arrow && kind(1) == String && text(1).starts_with("\"/")) return fmt::format("a path stands behind `at`: `… at {}`", text(1));
    if ((kind() == Plus || kind() == Minus || kind() == Star || kind() == Slash) && kind(1) == Assign && touches(1)) {
      return "a value is set once: what is made from it has a name of its own";
    }
    if (kind() == Int && wanted_ == Name && kind(-1) == Dot) return fmt::format("an element is taken by `[{}]`", text());
    if (kind() == syntax::TokenKind::Spread && kind(-1) == Int) return "a range is written `1..3`, or `0..<3` without its end";
    if (kind() == LBracket && kind(-1) == Name && text(-1) == "enum") return "its words stand in parentheses: `enum(a, b)`";
    if (kind() == Lt && kind(1) == Lt) return "text of several lines stands in \"\"\"…\"\"\"";
    return {};
  }

  const base::SourceFile& file_;
  const std::vector<Token>& tokens_;
  std::uint32_t at_;
  TokenKind wanted_;
  std::uint32_t first_ = 0;
};

}  // namespace

std::string habitHint(const base::SourceFile& file, const std::vector<Token>& tokens, std::uint32_t at, TokenKind wanted) {
  return Place(file, tokens, at, wanted).hint();
}

}  // namespace mlstack::parse
