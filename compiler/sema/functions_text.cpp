// Functions on text.

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/duration.h"
#include "sema/checks.h"
#include "sema/encode.h"
#include "sema/functions.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

std::string valuesText(std::size_t count) { return count == 1 ? std::string("1 value") : fmt::format("{} values", count); }

constexpr Type kOptionalInt{.kind = TypeKind::Int, .optional = true};
constexpr Type kAnyOrNull{.kind = TypeKind::Any, .optional = true};

constexpr bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr Parameter kText[] = {{"text", &types::kString}};
constexpr Parameter kTextAndPart[] = {{"text", &types::kString}, {"part", &types::kString}};
constexpr Parameter kAnyValue[] = {{"value", &kAnyOrNull}};

Value join(Call& call) {
  std::string out;
  const auto items = call[0].list();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0) out += call[1].text();
    const auto piece = call.evaluator.textOf(items[i].value, call.spans[0]);
    if (!piece) return call.fail(0, "an element is no text");
    if (!call.evaluator.roomFor(Budget::Text, out.size() + piece->size() + call[1].length, call.expr.span)) return call.error();
    out += *piece;
  }
  return call.evaluator.makeString(out);
}
constexpr Parameter kJoin[] = {{"list", &types::kList}, {"separator", &types::kString}};

Value split(Call& call) {
  const auto text = call[0].text();
  const auto separator = call[1].text();
  if (separator.empty()) return call.fail(1, "the separator is empty");
  std::vector<Element> items;
  std::size_t begin = 0;
  while (true) {
    const auto end = text.find(separator, begin);
    items.push_back({call.evaluator.makeString(text.substr(begin, end == std::string_view::npos ? end : end - begin)), call.spans[0]});
    if (end == std::string_view::npos) break;
    begin = end + separator.size();
  }
  return call.evaluator.makeList(items);
}
constexpr Parameter kSplit[] = {{"text", &types::kString}, {"separator", &types::kString}};

/// `{}` and `{:0Nd}`.
Value format(Call& call) {
  const auto pattern = call[0].text();
  std::string out;
  std::size_t next = 1;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if ((c == '{' || c == '}') && i + 1 < pattern.size() && pattern[i + 1] == c) {
      out.push_back(c);
      ++i;
      continue;
    }
    if (c == '}') return call.fail(0, "a `}` closes nothing; `}}` writes one");
    if (c != '{') {
      out.push_back(c);
      continue;
    }
    const auto close = pattern.find('}', i);
    if (close == std::string_view::npos) return call.fail(0, "a `{` is never closed; `{{` writes one");
    const auto spec = pattern.substr(i + 1, close - i - 1);
    i = close;
    if (next >= call.arguments.size()) return call.fail(0, fmt::format("it has more places than the {} given", valuesText(call.arguments.size() - 1)));
    const Value& value = call[next];
    if (spec.empty()) {
      const auto piece = call.evaluator.textOf(value, call.spans[next]);
      if (!piece) return call.fail(next, "this value is no text");
      out += *piece;
    } else {
      const bool formed = spec.size() >= 4 && spec.substr(0, 2) == ":0" && spec.back() == 'd';
      unsigned width = 0;
      const auto digits = formed ? spec.substr(2, spec.size() - 3) : std::string_view{};
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), width);
      if (!formed || error != std::errc() || end != digits.data() + digits.size() || width > 64) {
        return call.fail(0, fmt::format("`{{{}}}` is no place; `{{}}` and `{{:03d}}` are", spec));
      }
      if (value.kind != ValueKind::Int) return call.fail(next, fmt::format("`{{{}}}` takes an integer", spec));
      out += fmt::format("{:0{}d}", value.integer, width);
    }
    ++next;
  }
  if (next < call.arguments.size()) return call.fail(0, fmt::format("it has {} for {}", next == 2 ? "1 place" : fmt::format("{} places", next - 1), valuesText(call.arguments.size() - 1)));
  return call.evaluator.makeString(out);
}
constexpr Parameter kFormat[] = {{"pattern", &types::kString}, {"values", &types::kAny, false}};

Value lower(Call& call) {
  std::string out(call[0].text());
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return call.evaluator.makeString(out);
}

Value upper(Call& call) {
  std::string out(call[0].text());
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return call.evaluator.makeString(out);
}

Value trim(Call& call) {
  auto text = call[0].text();
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  return call.evaluator.makeString(text);
}

Value replace(Call& call) {
  const auto text = call[0].text();
  const auto from = call[1].text();
  if (from.empty()) return call.fail(1, "the text to replace is empty");
  std::string out;
  std::size_t begin = 0;
  for (auto at = text.find(from); at != std::string_view::npos; at = text.find(from, begin)) {
    if (!call.evaluator.roomFor(Budget::Text, out.size() + (at - begin) + call[2].length, call.expr.span)) return call.error();
    out += text.substr(begin, at - begin);
    out += call[2].text();
    begin = at + from.size();
  }
  out += text.substr(begin);
  return call.evaluator.makeString(out);
}
constexpr Parameter kReplace[] = {{"text", &types::kString}, {"from", &types::kString}, {"to", &types::kString}};

Value contains(Call& call) {
  if (call[0].kind == ValueKind::List) {
    for (const Element& element : call[0].list()) {
      if (call.evaluator.equal(element.value, call[1])) return boolean(true);
    }
    return boolean(false);
  }
  if (call[0].kind != ValueKind::String) return call.fail(0, "it takes a string or a list");
  if (call[1].kind != ValueKind::String) return call.fail(1, "it takes a string");
  return boolean(call[0].text().find(call[1].text()) != std::string_view::npos);
}
constexpr Parameter kContains[] = {{"text", &types::kAny}, {"part", &types::kAny}};

Value startsWith(Call& call) { return boolean(call[0].text().starts_with(call[1].text())); }
Value endsWith(Call& call) { return boolean(call[0].text().ends_with(call[1].text())); }

Value toString(Call& call) {
  const auto text = call.evaluator.textOf(call[0], call.spans[0]);
  return text ? call.evaluator.makeString(*text) : call.error();
}

Value toInt(Call& call) {
  if (call[0].kind == ValueKind::Int) return call[0];
  if (call[0].kind == ValueKind::Float && call[0].real > -9e18 && call[0].real < 9e18) return integer(static_cast<std::int64_t>(call[0].real));
  if (call[0].kind != ValueKind::String) return call.fail(0, "it reads a string or a number");
  const auto text = call[0].text();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return call.fail(0, fmt::format("\"{}\" is no integer", text));
  return integer(number);
}

Value base64(Call& call) { return call.evaluator.makeString(encode::base64(call[0].text())); }

Value sha256(Call& call) {
  const auto hex = encode::sha256(call[0].text());
  if (!call.given(1)) return call.evaluator.makeString(hex);
  if (call[1].integer < 1 || call[1].integer > 64) return call.fail(1, "a digest has 1 to 64 digits");
  return call.evaluator.makeString(std::string_view(hex).substr(0, static_cast<std::size_t>(call[1].integer)));
}
constexpr Parameter kSha[] = {{"text", &types::kString}, {"digits", &kOptionalInt, false}};

Value json(Call& call) {
  std::string out;
  if (!encode::json(call.evaluator, call[0], call.spans[0], out)) return call.error();
  return call.evaluator.makeString(out);
}

Value yaml(Call& call) {
  std::string out;
  if (!encode::yaml(call.evaluator, call[0], call.spans[0], out)) return call.error();
  Value v = call.evaluator.makeString(out);
  v.flag = true;
  return v;
}

Value indent(Call& call) {
  if (call[1].integer < 0 || call[1].integer > 200) return call.fail(1, "an indentation has 0 to 200 blanks");
  const std::string blanks(static_cast<std::size_t>(call[1].integer), ' ');
  std::string out;
  bool start = true;
  const auto lines = static_cast<std::uint64_t>(std::count(call[0].text().begin(), call[0].text().end(), '\n')) + 1;
  if (!call.evaluator.roomFor(Budget::Text, call[0].length + lines * blanks.size(), call.expr.span)) return call.error();
  for (char c : call[0].text()) {
    if (start && c != '\n') out += blanks;
    out.push_back(c);
    start = c == '\n';
  }
  return call.evaluator.makeString(out);
}
constexpr Parameter kIndent[] = {{"text", &types::kString}, {"blanks", &types::kInt}};

Value basename(Call& call) {
  auto text = call[0].text();
  while (text.size() > 1 && text.back() == '/') text.remove_suffix(1);
  return call.evaluator.makeString(text.substr(text.rfind('/') + 1));
}

Value dirname(Call& call) {
  auto text = call[0].text();
  while (text.size() > 1 && text.back() == '/') text.remove_suffix(1);
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) return call.evaluator.makeString(".");
  return call.evaluator.makeString(slash == 0 ? "/" : text.substr(0, slash));
}

Value slug(Call& call) {
  const auto made = checks::slug(call[0].text());
  if (made.empty()) return call.fail(0, fmt::format("\"{}\" holds no letter and no digit", call[0].text()));
  return call.evaluator.makeString(made);
}

Value file(Call& call) {
  const auto& access = call.evaluator.access();
  if (!access.read || call.source == nullptr) return call.fail(0, "files cannot be read here");
  const auto text = access.read(call[0].text(), *call.source, call.spans[0]);
  Value v;
  if (!text) {
    v.kind = ValueKind::Error;   // the reader said why
    return v;
  }
  v = call.evaluator.makeString(*text);
  v.flag = text->find('\n') != std::string_view::npos;
  return v;
}
constexpr Parameter kFile[] = {{"path", &types::kString}};

constexpr std::array kFunctions{
    Function{"join", "join(list, separator: string) -> string", "The elements as one text, with `separator` between them.", kJoin, false, &types::kString, join},
    Function{"split", "split(text: string, separator: string) -> list<string>", "The parts of `text` between the separators.", kSplit, false, &types::kStrings, split},
    Function{"format", "format(pattern: string, values…) -> string", "`pattern` with each `{}` replaced by the next value; `{:03d}` writes an integer with three digits.", kFormat, true, &types::kString, format},
    Function{"lower", "lower(text: string) -> string", "ASCII letters in lower case.", kText, false, &types::kString, lower},
    Function{"upper", "upper(text: string) -> string", "ASCII letters in upper case.", kText, false, &types::kString, upper},
    Function{"trim", "trim(text: string) -> string", "Without blanks and line ends at both ends.", kText, false, &types::kString, trim},
    Function{"replace", "replace(text: string, from: string, to: string) -> string", "Every `from` in `text` replaced by `to`.", kReplace, false, &types::kString, replace},
    Function{"contains", "contains(text: string | list, part) -> bool", "Whether `part` stands in the text or is an element of the list.", kContains, false, &types::kBool, contains},
    Function{"starts_with", "starts_with(text: string, part: string) -> bool", "Whether `text` begins with `part`.", kTextAndPart, false, &types::kBool, startsWith},
    Function{"ends_with", "ends_with(text: string, part: string) -> bool", "Whether `text` ends with `part`.", kTextAndPart, false, &types::kBool, endsWith},
    Function{"to_string", "to_string(value) -> string", "A number, quantity, duration, truth value or name as text.", kAnyValue, false, &types::kString, toString},
    Function{"to_int", "to_int(value: string | float) -> int", "The integer that a text writes; a number without its fraction.", kAnyValue, false, &types::kInt, toInt},
    Function{"base64", "base64(text: string) -> string", "The bytes of the text in base64.", kText, false, &types::kString, base64},
    Function{"sha256", "sha256(text: string, digits: int?) -> string", "The SHA-256 digest in hexadecimal, or its first `digits`.", kSha, false, &types::kString, sha256},
    Function{"json", "json(value) -> string", "The value as JSON on one line.", kAnyValue, false, &types::kString, json},
    Function{"yaml", "yaml(value) -> string", "The value as YAML.", kAnyValue, false, &types::kString, yaml},
    Function{"indent", "indent(text: string, blanks: int) -> string", "Each line that is not empty, moved to the right.", kIndent, false, &types::kString, indent},
    Function{"basename", "basename(path: string) -> string", "What stands after the last `/`.", kText, false, &types::kString, basename},
    Function{"dirname", "dirname(path: string) -> string", "What stands before the last `/`.", kText, false, &types::kString, dirname},
    Function{"slug", "slug(text: string) -> string", "A Kubernetes name made of the text: lower case, digits and `-`, at most 63 characters.", kText, false, &types::kString, slug},
    Function{"file", "file(path: string) -> string", "The text of a file that lies under the project; the path starts at this file's folder.", kFile, false, &types::kString, file},
};

}  // namespace

std::span<const Function> textFunctions() { return kFunctions; }

}  // namespace mlstack::sema
