// Values by meaning, and as text.

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "backend/compare_parts.h"
#include "base/base64.h"
#include "base/quantity.h"
#include "emit/buffer.h"
#include "emit/scalar.h"

namespace mlstack::backend {

namespace {

using ir::Node;
using ir::NodeKind;

void putFlow(emit::Buffer& out, const Node& node, const base::SymbolTable& symbols) {
  switch (node.kind) {
    case NodeKind::Null: return out.put("null");
    case NodeKind::Bool: return out.put(node.boolean ? "true" : "false");
    case NodeKind::Int: return emit::putInteger(out, node.integer);
    case NodeKind::Float: return emit::putFloat(out, node.real);
    case NodeKind::String: {
      auto style = emit::styleOf(node.text());
      // Between brackets these end a plain text.
      if (style == emit::Style::Literal || node.text().find_first_of(",[]{}") != std::string_view::npos) style = emit::Style::Double;
      return emit::putScalar(out, node.text(), style);
    }
    case NodeKind::List:
    case NodeKind::Map: break;
  }
  const bool map = node.kind == NodeKind::Map;
  out.put(map ? '{' : '[');
  bool first = true;
  for (const auto& child : ir::Children(&node)) {
    if (!first) out.put(", ");
    first = false;
    if (map) {
      emit::putScalar(out, symbols.text(child.key), emit::keyStyleOf(symbols.text(child.key)));
      out.put(": ");
    }
    putFlow(out, child, symbols);
  }
  out.put(map ? '}' : ']');
}

std::optional<base::Quantity> amountOf(const Node& node) {
  switch (node.kind) {
    case NodeKind::String: return base::parseQuantity(node.text());
    case NodeKind::Int: return base::Quantity::ofInt(node.integer);
    case NodeKind::Float: return base::parseQuantity(fmt::format("{}", node.real));
    case NodeKind::Null:
    case NodeKind::Bool:
    case NodeKind::List:
    case NodeKind::Map: return std::nullopt;
  }
  return std::nullopt;
}

bool sameAmount(const Node& a, const Node& b) {
  const auto left = amountOf(a);
  const auto right = amountOf(b);
  return left && right && *left == *right;
}

std::string scalarText(const Node& node) {
  switch (node.kind) {
    case NodeKind::Bool: return node.boolean ? "true" : "false";
    case NodeKind::Int: return fmt::format("{}", node.integer);
    case NodeKind::Float: return fmt::format("{}", node.real);
    case NodeKind::String: return std::string(node.text());
    case NodeKind::Null:
    case NodeKind::List:
    case NodeKind::Map: return {};
  }
  return {};
}

std::optional<std::int64_t> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  std::int64_t value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// Days since 1970-01-01 of the proleptic Gregorian calendar.
std::int64_t daysOf(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const auto era = (year >= 0 ? year : year - 399) / 400;
  const auto ofEra = year - era * 400;
  const auto ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719468;
}

struct Moment {
  std::int64_t seconds = 0;
  std::string fraction;   // without trailing zeros
  bool operator==(const Moment&) const = default;
};

/// RFC 3339.
std::optional<Moment> momentOf(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  Moment moment{daysOf(*year, *month, *day) * 86400 + *hour * 3600 + *minute * 60 + *second, {}};
  auto rest = text.substr(19);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find_first_not_of("0123456789"), rest.size());
    moment.fraction = std::string(rest.substr(0, end));
    while (moment.fraction.ends_with('0')) moment.fraction.pop_back();
    rest.remove_prefix(end);
  }
  if (rest == "Z" || rest == "z") return moment;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
  const auto hours = digits(rest, 1, 2), minutes = digits(rest, 4, 2);
  if (!hours || !minutes) return std::nullopt;
  moment.seconds -= (rest[0] == '-' ? -1 : 1) * (*hours * 3600 + *minutes * 60);
  return moment;
}

/// A Go duration ("1h30m") in nanoseconds.
std::optional<base::Int128> goDuration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  base::Int128 total = 0;
  while (!text.empty()) {
    const auto end = text.find_first_not_of("0123456789");
    if (end == 0 || end == std::string_view::npos || end > 12) return std::nullopt;
    const auto count = *digits(text, 0, end);
    text.remove_prefix(end);
    std::int64_t unit = 0;
    std::size_t length = 1;
    if (text.starts_with("ns")) unit = 1, length = 2;
    else if (text.starts_with("us")) unit = 1'000, length = 2;
    else if (text.starts_with("ms")) unit = 1'000'000, length = 2;
    else if (text.starts_with("s")) unit = 1'000'000'000;
    else if (text.starts_with("m")) unit = 60'000'000'000;
    else if (text.starts_with("h")) unit = 3'600'000'000'000;
    else return std::nullopt;
    total += base::Int128{count} * unit;
    text.remove_prefix(length);
  }
  return total;
}

/// Fields whose values are lengths of time, which typed servers write in Go's own form ("60s" as "1m0s").
bool isTimeName(std::string_view name) {
  constexpr std::array<std::string_view, 10> kParts{"uration", "imeout", "nterval", "eriod", "ttl", "TTL", "fter", "Before", "elay", "indow"};
  return std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

}  // namespace

std::string flowText(const Node& node, const base::SymbolTable& symbols) {
  if (node.kind == NodeKind::String && node.text().find('\n') != std::string_view::npos) return std::string(node.text());
  std::string text;
  emit::StringWriter writer(text);
  emit::Buffer buffer(writer);
  putFlow(buffer, node, symbols);
  buffer.flush();
  return text;
}

bool isEmptyValue(const Node& node) {
  return node.kind == NodeKind::Null || (node.kind == NodeKind::String && node.length == 0) || (node.isContainer() && node.length == 0);
}

bool isZeroValue(const Node& node) {
  return isEmptyValue(node) || (node.kind == NodeKind::Bool && !node.boolean) || (node.kind == NodeKind::Int && node.integer == 0) ||
         (node.kind == NodeKind::Float && node.real == 0);
}

bool sameScalar(const Node& a, const Node& b, schema::Shape shape, Meaning meaning, std::string_view name) {
  if (ir::sameValue(a, b)) return true;
  if (a.isContainer() || b.isContainer()) return false;
  if (shape == schema::Shape::Quantity) return sameAmount(a, b);
  if (meaning == Meaning::FreeText) return false;
  const bool texts = a.kind == NodeKind::String && b.kind == NodeKind::String;
  if (meaning == Meaning::Bytes) {
    if (!texts) return false;
    std::string left, right;
    return base::decodeBase64(a.text(), left) && base::decodeBase64(b.text(), right) && left == right;
  }
  if (meaning == Meaning::Amount) return sameAmount(a, b);
  if (shape == schema::Shape::IntOrString) return scalarText(a) == scalarText(b);
  if (!texts) return false;
  if (const auto moment = momentOf(a.text())) return moment == momentOf(b.text());
  if (isTimeName(name)) {
    const auto length = goDuration(a.text());
    return length && length == goDuration(b.text());
  }
  return false;
}

bool isDefaulted(std::string_view field, const Node& value, const base::SymbolTable& symbols) {
  // Sources: pkg/apis/core/v1/defaults.go, pkg/apis/rbac/v1/defaults.go, pkg/apis/networking/v1/defaults.go,
  // pkg/apis/batch/v1/defaults.go, pkg/apis/apps/v1/defaults.go.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kDefaults{{
      {"protocol", "TCP"},
      {"apiVersion", "v1"},
      {"kind", "PersistentVolumeClaim"},
      {"volumeMode", "Filesystem"},
      {"divisor", "0"},
      {"defaultMode", "420"},
      {"expirationSeconds", "3600"},
      {"apiGroup", "rbac.authorization.k8s.io"},
      {"apiGroup", ""},
      {"namespace", "default"},
      {"status", "True"},
      {"imagePullPolicy", "IfNotPresent"},
      {"terminationMessagePath", "/dev/termination-log"},
      {"terminationMessagePolicy", "File"},
      {"scheme", "HTTP"},
      {"type", ""},
      {"policyTypes", ""},
  }};
  if (field == "creationTimestamp") return true;
  if (isEmptyValue(value)) return true;
  if (value.isContainer()) {
    // The claim templates of a StatefulSet get a status of their own.
    const auto* phase = field == "status" ? ir::findPath(&value, "phase", symbols) : nullptr;
    return phase && phase->kind == NodeKind::String && phase->text() == "Pending";
  }
  const auto text = scalarText(value);
  return std::any_of(kDefaults.begin(), kDefaults.end(), [&](const auto& row) { return row.first == field && row.second == text; });
}

}  // namespace mlstack::backend
