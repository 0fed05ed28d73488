// Blocks that make a map: `labels { app = "x" }`, records, and raw blocks typed by the schema.

#include <fmt/format.h>

#include "sema/evaluator.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

const Type* entryTypeOf(const Type* type, std::string_view key) {
  if (type == nullptr) return nullptr;
  if (type->kind == TypeKind::Map) return type->element;
  if (type->kind != TypeKind::Record) return nullptr;
  for (const auto& field : type->fields) {
    if (field.name == key) return field.type;
  }
  return nullptr;
}

/// What a block may fill: a map or a record, alone, as an alternative, or as the element of a list.
const Type* blockType(const Type* type) {
  if (type == nullptr) return nullptr;
  switch (type->kind) {
    case TypeKind::Map: case TypeKind::Record: return type;
    case TypeKind::List: return blockType(type->element);
    case TypeKind::Union:
      for (const Type* alternative : type->alternatives) {
        if (const Type* found = blockType(alternative)) return found;
      }
      return nullptr;
    case TypeKind::Any: case TypeKind::Bool: case TypeKind::Int: case TypeKind::Float: case TypeKind::String:
    case TypeKind::Quantity: case TypeKind::Duration: case TypeKind::Path: case TypeKind::Image: case TypeKind::Port:
    case TypeKind::Name: case TypeKind::Cron: case TypeKind::Enum: case TypeKind::Ref: case TypeKind::Fragment:
    case TypeKind::Parts: case TypeKind::Raw:
      return nullptr;
  }
  return nullptr;
}

bool dotted(std::span<Statement* const> items) {
  for (const Statement* s : items) {
    if (s->kind == StatementKind::Field && s->head.size() > 1) return true;
  }
  return false;
}

}  // namespace

bool Evaluator::takesBlock(const Type* type) {
  return type == nullptr || type->kind == TypeKind::Any || type->kind == TypeKind::Raw || blockType(type) != nullptr;
}

schema::TypeRef Evaluator::entryType(const Block& block, std::span<const syntax::Name> path) const {
  auto type = block.raw;
  for (const auto& name : path) type = rawField(type, symbols_.text(name.symbol));
  return type;
}

Value Evaluator::evalBlockMap(const Statement& s, Env* env, const Type* type, schema::TypeRef raw, bool isRaw) {
  auto& info = infoOf(s, isRaw ? static_cast<const void*>(&kRawContext) : static_cast<const void*>(type));
  Body* body = bodyOf(info, s, nullptr, true);
  EntryList entries;
  entries.items.reserve(s.body.size());
  Block block;
  block.mode = BlockMode::Entries;
  block.entries = &entries;
  block.type = blockType(type);
  block.isRaw = isRaw;
  block.raw = raw && catalog_.shape(raw) == schema::Shape::List ? catalog_.element(raw) : raw;
  if (depth_ >= kMaxNesting) return errorAt(diag::make<diag::Code::NestedTooDeep>(s.span, "blocks", kMaxNesting));
  ++depth_;
  runBody(*body, env, block);
  --depth_;
  if (body->broken && !isRaw) return errorValue();   // the entry that could not be read may be the one that is asked for
  // A raw block keeps the place of what has an error: the rest of it is checked all the same.
  for (const Entry& entry : entries.items) {
    if (!isRaw && entry.value.kind == ValueKind::Error) return errorValue();
  }
  const Value made = makeMap(entries.items);
  if (isRaw || type == nullptr) return made;
  if (type->kind == TypeKind::Map && body->straight && !dotted(s.body)) return made;   // each entry has been held against its type
  if (checking_ != 0 && !body->straight) return unknown(type);
  return conform(made, type, s.headSpan);
}

void Evaluator::addEntry(Block& block, std::span<const syntax::Name> path, Value value, Span span) {
  if (path.size() > 1) return insertPath(*block.entries, path, value, span);
  const auto& name = path.front();
  Entry* other = block.entries->find(name.symbol);
  // `containers { … } containers { … }`: a block each is an element of the list.
  if (other != nullptr && other->value.kind == ValueKind::List && value.kind == ValueKind::List && block.isRaw) {
    std::vector<Element> all(other->value.list().begin(), other->value.list().end());
    all.insert(all.end(), value.list().begin(), value.list().end());
    other->value = makeList(all);
    return;
  }
  insertEntry(*block.entries, {name.symbol, value, name.span, span});
}

void Evaluator::entryField(const Statement& s, Env* env, Block& block) {
  if (s.head.empty()) return;
  const auto key = symbols_.text(s.head[0].symbol);
  const Span span = s.value != nullptr ? s.value->span : s.span;
  if (block.isRaw) {
    addEntry(block, s.head, evalRaw(s.value, env, entryType(block, s.head)), span);
    return;
  }
  if (block.type != nullptr && block.type->kind == TypeKind::Record && s.head.size() == 1 && entryTypeOf(block.type, key) == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& field : block.type->fields) names.push_back(field.name);
    auto d = diag::make<diag::Code::UnknownMember>(s.head[0].span, placeText(), key);
    if (const auto near = diag::nearest(key, names); !near.empty()) {
      suggest(d, near, s.head[0].span);
    }
    (void)errorAt(std::move(d));
    if (s.value != nullptr && s.value->kind != ExprKind::NameRef) (void)eval(s.value, env, nullptr);
    return;
  }
  const Type* expected = entryTypeOf(block.type, key);
  for (std::size_t i = 1; i < s.head.size(); ++i) expected = entryTypeOf(blockType(expected), symbols_.text(s.head[i].symbol));
  const Place before = place_;
  place_ = {Place::Kind::Field, symbols_.text(s.head.back().symbol)};
  Constants* constants = constantsOf(infoOf(s, block.type));
  const bool known = constants != nullptr && constants->known[0];
  Value value = known ? constants->values[0] : eval(s.value, env, expected);
  if (constants != nullptr && !known && value.kind != ValueKind::Error && value.kind != ValueKind::Unknown && isConstant(s.value, expected)) {
    constants->known[0] = true;
    constants->values[0] = lastingValue(value, s.value, env, expected);
  }
  place_ = before;
  if (value.kind == ValueKind::Cluster && !inOutput_) {
    value = errorAt(diag::make<diag::Code::ClusterValue>(span, value.second()));
  }
  addEntry(block, s.head, value, span);
}

void Evaluator::entryBlock(const Statement& s, Env* env, Block& block) {
  if (s.head.empty()) return;
  if (s.label != nullptr || s.at != nullptr || s.value != nullptr || !s.hasBody) {
    const auto name = symbols_.text(s.head.back().symbol);
    (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, name, "a key of a map", fmt::format("{} = …", name)));
    return;
  }
  if (block.isRaw) {
    const auto type = entryType(block, s.head);
    Value value = evalBlockMap(s, env, nullptr, type, true);
    if (type && catalog_.shape(type) == schema::Shape::List && value.kind == ValueKind::Map) value = makeList({Element{value, s.span}});
    addEntry(block, s.head, value, s.span);
    return;
  }
  const auto key = symbols_.text(s.head[0].symbol);
  const Type* expected = entryTypeOf(block.type, key);
  const Place before = place_;
  place_ = {Place::Kind::Field, key};
  if (!takesBlock(expected)) {
    (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, key, fmt::format("{}", types::described(*expected)), fmt::format("{} = …", key)));
    place_ = before;
    return;
  }
  const Value value = evalBlockMap(s, env, s.head.size() == 1 ? expected : nullptr, {}, false);
  place_ = before;
  addEntry(block, s.head, value, s.span);
}

}  // namespace mlstack::sema
