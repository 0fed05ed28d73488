#include "emit/scalar.h"

#include <array>
#include <charconv>
#include <cmath>

namespace mlstack::emit {

namespace {

/// What a byte may do to a plain scalar.
enum CharClass : std::uint8_t {
  First = 1,  // an indicator when it comes first
  Colon = 2,  // ends a key before a space or the end
  Hash = 4,   // starts a comment after a space
  Space = 8,
  Break = 16,   // newline
  Escape = 32,  // must be escaped: control characters, DEL
  Wide = 64,    // lead byte under which unprintable code points exist: look closer
  Quote = 128,  // reads worse in double quotes
};

constexpr std::array<std::uint8_t, 256> makeClasses() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 0x20; ++c) table[c] = Escape;
  table['\n'] = Break;
  table[0x7f] = Escape;
  for (const char c : {'-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'',
                       '"', '%', '@', '`'}) {
    table[static_cast<unsigned char>(c)] = First;
  }
  table[':'] |= Colon;
  table['#'] |= Hash;
  table[' '] = Space;
  table['"'] |= Quote;
  table['\\'] |= Quote;
  table[0xc2] = Wide;  // U+0080–U+009F
  table[0xe2] = Wide;  // U+2028, U+2029, and marks that show nothing
  table[0xef] = Wide;  // U+FEFF, U+FFFE, U+FFFF
  table[0xed] = Wide;  // surrogates, which well-formed text cannot hold
  for (const unsigned c : {0xf0u, 0xf1u, 0xf2u, 0xf3u, 0xf4u}) table[c] = Wide;
  return table;
}
constexpr auto kClasses = makeClasses();

std::uint8_t classOf(char c) {
  return kClasses[static_cast<unsigned char>(c)];
}

/// The code point of the well-formed sequence at `at`, and its length.
std::uint32_t codePoint(std::string_view text, std::size_t at, unsigned& length) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto lead = byte(0);
  if (lead < 0x80) return length = 1, lead;
  if (lead < 0xe0) return length = 2, ((lead & 0x1f) << 6) | (byte(1) & 0x3f);
  if (lead < 0xf0)
    return length = 3, ((lead & 0x0f) << 12) | ((byte(1) & 0x3f) << 6) | (byte(2) & 0x3f);
  return length = 4,
         ((lead & 7) << 18) | ((byte(1) & 0x3f) << 12) | ((byte(2) & 0x3f) << 6) | (byte(3) & 0x3f);
}

/// Parsers differ on these (line breaks of 1.1, byte order marks), or refuse them.
bool mustEscape(std::uint32_t code) {
  return (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 || code == 0xfeff ||
         (code >= 0xd800 && code < 0xe000) || (code & 0xfffe) == 0xfffe;
}

/// Whether any sequence under a Wide lead byte must be escaped.
bool holdsUnprintable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!(classOf(text[i]) & Wide)) continue;
    unsigned length = 1;
    if (mustEscape(codePoint(text, i, length))) return true;
    i += length - 1;
  }
  return false;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Words that some parser reads as null, bool, float, merge or default value, in any case.
bool isReservedWord(std::string_view text) {
  if (text.size() > 9) return false;
  if (std::string_view("~ynotfi=<+-.").find(lower(text.front())) == std::string_view::npos) return false;
  std::array<char, 9> folded{};
  for (std::size_t i = 0; i < text.size(); ++i) folded[i] = lower(text[i]);
  std::string_view word(folded.data(), text.size());
  constexpr std::string_view kWords[] = {"~",   "y",    "n",     "yes",  "no", "on",
                                         "off", "true", "false", "null", "=",  "<<"};
  for (const auto reserved : kWords) {
    if (word == reserved) return true;
  }
  if (word.starts_with('-') || word.starts_with('+')) word.remove_prefix(1);
  if (word.starts_with('.')) word.remove_prefix(1);
  return word.empty() || word == "inf" || word == "nan" || word == "infinity";
}

/// Whether some parser could take it for a number, a sexagesimal number or a timestamp. Generous:
/// quotes too many never change a value.
bool looksNumeric(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return false;
  const char first = lower(text.front());
  if (first == 'e') {  // `e5`: one parser of 1.1 needs no digit before the exponent
    return text.size() > 1 && text.find_first_not_of("0123456789+-", 1) == std::string_view::npos;
  }
  if (first != '.' && (first < '0' || first > '9')) return false;
  if (text.front() == '0' && text.size() > 1) {
    const char base = lower(text[1]);
    if (base == 'x') {
      return text.find_first_not_of("0123456789abcdefABCDEF_,.pP+-", 2) == std::string_view::npos;
    }
    if (base == 'o' || base == 'b') {
      return text.find_first_not_of("01234567_,", 2) == std::string_view::npos;
    }
  }
  return text.find_first_not_of("0123456789_,.:+-eEtTzZ ") == std::string_view::npos;
}

/// Whether a text without breaks and escapes can stand without quotes.
bool plainSafe(std::string_view text, std::uint8_t seen) {
  const auto first = classOf(text.front());
  if (first & (First | Space)) {
    // `-x` and `--flag` are plain, `- x`, `-`, `---` are not.
    if (text.front() != '-' || text.size() == 1 || text[1] == ' ' || text.starts_with("---"))
      return false;
  }
  if (text.back() == ' ' || text.starts_with("...")) return false;
  if (seen & Colon) {
    if (text.back() == ':') return false;
    if ((seen & Space) && text.find(": ") != std::string_view::npos) return false;
  }
  if ((seen & Hash) && (seen & Space) && text.find(" #") != std::string_view::npos) return false;
  const char c = text.front();
  if ((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E') {
    if (looksNumeric(text)) return false;
  }
  return !isReservedWord(text);
}

/// A text with breaks as a literal block: only where no parser strips or joins anything.
bool literalSafe(std::string_view text) {
  const auto firstLine = text.find_first_not_of('\n');
  if (firstLine == std::string_view::npos) return false;  // nothing but breaks
  // A first line of blanks alone would be taken for the indentation.
  const auto firstEnd = text.find('\n', firstLine);
  const auto first = text.substr(firstLine, firstEnd - firstLine);
  if (first.find_first_not_of(" \t") == std::string_view::npos || first.front() == '\t')
    return false;
  // A last line of blanks alone: parsers disagree whether it is content.
  const auto lastEnd = text.find_last_not_of('\n') + 1;
  const auto lastBreak = text.substr(0, lastEnd).rfind('\n');
  const auto last =
      text.substr(lastBreak == std::string_view::npos ? 0 : lastBreak + 1,
                  lastEnd - (lastBreak == std::string_view::npos ? 0 : lastBreak + 1));
  return last.find_first_not_of(" \t") != std::string_view::npos;
}

std::uint8_t scan(std::string_view text) {
  std::uint8_t seen = 0;
  for (const char c : text) seen |= classOf(c);
  return seen;
}

/// Escapes apart from tabs, which a block holds as they are.
bool holdsEscapes(std::string_view text) {
  for (const char c : text) {
    if ((classOf(c) & Escape) && c != '\t') return true;
  }
  return false;
}

}  // namespace

Style styleOf(std::string_view text, bool block) {
  if (text.empty()) return Style::Double;
  const auto seen = scan(text);
  if ((seen & Wide) && holdsUnprintable(text)) return Style::Double;
  if ((seen & Break) || block) {
    if ((seen & Escape) && holdsEscapes(text)) return Style::Double;
    if (literalSafe(text)) return Style::Literal;
    if (seen & Break) return Style::Double;
  }
  if (seen & Escape) return Style::Double;
  if (plainSafe(text, seen)) return Style::Plain;
  return (seen & Quote) ? Style::Single : Style::Double;
}

Style keyStyleOf(std::string_view text) {
  if (text.empty()) return Style::Double;
  const auto seen = scan(text);
  if ((seen & (Break | Escape)) || ((seen & Wide) && holdsUnprintable(text))) return Style::Double;
  if (plainSafe(text, seen)) return Style::Plain;
  return (seen & Quote) ? Style::Single : Style::Double;
}

namespace {

void putEscape(Buffer& out, std::uint32_t code) {
  switch (code) {
    case '\n':
      return out.put("\\n");
    case '\t':
      return out.put("\\t");
    case '\r':
      return out.put("\\r");
    case '"':
      return out.put("\\\"");
    case '\\':
      return out.put("\\\\");
    default:
      break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto unit = [&](std::uint32_t value) {
    out.put("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) out.put(kHex[(value >> shift) & 15]);
  };
  if (code < 0x10000) return unit(code);
  // Non-characters above the BMP only: as YAML, since JSON's pair means two characters to YAML.
  out.put("\\U");
  for (int shift = 28; shift >= 0; shift -= 4) out.put(kHex[(code >> shift) & 15]);
}

/// One double-quoted string; `unprintable` escapes what YAML needs and JSON does not.
void putEscaped(Buffer& out, std::string_view text, bool unprintable) {
  out.put('"');
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto kind = classOf(text[i]);
    if (!(kind & (Break | Escape | Quote | Wide))) continue;
    unsigned length = 1;
    auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
    if (kind & Wide) {
      code = codePoint(text, i, length);
      if (!unprintable || !mustEscape(code)) {
        i += length - 1;
        continue;
      }
    }
    out.put(text.substr(from, i - from));
    putEscape(out, code);
    i += length - 1;
    from = i + 1;
  }
  if (from < text.size()) out.put(text.substr(from));
  out.put('"');
}

}  // namespace

void putQuoted(Buffer& out, std::string_view text) {
  putEscaped(out, text, false);
}

void putScalar(Buffer& out, std::string_view text, Style style) {
  switch (style) {
    case Style::Plain:
      return out.put(text);
    case Style::Literal:
    case Style::Double:
      return putEscaped(out, text, true);
    case Style::Single:
      break;
  }
  out.put('\'');
  for (auto quote = text.find('\''); quote != std::string_view::npos; quote = text.find('\'')) {
    out.put(text.substr(0, quote));
    out.put("''");
    text.remove_prefix(quote + 1);
  }
  out.put(text);
  out.put('\'');
}

void putLiteral(Buffer& out, std::string_view text, unsigned indent) {
  out.put('|');
  const auto firstLine = text.find_first_not_of('\n');
  if (firstLine != std::string_view::npos && text[firstLine] == ' ') out.put('2');
  const auto end = text.find_last_not_of('\n') + 1;
  const auto breaks = text.size() - end;
  if (breaks == 0) out.put('-');
  if (breaks > 1) out.put('+');
  std::size_t from = 0;
  const auto body = text.substr(0, end);
  while (true) {
    const auto lineEnd = body.find('\n', from);
    const auto line =
        body.substr(from, lineEnd == std::string_view::npos ? lineEnd : lineEnd - from);
    out.put('\n');
    if (!line.empty()) {
      out.spaces(indent);
      out.put(line);
    }
    if (lineEnd == std::string_view::npos) break;
    from = lineEnd + 1;
  }
  for (std::size_t i = 1; i < breaks; ++i) out.put('\n');
}

void putFloat(Buffer& out, double value) {
  if (std::isnan(value)) return out.put(".nan");
  if (std::isinf(value)) return out.put(value < 0 ? "-.inf" : ".inf");
  std::array<char, 40> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  (void)error;  // 40 characters hold every double
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  const auto exponent = text.find('e');
  const auto mantissa = text.substr(0, exponent);
  out.put(mantissa);
  if (mantissa.find('.') == std::string_view::npos) out.put(".0");
  if (exponent != std::string_view::npos) out.put(text.substr(exponent));  // to_chars signs it
}

void putInteger(Buffer& out, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  (void)error;
  out.put({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

}  // namespace mlstack::emit
