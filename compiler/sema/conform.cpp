// A value as a place of some type takes it: one value for a list, an integer for a quantity, text of a
// written form; or the complaint that it does not fit.

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "sema/checks.h"
#include "sema/evaluator.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

bool isLiteral(const Expr* e) {
  if (e == nullptr) return false;
  if (e->kind == ExprKind::Unary) return isLiteral(e->left);
  return e->kind == ExprKind::Int || e->kind == ExprKind::Float || e->kind == ExprKind::String || e->kind == ExprKind::Suffixed;
}

}  // namespace

Value Evaluator::failQuietly() {
  failedQuietly_ = true;
  return errorValue();
}

std::string Evaluator::placeText() const {
  switch (place_.kind) {
    case Place::Kind::Nowhere: return "this place";
    case Place::Kind::Field: case Place::Kind::Argument: case Place::Kind::Parameter: return fmt::format("`{}`", place_.name);
    case Place::Kind::Condition: return "a condition";
    case Place::Kind::Element: return "an element";
    case Place::Kind::Label: return fmt::format("`{}`", place_.name);
    case Place::Kind::Path: return fmt::format("`{}`", place_.name);
  }
  return {};
}

Value Evaluator::wrongType(const Value& value, const Type& type, Span span) {
  if (quiet_ != 0) return failQuietly();
  auto d = diag::make<diag::Code::WrongType>(span, describedValue(value), placeText(), types::described(type));
  switch (type.kind) {
    case TypeKind::Duration:
      if (value.kind == ValueKind::Int) {
        d.help = fmt::format("write `{}s` for seconds", value.integer);
        d.fixes.push_back({fmt::format("write `{}s`", value.integer), {{span, fmt::format("{}s", value.integer)}}});
      }
      if (value.kind == ValueKind::String) d.help = "a duration stands without quotes; duration(text) reads one from a text";
      break;
    case TypeKind::Quantity:
      if (value.kind == ValueKind::String) {
        d.help = "a quantity stands without quotes; quantity(text) reads one from a text";
        if (base::parseQuantity(value.text())) {
          d.fixes.push_back({"take the quotes away", {{span, std::string(value.text())}}});
        }
      }
      break;
    case TypeKind::String: case TypeKind::Name: case TypeKind::Image: case TypeKind::Path:
      if (value.kind == ValueKind::Ref) d.help = "`.name` is its name";
      if (value.kind == ValueKind::Int || value.kind == ValueKind::Float || value.kind == ValueKind::Bool) d.help = "a text stands in quotes";
      if (value.kind == ValueKind::Quantity || value.kind == ValueKind::Duration) d.help = "\"${x}\" makes a text of it";
      break;
    case TypeKind::Int:
      if (value.kind == ValueKind::String) d.help = "to_int(text) reads an integer from a text";
      if (value.kind == ValueKind::Float) d.help = "round, floor and ceil make integers of numbers";
      break;
    case TypeKind::Any: case TypeKind::Bool: case TypeKind::Float: case TypeKind::Port: case TypeKind::Cron:
    case TypeKind::List: case TypeKind::Map: case TypeKind::Enum: case TypeKind::Record: case TypeKind::Ref:
    case TypeKind::Union: case TypeKind::Fragment: case TypeKind::Parts: case TypeKind::Raw:
      break;
  }
  return errorAt(std::move(d));
}

Value Evaluator::conform(Value value, const Type* type, Span span, const Expr* literal) {
  if (noting_ == nullptr || value.kind != ValueKind::String || type == nullptr) return conformAny(value, type, span, literal);
  const bool quietly = failedQuietly_;
  failedQuietly_ = false;
  const Value result = conformAny(value, type, span, literal);
  noteHeld(value, *type, literal, result.kind == ValueKind::String, failedQuietly_);
  failedQuietly_ = failedQuietly_ || quietly;
  return result;
}

Value Evaluator::conformAny(Value value, const Type* type, Span span, const Expr* literal) {
  if (type == nullptr || value.kind == ValueKind::Error || type->kind == TypeKind::Any) return value;
  if (value.kind == ValueKind::Unknown) {
    if (value.type != nullptr && !unknownFits(*value.type, *type)) return wrongType(value, *type, span);
    return unknown(type);
  }
  if (value.kind == ValueKind::Null) return type->optional ? value : wrongType(value, *type, span);
  if (value.kind == ValueKind::Cluster) {
    if (inOutput_) return value;
    return errorAt(diag::make<diag::Code::ClusterValue>(span, fmt::format("{}.{}", nameOf(*value.instance), value.second())));
  }
  switch (type->kind) {
    case TypeKind::Any: return value;
    case TypeKind::Bool: return value.kind == ValueKind::Bool ? value : wrongType(value, *type, span);
    case TypeKind::Int: case TypeKind::Float: case TypeKind::Quantity: case TypeKind::Duration: case TypeKind::Port:
      return conformNumber(value, *type, span, literal);
    case TypeKind::String: case TypeKind::Path: case TypeKind::Image: case TypeKind::Name: case TypeKind::Cron:
      return conformText(value, *type, span, literal);
    case TypeKind::List: return conformList(value, *type, span, literal);
    case TypeKind::Map: return conformMap(value, *type, span);
    case TypeKind::Enum: return conformWord(value, *type, span);
    case TypeKind::Record: return conformRecord(value, *type, span);
    case TypeKind::Ref: return conformReference(value, *type, span);
    case TypeKind::Union: return conformUnion(value, *type, span, literal);
    case TypeKind::Fragment:
      if (value.kind == ValueKind::Fragment && value.instance->kind->word == type->word) return value;
      return wrongType(value, *type, span);
    case TypeKind::Parts: return value.kind == ValueKind::Parts ? value : wrongType(value, *type, span);
    case TypeKind::Raw: return value;
  }
  return value;
}

void Evaluator::checkRange(const Value& value, const Type& type, Span span, const Expr* literal) {
  if (!type.hasLow && !type.hasHigh) return;
  double number = 0;
  std::string shown;
  const auto bound = [&](double limit) {
    if (value.kind == ValueKind::Quantity) {
      return base::Quantity::ofInt(static_cast<std::int64_t>(limit), base::QuantityFormat::BinarySI).text();
    }
    if (value.kind == ValueKind::Duration) return base::Duration{static_cast<std::int64_t>(limit)}.text();
    return fmt::format("{}", limit);
  };
  if (value.kind == ValueKind::Int) { number = static_cast<double>(value.integer); shown = fmt::format("{}", value.integer); }
  else if (value.kind == ValueKind::Float) { number = value.real; shown = fmt::format("{}", value.real); }
  else if (value.kind == ValueKind::Quantity) { number = value.quantity->toDouble(); shown = value.quantity->text(); }
  else if (value.kind == ValueKind::Duration) { number = static_cast<double>(value.integer); shown = base::Duration{value.integer}.text(); }
  else return;
  if ((!type.hasLow || number >= type.low) && (!type.hasHigh || number <= type.high)) return;
  std::string rule;
  if (type.hasLow && type.hasHigh) rule = fmt::format("{} to {}", bound(type.low), bound(type.high));
  else if (type.hasLow) rule = fmt::format("at least {}", bound(type.low));
  else rule = fmt::format("at most {}", bound(type.high));
  auto d = diag::make<diag::Code::OutsideRange>(span, placeText(), shown, rule);
  if (isLiteral(literal)) (void)errorAt(std::move(d));
  else valueError(std::move(d));
}

void Evaluator::checkPattern(const Value& value, const Type& type, Span span, const Expr* literal) {
  if (type.pattern.empty() || value.kind != ValueKind::String) return;
  auto& regex = patterns_[type.pattern];
  if (regex == nullptr) {
    std::string error;
    auto compiled = base::Regex::compile(type.pattern, error);
    if (!compiled) return;   // reported where the type is written
    regex = std::make_unique<base::Regex>(std::move(*compiled));
  }
  if (regex->matches(value.text())) return;
  auto d = diag::make<diag::Code::PatternMismatch>(span, placeText(), value.text(), type.pattern);
  if (isLiteral(literal)) (void)errorAt(std::move(d));
  else valueError(std::move(d));
}

Value Evaluator::conformNumber(Value value, const Type& type, Span span, const Expr* literal) {
  switch (type.kind) {
    case TypeKind::Int:
      if (value.kind == ValueKind::Float && isLiteral(literal) == false && value.real == static_cast<double>(static_cast<std::int64_t>(value.real)) &&
          value.real < 9e15 && value.real > -9e15) {
        value.integer = static_cast<std::int64_t>(value.real);   // 80Gi / 40Gi is 2
        value.kind = ValueKind::Int;
      }
      if (value.kind != ValueKind::Int) return wrongType(value, type, span);
      break;
    case TypeKind::Float:
      if (value.kind == ValueKind::Int) {
        value.real = static_cast<double>(value.integer);
        value.kind = ValueKind::Float;
      }
      if (value.kind != ValueKind::Float) return wrongType(value, type, span);
      break;
    case TypeKind::Quantity:
      if (value.kind == ValueKind::Suffixed) {
        if (const auto q = base::parseQuantity(value.text())) value = makeQuantity(*q);
      } else if (value.kind == ValueKind::Int) {
        value = makeQuantity(base::Quantity::ofInt(value.integer));
      } else if (value.kind == ValueKind::Float) {
        if (const auto q = base::parseQuantity(fmt::format("{:.9f}", value.real))) value = makeQuantity(*q);
      }
      if (value.kind != ValueKind::Quantity) return wrongType(value, type, span);
      break;
    case TypeKind::Duration:
      if (value.kind == ValueKind::Suffixed) {
        if (const auto d = base::parseDuration(value.text())) {
          value = Value{};
          value.kind = ValueKind::Duration;
          value.integer = d->milliseconds;
        }
      }
      if (value.kind != ValueKind::Duration) return wrongType(value, type, span);
      break;
    case TypeKind::Port: return conformPort(value, type, span, literal);
    case TypeKind::Any: case TypeKind::Bool: case TypeKind::String: case TypeKind::Path: case TypeKind::Image:
    case TypeKind::Name: case TypeKind::Cron: case TypeKind::List: case TypeKind::Map: case TypeKind::Enum:
    case TypeKind::Record: case TypeKind::Ref: case TypeKind::Union: case TypeKind::Fragment: case TypeKind::Parts:
    case TypeKind::Raw:
      return value;
  }
  checkRange(value, type, span, literal);
  return value;
}

/// A number, or the name that a container gives one.
Value Evaluator::conformPort(Value value, const Type& type, Span span, const Expr* literal) {
  if (value.kind == ValueKind::String) {
    if (auto fault = checks::portNameFault(value.text()); !fault.empty()) {
      auto d = diag::make<diag::Code::WrittenForm>(span, value.text(), "port's name", fault);
      if (isLiteral(literal)) return errorAt(std::move(d));
      valueError(std::move(d));
    }
    return value;
  }
  if (value.kind != ValueKind::Int) return wrongType(value, type, span);
  if (value.integer < 1 || value.integer > 65535) {
    auto d = diag::make<diag::Code::OutsideRange>(span, placeText(), std::to_string(value.integer), "1 to 65535, as every port");
    if (isLiteral(literal)) return errorAt(std::move(d));
    valueError(std::move(d));
  }
  checkRange(value, type, span, literal);
  return value;
}

Value Evaluator::conformText(Value value, const Type& type, Span span, const Expr* literal) {
  if (value.kind != ValueKind::String) return wrongType(value, type, span);
  std::string fault;
  std::string_view form;
  if (type.kind == TypeKind::Path) {
    fault = checks::pathFault(value.text());
    form = "path";
  } else if (type.kind == TypeKind::Image) {
    fault = checks::imageFault(value.text());
    form = "image";
  } else if (type.kind == TypeKind::Name) {
    fault = checks::subdomainFault(value.text());
    form = "name";
  } else if (type.kind == TypeKind::Cron) {
    fault = checks::cronFault(value.text());
    form = "cron schedule";
  }
  if (!fault.empty()) {
    auto d = diag::make<diag::Code::WrittenForm>(span, value.text(), form, fault);
    if (isLiteral(literal)) return errorAt(std::move(d));
    valueError(std::move(d));
    return checking_ != 0 ? value : errorValue();
  }
  checkPattern(value, type, span, literal);
  return value;
}

Value Evaluator::conformWord(Value value, const Type& type, Span span) {
  if (value.kind != ValueKind::String) return wrongType(value, type, span);
  for (const auto word : type.words) {
    if (word == value.text()) return value;
  }
  if (quiet_ != 0) return failQuietly();
  const std::vector<std::string_view> words(type.words.begin(), type.words.end());
  const auto near = diag::nearest(value.text(), words);
  auto d = diag::make<diag::Code::UnknownWord>(span, placeText(), value.text());
  d.help = fmt::format("it takes {}", types::wordList(type));
  if (!near.empty()) {
    d.help = fmt::format("did you mean `{}`? It takes {}", near, types::wordList(type));
    d.fixes.push_back({fmt::format("write `{}`", near), {{span, std::string(near)}}});
  }
  return errorAt(std::move(d));
}

Value Evaluator::conformList(Value value, const Type& type, Span span, const Expr* literal) {
  if (value.kind == ValueKind::Range) {
    const auto high = value.flag ? value.high : value.high + 1;
    const auto count = high > value.integer ? static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(value.integer) : 0;
    if (count > kMaxElements) return errorAt(diag::make<diag::Code::TooManyElements>(span, count));
    std::vector<Element> items;
    items.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      Value item;
      item.kind = ValueKind::Int;
      item.integer = value.integer + static_cast<std::int64_t>(i);
      items.push_back({item, span});
    }
    value = makeList(items);
  }
  if (value.kind != ValueKind::List) {
    const Value one = conform(value, type.element, span, literal);
    if (one.kind == ValueKind::Error) return one;
    if (one.kind == ValueKind::Unknown) return unknown(&type);
    return makeList({Element{one, span}});
  }
  if (type.element == nullptr || type.element->kind == TypeKind::Any) return value;
  bool failed = false;
  std::vector<Element> items;
  items.reserve(value.length);
  for (const Element& element : value.list()) {
    const Span at = element.span.known() ? element.span : span;
    const Value item = conform(element.value, type.element, at);
    failed = failed || item.kind == ValueKind::Error;
    items.push_back({item, element.span});
  }
  return failed ? errorValue() : makeList(items);
}

Value Evaluator::conformMap(Value value, const Type& type, Span span) {
  if (value.kind != ValueKind::Map) return wrongType(value, type, span);
  if (type.element == nullptr || type.element->kind == TypeKind::Any) return value;
  bool failed = false;
  std::vector<Entry> entries(value.map().begin(), value.map().end());
  for (Entry& entry : entries) {
    const Place before = place_;
    place_ = {Place::Kind::Field, symbols_.text(entry.key)};
    entry.value = conform(entry.value, type.element, entry.span.known() ? entry.span : span);
    place_ = before;
    failed = failed || entry.value.kind == ValueKind::Error;
  }
  return failed ? errorValue() : makeMap(entries);
}

Value Evaluator::conformRecord(Value value, const Type& type, Span span) {
  if (value.kind != ValueKind::Map) return wrongType(value, type, span);
  std::vector<Entry> out;
  std::vector<std::string_view> names;
  bool failed = false;
  for (const auto& field : type.fields) names.push_back(field.name);
  for (const Entry& entry : value.map()) {
    const auto key = symbols_.text(entry.key);
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    auto d = diag::make<diag::Code::UnknownMember>(entry.keySpan.known() ? entry.keySpan : span, place_.kind == Place::Kind::Nowhere ? fmt::format("`{}`", typeText(type)) : placeText(), key);
    if (const auto near = diag::nearest(key, names); !near.empty()) {
      suggest(d, near, entry.keySpan);
    }
    (void)errorAt(std::move(d));
    failed = true;
  }
  for (const auto& field : type.fields) {
    const Symbol key = symbols_.intern(field.name);
    const Entry* stated = nullptr;
    for (const Entry& entry : value.map()) {
      if (entry.key == key) stated = &entry;
    }
    Entry made{key, {}, {}, {}};
    if (stated != nullptr) {
      made = *stated;
      const Place before = place_;
      place_ = {Place::Kind::Field, field.name};
      made.value = conform(stated->value, field.type, stated->span.known() ? stated->span : span);
      place_ = before;
    } else if (field.defaultValue != nullptr) {
      made.value = eval(field.defaultValue, nullptr, field.type);
    } else if (field.required) {
      (void)errorAt(diag::make<diag::Code::RequiredField>(span, placeText(), field.name));
      failed = true;
    }
    failed = failed || made.value.kind == ValueKind::Error;
    out.push_back(made);
  }
  return failed ? errorValue() : makeMap(out);
}

bool Evaluator::fits(const Value& value, const Type& type) const {
  auto& self = const_cast<Evaluator&>(*this);
  ++self.quiet_;
  const bool before = self.failedQuietly_;
  const Value tried = self.conform(value, &type, {});
  self.failedQuietly_ = before;
  --self.quiet_;
  return tried.kind != ValueKind::Error;
}

Value Evaluator::conformUnion(Value value, const Type& type, Span span, const Expr* literal) {
  for (const Type* alternative : type.alternatives) {
    if (fits(value, *alternative)) return conform(value, alternative, span, literal);
  }
  // The complaint of the alternative that takes this shape says more than "takes A or B".
  const Type* only = nullptr;
  for (const Type* alternative : type.alternatives) {
    const bool text = value.kind == ValueKind::String && alternative->kind != TypeKind::Ref && alternative->kind != TypeKind::Fragment &&
                      (alternative->kind == TypeKind::Enum || alternative->kind == TypeKind::Path || alternative->kind == TypeKind::Image ||
                       alternative->kind == TypeKind::Name || alternative->kind == TypeKind::String || alternative->kind == TypeKind::Cron);
    const bool list = value.kind == ValueKind::List && alternative->kind == TypeKind::List;
    const bool map = value.kind == ValueKind::Map && (alternative->kind == TypeKind::Map || alternative->kind == TypeKind::Record);
    const bool number = value.kind == ValueKind::Int && (alternative->kind == TypeKind::Int || alternative->kind == TypeKind::Port);
    if (text || list || map || number) only = alternative;
  }
  if (only != nullptr) return conform(value, only, span, literal);
  if (value.kind == ValueKind::Ref) return conformReference(value, type, span);
  return wrongType(value, type, span);
}

namespace {

bool isWord(const Kind& kind, std::string_view word) {
  if (kind.name == word) return true;
  return word == "claim" && (kind.role == KindRole::Claim || kind.role == KindRole::ClaimTemplate || kind.role == KindRole::Ephemeral);
}

}  // namespace

bool Evaluator::refers(const Instance& instance, const Type* type) {
  if (type == nullptr) return true;
  switch (type->kind) {
    case TypeKind::Any: case TypeKind::Raw: return true;
    case TypeKind::List: return refers(instance, type->element);
    case TypeKind::Union:
      for (const Type* alternative : type->alternatives) {
        if (refers(instance, alternative)) return true;
      }
      return false;
    case TypeKind::Ref:
      return instance.kind != nullptr &&
             (isWord(*instance.kind, type->word) || (type->word == "workload" && instance.kind->role == KindRole::Workload));
    case TypeKind::Bool: case TypeKind::Int: case TypeKind::Float: case TypeKind::String: case TypeKind::Quantity:
    case TypeKind::Duration: case TypeKind::Path: case TypeKind::Image: case TypeKind::Port: case TypeKind::Name:
    case TypeKind::Cron: case TypeKind::Map: case TypeKind::Enum: case TypeKind::Record: case TypeKind::Fragment:
    case TypeKind::Parts:
      return false;
  }
  return false;
}

Value Evaluator::conformReference(Value value, const Type& type, Span span) {
  if (value.kind == ValueKind::Ref && type.kind == TypeKind::Ref && refers(*value.instance, &type)) return value;
  if (value.kind != ValueKind::Ref) {
    if (value.kind == ValueKind::String && quiet_ == 0) {
      auto d = diag::make<diag::Code::WrongType>(span, describedValue(value), placeText(), types::described(type));
      d.help = fmt::format("a {} is named without quotes; one that exists already is declared: `external {} {} {{ }}`",
                           type.word, type.word, value.length != 0 && value.length < 60 ? value.text() : "NAME");
      return errorAt(std::move(d));
    }
    return wrongType(value, type, span);
  }
  if (quiet_ != 0) return failQuietly();
  const auto label = symbols_.text(value.instance->label);
  return errorAt(diag::make<diag::Code::WrongReference>(span, label, describedValue(value), placeText(), types::described(type))
                     .note(value.instance->headSpan, fmt::format("`{}` is declared here", label)));
}

bool Evaluator::unknownFits(const Type& from, const Type& to) const {
  const auto open = [](TypeKind kind) {
    return kind == TypeKind::Any || kind == TypeKind::Union || kind == TypeKind::Raw || kind == TypeKind::Fragment;
  };
  if (open(from.kind) || open(to.kind)) return true;
  if (to.kind == TypeKind::List && from.kind != TypeKind::List) return to.element == nullptr || unknownFits(from, *to.element);
  const auto isText = [](TypeKind kind) {
    return kind == TypeKind::String || kind == TypeKind::Path || kind == TypeKind::Image || kind == TypeKind::Name ||
           kind == TypeKind::Cron || kind == TypeKind::Enum;
  };
  if (isText(from.kind) && isText(to.kind)) return true;
  const auto isInt = [](TypeKind kind) { return kind == TypeKind::Int || kind == TypeKind::Port; };
  if (isInt(from.kind) && (isInt(to.kind) || to.kind == TypeKind::Float || to.kind == TypeKind::Quantity)) return true;
  if (isText(from.kind) && to.kind == TypeKind::Port) return true;
  if (from.kind == TypeKind::Port && isText(to.kind)) return false;
  if (from.kind == TypeKind::Float && (to.kind == TypeKind::Quantity || to.kind == TypeKind::Int)) return true;
  if ((from.kind == TypeKind::Map || from.kind == TypeKind::Record) && (to.kind == TypeKind::Map || to.kind == TypeKind::Record)) return true;
  if (from.kind == TypeKind::List && to.kind == TypeKind::List) {
    return from.element == nullptr || to.element == nullptr || unknownFits(*from.element, *to.element);
  }
  if (from.kind == TypeKind::Ref && to.kind == TypeKind::Ref) {
    const Kind* kind = preludeKind(from.word);
    return from.word == to.word || to.word == "workload" || (kind != nullptr && isWord(*kind, to.word));
  }
  return from.kind == to.kind;
}

}  // namespace mlstack::sema
