// One label, several kinds: `deployment web` and `service web` stand in one block, as their objects stand in one
// namespace. Which of them a name means follows from the kind that its place takes, or from the member asked for.

#include <fmt/format.h>

#include "sema/evaluator.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

constexpr std::uint32_t kNone = 0xffffffffu;

/// What every object has besides the members of its kind.
bool isCommon(std::string_view member) {
  return member == "name" || member == "namespace" || member == "status" || member == "spec" || member == "metadata";
}

bool isObject(const Value& value) {
  return value.kind == ValueKind::Ref && (value.instance->kind != nullptr || !value.instance->api.empty());
}

bool hasMember(const Value& value, Symbol name, std::string_view text) {
  if (value.kind != ValueKind::Ref || !value.instance->declared) return false;
  const auto& instance = static_cast<const DeclaredInstance&>(*value.instance);
  if (instance.use != nullptr) {
    for (const Statement* output : instance.use->component->outputs) {
      if (output->name.symbol == name) return true;
    }
    return false;
  }
  if (isCommon(text)) return true;
  const Member* member = instance.kind != nullptr ? instance.kind->find(text) : nullptr;
  return member != nullptr && member->part.empty();
}

std::string listed(const std::vector<Value>& values, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) out += i + 1 == values.size() ? last : std::string_view(", ");
    out += describedValue(values[i]);
  }
  return out;
}

}  // namespace

bool Evaluator::sameKind(const Statement& a, const Statement& b) const {
  const auto api = [this](const Statement& s) -> std::string_view {
    if (s.kind == StatementKind::Object) return s.value != nullptr ? s.value->text : std::string_view{};
    const Kind* kind = s.head.size() == 1 ? preludeKind(symbols_.text(s.head[0].symbol)) : nullptr;
    return kind != nullptr ? kind->api : std::string_view{};
  };
  if (a.kind == StatementKind::Object || b.kind == StatementKind::Object) return api(a) == api(b);
  if (a.head.size() != b.head.size()) return false;
  for (std::size_t i = 0; i < a.head.size(); ++i) {
    if (a.head[i].symbol != b.head[i].symbol) return false;
  }
  return true;
}

std::uint32_t Evaluator::clashOf(const Body& body, std::uint32_t first, const Decl& decl) const {
  // Inside a workload, labels name the pods' volumes: those have one namespace.
  if (decl.kind != DeclKind::Thing || body.kind != nullptr) return first;
  for (std::uint32_t i = first;; i = body.decls[i].twin) {
    const Decl& other = body.decls[i];
    if (other.kind != DeclKind::Thing || sameKind(*other.statement, *decl.statement)) return i;
    if (other.twin == 0) return kNone;
  }
}

void Evaluator::joinTwins(Body& body, std::uint32_t first) {
  std::uint32_t last = first;
  while (body.decls[last].twin != 0) last = body.decls[last].twin;
  body.decls[last].twin = static_cast<std::uint32_t>(body.decls.size());
  anyTwins_ = true;
}

Evaluator::Found Evaluator::findTwins(const Expr* e, Env* env) const {
  if (e == nullptr) return {};
  Found found;
  if (e->kind == ExprKind::NameRef) {
    found = find(env, *e);
  } else if (e->kind == ExprKind::Member && e->left != nullptr && e->left->kind == ExprKind::NameRef) {
    const Found library = find(env, *e->left);
    if (!library || library.decl().kind != DeclKind::Import || library.decl().unit == nullptr) return {};
    if (library.decl().unit->env != nullptr) found = find(library.decl().unit->env, e->name);
  }
  return found && found.decl().twin != 0 ? found : Found{};
}

/// The things of the name, in order; `failed` when one of them has an error that was reported.
std::vector<Value> Evaluator::twinValues(const Found& found, bool& failed) const {
  std::vector<Value> values;
  failed = false;
  for (std::uint32_t i = found.index;; i = found.env->body->decls[i].twin) {
    const Value& value = found.env->slots[i].value;
    if (value.kind == ValueKind::Ref) values.push_back(value);
    else failed = true;
    if (found.env->body->decls[i].twin == 0) return values;
  }
}

Value Evaluator::ambiguous(const Found& found, const std::vector<Value>& values, Span use) {
  const auto text = symbols_.text(found.decl().name);
  auto d = diag::make<diag::Code::AmbiguousName>(use, text, listed(values, " or "));
  for (const Value& value : values) {
    d.related.push_back({value.instance->headSpan, fmt::format("`{}`, {}, is declared here", text, describedValue(value))});
  }
  d.help = fmt::format("give one of them another label and leave its object the name: `name = \"{}\"` in its block", text);
  return errorAt(std::move(d));
}

Value Evaluator::pickTwin(const Found& found, const Type* expected, Span use) {
  // The usual case makes no list: one of them is of the kind that is taken here.
  const Body& body = *found.env->body;
  std::uint32_t fitting = 0;
  Value picked;
  for (std::uint32_t i = found.index;; i = body.decls[i].twin) {
    const Value& value = found.env->slots[i].value;
    if (value.kind == ValueKind::Ref && refers(*value.instance, expected)) {
      if (fitting++ == 0) picked = value;
    }
    if (body.decls[i].twin == 0) break;
  }
  if (fitting == 1) return picked;
  bool failed = false;
  const auto all = twinValues(found, failed);
  if (failed || all.empty()) return errorValue();
  if (fitting == 0) {
    if (!types::takes(expected, TypeKind::Ref)) return all.front();   // no thing at all is taken here: it will be said
    auto d = diag::make<diag::Code::WrongReference>(use, symbols_.text(found.decl().name), listed(all, " and "), placeText(),
                                                    types::described(*expected));
    for (const Value& value : all) {
      d.related.push_back({value.instance->headSpan, fmt::format("{} is declared here", describedValue(value))});
    }
    return errorAt(std::move(d));
  }
  std::vector<Value> values;
  for (const Value& value : all) {
    if (refers(*value.instance, expected)) values.push_back(value);
  }
  return ambiguous(found, values, use);
}

Value Evaluator::pickNamed(const Found& found, Span use) {
  bool failed = false;
  const auto all = twinValues(found, failed);
  if (failed || all.empty()) return errorValue();
  const Value* first = nullptr;
  for (const Value& value : all) {
    if (!isObject(value)) continue;
    if (first == nullptr) first = &value;
    else if (nameOf(*first->instance) != nameOf(*value.instance)) return ambiguous(found, all, use);
  }
  return first != nullptr ? *first : all.front();
}

Value Evaluator::pickKeyed(const Found& found, Span use) {
  bool failed = false;
  const auto all = twinValues(found, failed);
  if (failed || all.empty()) return errorValue();
  std::vector<Value> keyed;
  for (const Value& value : all) {
    const Kind* kind = value.instance->kind;
    if (kind != nullptr && (kind->role == KindRole::Config || kind->role == KindRole::Secret)) keyed.push_back(value);
  }
  if (keyed.size() > 1) return ambiguous(found, keyed, use);
  return keyed.empty() ? all.front() : keyed.front();
}

Value Evaluator::twinMember(const Found& found, const Expr& e) {
  bool failed = false;
  const auto all = twinValues(found, failed);
  if (failed || all.empty()) return errorValue();
  const auto text = symbols_.text(e.name);
  std::vector<Value> owners;
  for (const Value& value : all) {
    if (hasMember(value, e.name, text)) owners.push_back(value);
  }
  const auto of = [&](const Value& value) {
    return instanceMember(const_cast<DeclaredInstance&>(static_cast<const DeclaredInstance&>(*value.instance)), e.name, e);
  };
  if (owners.empty()) return of(all.front());
  if (owners.size() == 1) return of(owners.front());
  // Inside the block of one of them a field cannot be asked for to compare it: it may be the field that asks.
  const bool plainName = text == "name" || text == "namespace";
  for (const Value& value : owners) {
    const auto& whole = value.instance->span;
    if (!plainName && whole.begin <= e.span.begin && e.span.end <= whole.end) return ambiguous(found, owners, e.left->span);
  }
  const Value first = of(owners.front());
  if (first.kind == ValueKind::Error || first.kind == ValueKind::Unknown) return first;
  for (std::size_t i = 1; i < owners.size(); ++i) {
    const Value other = of(owners[i]);
    if (other.kind == ValueKind::Error || other.kind == ValueKind::Unknown) return other;
    if (!equal(first, other)) return ambiguous(found, owners, e.left->span);
  }
  return first;
}

}  // namespace mlstack::sema
