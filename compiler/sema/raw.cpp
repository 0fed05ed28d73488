// Raw values: `object` bodies and `with` blocks, typed place by place by the schema of Kubernetes.

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "base/duration.h"
#include "sema/evaluator.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

Value textValue(std::string_view stable) {
  Value v;
  v.kind = ValueKind::String;
  v.chars = stable.data();
  v.length = static_cast<std::uint32_t>(stable.size());
  return v;
}

/// The schemas of custom resources leave out the enumerations of what they embed (a pod's restartPolicy):
/// there a bare word is taken when some kind of the prelude knows it.
bool isKubernetesWord(std::string_view text) {
  static const std::unordered_set<std::string_view> words = [] {
    std::unordered_set<std::string_view> out;
    for (const Kind& kind : preludeKinds()) {
      for (const Member& member : kind.members) {
        const Type* type = types::enumOf(member.type);
        if (type != nullptr) out.insert(type->words.begin(), type->words.end());
      }
    }
    return out;
  }();
  return words.contains(text);
}

}  // namespace

schema::TypeRef Evaluator::objectType(std::string_view api) const {
  const auto slash = api.rfind('/');
  if (slash == std::string_view::npos) return {};
  const auto* resource = catalog_.resource(api.substr(0, slash), api.substr(slash + 1));
  return resource != nullptr ? resource->type : schema::TypeRef{};
}

schema::TypeRef Evaluator::rawField(schema::TypeRef type, std::string_view name) const {
  if (!type) return {};
  if (catalog_.shape(type) == schema::Shape::Map) return catalog_.element(type);
  if (catalog_.shape(type) != schema::Shape::Object) return {};
  const auto* field = catalog_.field(type, name);
  return field != nullptr ? field->type : schema::TypeRef{};
}

schema::TypeRef Evaluator::stepInto(schema::TypeRef type, std::span<const Step> target) const {
  for (const Step& step : target) {
    type = rawField(type, step.key);
    if (step.isList && type && catalog_.shape(type) == schema::Shape::List) type = catalog_.element(type);
  }
  return type;
}

schema::TypeRef Evaluator::rawTypeOf(const Instance& instance) const {
  if (instance.parent == nullptr || (instance.kind != nullptr && !instance.kind->api.empty())) return objectType(instance.api);
  if (instance.member == nullptr) return {};
  return stepInto(rawTypeOf(*instance.parent), instance.member->target);
}

Value Evaluator::evalRawName(const Expr& e, Env* env, schema::TypeRef type) {
  const auto text = symbols_.text(e.name);
  const auto words = type ? catalog_.enumerators(type) : std::vector<std::string_view>{};
  if (std::find(words.begin(), words.end(), text) != words.end()) return textValue(text);
  const Found found = find(env, e);
  if (found) return found.decl().twin != 0 ? pickNamed(found, e.span) : force(found, e.span);
  if (words.empty() && isKubernetesWord(text)) return textValue(text);
  if (!words.empty()) {
    const Type type2{.kind = TypeKind::Enum, .words = words};
    return unknownName(env, e.name, e.span, &type2);
  }
  return unknownName(env, e.name, e.span, &types::kString);
}

Value Evaluator::evalRawMap(const Expr& e, Env* env, schema::TypeRef type) {
  EntryList entries;
  bool failed = false;
  for (const auto& entry : e.entries) {
    if (entry.key != nullptr || !entry.path.empty()) {
      addMapEntry(entry, env, nullptr, entries, type, true);
      continue;
    }
    const Value spread = evalRaw(entry.value, env, type);
    if (spread.kind == ValueKind::Map) {
      for (const Entry& other : spread.map()) insertEntry(entries, other, true);
    } else if (spread.kind == ValueKind::Error) {
      failed = true;
    } else if (spread.kind != ValueKind::Unknown && spread.kind != ValueKind::Null) {
      return errorAt(diag::make<diag::Code::WrongType>(entry.span, describedValue(spread), "`...` in a map", "a map"));
    }
  }
  return failed ? errorValue() : makeMap(entries.items);
}

Value Evaluator::evalRawFor(const Expr& e, Env* env, schema::TypeRef type) {
  const Walk walk = walkOver(*e.left, env);
  const auto element = type && (catalog_.shape(type) == schema::Shape::List || catalog_.shape(type) == schema::Shape::Map)
                           ? catalog_.element(type) : schema::TypeRef{};
  auto& flags = flagsOf(e);
  const bool dry = !walk.known || walk.count == 0;
  if (dry && checking_ == 0 && (flags & (kThenReached | kThenQueued)) == 0 && walk.source.kind != ValueKind::Error) {
    flags |= kThenQueued;
    laterExprs_.push_back({&e, env, nullptr, type, true, &e, kThenReached});
  }
  const std::size_t steps = checking_ != 0 ? 1 : walk.count;
  if (steps != 0 && checking_ == 0) flags |= kThenReached;
  Walk bound = walk;
  if (dry) bound.known = false;
  Env* inner = makeEnv(*loopBody(e), env);
  std::vector<Element> items;
  EntryList entries;
  for (std::size_t i = 0; i < steps; ++i) {
    if (!spend(Budget::Steps, 1, e.span)) return errorValue();
    bindStep(bound, i, e.second, inner->slots);
    if (e.third != nullptr) {
      const Value keep = eval(e.third, inner, &types::kBool);
      if (keep.kind == ValueKind::Bool && !keep.boolean && checking_ == 0) continue;
    }
    if (e.kind == ExprKind::ForList) {
      items.push_back({evalRaw(e.right, inner, element), e.right->span});
      continue;
    }
    const Value key = eval(e.right, inner, &types::kString);
    const Value value = evalRaw(e.value, inner, element);
    if (key.kind == ValueKind::String) insertEntry(entries, {symbols_.intern(key.text()), value, e.right->span, e.value->span});
  }
  if (walk.source.kind == ValueKind::Error) return errorValue();
  return e.kind == ExprKind::ForList ? makeList(items) : makeMap(entries.items);
}

Value Evaluator::evalRaw(const Expr* e, Env* env, schema::TypeRef type) {
  if (e == nullptr || e->kind == ExprKind::Error) return errorValue();
  const bool listed = type && catalog_.shape(type) == schema::Shape::List;
  Value value;
  switch (e->kind) {
    case ExprKind::Map:
      value = evalRawMap(*e, env, listed ? catalog_.element(type) : type);
      break;
    case ExprKind::List: {
      const auto element = listed ? catalog_.element(type) : schema::TypeRef{};
      std::vector<Element> items;
      for (const Expr* item : e->items) {
        if (item->kind != ExprKind::Spread) {
          items.push_back({evalRaw(item, env, element), item->span});
          continue;
        }
        const Value spread = evalRaw(item->left, env, type);
        if (spread.kind == ValueKind::List && !roomFor(Budget::Elements, items.size() + spread.length, item->span)) return errorValue();
        if (spread.kind == ValueKind::List) items.insert(items.end(), spread.list().begin(), spread.list().end());
      }
      return makeList(items);
    }
    case ExprKind::ForList: case ExprKind::ForMap: return evalRawFor(*e, env, type);
    case ExprKind::NameRef:
      value = evalRawName(*e, env, listed ? catalog_.element(type) : type);
      break;
    case ExprKind::Suffixed: value = textValue(e->text); break;
    case ExprKind::Conditional: {
      const Value condition = eval(e->third, env, &types::kBool);
      if (condition.kind == ValueKind::Bool && checking_ == 0) {
        auto& flags = flagsOf(*e);
        flags |= condition.boolean ? kThenReached : kElseReached;
        const auto reached = condition.boolean ? kElseReached : kThenReached;
        const auto queued = condition.boolean ? kElseQueued : kThenQueued;
        if ((flags & (reached | queued)) == 0) {
          flags |= queued;
          laterExprs_.push_back({condition.boolean ? e->right : e->left, env, nullptr, type, true, e, reached});
        }
        return evalRaw(condition.boolean ? e->left : e->right, env, type);
      }
      const Value first = evalRaw(e->left, env, type);
      const Value second = evalRaw(e->right, env, type);
      return condition.kind == ValueKind::Error ? condition : (condition.kind == ValueKind::Bool && !condition.boolean ? second : first);
    }
    case ExprKind::Error: case ExprKind::Null: case ExprKind::Bool: case ExprKind::Int: case ExprKind::Float:
    case ExprKind::String: case ExprKind::Template: case ExprKind::Member: case ExprKind::Index: case ExprKind::Call:
    case ExprKind::Unary: case ExprKind::Binary: case ExprKind::Spread:
      value = eval(e, env, nullptr);
      break;
  }
  const bool wraps = listed && value.kind != ValueKind::List && value.kind != ValueKind::Null &&
                     value.kind != ValueKind::Error && value.kind != ValueKind::Unknown && value.kind != ValueKind::Range;
  return wraps ? makeList({Element{value, e->span}}) : value;
}

ir::Node* Evaluator::nodeOf(const Value& value, Span span, unsigned depth) {
  ir::Builder builder(arena());
  ir::Node* node = nullptr;
  if (!spend(Budget::Elements, 1, span)) return builder.null(span);
  if (depth > 400) {
    (void)errorAt(diag::make<diag::Code::NestedTooDeep>(span, "maps and lists", 400));
    return builder.null(span);
  }
  switch (value.kind) {
    case ValueKind::Error:
      ++errorsTouched_;
      node = builder.null(span);
      node->flags |= ir::FlagError;
      break;
    case ValueKind::Null: case ValueKind::Unknown: node = builder.null(span); break;
    case ValueKind::Bool: node = builder.boolean(value.boolean, span); break;
    case ValueKind::Int: node = builder.integer(value.integer, span); break;
    case ValueKind::Float: node = builder.real(value.real, span); break;
    case ValueKind::String: case ValueKind::Suffixed:
      node = builder.string(value.text(), span);
      if (value.flag) node->flags |= ir::FlagBlock;
      break;
    case ValueKind::Quantity: node = builder.copyString(value.quantity->text(), span); break;
    case ValueKind::Duration: node = builder.copyString(base::Duration{value.integer}.text(), span); break;
    case ValueKind::Ref: node = builder.copyString(nameOf(*value.instance), span); break;
    case ValueKind::Range: return nodeOf(conform(value, &types::kInts, span), span, depth + 1);
    case ValueKind::List:
      node = builder.list(span);
      for (const Element& element : value.list()) {
        ir::Builder::append(*node, nodeOf(element.value, element.span.known() ? element.span : span, depth + 1));
      }
      break;
    case ValueKind::Map:
      node = builder.map(span);
      for (const Entry& entry : value.map()) {
        auto* child = nodeOf(entry.value, entry.span.known() ? entry.span : span, depth + 1);
        // A quoted key is meant without its quotes.
        const auto quoted = entry.keySpan.end - entry.keySpan.begin == symbols_.text(entry.key).size() + 2;
        child->setKeyAt(quoted ? Span{entry.keySpan.begin + 1, entry.keySpan.end - 1} : entry.keySpan);
        ir::Builder::add(*node, entry.key, child);
      }
      break;
    case ValueKind::Cluster:
      (void)errorAt(diag::make<diag::Code::ClusterValue>(span, value.second()));
      return builder.null(span);
    case ValueKind::KeyOf: case ValueKind::Fragment: case ValueKind::Parts: {
      auto d = diag::make<diag::Code::WrongType>(span, describedValue(value), "a raw field", "plain data");
      if (value.kind == ValueKind::KeyOf) d.help = "in raw blocks write it out: { secretKeyRef { name = …  key = … } }";
      (void)errorAt(std::move(d));
      return builder.null(span);
    }
  }
  node->flags |= ir::FlagRaw;
  return node;
}

}  // namespace mlstack::sema
