// Fields of a kind's block: stating them, defaults, what must be given.

#include <algorithm>

#include <fmt/format.h>

#include "parse/parse.h"
#include "sema/evaluator.h"
#include "sema/kubernetes_words.h"

namespace mlstack::sema {

namespace {

bool reserved(std::string_view name) { return name == "label" || name == "value" || name == "at"; }

bool testBit(const std::uint64_t (&bits)[2], std::size_t i) { return i < 128 && (bits[i / 64] >> (i % 64) & 1) != 0; }

std::size_t indexOf(const Kind& kind, const Member& member) { return static_cast<std::size_t>(&member - kind.members.data()); }

/// What `setField` makes of a constant without a further look at it; null when it takes one.
const FieldValue* steadyField(const Kind& kind, const Member& member, const Value& value, const Statement& s, base::Arena& arena) {
  switch (value.kind) {
    case ValueKind::Bool: case ValueKind::Int: case ValueKind::Float: case ValueKind::String: case ValueKind::Quantity:
    case ValueKind::Duration: case ValueKind::List: case ValueKind::Map:
      break;
    case ValueKind::Error: case ValueKind::Unknown: case ValueKind::Null: case ValueKind::Suffixed: case ValueKind::Range:
    case ValueKind::Ref: case ValueKind::KeyOf: case ValueKind::Fragment: case ValueKind::Cluster: case ValueKind::Parts:
      return nullptr;
  }
  if (indexOf(kind, member) >= 128) return nullptr;
  return arena.make<FieldValue>(FieldValue{&member, value, s.head[0].span, s.value->span, nullptr});
}

}  // namespace

bool Evaluator::markSeen(Block& block, const Member& member, Span keySpan) {
  const auto index = indexOf(*block.kind, member);
  if (index >= 128) return true;
  auto& word = block.seen[index / 64];
  const auto bit = std::uint64_t{1} << (index % 64);
  if ((word & bit) == 0) {
    word |= bit;
    return true;
  }
  if (member.cardinality == Cardinality::Parts) return true;
  auto d = diag::make<diag::Code::DuplicateField>(keySpan, member.name);
  for (const FieldValue* field = block.instance->fields; field != nullptr; field = field->next) {
    if (field->member == &member) d.related.push_back({field->keySpan, "first set here"});
  }
  for (const Instance* part = block.instance->parts; part != nullptr; part = part->next) {
    if (part->member == &member && d.related.empty()) d.related.push_back({part->headSpan, "first set here"});
  }
  if (!d.related.empty() && d.related[0].span == keySpan) d.help = "it stands in a loop: each turn sets it";
  (void)errorAt(std::move(d));
  return false;
}

void Evaluator::setField(Block& block, const Member& member, Value value, Span keySpan, Span span) {
  if (value.kind == ValueKind::Error) {
    ++errorsTouched_;
    return;
  }
  if (value.kind == ValueKind::Null) {
    // A null leaves the field as if it were not stated.
    const auto index = indexOf(*block.kind, member);
    if (index < 128) block.seen[index / 64] &= ~(std::uint64_t{1} << (index % 64));
    return;
  }
  if (member.via == Via::Self && member.name == "namespace" && value.kind == ValueKind::Ref) value = makeString(nameOf(*value.instance));
  if (value.kind == ValueKind::Suffixed) value.kind = ValueKind::String;   // an open place: the text as written
  if (value.kind == ValueKind::Cluster) {
    (void)errorAt(diag::make<diag::Code::ClusterValue>(span, fmt::format("{}.{}", nameOf(*value.instance), value.second())));
    return;
  }
  if (member.via == Via::EnvValue && value.kind == ValueKind::Ref && !isOneText(*value.instance, span)) return;
  auto* field = arena().make<FieldValue>(FieldValue{&member, value, keySpan, span, nullptr});
  *block.fieldTail = field;
  block.fieldTail = &field->next;
}

namespace {

/// So many are named in a message; of more the reader is told where to look.
constexpr std::size_t kFewMembers = 10;

}  // namespace

const Member* Evaluator::unknownMemberOf(Block& block, const Statement& s, Env* env, bool field) {
  const Kind& kind = *block.kind;
  if (kind.broken) return nullptr;   // it may be the member that could not be read
  const auto text = symbols_.text(s.head[0].symbol);
  std::vector<std::string_view> names;
  for (const Member& member : kind.members) {
    if (!reserved(member.name)) names.push_back(member.name);
  }
  const Kind* other = field || s.head.size() != 1 ? nullptr : kindNamed(text, env);
  if (other != nullptr && !other->api.empty()) {
    (void)errorAt(diag::make<diag::Code::ResourceInside>(s.headSpan, text, withArticle(kind.name))
                      .hint(fmt::format("declare the `{}` outside and name it here", text)));
    return nullptr;
  }
  const Member* meant = nullptr;
  auto d = diag::make<diag::Code::UnknownMember>(s.head[0].span, withArticle(kind.name), text);
  const auto writers = membersFor(kind, text);
  const auto near = writers.empty() ? diag::nearest(text, names) : std::string_view();
  if (!writers.empty()) {
    d.help = membersText(writers);
    for (const Member* writer : writers) {
      const auto index = indexOf(kind, *writer);
      if (index < 128) block.excused[index / 64] |= std::uint64_t{1} << (index % 64);
    }
  } else if (!near.empty()) {
    suggest(d, near, s.head[0].span);
    meant = kind.find(near);
    const auto index = indexOf(kind, *meant);   // its absence is explained
    if (index < 128) block.excused[index / 64] |= std::uint64_t{1} << (index % 64);
  } else if (const auto about = membersAbout(kind, text); !about.empty()) {
    d.help = fmt::format("it has `{}`; `mlstackc explain {}` lists all", fmt::join(about, "`, `"), kind.name);
  } else if (const auto own = ownMembers(kind); !own.empty() && own.size() <= kFewMembers) {
    d.help = fmt::format("it has `{}`", fmt::join(own, "`, `"));
  } else {
    d.help = kind.api.empty() ? fmt::format("`mlstackc explain {}` lists what it has", kind.name)
                              : fmt::format("`mlstackc explain {}` lists what it has; `with {{ … }}` reaches every field of the object", kind.name);
  }
  (void)errorAt(std::move(d));
  return meant;
}

const Type* Evaluator::optionalOf(const Type* type) {
  if (type == nullptr || type->optional) return type;
  const Type*& made = optional_[type];
  if (made == nullptr) {
    Type* open = lasting().make<Type>(*type);
    open->optional = true;
    made = open;
  }
  return made;
}

void Evaluator::instanceField(const Statement& s, Env* env, Block& block) {
  if (s.head.empty()) return;
  auto& info = infoOf(s, block.kind);
  if (info.steady != nullptr) {
    const auto index = indexOf(*block.kind, *info.steady->member);
    auto& word = block.seen[index / 64];
    const auto bit = std::uint64_t{1} << (index % 64);
    if ((word & bit) == 0) {
      word |= bit;
      auto* field = arena().make<FieldValue>(*info.steady);
      *block.fieldTail = field;
      block.fieldTail = &field->next;
      return;
    }
  }
  if (!info.resolved) {
    info.resolved = true;
    info.member = block.kind->find(symbols_.text(s.head[0].symbol));
    if (info.member != nullptr && reserved(info.member->name)) info.member = nullptr;
    if (info.member != nullptr) {   // null takes back a field that may be left out
      info.expected = info.member->required ? info.member->type : optionalOf(info.member->type);
    }
  }
  if (info.member == nullptr) {
    const Member* meant = unknownMemberOf(block, s, env, true);
    // A bare word may be one of an enumeration that is not known here.
    const Type* words = meant != nullptr ? types::enumOf(meant->type) : nullptr;
    const bool bare = s.value != nullptr && s.value->kind == ExprKind::NameRef && words == nullptr && !find(env, *s.value);
    if (s.value != nullptr && !bare) (void)eval(s.value, env, words);
    return;
  }
  const Member& member = *info.member;
  if (s.head.size() > 1) return fieldIntoMap(s, env, block, member);
  if (!member.part.empty()) {
    const Kind* kind = partKind(member, s, env);
    if (kind != nullptr) partFromField(s, env, block, member, *kind);
    return;
  }
  const bool fresh = markSeen(block, member, s.head[0].span);
  const Place before = place_;
  place_ = {Place::Kind::Field, member.name};
  Value value;
  const EarlyField* early = block.instance->declared ? static_cast<DeclaredInstance*>(block.instance)->early : nullptr;
  while (early != nullptr && (early->member != &member || early->statement != &s)) early = early->next;
  Constants* constants = constantsOf(info);
  if (constants != nullptr && constants->known[0]) {
    value = constants->values[0];
  } else if (early != nullptr) {
    value = early->value;
  } else if (member.type != nullptr && member.type->kind == TypeKind::Raw) {
    value = evalRaw(s.value, env, stepInto(rawTypeOf(*block.instance), member.target));
  } else {
    value = eval(s.value, env, info.expected);
    if (constants != nullptr && value.kind != ValueKind::Error && value.kind != ValueKind::Unknown && isConstant(s.value, info.expected)) {
      constants->known[0] = true;
      constants->values[0] = lastingValue(value, s.value, env, info.expected);
      info.steady = steadyField(*block.kind, member, constants->values[0], s, lasting());
    }
  }
  place_ = before;
  if (fresh) setField(block, member, value, s.head[0].span, s.value != nullptr ? s.value->span : s.span);
}

/// What is written out, once more where it is kept from turn to turn.
Value Evaluator::lastingValue(const Value& value, const Expr* e, Env* env, const Type* expected) {
  if (arena_ == &lasting()) return value;
  const InArena within(*this, &lasting());
  return eval(e, env, expected);
}

void Evaluator::fieldIntoMap(const Statement& s, Env* env, Block& block, const Member& member) {
  if (!member.part.empty() || !takesBlock(member.type)) {
    std::string rest;
    for (std::size_t i = 1; i < s.head.size(); ++i) rest += fmt::format("{}{}", i > 1 ? "." : "", symbols_.text(s.head[i].symbol));
    (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, member.name, member.part.empty() ? "a field of its own" : "a block",
                                                    member.part.empty() ? fmt::format("{} = …", member.name) : fmt::format("{} {{ {} = … }}", member.name, rest)));
    return;
  }
  const bool raw = member.type != nullptr && member.type->kind == TypeKind::Raw;
  auto type = raw ? stepInto(rawTypeOf(*block.instance), member.target) : schema::TypeRef{};
  const Type* expected = member.type != nullptr && member.type->kind == TypeKind::Map && s.head.size() == 2 ? member.type->element : nullptr;
  for (std::size_t i = 1; raw && i < s.head.size(); ++i) type = rawField(type, symbols_.text(s.head[i].symbol));
  const Place before = place_;
  place_ = {Place::Kind::Field, symbols_.text(s.head.back().symbol)};
  const Value value = raw ? evalRaw(s.value, env, type) : eval(s.value, env, expected);
  place_ = before;
  if (value.kind == ValueKind::Error) {
    ++errorsTouched_;
    return;
  }
  EntryList entries;
  insertPath(entries, std::span<const syntax::Name>(s.head.data() + 1, s.head.size() - 1), value, s.value != nullptr ? s.value->span : s.span);
  mergeField(block, member, makeMap(entries.items), s.headSpan, s.span);
}

void Evaluator::mergeField(Block& block, const Member& member, Value value, Span keySpan, Span span) {
  if (value.kind == ValueKind::Error) {
    ++errorsTouched_;
    return;
  }
  FieldValue* existing = nullptr;
  for (FieldValue* field = block.instance->fields; field != nullptr; field = field->next) {
    if (field->member == &member) existing = field;
  }
  if (existing == nullptr) {
    if (markSeen(block, member, keySpan)) setField(block, member, value, keySpan, span);
    return;
  }
  if (existing->value.kind == ValueKind::List && value.kind == ValueKind::List) {
    std::vector<Element> all(existing->value.list().begin(), existing->value.list().end());
    all.insert(all.end(), value.list().begin(), value.list().end());
    existing->value = makeList(all);
    return;
  }
  if (existing->value.kind != ValueKind::Map || value.kind != ValueKind::Map) {
    if (checking_ == 0) (void)markSeen(block, member, keySpan);
    return;
  }
  EntryList all;
  all.items.assign(existing->value.map().begin(), existing->value.map().end());
  for (const Entry& entry : value.map()) {
    Entry* other = all.find(entry.key);
    if (other != nullptr && other->value.kind == ValueKind::Map && entry.value.kind == ValueKind::Map) {
      EntryList inner;
      inner.items.assign(other->value.map().begin(), other->value.map().end());
      for (const Entry& deep : entry.value.map()) insertEntry(inner, deep);
      other->value = makeMap(inner.items);
    } else {
      insertEntry(all, entry);
    }
  }
  existing->value = makeMap(all.items);
}

void Evaluator::blockField(const Statement& s, Env* env, Block& block, const Member& member) {
  if (!takesBlock(member.type)) {
    (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, member.name, types::described(*member.type), fmt::format("{} = …", member.name)));
    return;
  }
  const bool raw = member.type != nullptr && member.type->kind == TypeKind::Raw;
  const auto type = raw ? stepInto(rawTypeOf(*block.instance), member.target) : schema::TypeRef{};
  const Place before = place_;
  place_ = {Place::Kind::Field, member.name};
  Value value = evalBlockMap(s, env, member.type, type, raw);
  place_ = before;
  if (raw && type && catalog_.shape(type) == schema::Shape::List && value.kind == ValueKind::Map) value = makeList({Element{value, s.span}});
  mergeField(block, member, value, s.headSpan, s.span);
}

Value Evaluator::defaultOf(const Member& member) {
  if (member.defaultText.empty() && member.defaultValue == nullptr) return {};
  const auto [at, fresh] = defaults_.emplace(&member, Value{});
  if (!fresh) return at->second;
  const InArena within(*this, &lasting());
  const Expr* e = member.defaultValue;
  if (e == nullptr) {
    auto& file = program_->scratch.emplace_back();
    file.name = "default";
    file.text = std::string(member.defaultText);
    diag::Sink ignored;
    e = parse::parseExpression(file, arena(), symbols_, ignored);
  }
  ++quiet_;
  const Value value = eval(e, nullptr, member.type);
  --quiet_;
  return defaults_[&member] = value.kind == ValueKind::Error ? Value{} : value;
}

void Evaluator::addDefaults(Block& block) {
  if (checking_ != 0 || block.instance->external) return;
  StatementInfo* info = block.info;
  if (info != nullptr && info->hasDefaults && info->defaultsFor[0] == block.seen[0] && info->defaultsFor[1] == block.seen[1]) {
    *block.fieldTail = info->defaults;
    return;
  }
  const InArena within(*this, info != nullptr ? &lasting() : arena_);
  FieldValue* first = nullptr;
  FieldValue** tail = &first;
  for (const auto index : block.kind->order) {
    const Member& member = block.kind->members[index];
    if (testBit(block.seen, index) || !member.part.empty()) continue;
    if (member.defaultText.empty() && member.defaultValue == nullptr) continue;
    const Value value = defaultOf(member);
    if (value.kind == ValueKind::Null) continue;
    auto* field = arena().make<FieldValue>(FieldValue{&member, value, {}, {}, nullptr});
    *tail = field;
    tail = &field->next;
  }
  *block.fieldTail = first;
  if (info == nullptr) return;
  info->hasDefaults = true;
  info->defaults = first;
  info->defaultsFor[0] = block.seen[0];
  info->defaultsFor[1] = block.seen[1];
}

void Evaluator::checkRequired(Block& block, Span head) {
  if (block.instance->external || (block.body != nullptr && block.body->broken)) return;
  const auto* known = block.info != nullptr ? block.info->required : nullptr;
  if (known == nullptr) known = &requiredOf(*block.kind);
  if (block.info != nullptr) block.info->required = known;
  const auto& required = *known;
  for (const auto index : required) {
    if (testBit(block.seen, index) || testBit(block.excused, index)) continue;
    const Member& member = block.kind->members[index];
    std::string_view what = member.name;
    if (what == "label") what = "a name";
    auto d = diag::make<diag::Code::RequiredField>(head, fmt::format("this `{}`", block.kind->name), what);
    if (member.name == "at") d.help = fmt::format("`{} … at \"/path\"`", block.kind->name);
    else if (member.name == "value") d.help = fmt::format("`{} … = …`", block.kind->name);
    else if (const auto line = member.doc.substr(0, member.doc.find('\n')); !line.empty()) d.help = fmt::format("`{}`: {}", member.name, line);
    (void)errorAt(std::move(d));
  }
}

const std::vector<std::uint16_t>& Evaluator::requiredOf(const Kind& kind) {
  if (lastRequired_ != nullptr && lastRequiredKind_ == &kind) return *lastRequired_;
  const auto [at, fresh] = required_.try_emplace(&kind);
  if (fresh) {
    for (const auto index : kind.order) {
      if (kind.members[index].required) at->second.push_back(index);
    }
  }
  lastRequiredKind_ = &kind;
  lastRequired_ = &at->second;
  return at->second;
}

void Evaluator::finishInstance(Block& block, Span head, bool whole) {
  if (whole) checkRequired(block, head);
  addDefaults(block);
}

}  // namespace mlstack::sema
