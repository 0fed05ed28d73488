// Calls: functions of the library, and Source kinds, whose calls make fragments.

#include <algorithm>

#include <fmt/format.h>

#include "sema/functions.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

std::string dashed(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

bool sameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
    return (x == '_' ? '-' : x) == (y == '_' ? '-' : y);
  });
}

}  // namespace

Value Call::fail(std::size_t argument, std::string reason) const {
  auto d = diag::make<diag::Code::FunctionFailed>(argument < spans.size() ? spans[argument] : expr.span,
                                                  evaluator.symbolText(expr.left->name), reason);
  evaluator.valueError(std::move(d));
  return errorValue();
}

Value Call::error() { return errorValue(); }

std::span<const Function* const> allFunctions() {
  static const std::vector<const Function*> all = [] {
    std::vector<const Function*> out;
    for (const auto& table : {textFunctions(), listFunctions(), numberFunctions()}) {
      for (const Function& function : table) out.push_back(&function);
    }
    std::sort(out.begin(), out.end(), [](const Function* a, const Function* b) { return a->name < b->name; });
    return out;
  }();
  return all;
}

const Function* functionNamed(std::string_view name) {
  for (const Function* function : allFunctions()) {
    if (sameName(function->name, name)) return function;
  }
  return nullptr;
}

std::vector<FunctionInfo> functions() {
  std::vector<FunctionInfo> out;
  for (const Function* function : allFunctions()) out.push_back({function->name, function->signature, function->doc});
  return out;
}

const Kind* Evaluator::sourceKind(std::string_view name, Env* env) {
  const Kind* kind = kindNamed(name, env);
  if (kind == nullptr) kind = kindNamed(dashed(name), env);
  return kind != nullptr && kind->role == KindRole::Source ? kind : nullptr;
}

Value Evaluator::evalCall(const Expr& e, Env* env) {
  std::string name;
  if (e.left != nullptr && e.left->kind == ExprKind::NameRef) {
    name = symbols_.text(e.left->name);
  } else if (e.left != nullptr && e.left->kind == ExprKind::Member && e.left->left != nullptr && e.left->left->kind == ExprKind::NameRef) {
    name = fmt::format("{}.{}", symbols_.text(e.left->left->name), symbols_.text(e.left->name));
  } else {
    return errorAt(diag::make<diag::Code::UnknownFunction>(e.left != nullptr ? e.left->span : e.span, "such"));
  }
  if (const Function* function = functionNamed(name)) return callFunction(*function, e, env);
  if (const Kind* kind = sourceKind(name, env)) return callSource(*kind, e, env);
  for (const auto& argument : e.arguments) (void)eval(argument.value, env, nullptr);   // their own slips
  std::vector<std::string> owned;
  for (const Function* function : allFunctions()) owned.emplace_back(function->name);
  for (const Kind& kind : preludeKinds()) {
    if (kind.role != KindRole::Source) continue;
    owned.emplace_back(kind.name);
    std::replace(owned.back().begin(), owned.back().end(), '-', '_');
  }
  const std::vector<std::string_view> names(owned.begin(), owned.end());
  auto d = diag::make<diag::Code::UnknownFunction>(e.left->span, name);
  if (const auto near = diag::nearest(name, names); !near.empty()) {
    suggest(d, near, e.left->span);
  }
  return errorAt(std::move(d));
}

namespace {

std::string countText(const Function& function) {
  std::size_t required = 0;
  for (const auto& p : function.parameters) required += p.required ? 1 : 0;
  const auto total = function.parameters.size();
  if (function.variadic) return fmt::format("{} arguments or more", required);
  if (required == total) return fmt::format("{} argument{}", total, total == 1 ? "" : "s");
  return fmt::format("{} to {} arguments", required, total);
}

}  // namespace

/// The arguments of a call, evaluated and put where the function takes them; null when there are too many or too few.
std::optional<Evaluator::Arguments> Evaluator::argumentsOf(const Function& function, const Expr& e, Env* env) {
  const auto count = function.parameters.size();
  Arguments out;
  out.values.resize(count);
  out.spans.assign(count, e.span);
  std::vector<bool> filled(count, false);
  bool misnamed = false;   // it may have been meant for what is missing
  std::size_t position = 0;
  const Place before = place_;
  const auto wrongCount = [&] {
    place_ = before;
    (void)errorAt(diag::make<diag::Code::ArgumentCount>(e.span, function.name, countText(function), std::to_string(e.arguments.size()))
                      .hint(std::string(function.signature)));
    return std::nullopt;
  };
  for (const auto& argument : e.arguments) {
    std::size_t index = position;
    if (argument.name.symbol) {
      index = 0;
      while (index < count && !sameName(function.parameters[index].name, symbols_.text(argument.name.symbol))) ++index;
      if (index == count) {
        (void)errorAt(diag::make<diag::Code::UnknownArgument>(argument.name.span, function.name, symbols_.text(argument.name.symbol))
                          .hint(std::string(function.signature)));
        out.failed = misnamed = true;
        continue;
      }
    } else {
      ++position;
    }
    const bool extra = index >= count;
    if (extra && !function.variadic) return wrongCount();
    const auto& parameter = function.parameters[extra ? count - 1 : index];
    place_ = {Place::Kind::Argument, function.name};
    const Value value = eval(argument.value, env, parameter.type);
    out.failed = out.failed || value.kind == ValueKind::Error;
    out.guessed = out.guessed || value.kind == ValueKind::Unknown;
    if (value.kind == ValueKind::Cluster) {
      (void)errorAt(diag::make<diag::Code::ClusterValue>(argument.value->span, value.second()));
      out.failed = true;
    }
    const Span span = argument.value != nullptr ? argument.value->span : e.span;
    if (extra) {
      out.values.push_back(value);
      out.spans.push_back(span);
    } else {
      out.values[index] = value;
      out.spans[index] = span;
      filled[index] = true;
    }
  }
  place_ = before;
  for (std::size_t i = 0; i < count && !misnamed; ++i) {
    if (!filled[i] && function.parameters[i].required) return wrongCount();
  }
  return out;
}

Value Evaluator::callFunction(const Function& function, const Expr& e, Env* env) {
  auto arguments = argumentsOf(function, e, env);
  if (!arguments || arguments->failed) return errorValue();
  if (arguments->guessed) return unknown(function.result);
  Call call{*this, e, arguments->values, arguments->spans, env != nullptr && env->unit != nullptr ? env->unit->source : nullptr};
  const Value result = function.call(call);
  if (result.kind == ValueKind::Error && checking_ != 0) return unknown(function.result);
  return result;
}

/// The member that a named argument sets; null when there is none, which is said.
const Member* Evaluator::sourceMember(const Kind& kind, std::span<const Member* const> order, const syntax::Name& name) {
  const auto text = symbols_.text(name.symbol);
  std::vector<std::string_view> names;
  for (const Member* candidate : order) {
    if (sameName(candidate->name, text)) return candidate;
    names.push_back(candidate->name);
  }
  auto d = diag::make<diag::Code::UnknownArgument>(name.span, kind.name, text);
  if (const auto near = diag::nearest(text, names); !near.empty()) d.help = fmt::format("did you mean `{}`?", near);
  (void)errorAt(std::move(d));
  return nullptr;
}

Value Evaluator::callSource(const Kind& kind, const Expr& e, Env* env) {
  Instance* made = arena().make<Instance>();
  made->kind = &kind;
  made->span = e.span;
  made->headSpan = e.left->span;
  Block block;
  block.mode = BlockMode::Instance;
  block.instance = made;
  block.kind = &kind;
  block.fieldTail = &made->fields;
  std::vector<const Member*> order;
  for (const auto index : kind.order) {
    const Member& member = kind.members[index];
    if (member.part.empty()) order.push_back(&member);
  }
  std::size_t position = 0;
  bool failed = false;
  bool guessed = false;
  for (const auto& argument : e.arguments) {
    const Member* member = nullptr;
    if (argument.name.symbol) {
      member = sourceMember(kind, order, argument.name);
      if (member == nullptr) {
        failed = true;
        continue;
      }
    } else if (position < order.size()) {
      member = order[position++];
    } else {
      return errorAt(diag::make<diag::Code::ArgumentCount>(e.span, kind.name, fmt::format("at most {} arguments", order.size()),
                                                           std::to_string(e.arguments.size())));
    }
    const Place before = place_;
    place_ = {Place::Kind::Argument, member->name};
    const Value value = member->type != nullptr && member->type->kind == TypeKind::Raw ? evalRaw(argument.value, env, {})
                                                                                       : eval(argument.value, env, member->type);
    place_ = before;
    failed = failed || value.kind == ValueKind::Error;
    guessed = guessed || value.kind == ValueKind::Unknown;
    const Span span = argument.value != nullptr ? argument.value->span : e.span;
    const Span keySpan = argument.name.symbol ? argument.name.span : span;
    if (markSeen(block, *member, keySpan)) setField(block, *member, value, keySpan, span);
  }
  finishInstance(block, e.left->span, true);
  if (failed) return errorValue();
  if (guessed) {
    Type* type = arena().make<Type>();
    type->kind = TypeKind::Fragment;
    type->word = kind.word;
    return unknown(type);
  }
  Value v;
  v.kind = ValueKind::Fragment;
  v.instance = made;
  return v;
}

}  // namespace mlstack::sema
