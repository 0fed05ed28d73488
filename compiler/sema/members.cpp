// `x.y` and `x[y]`: members of libraries, things, uses of components, maps; keys of config and secrets;
// and fields that are needed before the block that states them has run.

#include <algorithm>

#include <fmt/format.h>

#include "sema/evaluator.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

bool isClusterRoot(std::string_view name) { return name == "status" || name == "spec" || name == "metadata"; }

}  // namespace

Value Evaluator::clusterValue(const Instance& instance, std::string_view path) {
  Value v;
  v.kind = ValueKind::Cluster;
  v.instance = &instance;
  const auto stable = arena().copy(path);
  v.text2 = stable.data();
  v.length = static_cast<std::uint32_t>(stable.size());
  return v;
}

Value Evaluator::evalMember(const Expr& e, Env* env, const Type* expected) {
  if (e.left != nullptr && e.left->kind == ExprKind::NameRef) {
    const Found found = find(env, *e.left);
    if (found && found.decl().kind == DeclKind::Import) {
      Unit* unit = found.decl().unit;
      if (unit == nullptr || unit->env == nullptr) return errorValue();
      const Found inside = find(unit->env, e.name);
      if (inside) return inside.decl().twin != 0 ? pickTwin(inside, expected, e.span) : force(inside, e.nameSpan);
      std::vector<std::string_view> names;
      for (const Decl& decl : unit->body->decls) names.push_back(symbols_.text(decl.name));
      const auto near = diag::nearest(symbols_.text(e.name), names);
      auto d = diag::make<diag::Code::UnknownMember>(e.nameSpan, fmt::format("`{}`", symbols_.text(e.left->name)), symbols_.text(e.name));
      d.related.push_back({found.decl().span, "imported here"});
      if (!near.empty()) suggest(d, near, e.nameSpan);
      return errorAt(std::move(d));
    }
  }
  if (const Found twins = twinsOf(e.left, env)) return twinMember(twins, e);
  const Value left = eval(e.left, env, nullptr);
  switch (left.kind) {
    case ValueKind::Error: return left;
    case ValueKind::Unknown: return unknownMember(left, e.name, e, env);
    case ValueKind::Map: {
      std::vector<std::string_view> names;
      for (const Entry& entry : left.map()) {
        if (entry.key == e.name) return entry.value;
        names.push_back(symbols_.text(entry.key));
      }
      const auto near = diag::nearest(symbols_.text(e.name), names);
      auto d = diag::make<diag::Code::NoSuchEntry>(e.nameSpan, "this map", fmt::format("`{}`", symbols_.text(e.name)));
      if (!near.empty()) suggest(d, near, e.nameSpan);
      valueError(std::move(d));
      return checking_ != 0 ? unknown(nullptr) : errorValue();
    }
    case ValueKind::Ref:
      if (left.instance->declared) {
        return instanceMember(const_cast<DeclaredInstance&>(static_cast<const DeclaredInstance&>(*left.instance)), e.name, e);
      }
      break;
    case ValueKind::Cluster:
      return clusterValue(*left.instance, fmt::format("{}.{}", left.second(), symbols_.text(e.name)));
    case ValueKind::Fragment:
      if (const FieldValue* field = left.instance->field(symbols_.text(e.name))) return field->value;
      break;
    case ValueKind::Null: case ValueKind::Bool: case ValueKind::Int: case ValueKind::Float: case ValueKind::String:
    case ValueKind::Quantity: case ValueKind::Duration: case ValueKind::Suffixed: case ValueKind::Range: case ValueKind::List:
    case ValueKind::KeyOf: case ValueKind::Parts:
      break;
  }
  return errorAt(diag::make<diag::Code::NoMembers>(e.nameSpan, describedValue(left)));
}

Value Evaluator::unknownMember(const Value& left, Symbol name, const Expr& e, Env* env) {
  const Type* type = left.type;
  if (type == nullptr) return unknown(nullptr);
  const auto text = symbols_.text(name);
  switch (type->kind) {
    case TypeKind::Any: case TypeKind::Union: case TypeKind::Raw: case TypeKind::Fragment: case TypeKind::Parts:
      return unknown(nullptr);
    case TypeKind::Map: return unknown(type->element);
    case TypeKind::Record: {
      std::vector<std::string_view> names;
      for (const auto& field : type->fields) {
        if (field.name == text) return unknown(field.type);
        names.push_back(field.name);
      }
      auto d = diag::make<diag::Code::NoSuchEntry>(e.nameSpan, "this record", fmt::format("`{}`", text));
      if (const auto near = diag::nearest(text, names); !near.empty()) d.help = fmt::format("did you mean `{}`?", near);
      return errorAt(std::move(d));
    }
    case TypeKind::Ref: {
      const Kind* kind = kindNamed(type->word, env);
      if (kind == nullptr || isClusterRoot(text)) return unknown(nullptr);
      if (text == "name" || text == "namespace") return unknown(&types::kString);
      if (const Member* member = kind->find(text)) return unknown(member->type);
      std::vector<std::string_view> names{"name", "namespace"};
      for (const Member& member : kind->members) names.push_back(member.name);
      auto d = diag::make<diag::Code::UnknownMember>(e.nameSpan, withArticle(kind->name), text);
      if (const auto near = diag::nearest(text, names); !near.empty()) d.help = fmt::format("did you mean `{}`?", near);
      return errorAt(std::move(d));
    }
    case TypeKind::Bool: case TypeKind::Int: case TypeKind::Float: case TypeKind::String: case TypeKind::Quantity:
    case TypeKind::Duration: case TypeKind::Path: case TypeKind::Image: case TypeKind::Port: case TypeKind::Name:
    case TypeKind::Cron: case TypeKind::List: case TypeKind::Enum:
      return errorAt(diag::make<diag::Code::NoMembers>(e.nameSpan, types::described(*type)));
  }
  return unknown(nullptr);
}

Value Evaluator::instanceMember(DeclaredInstance& instance, Symbol name, const Expr& e) {
  if (instance.use != nullptr) return exportOf(*instance.use, name, e);
  const auto text = symbols_.text(name);
  if (text == "name") {
    if (checking_ != 0 && instance.progress != Progress::Done) return unknown(&types::kString);
    return makeString(nameOf(instance));
  }
  const Member* member = instance.kind != nullptr ? instance.kind->find(text) : nullptr;
  if (member != nullptr && member->part.empty()) {
    Value value = fieldOf(instance, *member, e.span);
    if (text == "namespace" && value.kind == ValueKind::Ref) value = makeString(nameOf(*value.instance));
    if (value.kind == ValueKind::Null && text == "namespace" && program_->nameSpace) {
      const auto stated = symbols_.text(program_->nameSpace);
      value = makeString(stated);
    }
    return value;
  }
  if (isClusterRoot(text)) return clusterValue(instance, text);
  if (text == "namespace") return program_->nameSpace ? makeString(symbols_.text(program_->nameSpace)) : Value{};
  std::vector<std::string_view> names{"name", "namespace", "status", "spec", "metadata"};
  if (instance.kind != nullptr) {
    for (const Member& other : instance.kind->members) {
      if (other.part.empty()) names.push_back(other.name);
    }
  }
  auto d = diag::make<diag::Code::UnknownMember>(
      e.nameSpan, instance.kind != nullptr ? withArticle(instance.kind->name) : fmt::format("`{}`", symbols_.text(instance.label)), text);
  d.related.push_back({instance.headSpan, fmt::format("`{}` is declared here", symbols_.text(instance.label))});
  const bool keyed = instance.kind != nullptr && (instance.kind->role == KindRole::Config || instance.kind->role == KindRole::Secret);
  if (const auto near = diag::nearest(text, names); !near.empty()) {
    suggest(d, near, e.nameSpan);
  } else if (keyed) {
    d.help = fmt::format("one of its keys is written `{}[\"{}\"]`", symbols_.text(instance.label), text);
  }
  return errorAt(std::move(d));
}

Value Evaluator::fieldOf(DeclaredInstance& instance, const Member& member, Span use) {
  for (const FieldValue* field = instance.fields; field != nullptr; field = field->next) {
    if (field->member == &member) return field->value;
  }
  if (instance.progress != Progress::Done) return pendingField(instance, member, use);
  if (instance.broken) {   // it may be the very field that has the error
    Value failed;
    failed.kind = ValueKind::Error;
    return failed;
  }
  return checking_ != 0 ? unknown(member.type) : Value{};
}

Value Evaluator::pendingField(DeclaredInstance& instance, const Member& member, Span use) {
  for (const EarlyField* early = instance.early; early != nullptr; early = early->next) {
    if (early->member == &member) return early->value;
  }
  for (const auto& [other, otherMember] : pending_) {
    if (other != &instance || otherMember != &member) continue;
    return errorAt(diag::make<diag::Code::CyclicValue>(instance.headSpan, fmt::format("{}.{}", symbols_.text(instance.label), member.name))
                       .note(use, "needed again here"));
  }
  if (instance.body == nullptr || pending_.size() >= kMaxNesting) {
    return member.defaultText.empty() && member.defaultValue == nullptr ? Value{} : defaultOf(member);
  }
  const InArena within(*this, instance.env->arena);
  if (instance.inner == nullptr) instance.inner = enter(*instance.body, instance.env);
  pending_.emplace_back(&instance, &member);
  auto found = searchField(instance, member, instance.body->items, instance.inner);
  pending_.pop_back();
  Value value = found ? *found : (instance.external ? Value{} : defaultOf(member));
  instance.early = arena().make<EarlyField>(EarlyField{nullptr, &member, value, instance.early});
  return value;
}

std::optional<Value> Evaluator::searchField(DeclaredInstance& instance, const Member& member,
                                            std::span<Statement* const> items, Env* env) {
  for (const Statement* s : items) {
    if (s->kind == StatementKind::Field && s->head.size() == 1 && symbols_.text(s->head[0].symbol) == member.name) {
      const Place before = place_;
      place_ = {Place::Kind::Field, member.name};
      const Value value = member.type != nullptr && member.type->kind == TypeKind::Raw ? evalRaw(s->value, env, {})
                                                                                      : eval(s->value, env, member.type);
      place_ = before;
      return value;
    }
    if (s->kind == StatementKind::Use && s->label == nullptr && s->hasBody && s->head.size() == 1 && member.type != nullptr &&
        symbols_.text(s->head[0].symbol) == member.name) {
      return evalBlockMap(*s, env, member.type, {}, false);
    }
    if (s->kind != StatementKind::If) continue;
    const Value condition = eval(s->value, env, &types::kBool);
    if (condition.kind != ValueKind::Bool) continue;
    const auto& taken = condition.boolean ? s->body : s->otherwise;
    Body* body = condition.boolean ? ifBody(*s, instance.kind).first : ifBody(*s, instance.kind).second;
    if (body == nullptr) continue;
    if (auto value = searchField(instance, member, taken, enter(*body, env))) return value;
  }
  return std::nullopt;
}

bool Evaluator::isOneText(const Instance& instance, Span span) {
  if (instance.kind == nullptr || (instance.kind->role != KindRole::Config && instance.kind->role != KindRole::Secret)) return true;
  const auto label = symbols_.text(instance.label);
  std::string keys;
  for (std::string_view name : {"data", "binary", "binary-data", "files", "keys"}) {
    const Member* member = instance.kind->find(name);
    if (member == nullptr || !member->part.empty() || !instance.declared) continue;
    auto& declared = const_cast<DeclaredInstance&>(static_cast<const DeclaredInstance&>(instance));
    const Value value = fieldOf(declared, *member, span);
    for (std::uint32_t i = 0; i < value.length; ++i) {
      std::string_view key;
      if (value.kind == ValueKind::Map) key = symbols_.text(value.entries[i].key);
      if (value.kind == ValueKind::List && value.elements[i].value.kind == ValueKind::String) key = value.elements[i].value.text();
      if (!key.empty()) keys += fmt::format("{}{}[\"{}\"]", keys.empty() ? "" : ", ", label, key);
      if (value.kind != ValueKind::Map && value.kind != ValueKind::List) break;
    }
  }
  Value whole;
  whole.kind = ValueKind::Ref;
  whole.instance = &instance;
  auto d = diag::make<diag::Code::WrongType>(span, describedValue(whole), "a variable", "one text: a key of it");
  d.help = keys.empty() ? fmt::format("name the key: {}[\"KEY\"]; {}.name is its name", label, label) : fmt::format("write {}", keys);
  (void)errorAt(std::move(d));
  return false;
}

Value Evaluator::keyOf(const Value& left, std::string_view key, const Expr& e) {
  auto& instance = const_cast<Instance&>(*left.instance);
  if (instance.declared && instance.kind != nullptr) {
    auto& declared = static_cast<DeclaredInstance&>(instance);
    std::vector<std::string_view> known;
    bool complete = checking_ == 0;
    for (std::string_view name : {"data", "binary", "binary-data", "files", "keys"}) {
      const Member* member = declared.kind->find(name);
      if (member == nullptr || !member->part.empty()) continue;
      const Value value = fieldOf(declared, *member, e.span);
      if (value.kind == ValueKind::Error || value.kind == ValueKind::Unknown) complete = false;
      if (value.kind == ValueKind::Map) {
        for (const Entry& entry : value.map()) known.push_back(symbols_.text(entry.key));
      }
      if (value.kind == ValueKind::List) {
        for (const Element& element : value.list()) {
          if (element.value.kind == ValueKind::String) known.push_back(element.value.text());
        }
      }
    }
    const bool listed = std::find(known.begin(), known.end(), key) != known.end();
    if (complete && !listed && !(known.empty() && (instance.external || instance.kind->role == KindRole::Secret))) {
      auto d = diag::make<diag::Code::UnknownKey>(e.right->span, fmt::format("`{}`", symbols_.text(instance.label)), key);
      d.related.push_back({instance.headSpan, fmt::format("{} declared here", instance.kind->name)});
      if (const auto near = diag::nearest(key, known); !near.empty()) {
        d.help = fmt::format("did you mean \"{}\"?", near);
        d.fixes.push_back({fmt::format("write \"{}\"", near), {{e.right->span, fmt::format("\"{}\"", near)}}});
      }
      return errorAt(std::move(d));
    }
  }
  Value v;
  v.kind = ValueKind::KeyOf;
  v.instance = left.instance;
  const auto stable = arena().copy(key);
  v.text2 = stable.data();
  v.length = static_cast<std::uint32_t>(stable.size());
  return v;
}

Value Evaluator::evalIndex(const Expr& e, Env* env) {
  const Found twins = twinsOf(e.left, env);
  const Value left = twins ? pickKeyed(twins, e.left->span) : eval(e.left, env, nullptr);
  const Value index = eval(e.right, env, nullptr);
  if (left.kind == ValueKind::Error || index.kind == ValueKind::Error) return errorValue();
  if (left.kind == ValueKind::Unknown) {
    const bool container = left.type != nullptr && (left.type->kind == TypeKind::List || left.type->kind == TypeKind::Map);
    return unknown(container ? left.type->element : nullptr);
  }
  if (index.kind == ValueKind::Unknown) {
    return unknown(nullptr);
  }
  if (left.kind == ValueKind::List && index.kind == ValueKind::Int) {
    if (index.integer >= 0 && index.integer < left.length) return left.elements[index.integer].value;
    valueError(diag::make<diag::Code::NoSuchEntry>(e.right->span, fmt::format("a list of {}", left.length), fmt::format("element {}", index.integer))
                   .hint("the first element is 0"));
    return checking_ != 0 ? unknown(nullptr) : errorValue();
  }
  if (left.kind == ValueKind::Cluster && (index.kind == ValueKind::Int || index.kind == ValueKind::String)) {
    const auto step = index.kind == ValueKind::Int ? fmt::format("{}[{}]", left.second(), index.integer)
                                                   : fmt::format("{}.{}", left.second(), index.text());
    return clusterValue(*left.instance, step);
  }
  if (index.kind == ValueKind::String && left.kind == ValueKind::Map) {
    std::vector<std::string_view> names;
    for (const Entry& entry : left.map()) {
      if (symbols_.text(entry.key) == index.text()) return entry.value;
      names.push_back(symbols_.text(entry.key));
    }
    auto d = diag::make<diag::Code::NoSuchEntry>(e.right->span, "this map", fmt::format("key \"{}\"", index.text()));
    d.help = "lookup(map, key, default) gives a default instead";
    if (const auto near = diag::nearest(index.text(), names); !near.empty()) d.help = fmt::format("did you mean \"{}\"?", near);
    valueError(std::move(d));
    return checking_ != 0 ? unknown(nullptr) : errorValue();
  }
  if (left.kind == ValueKind::Ref && index.kind == ValueKind::String && left.instance->kind != nullptr &&
      (left.instance->kind->role == KindRole::Config || left.instance->kind->role == KindRole::Secret)) {
    return keyOf(left, index.text(), e);
  }
  if (left.kind == ValueKind::List || left.kind == ValueKind::Map) {
    return errorAt(diag::make<diag::Code::WrongType>(e.right->span, describedValue(index), "an index",
                                                     left.kind == ValueKind::List ? "an integer" : "a string"));
  }
  return errorAt(diag::make<diag::Code::WrongType>(e.left->span, describedValue(left), "`[ ]`", "a list, a map, a config or a secret"));
}

}  // namespace mlstack::sema
