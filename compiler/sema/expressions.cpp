// Expressions: literals, names, lists, maps, comprehensions, conditionals.

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "sema/evaluator.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

/// A text in the making is held against its budget from here on.
constexpr std::size_t kRoomyText = 4096;

}  // namespace

Value Evaluator::eval(const Expr* e, Env* env, const Type* expected) {
  if (e == nullptr || e->kind == ExprKind::Error || exhausted_) return errorValue();
  if (depth_ >= kMaxNesting) {
    return errorAt(diag::make<diag::Code::NestedTooDeep>(e->span, "values that need each other", kMaxNesting));
  }
  ++depth_;
  const Value value = evalUnchecked(e, env, expected);
  --depth_;
  if (value.kind == ValueKind::Error || expected == nullptr) return value;
  switch (e->kind) {
    case ExprKind::Conditional: return value;   // each arm has been held against the type
    case ExprKind::List: case ExprKind::ForList:
      if (const Type* list = types::alternativeOf(expected, TypeKind::List); list != nullptr && list->kind == TypeKind::List) return value;
      break;
    case ExprKind::Map: case ExprKind::ForMap: {
      const Type* map = types::alternativeOf(expected, TypeKind::Map);
      const bool spread = e->kind == ExprKind::Map && std::any_of(e->entries.begin(), e->entries.end(), [](const auto& entry) {
        return (entry.key == nullptr && entry.path.empty()) || entry.path.size() > 1;
      });
      if (map != nullptr && map->kind == TypeKind::Map && !spread) return value;
      break;
    }
    case ExprKind::Error: case ExprKind::Null: case ExprKind::Bool: case ExprKind::Int: case ExprKind::Float:
    case ExprKind::Suffixed: case ExprKind::String: case ExprKind::Template: case ExprKind::NameRef: case ExprKind::Member:
    case ExprKind::Index: case ExprKind::Call: case ExprKind::Unary: case ExprKind::Binary: case ExprKind::Spread:
      break;
  }
  if (e->kind == ExprKind::NameRef && !options_.params.empty()) return conformGiven(value, *expected, *e, env);
  return conform(value, expected, e->span, e);
}

/// A value from outside that does not fit where it is used is said once, not at each of its uses.
Value Evaluator::conformGiven(Value value, const Type& expected, const Expr& e, Env* env) {
  const Found found = find(env, e);
  const bool outside = found && found.decl().kind == DeclKind::Param && found.env->parent == nullptr && found.env->use == nullptr;
  const Span given = outside ? givenAt(found) : Span{};
  if (!given.known()) return conform(value, &expected, e.span, &e);
  const auto errors = sink_.errorCount();
  givenAt_ = given;
  value = conform(value, &expected, e.span, &e);
  givenAt_ = {};
  if (sink_.errorCount() != errors && sink_.all().back().related.size() != 0 && sink_.all().back().related.back().span.begin == given.begin) {
    found.slot().value = errorValue();
  }
  return value;
}

Value Evaluator::evalUnchecked(const Expr* e, Env* env, const Type* expected) {
  Value v;
  switch (e->kind) {
    case ExprKind::Error: return errorValue();
    case ExprKind::Null: return v;
    case ExprKind::Bool:
      v.kind = ValueKind::Bool;
      v.boolean = e->flag;
      return v;
    case ExprKind::Int:
      v.kind = ValueKind::Int;
      v.integer = e->integer;
      return v;
    case ExprKind::Float:
      v.kind = ValueKind::Float;
      v.real = e->real;
      return v;
    case ExprKind::Suffixed: return evalSuffixed(*e, expected);
    case ExprKind::String:
      v.kind = ValueKind::String;
      v.flag = e->flag;
      v.chars = e->text.data();
      v.length = static_cast<std::uint32_t>(e->text.size());
      return v;
    case ExprKind::Template: return evalTemplate(*e, env);
    case ExprKind::NameRef: return evalName(*e, env, expected);
    case ExprKind::Member: return evalMember(*e, env, expected);
    case ExprKind::Index: return evalIndex(*e, env);
    case ExprKind::Call: return evalCall(*e, env);
    case ExprKind::Unary: return evalUnary(*e, env, expected);
    case ExprKind::Binary: return evalBinary(*e, env, expected);
    case ExprKind::Conditional: return evalConditional(*e, env, expected);
    case ExprKind::List: return evalList(*e, env, expected);
    case ExprKind::Map: return evalMap(*e, env, expected);
    case ExprKind::ForList: case ExprKind::ForMap: return evalFor(*e, env, expected);
    case ExprKind::Spread: return errorValue();
  }
  return errorValue();
}

Value Evaluator::evalSuffixed(const Expr& e, const Type* expected) {
  const bool wantsQuantity = types::takes(expected, TypeKind::Quantity);
  const bool wantsDuration = types::takes(expected, TypeKind::Duration);
  const auto quantity = wantsDuration && !wantsQuantity ? std::nullopt : base::parseQuantity(e.text);
  const auto duration = wantsQuantity ? std::nullopt : base::parseDuration(e.text);
  Value v;
  if (quantity && duration) {
    v.kind = ValueKind::Suffixed;
    v.chars = e.text.data();
    v.length = static_cast<std::uint32_t>(e.text.size());
    return v;
  }
  if (duration) {
    v.kind = ValueKind::Duration;
    v.integer = duration->milliseconds;
    return v;
  }
  if (quantity) return makeQuantity(*quantity);
  if (const auto other = base::parseQuantity(e.text)) return makeQuantity(*other);
  if (const auto other = base::parseDuration(e.text)) {
    v.kind = ValueKind::Duration;
    v.integer = other->milliseconds;
    return v;
  }
  return errorAt(diag::make<diag::Code::WrittenForm>(e.span, e.text, "quantity or duration",
                                                     "quantities end in k M G T P E, Ki Mi Gi Ti Pi Ei or m, durations are made of d h m s ms"));
}

Value Evaluator::evalTemplate(const Expr& e, Env* env) {
  const std::size_t begin = text_.size();   // templates nest: each has the buffer's end
  bool failed = false;
  bool guessed = false;
  for (const Expr* item : e.items) {
    if (item->kind == ExprKind::String) {
      text_ += item->text;
      continue;
    }
    const Found twins = twinsOf(item, env);
    inText_ = item->kind == ExprKind::NameRef && !find(env, *item);
    const Value part = twins ? pickNamed(twins, item->span) : eval(item, env, nullptr);
    inText_ = false;
    if (part.kind == ValueKind::Unknown) guessed = true;
    else if (!appendText(text_, part, item->span)) failed = true;
    if (text_.size() - begin > kRoomyText && !roomFor(Budget::Text, text_.size() - begin, item->span)) break;
  }
  if (exhausted_) failed = true;
  Value v;
  if (failed) v = errorValue();
  else if (guessed) v = unknown(&types::kString);
  else {
    v = makeString(std::string_view(text_).substr(begin));
    v.flag = e.flag;
  }
  if (noting_ != nullptr) noteText(e, v);
  text_.resize(begin);
  return v;
}

Constants* Evaluator::constantsOf(StatementInfo& info) {
  if (info.constants == nullptr && info.ran) info.constants = lasting().make<Constants>();
  info.ran = true;
  return info.constants;
}

bool Evaluator::isConstant(const Expr* e, const Type* expected) const {
  if (e == nullptr) return false;
  switch (e->kind) {
    case ExprKind::Null: case ExprKind::Bool: case ExprKind::Int: case ExprKind::Float: case ExprKind::Suffixed: case ExprKind::String:
      return true;
    case ExprKind::NameRef:
      if (const Type* words = types::enumOf(expected)) {
        return std::find(words->words.begin(), words->words.end(), symbols_.text(e->name)) != words->words.end();
      }
      return false;
    case ExprKind::List: {
      const Type* list = types::alternativeOf(expected, TypeKind::List);
      for (const Expr* item : e->items) {
        if (!isConstant(item, list != nullptr ? list->element : nullptr)) return false;
      }
      return true;
    }
    case ExprKind::Map:
      for (const auto& entry : e->entries) {
        if ((entry.key == nullptr && entry.path.empty()) || (entry.key != nullptr && !isConstant(entry.key, nullptr)) ||
            !isConstant(entry.value, nullptr)) {
          return false;
        }
      }
      return true;
    case ExprKind::Error: case ExprKind::Template: case ExprKind::Member: case ExprKind::Index: case ExprKind::Call:
    case ExprKind::Unary: case ExprKind::Binary: case ExprKind::Conditional: case ExprKind::ForList: case ExprKind::ForMap:
    case ExprKind::Spread:
      return false;
  }
  return false;
}

Value Evaluator::evalName(const Expr& e, Env* env, const Type* expected) {
  if (expected != nullptr) {
    if (const Type* words = types::enumOf(expected)) {
      const auto text = symbols_.text(e.name);
      for (const auto word : words->words) {
        if (word != text) continue;
        Value v;
        v.kind = ValueKind::String;
        v.chars = word.data();
        v.length = static_cast<std::uint32_t>(word.size());
        return v;
      }
    }
  }
  const Found found = find(env, e);
  if (!found) return unknownName(env, e.name, e.span, expected);
  if (found.decl().twin != 0) return pickTwin(found, expected, e.span);
  const Value value = force(found, e.span);
  if (checking_ == 0 || value.kind != ValueKind::Null) return value;
  // Code that does not run may be guarded by `x != null`: there it is some value.
  const DeclKind kind = found.decl().kind;
  const Type* type = kind == DeclKind::Let || kind == DeclKind::Param ? declaredType(found) : nullptr;
  if (type == nullptr || !type->optional) return unknown(nullptr);
  Type* present = arena().make<Type>(*type);
  present->optional = false;
  return unknown(present);
}

Value Evaluator::evalList(const Expr& e, Env* env, const Type* expected) {
  const Type* list = types::alternativeOf(expected, TypeKind::List);
  const Type* element = list != nullptr && list->kind == TypeKind::List ? list->element : nullptr;
  std::vector<Element> items;
  items.reserve(e.items.size());
  bool failed = false;
  bool guessed = false;
  for (const Expr* item : e.items) {
    if (item->kind != ExprKind::Spread) {
      const Value value = eval(item, env, element);
      failed = failed || value.kind == ValueKind::Error;
      items.push_back({value, item->span});
      continue;
    }
    const Value spread = eval(item->left, env, element != nullptr ? list : nullptr);
    if (spread.kind == ValueKind::Error) {
      failed = true;
    } else if (spread.kind == ValueKind::Unknown) {
      guessed = true;
    } else if (spread.kind == ValueKind::List) {
      if (!roomFor(Budget::Elements, items.size() + spread.length, item->span)) return errorValue();
      items.insert(items.end(), spread.list().begin(), spread.list().end());
    } else if (spread.kind != ValueKind::Null) {
      (void)errorAt(diag::make<diag::Code::WrongType>(item->span, describedValue(spread), "`...` in a list", "a list"));
      failed = true;
    }
  }
  if (failed) return errorValue();
  if (guessed) return unknown(list != nullptr && list->kind == TypeKind::List ? list : &types::kList);
  return makeList(items);
}

void Evaluator::insertEntry(EntryList& entries, const Entry& entry, bool mayReplace) {
  Entry* other = entries.find(entry.key);
  if (other == nullptr) {
    entries.push(entry);
  } else if (mayReplace) {
    *other = entry;
  } else if (checking_ == 0) {
    (void)errorAt(diag::make<diag::Code::DuplicateField>(entry.keySpan, symbols_.text(entry.key)).note(other->keySpan, "first set here"));
  }
}

void Evaluator::insertPath(EntryList& entries, std::span<const syntax::Name> path, Value value, Span span) {
  const auto& name = path.front();
  if (path.size() == 1) {
    insertEntry(entries, {name.symbol, value, name.span, span});
    return;
  }
  EntryList inner;
  Entry* existing = entries.find(name.symbol);
  if (existing != nullptr && existing->value.kind != ValueKind::Map) existing = nullptr;
  if (existing != nullptr) inner.items.assign(existing->value.map().begin(), existing->value.map().end());
  insertPath(inner, path.subspan(1), value, span);
  if (existing != nullptr) {
    existing->value = makeMap(inner.items);
  } else {
    insertEntry(entries, {name.symbol, makeMap(inner.items), name.span, span});
  }
}

void Evaluator::addMapEntry(const syntax::MapEntry& entry, Env* env, const Type* type, EntryList& out,
                            schema::TypeRef raw, bool isRaw) {
  Symbol key;
  Span keySpan = entry.span;
  bool unknownKey = false;
  if (entry.key != nullptr) {
    const Value text = eval(entry.key, env, &types::kString);
    if (text.kind == ValueKind::Error) return;
    unknownKey = text.kind == ValueKind::Unknown;
    if (!unknownKey) key = symbols_.intern(text.text());
    keySpan = entry.key->span;
  } else if (!entry.path.empty()) {
    key = entry.path.front().symbol;
    keySpan = entry.path.front().span;
  }
  const Type* expected = nullptr;
  if (type != nullptr && type->kind == TypeKind::Map) expected = type->element;
  if (type != nullptr && type->kind == TypeKind::Record) {
    for (const auto& field : type->fields) {
      if (field.name == symbols_.text(key)) expected = field.type;
    }
  }
  Value value;
  if (isRaw) {
    auto at = unknownKey ? schema::TypeRef{} : rawField(raw, symbols_.text(key));
    for (std::size_t i = 1; i < entry.path.size(); ++i) at = rawField(at, symbols_.text(entry.path[i].symbol));
    value = evalRaw(entry.value, env, at);
  } else {
    value = eval(entry.value, env, entry.path.size() > 1 ? nullptr : expected);
  }
  if (unknownKey) return;
  const Span span = entry.value != nullptr ? entry.value->span : entry.span;
  if (entry.path.size() > 1) {
    insertPath(out, entry.path, value, span);
  } else {
    insertEntry(out, {key, value, keySpan, span});
  }
}

Value Evaluator::evalMap(const Expr& e, Env* env, const Type* expected) {
  const Type* type = types::alternativeOf(expected, TypeKind::Map);
  if (type == nullptr) type = types::alternativeOf(expected, TypeKind::Record);
  EntryList entries;
  entries.items.reserve(e.entries.size());
  bool failed = false;
  bool guessed = false;
  for (const auto& entry : e.entries) {
    if (entry.key != nullptr || !entry.path.empty()) {
      addMapEntry(entry, env, type, entries, {}, false);
      continue;
    }
    const Value spread = eval(entry.value, env, nullptr);
    if (spread.kind == ValueKind::Unknown) guessed = true;
    if (spread.kind == ValueKind::Error) failed = true;
    if (spread.kind == ValueKind::Map) {
      for (const Entry& other : spread.map()) insertEntry(entries, other, true);
    } else if (spread.kind != ValueKind::Unknown && spread.kind != ValueKind::Error && spread.kind != ValueKind::Null) {
      (void)errorAt(diag::make<diag::Code::WrongType>(entry.span, describedValue(spread), "`...` in a map", "a map"));
      failed = true;
    }
  }
  for (const Entry& entry : entries.items) failed = failed || entry.value.kind == ValueKind::Error;
  if (failed) return errorValue();
  if (guessed) return unknown(type != nullptr ? type : &types::kMap);
  return makeMap(entries.items);
}

Evaluator::Walk Evaluator::walkOver(const Expr& source, Env* env) {
  Walk walk;
  walk.source = eval(&source, env, nullptr);
  switch (walk.source.kind) {
    case ValueKind::List: case ValueKind::Map:
      walk.count = walk.source.length;
      walk.isMap = walk.source.kind == ValueKind::Map;
      walk.known = true;
      return walk;
    case ValueKind::Range: {
      const auto low = walk.source.integer;
      const auto high = walk.source.flag ? walk.source.high : walk.source.high + 1;
      walk.count = high > low ? static_cast<std::size_t>(static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low)) : 0;
      walk.known = walk.count <= kMaxElements;
      walk.element = &types::kInt;
      if (!walk.known) (void)errorAt(diag::make<diag::Code::TooManyElements>(source.span, walk.count));
      return walk;
    }
    case ValueKind::Unknown:
      if (walk.source.type != nullptr) {
        walk.isMap = walk.source.type->kind == TypeKind::Map;
        walk.element = walk.source.type->element;
      }
      return walk;
    case ValueKind::Null:
      walk.known = true;
      return walk;
    case ValueKind::Error: break;
    case ValueKind::Bool: case ValueKind::Int: case ValueKind::Float: case ValueKind::String: case ValueKind::Quantity:
    case ValueKind::Duration: case ValueKind::Suffixed: case ValueKind::Ref: case ValueKind::KeyOf: case ValueKind::Fragment:
    case ValueKind::Cluster: case ValueKind::Parts: {
      auto d = diag::make<diag::Code::WrongType>(source.span, describedValue(walk.source), "`for`", "a list, a map or a range");
      if (walk.source.kind == ValueKind::Int) {
        d.help = fmt::format("`0..<{}` counts from 0", walk.source.integer);
      }
      (void)errorAt(std::move(d));
      walk.source.kind = ValueKind::Error;
      break;
    }
  }
  return walk;
}

void Evaluator::bindStep(const Walk& walk, std::size_t step, Symbol second, Slot* slots) {
  Value counter;
  Value item;
  if (!walk.known) {
    counter = unknown(walk.isMap ? &types::kString : &types::kInt);
    item = unknown(walk.element);
    if (walk.source.kind == ValueKind::Error) item.kind = counter.kind = ValueKind::Error;
  } else if (walk.source.kind == ValueKind::Range) {
    counter.kind = item.kind = ValueKind::Int;
    counter.integer = static_cast<std::int64_t>(step);
    item.integer = walk.source.integer + static_cast<std::int64_t>(step);
  } else if (walk.source.kind == ValueKind::Map) {
    const Entry& entry = walk.source.entries[step];
    const auto key = symbols_.text(entry.key);
    counter.kind = ValueKind::String;
    counter.chars = key.data();
    counter.length = static_cast<std::uint32_t>(key.size());
    item = entry.value;
  } else {
    counter.kind = ValueKind::Int;
    counter.integer = static_cast<std::int64_t>(step);
    item = walk.source.elements[step].value;
  }
  const bool two = second.id != 0;
  slots[0].value = two || walk.isMap ? counter : item;   // one variable over a map: its keys
  slots[0].state = SlotState::Done;
  if (two) {
    slots[1].value = item;
    slots[1].state = SlotState::Done;
  }
}

Body* Evaluator::loopBody(const Expr& e) {
  Body*& body = loopBodies_[&e];
  if (body == nullptr) {
    body = &bodies_.emplace_back();
    declare(*body, {.name = e.name, .kind = DeclKind::Variable, .span = e.nameSpan});
    if (e.second) declare(*body, {.name = e.second, .kind = DeclKind::Variable, .span = e.nameSpan});
  }
  return body;
}

Value Evaluator::evalFor(const Expr& e, Env* env, const Type* expected) {
  const bool isMap = e.kind == ExprKind::ForMap;
  const Type* type = types::alternativeOf(expected, isMap ? TypeKind::Map : TypeKind::List);
  const Type* element = type != nullptr && (type->kind == TypeKind::List || type->kind == TypeKind::Map) ? type->element : nullptr;
  Walk walk = walkOver(*e.left, env);
  auto& flags = flagsOf(e);
  const bool dry = !walk.known || walk.count == 0;
  if (dry && checking_ == 0 && (flags & (kThenReached | kThenQueued)) == 0 && walk.source.kind != ValueKind::Error) {
    flags |= kThenQueued;
    laterExprs_.push_back({&e, env, expected, {}, false, &e, kThenReached});
  }
  if (checking_ != 0 && dry) walk.known = false;
  const std::size_t steps = walk.known ? (checking_ != 0 ? 1 : walk.count) : (checking_ != 0 ? 1 : 0);
  if (steps != 0) flags |= checking_ == 0 ? kThenReached : 0;
  Env* inner = makeEnv(*loopBody(e), env);
  std::vector<Element> items;
  std::vector<Entry> entries;
  bool failed = walk.source.kind == ValueKind::Error;
  bool guessed = !walk.known || checking_ != 0;
  for (std::size_t i = 0; i < steps; ++i) {
    if (!spend(Budget::Steps, 1, e.span)) return errorValue();
    bindStep(walk, i, e.second, inner->slots);
    if (e.third != nullptr) {
      const Place before = place_;
      place_ = {Place::Kind::Condition, {}};
      const Value keep = eval(e.third, inner, &types::kBool);
      place_ = before;
      if (keep.kind == ValueKind::Error) failed = true;
      if (keep.kind == ValueKind::Bool && !keep.boolean && checking_ == 0) continue;
    }
    const Value first = eval(e.right, inner, isMap ? &types::kString : element);
    failed = failed || first.kind == ValueKind::Error;
    if (!isMap) {
      items.push_back({first, e.right->span});
      continue;
    }
    const Value second = eval(e.value, inner, element);
    failed = failed || second.kind == ValueKind::Error;
    if (first.kind == ValueKind::String) entries.push_back({symbols_.intern(first.text()), second, e.right->span, e.value->span});
  }
  if (failed) return errorValue();
  if (guessed) return unknown(type != nullptr ? type : (isMap ? &types::kMap : &types::kList));
  if (!isMap) return makeList(items);
  std::unordered_map<std::uint32_t, std::size_t> seen;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!seen.emplace(entries[i].key.id, i).second) {
      return errorAt(diag::make<diag::Code::DuplicateField>(entries[i].keySpan, symbols_.text(entries[i].key)).hint("each step makes an entry: its key must differ from step to step"));
    }
  }
  return makeMap(entries);
}

Value Evaluator::evalConditional(const Expr& e, Env* env, const Type* expected) {
  const Place before = place_;
  place_ = {Place::Kind::Condition, {}};
  const Value condition = eval(e.third, env, &types::kBool);
  place_ = before;
  if (checking_ != 0 || condition.kind != ValueKind::Bool) {
    // Nothing tells which arm: both must hold. A failed condition is such a case too.
    ++checking_;
    const Value first = eval(e.left, env, expected);
    const Value second = eval(e.right, env, expected);
    --checking_;
    if (condition.kind == ValueKind::Error || first.kind == ValueKind::Error || second.kind == ValueKind::Error) return errorValue();
    if (condition.kind == ValueKind::Bool) return condition.boolean ? first : second;
    if (expected != nullptr) return unknown(expected);
    return unknown(generalType(first.kind == ValueKind::Null ? second : first));
  }
  auto& flags = flagsOf(e);
  flags |= condition.boolean ? kThenReached : kElseReached;
  const auto queued = condition.boolean ? kElseQueued : kThenQueued;
  const auto reached = condition.boolean ? kElseReached : kThenReached;
  if ((flags & (queued | reached)) == 0) {
    flags |= queued;
    laterExprs_.push_back({condition.boolean ? e.right : e.left, env, expected, {}, false, &e, reached});
  }
  return eval(condition.boolean ? e.left : e.right, env, expected);
}

const Type* Evaluator::generalType(const Value& value) {
  switch (value.kind) {
    case ValueKind::Bool: return &types::kBool;
    case ValueKind::Int: return &types::kInt;
    case ValueKind::Float: return &types::kFloat;
    case ValueKind::String: return &types::kString;
    case ValueKind::Quantity: return &types::kQuantity;
    case ValueKind::Duration: return &types::kDuration;
    case ValueKind::List: return &types::kList;
    case ValueKind::Map: return &types::kMap;
    case ValueKind::Unknown: return value.type;
    case ValueKind::Ref:
      if (value.instance->kind != nullptr) {
        Type* type = arena().make<Type>();
        type->kind = TypeKind::Ref;
        type->word = value.instance->kind->name;
        return type;
      }
      return nullptr;
    case ValueKind::Error: case ValueKind::Null: case ValueKind::Suffixed: case ValueKind::Range: case ValueKind::KeyOf:
    case ValueKind::Fragment: case ValueKind::Cluster: case ValueKind::Parts:
      return nullptr;
  }
  return nullptr;
}

}  // namespace mlstack::sema
