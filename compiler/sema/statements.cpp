// Statements that may stand in any block, and what a block's mode makes of the others. Check mode:
// blocks that did not run are run at the end, once, with values that are not known.

#include <fmt/format.h>

#include "sema/evaluator.h"
#include "sema/targets.h"

namespace mlstack::sema {

StatementInfo& Evaluator::infoOf(const Statement& s, const void* context) {
  const void* tag = reinterpret_cast<const void*>(run_);
  StatementInfo* first = nullptr;
  if (s.cacheFor == tag) {
    first = const_cast<StatementInfo*>(static_cast<const StatementInfo*>(s.cache));
    for (StatementInfo* info = first; info != nullptr; info = info->next) {
      if (info->context == context) return *info;
    }
  }
  StatementInfo& info = infos_.emplace_back();
  info.context = context;
  info.next = first;
  s.cache = &info;
  s.cacheFor = tag;
  return info;
}

Body* Evaluator::bodyOf(StatementInfo& info, const Statement& s, const Kind* kind, bool plain) {
  if (info.body == nullptr) info.body = makeBody(s.body, kind, plain);
  return info.body;
}

std::pair<Body*, Body*> Evaluator::ifBody(const Statement& s, const Kind* kind) {
  auto& info = infoOf(s, kind);
  if (info.body == nullptr) {
    const bool plain = kind == nullptr && plainBlock_ != 0;
    info.body = makeBody(s.body, kind, plain);
    if (!s.otherwise.empty()) info.otherwise = makeBody(s.otherwise, kind, plain);
  }
  return {info.body, info.otherwise};
}

void Evaluator::runItems(std::span<Statement* const> items, Env* env, Block& block) {
  for (const Statement* s : items) runStatement(*s, env, block);
}

void Evaluator::runBody(Body& body, Env* env, Block& block) {
  if (checking_ == 0) body.reached = true;
  Body* before = block.body;
  block.body = &body;
  runItems(body.items, enter(body, env), block);
  block.body = before;
}

void Evaluator::misplaced(const Statement& s, std::string_view where) {
  std::string_view what = "this statement";
  switch (s.kind) {
    case StatementKind::Stack: what = "`stack`"; break;
    case StatementKind::Import: what = "`import`"; break;
    case StatementKind::Param: what = "`param`"; break;
    case StatementKind::Kind: what = "`kind`"; break;
    case StatementKind::Component: what = "`component`"; break;
    case StatementKind::Output: what = "`output`"; break;
    case StatementKind::External: what = "`external`"; break;
    case StatementKind::Object: what = "`object`"; break;
    case StatementKind::Field: what = "a field"; break;
    case StatementKind::Spread: what = "`...`"; break;
    case StatementKind::Use: what = "this line"; break;
    case StatementKind::Allow: what = "`allow`"; break;
    case StatementKind::Error: case StatementKind::Let: case StatementKind::For: case StatementKind::If: case StatementKind::Assert:
      break;
  }
  auto d = diag::make<diag::Code::MisplacedStatement>(s.headSpan.known() ? s.headSpan : s.span, what, where);
  if (s.kind == StatementKind::Field && s.head.size() == 1) {
    const auto name = symbols_.text(s.head[0].symbol);
    const bool word = name == "let" || name == "output" || name == "param";
    d.help = word ? fmt::format("`{} NAME{} = …`: it lacks its name", name, name == "param" ? ": TYPE" : "")
                  : fmt::format("`let {} = …` names a value", name);
  }
  (void)errorAt(std::move(d));
}

void Evaluator::runStatement(const Statement& s, Env* env, Block& block) {
  running_ = s.headSpan.known() ? s.headSpan : s.span;
  if (!spend(Budget::Steps, 1)) return;
  const bool things = block.mode == BlockMode::Things;
  switch (s.kind) {
    case StatementKind::Error: return;
    case StatementKind::Field: return runField(s, env, block);
    case StatementKind::Use: return runUse(s, env, block);
    case StatementKind::Let: return runLet(s, env);
    case StatementKind::For: return runFor(s, env, block);
    case StatementKind::If: return runIf(s, env, block);
    case StatementKind::Assert: return runAssert(s, env);
    case StatementKind::Allow: return runAllow(s, env, block);
    case StatementKind::Spread: return runSpread(s, env, block);
    case StatementKind::External: case StatementKind::Object:
      if (!things) return misplaced(s, "inside a block: it is an object of its own");
      return s.kind == StatementKind::Object ? runObject(s, env, block) : runThing(s, env, block);
    case StatementKind::Output: return runOutput(s, env, block);
    case StatementKind::Stack: return misplaced(s, env->unit != nullptr && env->unit->library && env->parent == nullptr
                                                      ? "in a library file" : "here: it is the first statement of a file");
    case StatementKind::Import:
      if (env->parent != nullptr || !things) misplaced(s, "inside a block");
      return;
    case StatementKind::Param:
      if (env->parent == nullptr && env->unit->library) return misplaced(s, "in a library file: its components have parameters");
      if (!things || (env->parent != nullptr && (env->use == nullptr || env->use->env != env))) misplaced(s, "inside a block");
      return;
    case StatementKind::Kind: case StatementKind::Component: {
      if (!things) return misplaced(s, "inside a block of fields");
      const Found found = find(env, s.name.symbol);
      if (s.kind == StatementKind::Kind && found && found.decl().statement == &s && kindOf(found) != nullptr) {
        auto& kind = const_cast<Kind&>(*found.decl().builtKind);   // made in this arena
        if (!kind.broken) kind.broken = !checkTargets(s, kind, catalog_, schema::versionBit(program_->kubernetes), symbols_, sink_);
      }
      return;
    }
  }
}

void Evaluator::runLet(const Statement& s, Env* env) {
  const Found found = find(env, s.name.symbol);
  if (found && found.decl().statement == &s) (void)force(found, s.name.span);
}

void Evaluator::runFor(const Statement& s, Env* env, Block& block) {
  auto& info = infoOf(s, block.kind);
  if (info.body == nullptr) {
    Body& made = bodies_.emplace_back();
    made.items = s.body;
    made.kind = block.mode == BlockMode::Instance ? block.kind : nullptr;
    made.plain = block.mode != BlockMode::Things && block.mode != BlockMode::Instance;
    declare(made, {.name = s.name.symbol, .kind = DeclKind::Variable, .span = s.name.span});
    if (s.second.symbol) declare(made, {.name = s.second.symbol, .kind = DeclKind::Variable, .span = s.second.span});
    declareItems(made);
    info.body = &made;
  }
  if (s.value == nullptr) return;
  Body& body = *info.body;
  Walk walk = walkOver(*s.value, env);
  const bool dry = !walk.known || walk.count == 0;
  if (checking_ != 0 || dry) {
    if (checking_ == 0 && (body.reached || body.queued)) return;
    Env* inner = makeEnv(body, env);
    if (dry) walk.known = false;
    bindStep(walk, 0, s.second.symbol, inner->slots);
    if (checking_ == 0) {
      body.queued = true;
      laterBodies_.push_back({&body, inner, emptyCopy(block), true});
      return;
    }
    hoist(*inner);
    Block copy = emptyCopy(block);
    copy.body = &body;
    runItems(body.items, inner, copy);
    return;
  }
  body.reached = true;
  Body* before = block.body;
  block.body = &body;
  if (mayHandOver(env, body, block)) {
    handOver(false);
    runTurns(s, walk, body, env, block);
  } else {
    for (std::size_t i = 0; i < walk.count; ++i) {
      if (!spend(Budget::Steps, 1, s.headSpan.known() ? s.headSpan : s.span)) break;
      Env* inner = makeEnv(body, env);
      bindStep(walk, i, s.second.symbol, inner->slots);
      hoist(*inner);
      runItems(body.items, inner, block);
    }
  }
  block.body = before;
}

/// Turns that are handed over one by one.
void Evaluator::runTurns(const Statement& s, const Walk& walk, Body& body, Env* env, Block& block) {
  constexpr unsigned kTries = 8;       // turns that came to nothing, until none is expected to
  constexpr std::size_t kWorth = 4;    // of fewer turns none is made like another
  TurnPattern pattern;
  unsigned tries = walk.count < kWorth || !options_.repeat ? kTries : 0;
  for (std::size_t i = 0; i < walk.count; ++i) {
    if (!spend(Budget::Steps, 1, s.headSpan.known() ? s.headSpan : s.span)) break;
    if (turn_ == nullptr) turn_ = std::make_unique<base::Arena>();
    const InArena within(*this, turn_.get());
    turnNumber_ = ++turns_;
    Env* inner = makeEnv(body, env);
    bindStep(walk, i, s.second.symbol, inner->slots);
    if (pattern.ready && tries < kTries) {
      if (repeatTurn(pattern, *inner)) {
        turn_->recycle();
        turnNumber_ = 0;
        continue;
      }
      ++tries;
      inner = makeEnv(body, env);
      bindStep(walk, i, s.second.symbol, inner->slots);
    }
    // What statements mean is known once they have run.
    if (i == 1 && tries < kTries && !mayRepeat(body, env, pattern)) tries = kTries;
    const bool noting = i > 0 && tries < kTries;
    if (noting) beginNotes(pattern, *inner);
    const std::uint64_t spent[3] = {spent_[0], spent_[1], spent_[2]};
    const std::size_t held = heldByTurns();
    const std::size_t said = sink_.all().size();
    const std::size_t touched = errorsTouched_;
    hoist(*inner);
    runItems(body.items, inner, block);
    const bool vanishing = heldByTurns() == held;
    if (noting) endNotes(spent, vanishing && sink_.all().size() == said && errorsTouched_ == touched);
    endTurn(vanishing);
    program_->turnTexts.clear();
    if (!noting) continue;
    pattern.ready = pattern.sound && sink_.all().size() == said;
    if (!pattern.ready) ++tries;
  }
}

/// Whether the turns of a loop can be lowered one by one: it stands in the stack itself, and everything that
/// its turns can refer to is whole.
bool Evaluator::mayHandOver(const Env* env, const Body& body, const Block& block) const {
  if (!options_.finished || checking_ != 0 || quiet_ != 0 || block.mode != BlockMode::Things) return false;
  if (env->parent != nullptr || env->use != nullptr || env->unit->library || arena_ != &program_->arena) return false;
  for (const Decl& decl : body.decls) {
    if (decl.kind == DeclKind::Component || decl.kind == DeclKind::Kind) return false;
  }
  for (const Unit& unit : units_) {
    if (!unit.ran || unit.env == nullptr) return false;
    for (std::size_t i = 0; i < unit.body->decls.size(); ++i) {
      const Value& value = unit.env->slots[i].value;
      if (unit.body->decls[i].kind != DeclKind::Thing || value.kind != ValueKind::Ref) continue;
      if (static_cast<const DeclaredInstance*>(value.instance)->progress != Progress::Done) return false;
    }
  }
  return true;
}

/// Grows when something outside of a turn came to hold what may live in it.
std::size_t Evaluator::heldByTurns() const {
  std::size_t held = laterBodies_.size() + laterExprs_.size() + kindEnv_.size() + program_->outputs.size() + program_->allows.size();
  for (const Component& component : components_) held += component.env != nullptr ? 1 : 0;
  return held;
}

void Evaluator::handOver(bool vanishing) {
  if (program_->resources.empty()) return;
  const auto errors = sink_.errorCount();
  options_.finished(*program_, program_->resources, vanishing ? turn_.get() : nullptr);
  foreignErrors_ += sink_.errorCount() - errors;
  program_->handedOver += static_cast<std::uint32_t>(program_->resources.size());
  program_->resources.clear();
}

void Evaluator::endTurn(bool vanishing) {
  handOver(vanishing);
  if (vanishing) turn_->recycle();
  else program_->turns.push_back(std::move(turn_));
  turnNumber_ = 0;
}

void Evaluator::runIf(const Statement& s, Env* env, Block& block) {
  const bool plain = block.mode != BlockMode::Things && block.mode != BlockMode::Instance;
  plainBlock_ += plain ? 1 : 0;
  const auto [then, otherwise] = ifBody(s, block.kind);
  plainBlock_ -= plain ? 1 : 0;
  const Place before = place_;
  place_ = {Place::Kind::Condition, {}};
  const Value condition = eval(s.value, env, &types::kBool);
  place_ = before;
  if (checking_ != 0) {
    for (Body* body : {then, otherwise}) {
      if (body == nullptr) continue;
      Block copy = emptyCopy(block);
      runBody(*body, env, copy);
    }
    return;
  }
  if (condition.kind != ValueKind::Bool) {
    checkLater(then, env, block);
    checkLater(otherwise, env, block);
    return;
  }
  Body* taken = condition.boolean ? then : otherwise;
  checkLater(condition.boolean ? otherwise : then, env, block);
  if (taken != nullptr) runBody(*taken, env, block);
}

void Evaluator::runAssert(const Statement& s, Env* env) {
  const Place before = place_;
  place_ = {Place::Kind::Condition, {}};
  const Value condition = eval(s.value, env, &types::kBool);
  place_ = before;
  const Value message = s.at != nullptr ? eval(s.at, env, &types::kString) : Value{};
  if (condition.kind != ValueKind::Bool || condition.boolean) return;
  std::string text = "this assertion does not hold";
  if (message.kind == ValueKind::String) text = message.text();
  valueError(diag::make<diag::Code::FailedAssertion>(s.value->span, text));
}

void Evaluator::runAllow(const Statement& s, Env* env, Block& block) {
  const Value reason = s.value != nullptr ? eval(s.value, env, &types::kString) : Value{};
  const auto text = symbols_.text(s.name.symbol);
  std::uint16_t code = 0;
  std::vector<std::string> known;
  for (const auto& row : diag::allRows()) {
    const auto number = static_cast<std::uint16_t>(row.code);
    if (number < 3000 || number > 3999) continue;
    known.push_back(diag::codeText(row.code));
    if (known.back() == text || row.name == text) code = number;
  }
  if (code == 0) {
    auto d = diag::make<diag::Code::UnknownRule>(s.name.span, text);
    d.help = "storage rules have the codes MLS3001 and up";
    const std::vector<std::string_view> names(known.begin(), known.end());
    if (const auto near = diag::nearest(text, names); !near.empty()) d.help = fmt::format("did you mean {}?", near);
    (void)errorAt(std::move(d));
    return;
  }
  if (checking_ != 0) return;
  auto* allow = arena().make<AllowValue>();
  allow->code = code;
  if (reason.kind == ValueKind::String) allow->reason = reason.text();
  allow->span = s.span;
  if (block.mode == BlockMode::Instance && block.allowTail != nullptr) {
    *block.allowTail = allow;
    block.allowTail = &allow->next;
  } else if (block.mode == BlockMode::Arguments && block.use != nullptr) {
    allow->next = block.use->allows;
    block.use->allows = allow;
  } else if (block.mode == BlockMode::Things && env->use != nullptr) {
    allow->next = env->use->allows;
    env->use->allows = allow;
  } else if (block.mode == BlockMode::Things) {
    program_->allows.push_back(*allow);
  } else {
    misplaced(s, "here: it belongs to a thing or to the stack");
  }
}

void Evaluator::runOutput(const Statement& s, Env* env, Block& block) {
  if (block.mode != BlockMode::Things) return misplaced(s, "inside a block of fields");
  if (env->use != nullptr) {
    if (env->use->env != env && env->use->env != nullptr) return misplaced(s, "inside a block of a component");
    return;   // exports are read with the use
  }
  if (env->unit->library) return misplaced(s, "in a library file");
  const bool before = inOutput_;
  inOutput_ = true;
  const Place placeBefore = place_;
  place_ = {Place::Kind::Parameter, symbols_.text(s.name.symbol)};
  const Type* type = typeOf(s.type, nullptr, nullptr, env);
  const Value value = eval(s.value, env, type);
  place_ = placeBefore;
  inOutput_ = before;
  for (const OutputValue& other : program_->outputs) {
    if (other.name != s.name.symbol || checking_ != 0) continue;
    (void)errorAt(diag::make<diag::Code::DuplicateName>(s.name.span, symbols_.text(s.name.symbol)).note(other.span, "first declared here"));
    return;
  }
  if (value.kind == ValueKind::Suffixed) {
    (void)errorAt(diag::make<diag::Code::SuffixMeaning>(s.value->span, value.text())
                      .hint(fmt::format("write `output {}: duration = …` or `: quantity`", symbols_.text(s.name.symbol))));
    return;
  }
  if (value.kind == ValueKind::Error || checking_ != 0) return;
  OutputValue output;
  output.name = s.name.symbol;
  const Type* shown = type != nullptr ? type : generalType(value);
  output.type = shown != nullptr ? arena().copy(typeText(*shown)) : std::string_view("string");
  output.value = value;
  output.doc = s.doc;
  output.span = s.name.span;
  program_->outputs.push_back(output);
}

void Evaluator::runField(const Statement& s, Env* env, Block& block) {
  switch (block.mode) {
    case BlockMode::Instance: return instanceField(s, env, block);
    case BlockMode::Entries: return entryField(s, env, block);
    case BlockMode::OpenParts: return openPart(s, env, block);
    case BlockMode::Arguments: return argumentField(s, env, block);
    case BlockMode::Things:
      misplaced(s, "outside a block");
      (void)eval(s.value, env, nullptr);
      return;
  }
}

void Evaluator::runUse(const Statement& s, Env* env, Block& block) {
  switch (block.mode) {
    case BlockMode::Instance: return instanceUse(s, env, block);
    case BlockMode::Entries: return entryBlock(s, env, block);
    case BlockMode::OpenParts: return openPart(s, env, block);
    case BlockMode::Arguments: return argumentBlock(s, env, block);
    case BlockMode::Things: return runThing(s, env, block);
  }
}

void Evaluator::runSpread(const Statement& s, Env* env, Block& block) {
  if (block.mode == BlockMode::Things || block.mode == BlockMode::Arguments) return misplaced(s, "here");
  const Value value = eval(s.value, env, nullptr);
  const Span span = s.value != nullptr ? s.value->span : s.span;
  if (block.mode == BlockMode::Instance && s.value != nullptr && s.value->kind == ExprKind::NameRef) {
    // Whether the kind takes such lines does not depend on whether any were handed over.
    const Found found = find(env, *s.value);
    if (found && found.decl().kind == DeclKind::Param && !handedTypeFits(found, block, span)) return;
  }
  switch (value.kind) {
    case ValueKind::Error: case ValueKind::Unknown: case ValueKind::Null: return;
    case ValueKind::Parts:
      if (block.mode == BlockMode::Instance) return spreadParts(value, block, span);
      break;
    case ValueKind::Map:
      if (block.mode == BlockMode::Entries) {
        for (const Entry& entry : value.map()) insertEntry(*block.entries, entry, true);
        return;
      }
      if (block.mode == BlockMode::OpenParts) {
        for (const Entry& entry : value.map()) {
          openPartFromValue(*block.outer, *block.member, *block.partKind, symbols_.text(entry.key), entry.value, entry.keySpan,
                            entry.span.known() ? entry.span : span, nullptr);
        }
        return;
      }
      break;
    case ValueKind::Bool: case ValueKind::Int: case ValueKind::Float: case ValueKind::String: case ValueKind::Quantity:
    case ValueKind::Duration: case ValueKind::Suffixed: case ValueKind::Range: case ValueKind::List: case ValueKind::Ref:
    case ValueKind::KeyOf: case ValueKind::Fragment: case ValueKind::Cluster:
      break;
  }
  (void)errorAt(diag::make<diag::Code::WrongType>(span, describedValue(value), "`...` here",
                                                  block.mode == BlockMode::Instance ? "lines handed through a component (`parts<…>`)" : "a map"));
}

Block Evaluator::emptyCopy(const Block& block) {
  Block copy = block;
  copy.seen[0] = copy.seen[1] = 0;
  switch (block.mode) {
    case BlockMode::Things: break;
    case BlockMode::Instance: {
      Instance* instance = arena().make<Instance>(*block.instance);
      instance->fields = nullptr;
      instance->parts = nullptr;
      instance->allows = nullptr;
      instance->overlays = nullptr;
      instance->declared = false;
      copy.instance = instance;
      copy.info = nullptr;
      copy.fieldTail = &instance->fields;
      copy.partTail = &instance->parts;
      copy.allowTail = &instance->allows;
      copy.overlayTail = &instance->overlays;
      break;
    }
    case BlockMode::OpenParts: copy.outer = &spareBlocks_.emplace_back(emptyCopy(*block.outer)); break;
    case BlockMode::Entries: copy.entries = &spareEntries_.emplace_back(); break;
    case BlockMode::Arguments: {
      auto* use = arena().make<ComponentUse>(*block.use);
      const auto count = block.use->component->params.size();
      use->arguments = static_cast<Slot*>(arena().allocate((count + 1) * sizeof(Slot), alignof(Slot)));
      for (std::size_t i = 0; i < count; ++i) ::new (use->arguments + i) Slot{};
      use->argumentSpans = static_cast<Span*>(arena().allocate((count + 1) * sizeof(Span), alignof(Span)));
      for (std::size_t i = 0; i < count; ++i) ::new (use->argumentSpans + i) Span{};
      copy.use = use;
      copy.handed = &spareHanded_.emplace_back(count);
      break;
    }
  }
  return copy;
}

void Evaluator::checkLater(Body* body, Env* env, const Block& block) {
  if (body == nullptr || body->reached || body->queued) return;
  body->queued = true;
  laterBodies_.push_back({body, env, emptyCopy(block), false});
}

void Evaluator::runChecks() {
  ++checking_;
  bool more = true;
  while (more) {
    more = false;
    while (!laterBodies_.empty() || !laterExprs_.empty()) {
      if (!laterBodies_.empty()) {
        LaterBody later = laterBodies_.front();
        laterBodies_.pop_front();
        if (later.body->reached) continue;
        if (!later.entered) {
          runBody(*later.body, later.env, later.block);
          continue;
        }
        hoist(*later.env);
        later.block.body = later.body;
        runItems(later.body->items, later.env, later.block);
        continue;
      }
      const LaterExpr later = laterExprs_.front();
      laterExprs_.pop_front();
      if ((flagsOf(*later.owner) & later.reached) != 0) continue;
      (void)(later.isRaw ? evalRaw(later.e, later.env, later.raw) : eval(later.e, later.env, later.expected));
    }
    for (std::size_t i = 0; i < components_.size(); ++i) {
      if (components_[i].checked || components_[i].env == nullptr) continue;
      components_[i].checked = true;
      checkComponent(components_[i]);
      more = true;
    }
  }
  --checking_;
}

}  // namespace mlstack::sema
