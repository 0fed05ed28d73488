// Parts: blocks inside a thing, one or many; lines of open parts; overlays; lines handed through.

#include <algorithm>

#include <fmt/format.h>

#include "sema/checks.h"
#include "sema/evaluator.h"

namespace mlstack::sema {

const Kind* Evaluator::partKind(const Member& member, const Statement& s, Env* env) {
  if (member.part.empty()) return nullptr;
  const Kind* kind = env != nullptr ? kindNamed(member.part, env) : nullptr;
  if (kind == nullptr) kind = preludeKind(member.part);
  // `scratch cache { … }` declares a folder of the pod, `scratch 1Gi at "/tmp"` mounts one.
  if (kind != nullptr && kind->role == KindRole::ScratchMount && s.label != nullptr && s.at == nullptr) return preludeKind("pod-scratch");
  return kind;
}

void Evaluator::instanceUse(const Statement& s, Env* env, Block& block) {
  if (s.head.empty()) return;
  if (s.head.size() == 1 && s.head[0].symbol == withSymbol_ && s.label == nullptr && s.hasBody) return overlay(s, env, block);
  auto& info = infoOf(s, block.kind);
  if (!info.resolved) {
    info.resolved = true;
    info.member = s.head.size() == 1 ? memberFor(*block.kind, s) : nullptr;
    if (info.member != nullptr && !info.member->part.empty()) {
      Env* home = env;
      if (const auto at = kindEnv_.find(block.kind); at != kindEnv_.end()) home = at->second;
      info.kind = partKind(*info.member, s, home);
    }
  }
  if (info.member == nullptr) {
    (void)unknownMemberOf(block, s, env, false);
    return;
  }
  const Member& member = *info.member;
  if (member.part.empty()) {
    if (s.label == nullptr && s.value == nullptr && s.hasBody) return blockField(s, env, block, member);
    (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, member.name, "a field", fmt::format("{} = …", member.name)));
    return;
  }
  if (info.kind == nullptr) return;
  if (info.kind->openEntries && s.label == nullptr && s.value == nullptr && s.hasBody) return openParts(s, env, block, member, *info.kind);
  runPart(s, env, block, &member, *info.kind, info);
}

void Evaluator::appendPart(Block& block, Instance* part, const Member* member) {
  part->parent = block.instance;
  part->member = member;
  part->next = nullptr;
  if (member != nullptr && block.kind != nullptr && !markSeen(block, *member, part->headSpan)) return;
  *block.partTail = part;
  block.partTail = &part->next;
}

void Evaluator::operandOf(Instance& part, Block& inner, std::string_view memberName, const Expr* value, Env* env) {
  if (value == nullptr) return;
  const std::size_t which = memberName == "label" ? 0 : (memberName == "value" ? 1 : 2);
  const Member* member = part.kind->find(memberName);
  if (member == nullptr) {
    auto d = diag::make<diag::Code::NothingHere>(value->span, part.kind->name, memberName == "at" ? "`at`" : (memberName == "value" ? "`=`" : "name"));
    if (const Member* at = memberName == "value" ? part.kind->find("at") : nullptr; at != nullptr) {
      d.help = fmt::format("`{} … at \"/path\"`", part.kind->name);
      (void)markSeen(inner, *at, value->span);   // it was meant
    }
    (void)errorAt(std::move(d));
    (void)eval(value, env, nullptr);
    return;
  }
  const Place before = place_;
  place_ = {memberName == "at" ? Place::Kind::Path : Place::Kind::Label, part.kind->name};
  Value result;
  Constants* constants = inner.info != nullptr ? inner.info->constants : nullptr;
  // `container main { … }` and `env MODE = …` declare a name; `host domain { … }` states a text.
  const bool declares = member->type != nullptr &&
                        (member->type->kind == TypeKind::Name ||
                         (member->type->kind == TypeKind::String && !member->target.empty() && member->target.back().key == "name"));
  const bool bare = value->kind == ExprKind::NameRef && memberName == "label" && declares;
  if (constants != nullptr && constants->known[which]) {
    result = constants->values[which];
  } else if (bare) {
    // It is not looked up.
    const auto text = symbols_.text(value->name);
    result.kind = ValueKind::String;
    result.chars = text.data();
    result.length = static_cast<std::uint32_t>(text.size());
    result = conform(result, member->type, value->span, value);
  } else if (member->type != nullptr && member->type->kind == TypeKind::Raw) {
    result = evalRaw(value, env, {});
  } else {
    result = eval(value, env, member->type);
  }
  place_ = before;
  if (constants != nullptr && !constants->known[which] && result.kind != ValueKind::Error && result.kind != ValueKind::Unknown &&
      (bare || isConstant(value, member->type))) {
    constants->known[which] = true;
    constants->values[which] = bare ? result : lastingValue(result, value, env, member->type);
  }
  (void)markSeen(inner, *member, value->span);
  if (memberName == "label") {
    checkPartName(part, *member, result, *value);
    if (result.kind == ValueKind::Error) ++errorsTouched_;
    part.labelValue = result;
    if (result.kind == ValueKind::String) part.label = symbols_.intern(result.text());
    if (value->kind == ExprKind::NameRef && !part.label) part.label = value->name;
    return;
  }
  setField(inner, *member, result, value->span, value->span);
}

void Evaluator::checkPartName(const Instance& part, const Member& label, const Value& name, const Expr& written) {
  if (label.type == nullptr || label.type->kind != TypeKind::Name || name.kind != ValueKind::String) return;
  const auto fault = part.kind->name == "port" ? checks::portNameFault(name.text()) : checks::labelFault(name.text());
  if (fault.empty()) return;
  auto d = diag::make<diag::Code::ObjectName>(written.span, name.text(), withArticle(part.kind->name), fault);
  if (written.kind == ExprKind::NameRef || written.kind == ExprKind::String) (void)errorAt(std::move(d));
  else valueError(std::move(d));
}

namespace {

/// `port 8080`: the number stands where a name would.
bool isStrayValue(const Statement& s, const Kind& kind) {
  if (s.label == nullptr || s.value != nullptr || (s.label->kind != ExprKind::Int && s.label->kind != ExprKind::Float)) return false;
  const Member* label = kind.find("label");
  const Member* value = kind.find("value");
  const auto takesNumber = [](const Member* member) {
    return types::takes(member->type, TypeKind::Int) || types::takes(member->type, TypeKind::Port) || types::takes(member->type, TypeKind::Quantity);
  };
  return value != nullptr && takesNumber(value) && (label == nullptr || !takesNumber(label));
}

}  // namespace

void Evaluator::runPart(const Statement& s, Env* env, Block& block, const Member* member, const Kind& kind, StatementInfo& info) {
  DeclaredInstance* declared = hoisted(s, env);
  Instance* part = declared != nullptr ? declared : arena().make<Instance>();
  part->kind = &kind;
  part->parent = block.instance;
  part->member = member;
  part->span = s.span;
  part->labelSpan = s.label != nullptr ? s.label->span : s.headSpan;
  part->headSpan = s.label != nullptr ? s.headSpan.to(s.label->span) : s.headSpan;
  if (declared != nullptr) declared->progress = Progress::Running;
  if (depth_ >= kMaxNesting) return;
  Block inner;
  inner.mode = BlockMode::Instance;
  inner.instance = part;
  inner.kind = &kind;
  inner.info = &info;
  inner.fieldTail = &part->fields;
  inner.partTail = &part->parts;
  inner.allowTail = &part->allows;
  inner.overlayTail = &part->overlays;
  (void)constantsOf(info);
  if (s.label != nullptr && s.value != nullptr && kind.find("label") == nullptr && kind.find("value") == nullptr) {
    const std::string_view field = s.label->kind == ExprKind::NameRef ? symbols_.text(s.label->name) : std::string_view("NAME");
    (void)errorAt(diag::make<diag::Code::NothingHere>(s.label->span, kind.name, "name and no `=`")
                      .hint(fmt::format("its fields stand in a block: `{} {{ {} = … }}`", symbols_.text(s.head[0].symbol), field)));
  } else if (isStrayValue(s, kind)) {
    const auto head = symbols_.text(s.head[0].symbol);
    auto d = diag::make<diag::Code::FieldForm>(s.label->span, head, "given its number after `=`", fmt::format("{} = {}", head, s.label->text));
    d.fixes.push_back({"write `=`", {{{s.label->span.begin, s.label->span.begin}, "= "}}});
    (void)errorAt(std::move(d));
    if (const Member* value = kind.find("value")) (void)markSeen(inner, *value, s.label->span);   // its absence is explained
  } else {
    operandOf(*part, inner, "label", s.label, env);
    operandOf(*part, inner, "value", s.value, env);
  }
  operandOf(*part, inner, "at", s.at, env);
  bool straight = true;
  if (s.hasBody) {
    Body* body = bodyOf(info, s, &kind);
    inner.body = body;
    straight = body->straight;
    if (checking_ == 0) body->reached = true;
    Env* within = declared != nullptr && declared->inner != nullptr ? declared->inner : enter(*body, env);
    if (declared != nullptr) declared->inner = within;
    runItems(body->items, within, inner);
  }
  finishInstance(inner, part->headSpan, checking_ == 0 || straight);
  part->name = part->label;
  if (const FieldValue* name = part->field("name"); name != nullptr && name->value.kind == ValueKind::String) {
    part->name = symbols_.intern(name->value.text());
  }
  if (declared != nullptr) declared->progress = Progress::Done;
  appendPart(block, part, member);
}

void Evaluator::partFromField(const Statement& s, Env* env, Block& block, const Member& member, const Kind& kind) {
  if (kind.openEntries) {
    const Value value = eval(s.value, env, nullptr);
    const Span span = s.value != nullptr ? s.value->span : s.span;
    if (value.kind == ValueKind::Error) ++errorsTouched_;
    if (value.kind == ValueKind::Error || value.kind == ValueKind::Unknown || value.kind == ValueKind::Null) return;
    if (value.kind != ValueKind::Map) {
      (void)errorAt(diag::make<diag::Code::WrongType>(span, describedValue(value), fmt::format("`{}`", member.name), "a map"));
      return;
    }
    for (const Entry& entry : value.map()) {
      openPartFromValue(block, member, kind, symbols_.text(entry.key), entry.value, entry.keySpan.known() ? entry.keySpan : s.headSpan,
                        entry.span.known() ? entry.span : span, nullptr);
    }
    return;
  }
  const Member* operand = kind.find("value");
  const Member* label = kind.find("label");
  if (operand == nullptr || (label != nullptr && !operand->required)) operand = label;
  if (operand == nullptr || operand->type == nullptr) {
    (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, member.name, "a block", fmt::format("{} {{ … }}", member.name)));
    (void)eval(s.value, env, nullptr);
    return;
  }
  // `port = 80`, `port = [80, 443]`: one part for each value.
  Type* list = arena().make<Type>();
  list->kind = TypeKind::List;
  list->element = operand->type;
  list->optional = true;
  const bool many = member.cardinality == Cardinality::Parts && operand->type->kind != TypeKind::List;
  const Place before = place_;
  place_ = {Place::Kind::Field, member.name};
  const Value values = eval(s.value, env, many ? list : operand->type);
  place_ = before;
  const Span span = s.value != nullptr ? s.value->span : s.span;
  if (values.kind == ValueKind::Error) ++errorsTouched_;
  if (values.kind == ValueKind::Error || values.kind == ValueKind::Unknown || values.kind == ValueKind::Null) return;
  const Element single{values, span};
  const auto items = many ? values.list() : std::span<const Element>(&single, 1);
  for (const Element& item : items) {
    Instance* part = arena().make<Instance>();
    part->kind = &kind;
    part->parent = block.instance;
    part->member = &member;
    part->span = s.span;
    part->headSpan = part->labelSpan = s.headSpan;
    Block inner;
    inner.mode = BlockMode::Instance;
    inner.instance = part;
    inner.kind = &kind;
    inner.fieldTail = &part->fields;
    inner.partTail = &part->parts;
    (void)markSeen(inner, *operand, s.headSpan);
    if (operand->name == "label") part->labelValue = item.value;
    else setField(inner, *operand, item.value, s.headSpan, item.span.known() ? item.span : span);
    finishInstance(inner, s.headSpan, true);
    appendPart(block, part, &member);
  }
}

void Evaluator::openParts(const Statement& s, Env* env, Block& block, const Member& member, const Kind& kind) {
  auto& info = infoOf(s, block.kind);
  Block open;
  open.mode = BlockMode::OpenParts;
  open.outer = &block;
  open.member = &member;
  open.partKind = &kind;
  open.kind = nullptr;
  if (info.body == nullptr) info.body = makeBody(s.body, nullptr, true);
  runBody(*info.body, env, open);
}

void Evaluator::openPartFromValue(Block& outer, const Member& member, const Kind& kind, std::string_view key, Value value,
                                  Span keySpan, Span span, const Expr* written) {
  const Member* operand = kind.find("value");
  const Place before = place_;
  place_ = {Place::Kind::Field, key};
  if (operand != nullptr && written == nullptr) {
    if (value.kind == ValueKind::Suffixed) value.kind = ValueKind::String;
    value = conform(value, operand->type, span);
  }
  place_ = before;
  if (value.kind == ValueKind::Error) {
    ++errorsTouched_;
    return;
  }
  Instance* part = arena().make<Instance>();
  part->kind = &kind;
  part->parent = outer.instance;
  part->member = &member;
  part->headSpan = part->labelSpan = keySpan;
  part->span = keySpan.to(span);
  part->labelValue.kind = ValueKind::String;
  part->labelValue.chars = key.data();
  part->labelValue.length = static_cast<std::uint32_t>(key.size());
  part->label = part->name = symbols_.intern(key);
  Block inner;
  inner.mode = BlockMode::Instance;
  inner.instance = part;
  inner.kind = &kind;
  inner.fieldTail = &part->fields;
  if (const Member* label = kind.find("label")) {
    (void)markSeen(inner, *label, keySpan);
    place_ = {Place::Kind::Label, kind.name};
    (void)conform(part->labelValue, label->type, keySpan);
    place_ = before;
  }
  if (operand != nullptr && markSeen(inner, *operand, keySpan)) setField(inner, *operand, value, span, span);
  finishInstance(inner, keySpan, true);
  appendPart(outer, part, &member);
}

void Evaluator::openPart(const Statement& s, Env* env, Block& block) {
  if (s.head.empty()) return;
  const Kind& kind = *block.partKind;
  Block& outer = *block.outer;
  auto& info = infoOf(s, &kind);
  Symbol symbol = s.head[0].symbol;
  for (std::size_t i = 1; i < s.head.size(); ++i) {
    symbol = symbols_.intern(fmt::format("{}.{}", symbols_.text(symbol), symbols_.text(s.head[i].symbol)));
  }
  const auto key = symbols_.text(symbol);
  if (s.kind == StatementKind::Use) {
    (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, key, withArticle(kind.name), fmt::format("{} = …", key)));
    return;
  }
  const Member* operand = kind.find("value");
  if (operand == nullptr) {
    (void)errorAt(diag::make<diag::Code::NothingHere>(s.headSpan, kind.name, "`=`"));
    return;
  }
  if (info.expected == nullptr) info.expected = optionalOf(operand->type);
  const Place before = place_;
  place_ = {Place::Kind::Field, symbols_.text(symbol)};
  Constants* constants = constantsOf(info);
  const Value value = constants != nullptr && constants->known[0] ? constants->values[0] : eval(s.value, env, info.expected);
  place_ = before;
  if (value.kind == ValueKind::Error) ++errorsTouched_;
  if (value.kind == ValueKind::Null || value.kind == ValueKind::Error) return;
  if (constants != nullptr && !constants->known[0] && value.kind != ValueKind::Unknown && isConstant(s.value, info.expected)) {
    constants->known[0] = true;
    constants->values[0] = lastingValue(value, s.value, env, info.expected);
  }
  openPartFromValue(outer, *block.member, kind, symbols_.text(symbol), value, s.headSpan, s.value->span, s.value);
}

void Evaluator::overlay(const Statement& s, Env* env, Block& block) {
  const Value value = evalBlockMap(s, env, nullptr, rawTypeOf(*block.instance), true);
  if (value.kind == ValueKind::Error) ++errorsTouched_;
  if (checking_ != 0 || value.kind != ValueKind::Map) return;
  auto* made = arena().make<Overlay>();
  made->tree = nodeOf(value, s.span);
  if (block.overlayTail == nullptr) return;
  *block.overlayTail = made;
  block.overlayTail = &made->next;
}

Instance* Evaluator::clonePart(const Instance& part, Instance* parent) {
  Instance* copy = arena().make<Instance>(part);
  copy->declared = false;
  copy->parent = parent;
  copy->next = nullptr;
  Instance** tail = &copy->parts;
  *tail = nullptr;
  for (const Instance* child = part.parts; child != nullptr; child = child->next) {
    *tail = clonePart(*child, copy);
    tail = &(*tail)->next;
  }
  return copy;
}

bool Evaluator::handedTypeFits(const Found& param, const Block& block, Span span) {
  const Type* type = declaredType(param);
  if (type == nullptr || type->kind != TypeKind::Parts) return true;
  for (const auto word : type->words) {
    bool taken = false;
    for (const Member& member : block.kind->members) taken = taken || member.part == word || (member.name == word && !member.part.empty());
    if (taken) continue;
    (void)errorAt(diag::make<diag::Code::UnusedParts>(span, withArticle(block.kind->name), word)
                      .note(param.decl().span, fmt::format("`{}` hands such lines through", symbols_.text(param.decl().name))));
    return false;
  }
  return true;
}

void Evaluator::spreadParts(const Value& parts, Block& block, Span span) {
  for (std::uint32_t i = 0; i < parts.length; ++i) {
    const Instance& part = *parts.parts[i];
    const Member* taken = nullptr;
    for (const Member& member : block.kind->members) {
      if (member.part != part.kind->name) continue;
      if (taken == nullptr || member.name == part.kind->name) taken = &member;
    }
    if (taken == nullptr) {
      (void)errorAt(diag::make<diag::Code::UnusedParts>(span, withArticle(block.kind->name), part.kind->name)
                        .note(part.headSpan, "such a line is handed through here"));
      continue;
    }
    appendPart(block, clonePart(part, block.instance), taken);
  }
}

}  // namespace mlstack::sema
