// Components: parameters, arguments (blocks and lines too), a run of the body, exported values.

#include <algorithm>

#include <fmt/format.h>

#include "sema/evaluator.h"
#include "sema/make.h"

namespace mlstack::sema {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

}  // namespace

void Evaluator::describe(Component& component, Env* env) {
  if (component.described) return;
  component.described = true;
  const Statement& s = *component.statement;
  Body& body = bodies_.emplace_back();
  body.items = s.body;
  declare(body, {.name = nameSymbol_, .kind = DeclKind::Variable, .span = {}});
  declareItems(body);
  component.body = &body;
  for (std::uint32_t i = 0; i < body.decls.size(); ++i) {
    Decl& decl = body.decls[i];
    if (decl.kind != DeclKind::Param) continue;
    const Statement& p = *decl.statement;
    decl.type = typeOf(p.type, p.range, p.pattern, env);
    decl.typed = true;
    const bool parts = decl.type != nullptr && decl.type->kind == TypeKind::Parts;
    const bool required = p.value == nullptr && !parts && !(decl.type != nullptr && decl.type->optional);
    component.params.push_back({&p, decl.name, decl.type, i, required});
  }
  for (const Statement* item : s.body) {
    if (item->kind == StatementKind::Output) component.outputs.push_back(item);
  }
}

DeclaredInstance* Evaluator::makeUse(const Statement& s, Env* env, StatementInfo& info) {
  describe(*info.component, info.componentEnv);
  auto* handle = arena().make<DeclaredInstance>();
  handle->declared = true;
  handle->label = labelSymbol(s);
  handle->span = s.span;
  handle->labelSpan = s.label != nullptr ? s.label->span : s.headSpan;
  handle->headSpan = s.label != nullptr ? s.headSpan.to(s.label->span) : s.headSpan;
  handle->statement = &s;
  handle->env = env;
  handle->body = bodyOf(info, s, nullptr, true);
  auto* use = arena().make<ComponentUse>();
  use->component = info.component;
  use->declared = info.componentEnv;
  use->handle = handle;
  const auto params = info.component->params.size();
  const auto outputs = info.component->outputs.size();
  use->arguments = static_cast<Slot*>(arena().allocate((params + 1) * sizeof(Slot), alignof(Slot)));
  use->argumentSpans = static_cast<Span*>(arena().allocate((params + 1) * sizeof(Span), alignof(Span)));
  use->exports = static_cast<Slot*>(arena().allocate((outputs + 1) * sizeof(Slot), alignof(Slot)));
  for (std::size_t i = 0; i < params; ++i) {
    ::new (use->arguments + i) Slot{};
    ::new (use->argumentSpans + i) Span{};
  }
  for (std::size_t i = 0; i < outputs; ++i) ::new (use->exports + i) Slot{};
  handle->use = use;
  return handle;
}

void Evaluator::runComponentUse(const Statement& s, Env* env, Block& block, StatementInfo& info) {
  DeclaredInstance* handle = hoisted(s, env);
  if (handle == nullptr) handle = makeUse(s, env, info);
  if (!readLabel(*handle, s, env)) return;
  ComponentUse& use = *handle->use;
  Component& component = *use.component;
  if (!openUse(use) || use.ran) return;
  use.ran = true;
  if (component.active) {
    (void)errorAt(diag::make<diag::Code::RecursiveComponent>(s.headSpan, symbols_.text(component.name))
                      .note(component.statement->name.span, "declared here"));
    return;
  }
  if (checking_ != 0) return;   // its body is checked once, as a component
  if (componentDepth_ >= kMaxComponentNesting) {
    (void)errorAt(diag::make<diag::Code::NestedTooDeep>(s.headSpan, "components", kMaxComponentNesting));
    return;
  }
  ++componentDepth_;
  component.active = true;
  Block things;
  things.body = component.body;
  component.body->reached = true;
  runItems(component.body->items, use.env, things);
  for (std::size_t i = 0; i < component.outputs.size(); ++i) (void)exportAt(use, i);
  component.active = false;
  --componentDepth_;
  handle->progress = Progress::Done;
  (void)block;
}

bool Evaluator::openUse(ComponentUse& use) {
  if (use.opening == Progress::Done) return true;
  if (use.opening == Progress::Running) {
    (void)errorAt(diag::make<diag::Code::CyclicValue>(use.handle->headSpan, symbols_.text(use.handle->label))
                      .hint("its arguments use a value that it exports"));
    return false;
  }
  use.opening = Progress::Running;
  const InArena within(*this, use.handle->env->arena);
  const auto label = symbols_.text(use.handle->label);
  use.name.kind = ValueKind::String;
  use.name.chars = label.data();
  use.name.length = static_cast<std::uint32_t>(label.size());
  readArguments(use);
  bindParams(use);
  use.opening = Progress::Done;
  return true;
}

void Evaluator::readArguments(ComponentUse& use) {
  Component& component = *use.component;
  std::vector<std::vector<Instance*>> handed(component.params.size());
  Block block;
  block.mode = BlockMode::Arguments;
  block.use = &use;
  block.handed = &handed;
  runBody(*use.handle->body, use.handle->env, block);
  for (std::size_t i = 0; i < component.params.size(); ++i) {
    const ComponentParam& param = component.params[i];
    Slot& slot = use.arguments[i];
    if (param.type != nullptr && param.type->kind == TypeKind::Parts) {
      slot.value = Value{};
      slot.value.kind = ValueKind::Parts;
      slot.value.parts = arena().copy(handed[i]).data();
      slot.value.length = static_cast<std::uint32_t>(handed[i].size());
      slot.state = SlotState::Done;
      continue;
    }
    const bool uncertain = use.handle->body->broken || (checking_ != 0 && !use.handle->body->straight);
    if (slot.state == SlotState::Done || !param.required || uncertain) continue;
    auto d = diag::make<diag::Code::RequiredField>(use.handle->headSpan, fmt::format("this `{}`", symbols_.text(component.name)), symbols_.text(param.name));
    d.related.push_back({param.statement->name.span, "the parameter is declared here"});
    (void)errorAt(std::move(d));
    slot.value = errorValue();
    slot.state = SlotState::Done;
  }
}

void Evaluator::bindParams(ComponentUse& use) {
  Component& component = *use.component;
  Env* env = makeEnv(*component.body, use.declared);
  env->use = &use;
  use.env = env;
  env->slots[0].value = use.name;
  env->slots[0].state = SlotState::Done;
  for (std::size_t i = 0; i < component.params.size(); ++i) {
    const ComponentParam& param = component.params[i];
    Slot& slot = env->slots[param.slot];
    if (use.arguments[i].state == SlotState::Done) {
      slot = use.arguments[i];
    } else if (param.statement->value == nullptr) {
      slot.state = SlotState::Done;   // optional: null
      if (param.required) slot.value = errorValue();
    }
  }
  hoist(*env);
}

std::size_t Evaluator::argumentFor(const Statement& s, Block& block) {
  if (s.head.empty()) return kNone;
  const auto& params = block.use->component->params;
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (s.head.size() == 1 && params[i].name == s.head[0].symbol && (params[i].type == nullptr || params[i].type->kind != TypeKind::Parts)) return i;
  }
  return kNone;
}

void Evaluator::setArgument(const Statement& s, Block& block, std::size_t param, Value value, Span) {
  ComponentUse& use = *block.use;
  Slot& slot = use.arguments[param];
  if (slot.state == SlotState::Done) {
    if (slot.value.kind == ValueKind::Map && value.kind == ValueKind::Map && s.kind == StatementKind::Use) {
      EntryList all;
      all.items.assign(slot.value.map().begin(), slot.value.map().end());
      for (const Entry& entry : value.map()) insertEntry(all, entry);
      slot.value = makeMap(all.items);
      return;
    }
    (void)errorAt(diag::make<diag::Code::DuplicateField>(s.head[0].span, symbols_.text(s.head[0].symbol))
                      .note(use.argumentSpans[param], "first set here"));
    return;
  }
  slot.value = value;
  slot.state = SlotState::Done;
  use.argumentSpans[param] = s.head[0].span;
}

void Evaluator::unknownArgument(const Statement& s, Block& block) {
  const Component& component = *block.use->component;
  if (component.body->broken) return;   // it may be the parameter that could not be read
  const auto text = symbols_.text(s.head[0].symbol);
  std::vector<std::string_view> names;
  for (const auto& param : component.params) {
    const bool parts = param.type != nullptr && param.type->kind == TypeKind::Parts;
    if (!parts) names.push_back(symbols_.text(param.name));
    if (parts) names.insert(names.end(), param.type->words.begin(), param.type->words.end());
  }
  auto d = diag::make<diag::Code::UnknownArgument>(s.head[0].span, symbols_.text(component.name), text);
  d.related.push_back({component.statement->name.span, "the component is declared here"});
  if (const auto near = diag::nearest(text, names); !near.empty()) {
    suggest(d, near, s.head[0].span);
    for (std::size_t i = 0; i < component.params.size(); ++i) {   // its absence is explained
      Slot& slot = block.use->arguments[i];
      if (symbols_.text(component.params[i].name) != near || slot.state == SlotState::Done) continue;
      slot.value = errorValue();
      slot.state = SlotState::Done;
    }
  }
  (void)errorAt(std::move(d));
}

void Evaluator::argumentField(const Statement& s, Env* env, Block& block) {
  const auto param = argumentFor(s, block);
  if (param == kNone) {
    if (s.head.size() == 1 && s.head[0].symbol == nameSymbol_) {
      const Value name = eval(s.value, env, &types::kString);
      if (name.kind == ValueKind::String || name.kind == ValueKind::Unknown) block.use->name = name;
      return;
    }
    for (const auto& p : block.use->component->params) {
      if (p.name != s.head[0].symbol || p.type == nullptr || p.type->kind != TypeKind::Parts) continue;
      (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, symbols_.text(p.name), "filled by lines of the block",
                                                      fmt::format("{} …", p.type->words.empty() ? std::string_view("read") : p.type->words.front())));
      return;
    }
    if (!s.head.empty()) unknownArgument(s, block);
    if (s.value != nullptr && s.value->kind != ExprKind::NameRef) (void)eval(s.value, env, nullptr);
    return;
  }
  const ComponentParam& p = block.use->component->params[param];
  const Place before = place_;
  place_ = {Place::Kind::Parameter, symbols_.text(p.name)};
  const Value value = eval(s.value, env, p.type);
  place_ = before;
  setArgument(s, block, param, value, s.value != nullptr ? s.value->span : s.span);
}

void Evaluator::argumentBlock(const Statement& s, Env* env, Block& block) {
  if (s.head.empty()) return;
  const auto& params = block.use->component->params;
  const auto named = argumentFor(s, block);
  if (named != kNone && s.label == nullptr && s.value == nullptr && s.hasBody) {
    const ComponentParam& p = params[named];
    const Place before = place_;
    place_ = {Place::Kind::Parameter, symbols_.text(p.name)};
    if (!takesBlock(p.type)) {
      (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, symbols_.text(p.name), types::described(*p.type),
                                                      fmt::format("{} = …", symbols_.text(p.name))));
    } else {
      setArgument(s, block, named, evalBlockMap(s, env, p.type, {}, false), s.span);
    }
    place_ = before;
    return;
  }
  const auto word = symbols_.text(s.head[0].symbol);
  for (std::size_t i = 0; i < params.size() && s.head.size() == 1; ++i) {
    if (params[i].type == nullptr || params[i].type->kind != TypeKind::Parts) continue;
    const auto& words = params[i].type->words;
    if (std::find(words.begin(), words.end(), word) != words.end()) return argumentPart(s, env, block, i);
  }
  if (named != kNone) {
    (void)errorAt(diag::make<diag::Code::FieldForm>(s.headSpan, word, "a parameter", fmt::format("{} = …", word)));
    return;
  }
  unknownArgument(s, block);
}

void Evaluator::argumentPart(const Statement& s, Env* env, Block& block, std::size_t param) {
  const Component& component = *block.use->component;
  auto& info = infoOf(s, &component);
  if (info.kind == nullptr) info.kind = kindNamed(symbols_.text(s.head[0].symbol), block.use->declared);
  if (info.kind == nullptr) return;
  Instance* parent = arena().make<Instance>();
  Block outer;
  outer.mode = BlockMode::Instance;
  outer.instance = parent;
  outer.partTail = &parent->parts;
  outer.fieldTail = &parent->fields;
  if (info.kind->openEntries && s.label == nullptr && s.value == nullptr && s.hasBody) {
    static const Member kHanded{};
    openParts(s, env, outer, kHanded, *info.kind);
  } else {
    runPart(s, env, outer, nullptr, *info.kind, info);
  }
  for (Instance* part = parent->parts; part != nullptr; part = part->next) (*block.handed)[param].push_back(part);
}

Value Evaluator::exportAt(ComponentUse& use, std::size_t index) {
  Slot& slot = use.exports[index];
  const Statement& output = *use.component->outputs[index];
  if (slot.state == SlotState::Done) return slot.value;
  if (slot.state == SlotState::Busy) {
    return errorAt(diag::make<diag::Code::CyclicValue>(output.name.span, symbols_.text(output.name.symbol)));
  }
  slot.state = SlotState::Busy;
  const InArena within(*this, use.env->arena);
  const bool before = inOutput_;
  inOutput_ = true;   // who uses it decides whether a value of the cluster will do
  slot.value = eval(output.value, use.env, typeOf(output.type, nullptr, nullptr, use.env));
  inOutput_ = before;
  slot.state = SlotState::Done;
  return slot.value;
}

Value Evaluator::exportOf(ComponentUse& use, Symbol name, const Expr& e) {
  Component& component = *use.component;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < component.outputs.size(); ++i) {
    if (component.outputs[i]->name.symbol != name) {
      names.push_back(symbols_.text(component.outputs[i]->name.symbol));
      continue;
    }
    if (!openUse(use)) return errorValue();
    return exportAt(use, i);
  }
  if (component.body->broken) return errorValue();
  auto d = diag::make<diag::Code::UnknownMember>(e.nameSpan, fmt::format("`{}`", symbols_.text(use.handle->label)), symbols_.text(name));
  d.related.push_back({component.statement->name.span, fmt::format("`{}` exports what its `output`s name", symbols_.text(component.name))});
  if (const auto near = diag::nearest(symbols_.text(name), names); !near.empty()) {
    suggest(d, near, e.nameSpan);
  }
  return errorAt(std::move(d));
}

void Evaluator::checkComponent(Component& component) {
  describe(component, component.env);
  Env* env = makeEnv(*component.body, component.env);
  auto* use = arena().make<ComponentUse>();
  use->component = &component;
  use->declared = component.env;
  use->env = env;
  env->use = use;
  env->slots[0].value = unknown(&types::kString);
  env->slots[0].state = SlotState::Done;
  for (const ComponentParam& param : component.params) {
    Slot& slot = env->slots[param.slot];
    slot.value = unknown(param.type);
    slot.state = SlotState::Done;
  }
  for (const ComponentParam& param : component.params) {
    const Place before = place_;
    place_ = {Place::Kind::Parameter, symbols_.text(param.name)};
    if (param.statement->value != nullptr) (void)eval(param.statement->value, env, param.type);
    place_ = before;
  }
  if (component.body->reached || component.active) return;
  component.active = true;
  hoist(*env);
  Block things;
  things.body = component.body;
  runItems(component.body->items, env, things);
  const bool before = inOutput_;
  inOutput_ = true;
  for (const Statement* output : component.outputs) (void)eval(output->value, env, typeOf(output->type, nullptr, nullptr, env));
  inOutput_ = before;
  component.active = false;
}

}  // namespace mlstack::sema
