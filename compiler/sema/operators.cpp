// Operators: numbers, quantities and durations with their units checked, comparison, logic.

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/duration.h"
#include "sema/evaluator.h"
#include "sema/make.h"

namespace mlstack::sema {

using syntax::Operator;

namespace {

std::string_view spelled(Operator op) {
  switch (op) {
    case Operator::Or: return "||";
    case Operator::And: return "&&";
    case Operator::Eq: return "==";
    case Operator::Ne: return "!=";
    case Operator::Lt: return "<";
    case Operator::Le: return "<=";
    case Operator::Gt: return ">";
    case Operator::Ge: return ">=";
    case Operator::In: return "in";
    case Operator::Range: return "..";
    case Operator::RangeBelow: return "..<";
    case Operator::Add: return "+";
    case Operator::Subtract: case Operator::Negate: return "-";
    case Operator::Multiply: return "*";
    case Operator::Divide: return "/";
    case Operator::Remainder: return "%";
    case Operator::Not: return "!";
  }
  return {};
}

bool isComparison(Operator op) {
  return op == Operator::Eq || op == Operator::Ne || op == Operator::Lt || op == Operator::Le || op == Operator::Gt || op == Operator::Ge;
}

bool isNumber(const Value& v) { return v.kind == ValueKind::Int || v.kind == ValueKind::Float; }
/// A share of an amount is not finer than what it is of: whole bytes, thousandths of a CPU; rounded up.
base::Quantity roundedShare(base::Quantity share) {
  constexpr base::Int128 kWhole = 1'000'000'000;
  constexpr base::Int128 kMilli = 1'000'000;
  const bool bytes = share.format == base::QuantityFormat::BinarySI ? share.nanos >= kWhole : share.nanos >= kWhole * 1'000'000;
  const base::Int128 step = bytes ? kWhole : kMilli;
  if (share.nanos >= step) share.nanos = (share.nanos + step - 1) / step * step;
  return share;
}

double toReal(const Value& v) { return v.kind == ValueKind::Int ? static_cast<double>(v.integer) : v.real; }

}  // namespace

Value Evaluator::operandError(const Expr& e, const Value& left, const Value& right) {
  auto d = diag::make<diag::Code::OperandTypes>(e.span, spelled(e.op), describedValue(left), describedValue(right));
  if (e.op == Operator::Add && (left.kind == ValueKind::String || right.kind == ValueKind::String)) {
    d.help = "texts are joined by interpolation: \"${a}${b}\"";
  } else if (e.op == Operator::Add && left.kind == ValueKind::List) {
    d.help = "lists are joined by spreading: [...a, ...b]";
  } else if (e.op == Operator::Add && left.kind == ValueKind::Map) {
    d.help = "maps are joined by spreading: { ...a  ...b }";
  }
  return errorAt(std::move(d));
}

Value Evaluator::evalUnary(const Expr& e, Env* env, const Type* expected) {
  if (e.op == Operator::Not) {
    const Value value = eval(e.left, env, &types::kBool);
    if (value.kind == ValueKind::Bool) return boolean(!value.boolean);
    return value;
  }
  const Value value = eval(e.left, env, e.left != nullptr && e.left->kind == ExprKind::Suffixed ? expected : nullptr);
  switch (value.kind) {
    case ValueKind::Error: case ValueKind::Unknown: return value;
    case ValueKind::Int:
      if (value.integer == std::numeric_limits<std::int64_t>::min()) break;
      return integer(-value.integer);
    case ValueKind::Float: return real(-value.real);
    case ValueKind::Quantity: return makeQuantity(-*value.quantity);
    case ValueKind::Duration: return duration(-value.integer);
    case ValueKind::Suffixed:
      return errorAt(diag::make<diag::Code::SuffixMeaning>(e.left->span, value.text()).hint("give the `let` a type"));
    case ValueKind::Null: case ValueKind::Bool: case ValueKind::String: case ValueKind::Range: case ValueKind::List:
    case ValueKind::Map: case ValueKind::Ref: case ValueKind::KeyOf: case ValueKind::Fragment: case ValueKind::Cluster:
    case ValueKind::Parts:
      return errorAt(diag::make<diag::Code::WrongType>(e.left->span, describedValue(value), "`-`", "a number, a quantity or a duration")
                         .hint(value.kind == ValueKind::String ? "a list stands in brackets: [\"…\", \"…\"]" : ""));
  }
  return errorAt(diag::make<diag::Code::NumberOverflow>(e.span, "-"));
}

Value Evaluator::evalLogic(const Expr& e, Env* env) {
  const Place before = place_;
  place_ = {Place::Kind::Condition, {}};
  const Value left = eval(e.left, env, &types::kBool);
  const bool decided = left.kind == ValueKind::Bool && left.boolean == (e.op == Operator::Or);
  Value result = left;
  if (decided && checking_ == 0) {
    auto& flags = flagsOf(e);
    if ((flags & (kThenReached | kThenQueued)) == 0) {
      flags |= kThenQueued;
      laterExprs_.push_back({e.right, env, &types::kBool, {}, false, &e, kThenReached});
    }
  } else {
    if (checking_ == 0) flagsOf(e) |= kThenReached;
    const Value right = eval(e.right, env, &types::kBool);
    if (left.kind == ValueKind::Error || right.kind == ValueKind::Error) result = errorValue();
    else if (!decided) result = left.kind == ValueKind::Unknown && right.kind != ValueKind::Unknown ? unknown(&types::kBool) : right;
  }
  place_ = before;
  return result;
}

Value Evaluator::evalBinary(const Expr& e, Env* env, const Type* expected) {
  if (e.op == Operator::Or || e.op == Operator::And) return evalLogic(e, env);
  const bool sizes = e.op == Operator::Add || e.op == Operator::Subtract || e.op == Operator::Multiply || e.op == Operator::Divide;
  const Type* hint = nullptr;   // what a suffix means: the type of the result, as far as it is a size
  if (sizes && types::takes(expected, TypeKind::Quantity) != types::takes(expected, TypeKind::Duration)) {
    hint = types::takes(expected, TypeKind::Quantity) ? &types::kQuantity : &types::kDuration;
  }
  const auto operand = [&](const Expr* side, const Expr* other) {
    const bool compares = e.op == Operator::Eq || e.op == Operator::Ne || e.op == Operator::In;
    if (compares && side != nullptr && side->kind == ExprKind::NameRef && !find(env, *side)) {
      if (const Type* words = wordsOf(other, env)) return eval(side, env, words);
    }
    if (compares && side != nullptr && side->kind == ExprKind::List && e.op == Operator::In) {
      if (const Type* words = wordsOf(other, env)) {
        const Type list{.kind = TypeKind::List, .element = words};
        return eval(side, env, &list);
      }
    }
    return eval(side, env, side != nullptr && side->kind == ExprKind::Suffixed ? hint : nullptr);
  };
  Value left = operand(e.left, e.right);
  Value right = operand(e.right, e.left);
  if (left.kind == ValueKind::Error || right.kind == ValueKind::Error) return errorValue();
  const auto adopt = [&](Value& suffixed, const Value& other, const Expr* at) {
    const Type* as = other.kind == ValueKind::Quantity ? &types::kQuantity : other.kind == ValueKind::Duration ? &types::kDuration : hint;
    if (other.kind == ValueKind::Unknown && other.type != nullptr &&
        (other.type->kind == TypeKind::Quantity || other.type->kind == TypeKind::Duration)) {
      as = other.type;
    }
    if (suffixed.kind == ValueKind::Suffixed && as != nullptr) suffixed = conform(suffixed, as, at->span);
  };
  adopt(left, right, e.left);
  adopt(right, left, e.right);
  for (const auto* side : {&left, &right}) {
    if (side->kind == ValueKind::Error) return errorValue();
    if (side->kind != ValueKind::Suffixed || e.op == Operator::In) continue;
    return errorAt(diag::make<diag::Code::SuffixMeaning>((side == &left ? e.left : e.right)->span, side->text())
                       .hint("give the value a type first: `let x: duration = …`"));
  }
  for (const auto* side : {&left, &right}) {
    if (side->kind != ValueKind::Cluster) continue;
    return errorAt(diag::make<diag::Code::ClusterValue>(e.span, side->second()));
  }
  if (isComparison(e.op)) return comparison(e, left, right);
  if (e.op == Operator::In) return membership(e, left, right);
  if (hint == &types::kQuantity && e.op == Operator::Divide && left.kind == ValueKind::Int && right.kind == ValueKind::Int &&
      !types::takes(expected, TypeKind::Int) && right.integer != 0) {
    left = makeQuantity(base::Quantity::ofInt(left.integer));   // `cpu = 1 / 2` is half a CPU
  }
  return arithmetic(e, left, right);
}

const Type* Evaluator::wordsOf(const Expr* e, Env* env) {
  if (e == nullptr) return nullptr;
  if (e->kind == ExprKind::NameRef) {
    const Found found = find(env, *e);
    if (!found || (found.decl().kind != DeclKind::Let && found.decl().kind != DeclKind::Param)) return nullptr;
    return types::enumOf(declaredType(found));
  }
  if (e->kind != ExprKind::Member || e->left == nullptr || e->left->kind != ExprKind::NameRef) return nullptr;
  const Found found = find(env, *e->left);
  if (!found) return nullptr;
  for (std::uint32_t i = found.index;; i = found.env->body->decls[i].twin) {
    const Value& thing = found.env->slots[i].value;
    const Kind* kind = thing.kind == ValueKind::Ref ? thing.instance->kind : nullptr;
    const Member* member = kind != nullptr ? kind->find(symbols_.text(e->name)) : nullptr;
    if (member != nullptr) return types::enumOf(member->type);
    if (found.env->body->decls[i].twin == 0) return nullptr;
  }
}

Value Evaluator::comparison(const Expr& e, const Value& left, const Value& right) {
  if (left.kind == ValueKind::Unknown || right.kind == ValueKind::Unknown) return unknown(&types::kBool);
  if (e.op == Operator::Eq || e.op == Operator::Ne) {
    const bool comparable = left.kind == right.kind || left.kind == ValueKind::Null || right.kind == ValueKind::Null ||
                            (isNumber(left) && isNumber(right)) || left.kind == ValueKind::Ref || right.kind == ValueKind::Ref ||
                            left.kind == ValueKind::Fragment || right.kind == ValueKind::Fragment;
    if (!comparable) return operandError(e, left, right);
    return boolean(equal(left, right) == (e.op == Operator::Eq));
  }
  const auto order = compare(left, right);
  if (!order) return operandError(e, left, right);
  switch (e.op) {
    case Operator::Lt: return boolean(*order < 0);
    case Operator::Le: return boolean(*order <= 0);
    case Operator::Gt: return boolean(*order > 0);
    case Operator::Ge: return boolean(*order >= 0);
    case Operator::Or: case Operator::And: case Operator::Eq: case Operator::Ne: case Operator::In: case Operator::Range:
    case Operator::RangeBelow: case Operator::Add: case Operator::Subtract: case Operator::Multiply: case Operator::Divide:
    case Operator::Remainder: case Operator::Negate: case Operator::Not:
      break;
  }
  return errorValue();
}

Value Evaluator::membership(const Expr& e, const Value& left, const Value& right) {
  if (left.kind == ValueKind::Unknown || right.kind == ValueKind::Unknown) return unknown(&types::kBool);
  if (right.kind == ValueKind::List) {
    for (const Element& element : right.list()) {
      if (equal(element.value, left)) return boolean(true);
    }
    return boolean(false);
  }
  if (right.kind == ValueKind::Map && left.kind == ValueKind::String) {
    const Symbol key = symbols_.intern(left.text());
    for (const Entry& entry : right.map()) {
      if (entry.key == key) return boolean(true);
    }
    return boolean(false);
  }
  if (right.kind == ValueKind::Range && left.kind == ValueKind::Int) {
    return boolean(left.integer >= right.integer && (right.flag ? left.integer < right.high : left.integer <= right.high));
  }
  if (right.kind == ValueKind::String && left.kind == ValueKind::String) {
    return boolean(right.text().find(left.text()) != std::string_view::npos);
  }
  return operandError(e, left, right);
}

Value Evaluator::arithmetic(const Expr& e, Value left, Value right) {
  if (left.kind == ValueKind::Unknown || right.kind == ValueKind::Unknown) {
    if (e.op == Operator::Range || e.op == Operator::RangeBelow) return unknown(&types::kInts);
    const Type* a = generalType(left);
    const Type* b = generalType(right);
    for (const Type* side : {a, b}) {
      if (side == nullptr) return unknown(nullptr);
      const bool numeric = side->kind == TypeKind::Int || side->kind == TypeKind::Float || side->kind == TypeKind::Quantity ||
                           side->kind == TypeKind::Duration || side->kind == TypeKind::Port || side->kind == TypeKind::Any ||
                           side->kind == TypeKind::Union;
      if (!numeric) return operandError(e, left, right);
    }
    const bool sized = a->kind == TypeKind::Quantity || a->kind == TypeKind::Duration;
    const bool otherSized = b->kind == TypeKind::Quantity || b->kind == TypeKind::Duration;
    if (sized && otherSized) return unknown(e.op == Operator::Divide ? &types::kFloat : a);
    if (sized) return unknown(a);
    if (otherSized) return unknown(b);
    return unknown(a->kind == TypeKind::Float || b->kind == TypeKind::Float ? &types::kFloat : a);
  }
  if (left.kind == ValueKind::Int && right.kind == ValueKind::Int) return integerArithmetic(e, left.integer, right.integer);
  if (isNumber(left) && isNumber(right)) {
    if (e.op == Operator::Range || e.op == Operator::RangeBelow) return operandError(e, left, right);
    return floatArithmetic(e, toReal(left), toReal(right));
  }
  if (left.kind == ValueKind::Quantity || right.kind == ValueKind::Quantity) return quantityArithmetic(e, left, right);
  if (left.kind == ValueKind::Duration || right.kind == ValueKind::Duration) return durationArithmetic(e, left, right);
  return operandError(e, left, right);
}

Value Evaluator::integerArithmetic(const Expr& e, std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  switch (e.op) {
    case Operator::Add:
      if (__builtin_add_overflow(left, right, &result)) break;
      return integer(result);
    case Operator::Subtract:
      if (__builtin_sub_overflow(left, right, &result)) break;
      return integer(result);
    case Operator::Multiply:
      if (__builtin_mul_overflow(left, right, &result)) break;
      return integer(result);
    case Operator::Divide: case Operator::Remainder:
      if (right == 0) {
        valueError(diag::make<diag::Code::DivisionByZero>(e.right->span));
        return checking_ != 0 ? unknown(&types::kInt) : errorValue();
      }
      if (right == -1) {
        if (e.op == Operator::Remainder) return integer(0);
        if (__builtin_sub_overflow(std::int64_t{0}, left, &result)) break;
        return integer(result);
      }
      return integer(e.op == Operator::Divide ? left / right : left % right);
    case Operator::Range: case Operator::RangeBelow: {
      Value v;
      v.kind = ValueKind::Range;
      v.flag = e.op == Operator::RangeBelow;
      v.integer = left;
      v.high = right;
      if (!v.flag && right == std::numeric_limits<std::int64_t>::max()) break;
      return v;
    }
    case Operator::Or: case Operator::And: case Operator::Eq: case Operator::Ne: case Operator::Lt: case Operator::Le:
    case Operator::Gt: case Operator::Ge: case Operator::In: case Operator::Negate: case Operator::Not:
      return errorValue();
  }
  valueError(diag::make<diag::Code::NumberOverflow>(e.span, spelled(e.op)));
  return checking_ != 0 ? unknown(&types::kInt) : errorValue();
}

Value Evaluator::floatArithmetic(const Expr& e, double left, double right) {
  double result = 0;
  switch (e.op) {
    case Operator::Add: result = left + right; break;
    case Operator::Subtract: result = left - right; break;
    case Operator::Multiply: result = left * right; break;
    case Operator::Divide: case Operator::Remainder:
      if (right == 0) {
        valueError(diag::make<diag::Code::DivisionByZero>(e.right->span));
        return checking_ != 0 ? unknown(&types::kFloat) : errorValue();
      }
      result = e.op == Operator::Divide ? left / right : std::fmod(left, right);
      break;
    case Operator::Or: case Operator::And: case Operator::Eq: case Operator::Ne: case Operator::Lt: case Operator::Le:
    case Operator::Gt: case Operator::Ge: case Operator::In: case Operator::Range: case Operator::RangeBelow:
    case Operator::Negate: case Operator::Not:
      return errorValue();
  }
  if (!std::isfinite(result)) {
    valueError(diag::make<diag::Code::NumberOverflow>(e.span, spelled(e.op)));
    return checking_ != 0 ? unknown(&types::kFloat) : errorValue();
  }
  return real(result);
}

Value Evaluator::quantityArithmetic(const Expr& e, const Value& left, const Value& right) {
  const bool both = left.kind == ValueKind::Quantity && right.kind == ValueKind::Quantity;
  if (both && e.op == Operator::Add) return makeQuantity(*left.quantity + *right.quantity);
  if (both && e.op == Operator::Subtract) return makeQuantity(*left.quantity - *right.quantity);
  if (both && e.op == Operator::Divide) {
    if (const auto ratio = base::ratio(*left.quantity, *right.quantity)) return real(*ratio);
    valueError(diag::make<diag::Code::DivisionByZero>(e.right->span));
    return checking_ != 0 ? unknown(&types::kFloat) : errorValue();
  }
  if (e.op == Operator::Multiply && left.kind == ValueKind::Quantity && right.kind == ValueKind::Int) return makeQuantity(*left.quantity * right.integer);
  if (e.op == Operator::Multiply && right.kind == ValueKind::Quantity && left.kind == ValueKind::Int) return makeQuantity(*right.quantity * left.integer);
  if (e.op == Operator::Divide && left.kind == ValueKind::Quantity && right.kind == ValueKind::Int) {
    if (const auto part = base::divide(*left.quantity, right.integer)) return makeQuantity(roundedShare(*part));
    valueError(diag::make<diag::Code::DivisionByZero>(e.right->span));
    return checking_ != 0 ? unknown(&types::kQuantity) : errorValue();
  }
  return operandError(e, left, right);
}

Value Evaluator::durationArithmetic(const Expr& e, const Value& left, const Value& right) {
  const bool both = left.kind == ValueKind::Duration && right.kind == ValueKind::Duration;
  const base::Duration a{left.integer};
  const base::Duration b{right.integer};
  if (both && e.op == Operator::Add) return duration((a + b).milliseconds);
  if (both && e.op == Operator::Subtract) return duration((a - b).milliseconds);
  if (e.op == Operator::Divide && left.kind == ValueKind::Duration && (both || right.kind == ValueKind::Int)) {
    if (right.integer == 0) {
      valueError(diag::make<diag::Code::DivisionByZero>(e.right->span));
      return checking_ != 0 ? unknown(nullptr) : errorValue();
    }
    if (both) return real(static_cast<double>(left.integer) / static_cast<double>(right.integer));
    return duration(base::divide(a, right.integer)->milliseconds);
  }
  if (e.op == Operator::Multiply && left.kind == ValueKind::Duration && right.kind == ValueKind::Int) return duration((a * right.integer).milliseconds);
  if (e.op == Operator::Multiply && right.kind == ValueKind::Duration && left.kind == ValueKind::Int) return duration((b * left.integer).milliseconds);
  return operandError(e, left, right);
}

}  // namespace mlstack::sema
