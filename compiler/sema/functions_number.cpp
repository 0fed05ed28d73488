// Functions on numbers, quantities and durations.

#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/duration.h"
#include "sema/functions.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

/// One list, or the arguments themselves.
std::vector<Value> items(Call& call) {
  std::vector<Value> out;
  if (call.arguments.size() == 1 || (call.arguments.size() == 2 && !call.given(1))) {
    if (call[0].kind == ValueKind::List) {
      for (const Element& element : call[0].list()) out.push_back(element.value);
      return out;
    }
  }
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (call.given(i)) out.push_back(call[i]);
  }
  return out;
}

Value extreme(Call& call, int sign) {
  const auto all = items(call);
  if (all.empty()) return call.fail(0, "an empty list has no smallest and no largest element");
  Value best = all[0];
  for (const Value& value : all) {
    const auto order = call.evaluator.compare(value, best);
    if (!order) return call.fail(0, fmt::format("{} and {} have no common order", describedValue(best), describedValue(value)));
    if (*order * sign > 0) best = value;
  }
  return best;
}

Value minimum(Call& call) { return extreme(call, -1); }
Value maximum(Call& call) { return extreme(call, 1); }
constexpr Type kAnyOrNull{.kind = TypeKind::Any, .optional = true};
constexpr Parameter kAtLeastOne[] = {{"value", &types::kAny}, {"more", &kAnyOrNull, false}};

Value sum(Call& call) {
  Value total = integer(0);
  for (const Element& element : call[0].list()) {
    const Value& value = element.value;
    if (&element == call[0].elements && value.kind != ValueKind::Int) {
      total = value;
      if (value.kind == ValueKind::Float || value.kind == ValueKind::Quantity || value.kind == ValueKind::Duration) continue;
      return call.fail(0, fmt::format("{} is nothing to add", describedValue(value)));
    }
    if (total.kind == ValueKind::Int && value.kind == ValueKind::Int) {
      if (__builtin_add_overflow(total.integer, value.integer, &total.integer)) return call.fail(0, "the sum does not fit into 64 bits");
    } else if (total.kind == ValueKind::Quantity && value.kind == ValueKind::Quantity) {
      total = call.evaluator.makeQuantity(*total.quantity + *value.quantity);
    } else if (total.kind == ValueKind::Duration && value.kind == ValueKind::Duration) {
      total.integer = (base::Duration{total.integer} + base::Duration{value.integer}).milliseconds;
    } else if ((total.kind == ValueKind::Int || total.kind == ValueKind::Float) && (value.kind == ValueKind::Int || value.kind == ValueKind::Float)) {
      const double a = total.kind == ValueKind::Int ? static_cast<double>(total.integer) : total.real;
      const double b = value.kind == ValueKind::Int ? static_cast<double>(value.integer) : value.real;
      total.kind = ValueKind::Float;
      total.real = a + b;
    } else {
      return call.fail(0, fmt::format("{} and {} do not add up", describedValue(total), describedValue(value)));
    }
  }
  return total;
}
constexpr Parameter kSum[] = {{"list", &types::kList}};

Value absolute(Call& call) {
  Value v = call[0];
  if (v.kind == ValueKind::Int && v.integer != std::numeric_limits<std::int64_t>::min()) v.integer = std::abs(v.integer);
  else if (v.kind == ValueKind::Float) v.real = std::fabs(v.real);
  else if (v.kind == ValueKind::Duration) v.integer = std::abs(v.integer);
  else if (v.kind == ValueKind::Quantity && v.quantity->nanos < 0) v = call.evaluator.makeQuantity(-*v.quantity);
  else if (v.kind != ValueKind::Quantity) return call.fail(0, "it takes a number, a quantity or a duration");
  return v;
}
constexpr Parameter kAnyNumber[] = {{"value", &types::kAny}};

Value rounded(Call& call, double number) {
  if (!(number > -9.2e18 && number < 9.2e18)) return call.fail(0, "the number does not fit into 64 bits");
  return integer(static_cast<std::int64_t>(number));
}
Value ceiling(Call& call) { return rounded(call, std::ceil(call[0].real)); }
Value lowest(Call& call) { return rounded(call, std::floor(call[0].real)); }
Value nearest(Call& call) { return rounded(call, std::round(call[0].real)); }
constexpr Parameter kNumber[] = {{"number", &types::kFloat}};

Value quantity(Call& call) {
  if (call[0].kind == ValueKind::Quantity) return call[0];
  const auto parsed = base::parseQuantity(call[0].text());
  if (!parsed) return call.fail(0, fmt::format("\"{}\" is no quantity such as 10Gi or 500m", call[0].text()));
  return call.evaluator.makeQuantity(*parsed);
}
constexpr Parameter kText[] = {{"text", &types::kString}};

Value duration(Call& call) {
  const auto parsed = base::parseDuration(call[0].text());
  if (!parsed) return call.fail(0, fmt::format("\"{}\" is no duration such as 30s or 2h", call[0].text()));
  Value v;
  v.kind = ValueKind::Duration;
  v.integer = parsed->milliseconds;
  return v;
}

Value bytes(Call& call) { return integer(call[0].quantity->ceiling()); }
constexpr Parameter kQuantity[] = {{"quantity", &types::kQuantity}};

Value seconds(Call& call) { return integer(base::Duration{call[0].integer}.seconds()); }
constexpr Parameter kDuration[] = {{"duration", &types::kDuration}};

constexpr std::array kFunctions{
    Function{"min", "min(values…) -> any, min(list) -> any", "The smallest number, quantity, duration or text.", kAtLeastOne, true, nullptr, minimum},
    Function{"max", "max(values…) -> any, max(list) -> any", "The largest number, quantity, duration or text.", kAtLeastOne, true, nullptr, maximum},
    Function{"sum", "sum(list) -> any", "All numbers, quantities or durations added up; 0 for an empty list.", kSum, false, nullptr, sum},
    Function{"abs", "abs(value) -> any", "The value without its sign.", kAnyNumber, false, nullptr, absolute},
    Function{"ceil", "ceil(number: float) -> int", "The next integer that is not smaller.", kNumber, false, &types::kInt, ceiling},
    Function{"floor", "floor(number: float) -> int", "The next integer that is not larger.", kNumber, false, &types::kInt, lowest},
    Function{"round", "round(number: float) -> int", "The nearest integer; halves away from zero.", kNumber, false, &types::kInt, nearest},
    Function{"quantity", "quantity(text: string) -> quantity", "The quantity that a text writes.", kText, false, &types::kQuantity, quantity},
    Function{"duration", "duration(text: string) -> duration", "The duration that a text writes.", kText, false, &types::kDuration, duration},
    Function{"bytes", "bytes(quantity) -> int", "A quantity as an integer, rounded up.", kQuantity, false, &types::kInt, bytes},
    Function{"seconds", "seconds(duration) -> int", "A duration in seconds, rounded up.", kDuration, false, &types::kInt, seconds},
};

}  // namespace

std::span<const Function> numberFunctions() { return kFunctions; }

}  // namespace mlstack::sema
