#include "syntax/token.h"

#include <array>
#include <cstddef>

namespace mlstack::syntax {
namespace {

struct Row {
  TokenKind kind;
  std::string_view spelled;    // for dumps
  std::string_view described;  // for messages
};

constexpr std::array kRows = {
    Row{TokenKind::EndOfFile, "EndOfFile", "the end of the file"},
    Row{TokenKind::Name, "Name", "a name"},
    Row{TokenKind::Int, "Int", "a number"},
    Row{TokenKind::Float, "Float", "a number"},
    Row{TokenKind::Suffixed, "Suffixed", "an amount"},
    Row{TokenKind::String, "String", "a string"},
    Row{TokenKind::BlockString, "BlockString", "a block string"},
    Row{TokenKind::StringHead, "StringHead", "a string with `${…}`"},
    Row{TokenKind::StringMid, "StringMid", "the `}` of a string's `${…}`"},
    Row{TokenKind::StringTail, "StringTail", "the `}` of a string's `${…}`"},
    Row{TokenKind::Doc, "Doc", "a `///` comment"},
    Row{TokenKind::Stack, "Stack", "`stack`"},
    Row{TokenKind::Import, "Import", "`import`"},
    Row{TokenKind::Param, "Param", "`param`"},
    Row{TokenKind::Let, "Let", "`let`"},
    Row{TokenKind::Kind, "Kind", "`kind`"},
    Row{TokenKind::Component, "Component", "`component`"},
    Row{TokenKind::For, "For", "`for`"},
    Row{TokenKind::If, "If", "`if`"},
    Row{TokenKind::Assert, "Assert", "`assert`"},
    Row{TokenKind::Output, "Output", "`output`"},
    Row{TokenKind::External, "External", "`external`"},
    Row{TokenKind::Object, "Object", "`object`"},
    Row{TokenKind::Allow, "Allow", "`allow`"},
    Row{TokenKind::As, "As", "`as`"},
    Row{TokenKind::At, "At", "`at`"},
    Row{TokenKind::Else, "Else", "`else`"},
    Row{TokenKind::In, "In", "`in`"},
    Row{TokenKind::Matches, "Matches", "`matches`"},
    Row{TokenKind::Then, "Then", "`then`"},
    Row{TokenKind::True, "True", "`true`"},
    Row{TokenKind::False, "False", "`false`"},
    Row{TokenKind::Null, "Null", "`null`"},
    Row{TokenKind::Via, "Via", "`via`"},
    Row{TokenKind::LBrace, "LBrace", "`{`"},
    Row{TokenKind::RBrace, "RBrace", "`}`"},
    Row{TokenKind::LBracket, "LBracket", "`[`"},
    Row{TokenKind::RBracket, "RBracket", "`]`"},
    Row{TokenKind::LParen, "LParen", "`(`"},
    Row{TokenKind::RParen, "RParen", "`)`"},
    Row{TokenKind::Assign, "Assign", "`=`"},
    Row{TokenKind::Colon, "Colon", "`:`"},
    Row{TokenKind::Comma, "Comma", "`,`"},
    Row{TokenKind::Dot, "Dot", "`.`"},
    Row{TokenKind::Range, "Range", "`..`"},
    Row{TokenKind::RangeBelow, "RangeBelow", "`..<`"},
    Row{TokenKind::Spread, "Spread", "`...`"},
    Row{TokenKind::Arrow, "Arrow", "`->`"},
    Row{TokenKind::Question, "Question", "`?`"},
    Row{TokenKind::Pipe, "Pipe", "`|`"},
    Row{TokenKind::Eq, "Eq", "`==`"},
    Row{TokenKind::Ne, "Ne", "`!=`"},
    Row{TokenKind::Lt, "Lt", "`<`"},
    Row{TokenKind::Le, "Le", "`<=`"},
    Row{TokenKind::Gt, "Gt", "`>`"},
    Row{TokenKind::Ge, "Ge", "`>=`"},
    Row{TokenKind::Plus, "Plus", "`+`"},
    Row{TokenKind::Minus, "Minus", "`-`"},
    Row{TokenKind::Star, "Star", "`*`"},
    Row{TokenKind::Slash, "Slash", "`/`"},
    Row{TokenKind::Percent, "Percent", "`%`"},
    Row{TokenKind::And, "And", "`&&`"},
    Row{TokenKind::Or, "Or", "`||`"},
    Row{TokenKind::Not, "Not", "`!`"},
};

constexpr bool inOrder() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].kind) != i) return false;
  }
  return kRows.size() == static_cast<std::size_t>(TokenKind::Not) + 1;
}
static_assert(inOrder());

/// The words from `first` to `last`, without the quotes of their descriptions.
std::vector<std::string_view> words(TokenKind first, TokenKind last) {
  std::vector<std::string_view> out;
  for (auto i = static_cast<std::size_t>(first); i <= static_cast<std::size_t>(last); ++i) {
    const std::string_view quoted = kRows[i].described;
    out.push_back(quoted.substr(1, quoted.size() - 2));
  }
  return out;
}

}  // namespace

std::string_view describe(TokenKind kind) { return kRows[static_cast<std::size_t>(kind)].described; }

std::string_view spell(TokenKind kind) { return kRows[static_cast<std::size_t>(kind)].spelled; }

TokenKind wordKind(std::string_view text) {
  // Length and first letter leave at most two candidates.
  const auto is = [text](std::string_view word, TokenKind kind) {
    return text == word ? kind : TokenKind::Name;
  };
  if (text.size() < 2 || text.size() > 9) return TokenKind::Name;
  switch (text[0]) {
    case 'a':
      if (text.size() == 2) return text[1] == 's' ? TokenKind::As : is("at", TokenKind::At);
      return text.size() == 5 ? is("allow", TokenKind::Allow) : is("assert", TokenKind::Assert);
    case 'c': return is("component", TokenKind::Component);
    case 'e': return text.size() == 4 ? is("else", TokenKind::Else) : is("external", TokenKind::External);
    case 'f': return text.size() == 3 ? is("for", TokenKind::For) : is("false", TokenKind::False);
    case 'i':
      if (text.size() == 2) return text[1] == 'f' ? TokenKind::If : is("in", TokenKind::In);
      return is("import", TokenKind::Import);
    case 'k': return is("kind", TokenKind::Kind);
    case 'l': return is("let", TokenKind::Let);
    case 'm': return is("matches", TokenKind::Matches);
    case 'n': return is("null", TokenKind::Null);
    case 'o': return text[1] == 'u' ? is("output", TokenKind::Output) : is("object", TokenKind::Object);
    case 'p': return is("param", TokenKind::Param);
    case 's': return is("stack", TokenKind::Stack);
    case 't': return text[1] == 'h' ? is("then", TokenKind::Then) : is("true", TokenKind::True);
    case 'v': return is("via", TokenKind::Via);
    default: return TokenKind::Name;
  }
}

const std::vector<std::string_view>& statementWords() {
  static const std::vector<std::string_view> all = words(TokenKind::Stack, TokenKind::Allow);
  return all;
}

const std::vector<std::string_view>& innerWords() {
  static const std::vector<std::string_view> all = words(TokenKind::As, TokenKind::Via);
  return all;
}

}  // namespace mlstack::syntax
