// Making, comparing and writing values.

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/duration.h"
#include "sema/evaluator.h"

namespace mlstack::sema {

void suggest(diag::Diagnostic& d, std::string_view near, Span span) {
  d.help = fmt::format("did you mean `{}`?", near);
  if (span.known()) d.fixes.push_back({fmt::format("write `{}`", near), {{span, std::string(near)}}});
}

namespace {

/// 10,000,000.
std::string grouped(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t at = text.size(); at > 3; text.insert(at -= 3, ",")) {}
  return text;
}

}  // namespace

bool Evaluator::overspent(Budget budget, Span span) {
  if (exhausted_) return false;
  exhausted_ = true;
  std::string_view what;
  std::string most;
  switch (budget) {
    case Budget::Steps: what = "takes more steps"; most = grouped(options_.budgets.steps) + " statements and turns of loops are"; break;
    case Budget::Elements: what = "makes more elements of lists and maps"; most = grouped(options_.budgets.elements) + " are"; break;
    case Budget::Text: what = "makes more text"; most = fmt::format("{} MiB is", options_.budgets.text >> 20); break;
  }
  sink_.add(diag::make<diag::Code::BudgetSpent>(span.known() ? span : running_, what, most)
                .hint("look for a bound that is too high, or for values or components that each use another one twice"));
  return false;
}

Value Evaluator::makeString(std::string_view text) {
  Value v;
  v.kind = ValueKind::Error;
  if (!spend(Budget::Text, text.size())) return v;
  v.kind = ValueKind::String;
  const auto stable = arena().copy(text);
  v.chars = stable.data();
  v.length = static_cast<std::uint32_t>(stable.size());
  return v;
}

Value Evaluator::makeList(const std::vector<Element>& items) {
  Value v;
  v.kind = ValueKind::Error;
  if (!spend(Budget::Elements, items.size())) return v;
  v.kind = ValueKind::List;
  v.elements = arena().copy(items).data();
  v.length = static_cast<std::uint32_t>(items.size());
  return v;
}

Value Evaluator::makeMap(const std::vector<Entry>& entries) {
  Value v;
  v.kind = ValueKind::Error;
  if (!spend(Budget::Elements, entries.size())) return v;
  v.kind = ValueKind::Map;
  v.entries = arena().copy(entries).data();
  v.length = static_cast<std::uint32_t>(entries.size());
  return v;
}

Value Evaluator::makeQuantity(const base::Quantity& quantity) {
  Value v;
  v.kind = ValueKind::Quantity;
  v.quantity = arena().make<base::Quantity>(quantity);
  return v;
}

Value Evaluator::unknown(const Type* type) const {
  Value v;
  v.kind = ValueKind::Unknown;
  v.type = type;
  return v;
}

/// Whether the parser has said of this line that it could not be read: what follows from that is not said again.
bool Evaluator::onSlip(Span span) const {
  if (!span.known()) return false;
  for (const Unit& unit : units_) {
    const auto& slips = unit.file->slips;
    if (slips.empty() || span.begin < unit.file->span.begin || span.begin > unit.file->span.end) continue;
    auto after = std::upper_bound(slips.begin(), slips.end(), span.begin, [](base::Pos pos, Span slip) { return pos < slip.begin; });
    return after != slips.begin() && std::prev(after)->end >= span.begin;
  }
  return false;
}

Value Evaluator::errorAt(diag::Diagnostic d) {
  if (exhausted_) {
    failedQuietly_ = true;   // what is missing now says nothing of the source
  } else if (quiet_ == 0) {
    const bool form = d.code == diag::Code::WrittenForm || d.code == diag::Code::OutsideRange || d.code == diag::Code::PatternMismatch ||
                      d.code == diag::Code::UnknownWord;
    if (givenAt_.known() && form) d.related.push_back({givenAt_, "its value is given here"});
    if (!onSlip(d.span)) sink_.add(std::move(d));
  } else {
    failedQuietly_ = true;
  }
  Value v;
  v.kind = ValueKind::Error;
  return v;
}

void Evaluator::valueError(diag::Diagnostic d) {
  if (checking_ != 0) return;
  (void)errorAt(std::move(d));
}

std::string_view Evaluator::nameOf(const Instance& instance) {
  if (instance.declared) {
    auto& declared = const_cast<DeclaredInstance&>(static_cast<const DeclaredInstance&>(instance));
    if (declared.progress != Progress::Done && declared.kind != nullptr) {
      if (const Member* member = declared.kind->find("name")) {
        const Value name = fieldOf(declared, *member, declared.headSpan);
        if (name.kind == ValueKind::String) return name.text();
      }
      return symbols_.text(declared.label);
    }
  }
  return symbols_.text(instance.name ? instance.name : instance.label);
}

namespace {

std::string floatText(double value) {
  if (value == std::floor(value) && std::fabs(value) < 1e15) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

}  // namespace

bool Evaluator::appendText(std::string& out, const Value& value, Span span) {
  if (value.kind == ValueKind::String) {
    out += value.text();
    return true;
  }
  if (value.kind == ValueKind::Int) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value.integer).ptr;
    out.append(digits, end);
    return true;
  }
  const auto text = textOf(value, span);
  if (text) out += *text;
  return text.has_value();
}

std::optional<std::string> Evaluator::textOf(const Value& value, Span span) {
  switch (value.kind) {
    case ValueKind::Error: case ValueKind::Unknown: return std::nullopt;
    case ValueKind::Bool: return value.boolean ? "true" : "false";
    case ValueKind::Int: return fmt::format("{}", value.integer);
    case ValueKind::Float: return floatText(value.real);
    case ValueKind::String: return std::string(value.text());
    case ValueKind::Quantity: return value.quantity->text();
    case ValueKind::Duration: return base::Duration{value.integer}.text();
    case ValueKind::Suffixed: (void)errorAt(diag::make<diag::Code::SuffixMeaning>(span, value.text())
                                  .hint("give the `let` a type: `let x: duration = …`")); return std::nullopt;
    case ValueKind::Ref: case ValueKind::Fragment:
      if (value.kind == ValueKind::Ref && (value.instance->kind != nullptr || !value.instance->api.empty())) {
        return std::string(nameOf(*value.instance));
      }
      break;
    case ValueKind::Cluster:
      (void)errorAt(diag::make<diag::Code::ClusterValue>(span, fmt::format("{}.{}", nameOf(*value.instance), value.second())));
      return std::nullopt;
    case ValueKind::Null: case ValueKind::Range: case ValueKind::List: case ValueKind::Map: case ValueKind::KeyOf:
    case ValueKind::Parts:
      break;
  }
  std::string hint;
  if (value.kind == ValueKind::List) hint = "join(list, separator) makes one string of a list";
  if (value.kind == ValueKind::Map) hint = "json(map) or yaml(map) makes a string of a map";
  auto d = diag::make<diag::Code::WrongType>(span, describedValue(value), "a text", "a string, a number or a name");
  d.help = hint;
  (void)errorAt(std::move(d));
  return std::nullopt;
}

namespace {

std::optional<double> numberOf(const Value& value) {
  if (value.kind == ValueKind::Int) return static_cast<double>(value.integer);
  if (value.kind == ValueKind::Float) return value.real;
  return std::nullopt;
}

}  // namespace

std::optional<int> Evaluator::compare(const Value& left, const Value& right) const {
  const auto sign = [](auto a, auto b) { return a < b ? -1 : (a > b ? 1 : 0); };
  if (left.kind == ValueKind::Int && right.kind == ValueKind::Int) return sign(left.integer, right.integer);
  if (const auto a = numberOf(left), b = numberOf(right); a && b) return sign(*a, *b);
  if (left.kind == ValueKind::String && right.kind == ValueKind::String) {
    return sign(left.text().compare(right.text()), 0);
  }
  if (left.kind == ValueKind::Quantity && right.kind == ValueKind::Quantity) return sign(*left.quantity, *right.quantity);
  if (left.kind == ValueKind::Duration && right.kind == ValueKind::Duration) return sign(left.integer, right.integer);
  return std::nullopt;
}

bool Evaluator::equal(const Value& left, const Value& right) const {
  if (const auto order = compare(left, right)) return *order == 0;
  if (left.kind != right.kind) return false;
  switch (left.kind) {
    case ValueKind::Null: return true;
    case ValueKind::Bool: return left.boolean == right.boolean;
    case ValueKind::Suffixed: return left.text() == right.text();
    case ValueKind::Range: return left.integer == right.integer && left.high == right.high && left.flag == right.flag;
    case ValueKind::List:
      if (left.length != right.length || !const_cast<Evaluator*>(this)->spend(Budget::Elements, 1)) return false;
      for (std::uint32_t i = 0; i < left.length; ++i) {
        if (!equal(left.elements[i].value, right.elements[i].value)) return false;
      }
      return true;
    case ValueKind::Map:
      if (left.length != right.length || !const_cast<Evaluator*>(this)->spend(Budget::Elements, 1)) return false;
      for (const Entry& entry : left.map()) {
        bool same = false;
        for (const Entry& other : right.map()) same = same || (entry.key == other.key && equal(entry.value, other.value));
        if (!same) return false;
      }
      return true;
    case ValueKind::Ref: case ValueKind::Fragment: return left.instance == right.instance;
    case ValueKind::KeyOf: case ValueKind::Cluster:
      return left.instance == right.instance && left.second() == right.second();
    case ValueKind::Error: case ValueKind::Unknown: case ValueKind::Int: case ValueKind::Float: case ValueKind::String:
    case ValueKind::Quantity: case ValueKind::Duration: case ValueKind::Parts:
      return false;
  }
  return false;
}

}  // namespace mlstack::sema
