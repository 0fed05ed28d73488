// Names: what a block declares, where a name leads, and values that are made when first asked for.

#include <fmt/format.h>

#include "sema/evaluator.h"

namespace mlstack::sema {

namespace {

constexpr std::uint32_t kNotFound = 0xffffffffu;
constexpr std::size_t kManyNames = 8;

bool isStraight(StatementKind kind) {
  return kind != StatementKind::If && kind != StatementKind::For && kind != StatementKind::Spread &&
         kind != StatementKind::Error;
}

}  // namespace

std::uint32_t Evaluator::indexIn(const Body& body, Symbol name) {
  if (body.decls.size() > kManyNames) {
    const auto found = body.index->find(name.id);
    return found == body.index->end() ? kNotFound : found->second;
  }
  for (std::uint32_t i = 0; i < body.decls.size(); ++i) {
    if (body.decls[i].name == name) return i;
  }
  return kNotFound;
}

void Evaluator::declare(Body& body, const Decl& decl) {
  if (!decl.name) return;
  const auto named = indexIn(body, decl.name);
  const auto clash = named == kNotFound ? kNotFound : clashOf(body, named, decl);
  if (clash != kNotFound && (decl.kind == DeclKind::Unread || body.decls[clash].kind == DeclKind::Unread)) return;
  if (clash != kNotFound) {
    const auto& first = body.decls[clash];
    auto d = diag::make<diag::Code::DuplicateName>(decl.span, symbols_.text(decl.name));
    if (first.span.known()) d.related.push_back({first.span, "first declared here"});
    d.help = "only things of different kinds share a name in a block; `name = \"…\"` in the body names the object otherwise than its label";
    (void)errorAt(std::move(d));
    return;
  }
  if (named != kNotFound) joinTwins(body, named);
  body.decls.push_back(decl);
  const auto size = body.decls.size();
  if (size == kManyNames + 1) {
    body.index = std::make_unique<std::unordered_map<std::uint32_t, std::uint32_t>>();
    for (std::uint32_t i = 0; i < size; ++i) body.index->emplace(body.decls[i].name.id, i);
  } else if (size > kManyNames) {
    body.index->emplace(decl.name.id, static_cast<std::uint32_t>(size - 1));
  }
}

Symbol Evaluator::labelSymbol(const Statement& s) const {
  if (s.label == nullptr) return {};
  if (s.label->kind == ExprKind::NameRef) return s.label->name;
  if (s.label->kind == ExprKind::String) return symbols_.intern(s.label->text);
  return {};
}

bool Evaluator::declaresPart(const Statement& s, const Kind& kind) const {
  if (s.kind != StatementKind::Use || s.head.size() != 1 || s.label == nullptr || s.at != nullptr || s.value != nullptr) return false;
  if (s.label->kind != ExprKind::NameRef && s.label->kind != ExprKind::String) return false;
  const Member* member = memberFor(kind, s);
  if (member == nullptr || member->part.empty()) return false;
  const Kind* part = const_cast<Evaluator*>(this)->partKind(*member, s, nullptr);
  return part != nullptr && (part->role == KindRole::PodScratch || part->role == KindRole::ClaimTemplate ||
                             part->role == KindRole::Ephemeral);
}

const Member* Evaluator::memberFor(const Kind& kind, const Statement& s) const {
  const auto text = symbols_.text(s.head[0].symbol);
  // `scratch cache { … }` names a folder of the pod, `scratch 16Gi at "/x"` is a mount.
  if (text == "scratch" && s.at == nullptr && s.label != nullptr &&
      (s.label->kind == ExprKind::NameRef || s.label->kind == ExprKind::String)) {
    if (const Member* pods = kind.find("pod-scratch")) return pods;
  }
  const Member* member = kind.find(text);
  const bool operand = text == "label" || text == "value" || text == "at";
  return operand ? nullptr : member;
}

/// A kind of the language means the same in every stack: nothing takes its name. A component may be called as a part is,
/// because parts stand where no component can.
void Evaluator::checkDeclaredKind(const Statement& s) {
  const auto text = symbols_.text(s.name.symbol);
  const Kind* kind = s.name.symbol ? preludeKind(text) : nullptr;
  if (kind == nullptr || (s.kind == StatementKind::Component && kind->api.empty())) return;
  (void)errorAt(diag::make<diag::Code::BuiltinName>(s.name.span, text, s.kind == StatementKind::Kind ? "kind" : "component")
                    .hint(fmt::format("choose another name, such as `my-{}`; `mlstackc explain {}` tells what this one is", text, text)));
}

void Evaluator::declareItems(Body& body) {
  for (const Statement* s : body.items) {
    if (!isStraight(s->kind)) body.straight = false;
    if (s->kind == StatementKind::Error) body.broken = true;
    switch (s->kind) {
      case StatementKind::Let:
        declare(body, {.name = s->name.symbol, .kind = DeclKind::Let, .statement = s, .span = s->name.span});
        break;
      case StatementKind::Param:
        declare(body, {.name = s->name.symbol, .kind = DeclKind::Param, .statement = s, .span = s->name.span});
        break;
      case StatementKind::Kind:
        checkDeclaredKind(*s);
        declare(body, {.name = s->name.symbol, .kind = DeclKind::Kind, .statement = s, .span = s->name.span});
        break;
      case StatementKind::Component: {
        checkDeclaredKind(*s);
        auto& component = components_.emplace_back();
        component.statement = s;
        component.name = s->name.symbol;
        declare(body, {.name = s->name.symbol, .kind = DeclKind::Component, .statement = s, .span = s->name.span,
                       .component = &component});
        break;
      }
      case StatementKind::Import: {
        Symbol name = s->name.symbol;
        if (!name && s->value != nullptr) {
          auto path = s->value->text;
          path = path.substr(path.rfind('/') + 1);
          if (path.ends_with(".mlstack")) path.remove_suffix(8);
          name = symbols_.intern(path);
        }
        const Span span = s->name.symbol ? s->name.span : (s->value != nullptr ? s->value->span : s->span);
        declare(body, {.name = name, .kind = DeclKind::Import, .statement = s, .span = span});
        break;
      }
      case StatementKind::Use: case StatementKind::External: case StatementKind::Object: {
        if (body.plain) break;
        const bool declares = body.kind != nullptr ? declaresPart(*s, *body.kind)
                                                   : s->label != nullptr && s->at == nullptr && s->value == nullptr;
        if (s->kind == StatementKind::Object && body.kind != nullptr) break;
        if (body.kind == nullptr && s->kind == StatementKind::Use && s->value != nullptr && s->label != nullptr && s->label->kind == ExprKind::NameRef) {
          // `const n = 3`: whatever is said of it, its name was meant to be one.
          declare(body, {.name = s->label->name, .kind = DeclKind::Unread, .statement = s, .span = s->label->span});
          break;
        }
        const bool objectText = s->kind == StatementKind::Object && s->label != nullptr;
        if (declares || (objectText && body.kind == nullptr)) {
          declare(body, {.name = labelSymbol(*s), .kind = DeclKind::Thing, .statement = s,
                         .span = s->label->span});
        }
        break;
      }
      case StatementKind::Error:
        if (s->name.symbol) declare(body, {.name = s->name.symbol, .kind = DeclKind::Unread, .statement = s, .span = s->name.span});
        break;
      case StatementKind::Stack: case StatementKind::For: case StatementKind::If:
      case StatementKind::Assert: case StatementKind::Output: case StatementKind::Allow: case StatementKind::Spread:
      case StatementKind::Field:
        break;
    }
  }
}

Body* Evaluator::makeBody(std::span<Statement* const> items, const Kind* kind, bool plain) {
  Body& body = bodies_.emplace_back();
  body.items = items;
  body.kind = kind;
  body.plain = plain;
  declareItems(body);
  return &body;
}

Env* Evaluator::makeEnv(Body& body, Env* parent) {
  Env* env = arena().make<Env>();
  env->arena = arena_;
  env->body = &body;
  env->parent = parent;
  if (parent != nullptr) {
    env->unit = parent->unit;
    env->use = parent->use;
  }
  const auto count = body.decls.size();
  if (count != 0) {
    env->slots = static_cast<Slot*>(arena().allocate(count * sizeof(Slot), alignof(Slot)));
    for (std::size_t i = 0; i < count; ++i) ::new (env->slots + i) Slot{};
  }
  return env;
}

Env* Evaluator::enter(Body& body, Env* parent) {
  if (body.decls.empty()) return parent;
  Env* env = makeEnv(body, parent);
  hoist(*env);
  return env;
}

void Evaluator::hoist(Env& env) {
  Body& body = *env.body;
  for (std::size_t i = 0; i < body.decls.size(); ++i) {
    const Decl& decl = body.decls[i];
    if (decl.kind == DeclKind::Component && decl.component->env == nullptr) decl.component->env = &env;
    if (decl.kind != DeclKind::Thing && decl.kind != DeclKind::Unread) continue;
    Slot& slot = env.slots[i];
    slot.state = SlotState::Done;
    slot.value.kind = ValueKind::Error;
    if (decl.kind == DeclKind::Unread) continue;
    const Statement& s = *decl.statement;
    DeclaredInstance* made = nullptr;
    if (s.kind == StatementKind::Object) {
      made = makeThing(s, &env, infoOf(s, nullptr));
    } else if (body.kind != nullptr) {
      auto& info = infoOf(s, body.kind);
      if (info.member == nullptr) info.member = memberFor(*body.kind, s);
      if (info.kind == nullptr) info.kind = partKind(*info.member, s, &env);
      made = makeThing(s, &env, info);
    } else {
      auto& info = infoOf(s, nullptr);
      resolveUse(s, &env, info);
      if (info.kind != nullptr) made = makeThing(s, &env, info);
      if (info.component != nullptr) made = makeUse(s, &env, info);
    }
    if (made == nullptr) continue;
    slot.value.kind = ValueKind::Ref;
    slot.value.instance = made;
  }
}

Evaluator::Found Evaluator::find(Env* env, Symbol name) const {
  for (; env != nullptr; env = env->parent) {
    if (const auto at = indexIn(*env->body, name); at != kNotFound) return {env, at};
  }
  return {};
}

Evaluator::Found Evaluator::find(Env* env, const Expr& name) const {
  // The place of a name is lexical: how many blocks out, and which slot there. It is proven on every use,
  // because a tree may be evaluated again after other files changed.
  if (name.slot != 0) {
    Env* at = env;
    for (std::uint32_t out = (name.slot >> 24) - 1; out != 0 && at != nullptr; --out) at = at->parent;
    const std::uint32_t index = name.slot & 0xffffffu;
    if (at != nullptr && index < at->body->decls.size() && at->body->decls[index].name == name.name) return {at, index};
  }
  std::uint32_t out = 1;
  for (; env != nullptr; env = env->parent, ++out) {
    if (const auto at = indexIn(*env->body, name.name); at != kNotFound) {
      if (out < 255 && at < 0x1000000u) const_cast<Expr&>(name).slot = out << 24 | at;
      return {env, at};
    }
  }
  return {};
}

namespace {

std::string_view declWord(DeclKind kind) {
  switch (kind) {
    case DeclKind::Component: return "a component";
    case DeclKind::Kind: return "a kind";
    case DeclKind::Import: return "an imported file";
    case DeclKind::Variable: case DeclKind::Let: case DeclKind::Param: case DeclKind::Thing: case DeclKind::Unread: return "a value";
  }
  return {};
}

}  // namespace

Value Evaluator::force(const Found& found, Span use) {
  Slot& slot = found.slot();
  if (slot.state == SlotState::Done) return slot.value;
  const Decl& decl = found.decl();
  switch (decl.kind) {
    case DeclKind::Let: case DeclKind::Param: return forceLet(found, use);
    case DeclKind::Variable: case DeclKind::Thing: case DeclKind::Unread: return slot.value;
    case DeclKind::Component: case DeclKind::Kind: case DeclKind::Import: break;
  }
  return errorAt(diag::make<diag::Code::BareFieldValue>(use, symbols_.text(decl.name), declWord(decl.kind))
                     .note(decl.span, "declared here"));
}

Value Evaluator::forceLet(const Found& found, Span use) {
  Slot& slot = found.slot();
  const Decl& decl = found.decl();
  if (slot.state == SlotState::Busy) {
    return errorAt(diag::make<diag::Code::CyclicValue>(decl.span, symbols_.text(decl.name))
                       .note(use, "needed again here"));
  }
  slot.state = SlotState::Busy;
  const InArena within(*this, found.env->arena);
  if (decl.kind == DeclKind::Param && found.env->use == nullptr && !found.env->unit->library && found.env->parent == nullptr) {
    paramValue(found);
    slot.state = SlotState::Done;
    return slot.value;
  }
  const Place before = place_;
  place_ = {Place::Kind::Parameter, symbols_.text(decl.name)};
  const Type* type = declaredType(found);
  const Expr* e = decl.statement->value;
  slot.value = e == nullptr ? unknown(type) : eval(e, found.env, type);
  place_ = before;
  if (slot.value.kind == ValueKind::Suffixed) {
    slot.value = errorAt(diag::make<diag::Code::SuffixMeaning>(e->span, slot.value.text())
                             .hint(fmt::format("give it a type: `{} {}: duration = …` or `: quantity`",
                                               decl.kind == DeclKind::Let ? "let" : "param", symbols_.text(decl.name))));
  }
  slot.state = SlotState::Done;
  return slot.value;
}

const Type* Evaluator::declaredType(const Found& found) {
  Decl& decl = found.decl();
  if (!decl.typed) {
    decl.typed = true;
    const Statement& s = *decl.statement;
    const bool refined = s.kind == StatementKind::Param;
    decl.type = typeOf(s.type, refined ? s.range : nullptr, refined ? s.pattern : nullptr, found.env);
  }
  return decl.type;
}

const Type* Evaluator::typeOf(const syntax::TypeExpr* type, const Expr* range, const Expr* pattern, Env* env) {
  if (type == nullptr) return nullptr;
  const KindLookup lookup = [this, env](std::string_view name) { return kindNamed(name, env); };
  const Type* built = buildType(*type, lasting(), symbols_, lookup, sink_);
  return refineType(built, range, pattern, lasting(), sink_);
}

const Kind* Evaluator::kindNamed(std::string_view name, Env* env) {
  const auto dot = name.find('.');
  if (dot != std::string_view::npos) {
    const Found found = find(env, symbols_.intern(name.substr(0, dot)));
    if (!found || found.decl().kind != DeclKind::Import || found.decl().unit == nullptr) return nullptr;
    Unit& unit = *found.decl().unit;
    if (unit.env == nullptr) return nullptr;
    const auto at = indexIn(*unit.body, symbols_.intern(name.substr(dot + 1)));
    if (at != kNotFound && unit.body->decls[at].kind == DeclKind::Unread) return &kUnreadKind;
    return at == kNotFound || unit.body->decls[at].kind != DeclKind::Kind ? nullptr : kindOf({unit.env, at});
  }
  const Symbol symbol = symbols_.intern(name);
  for (Env* at = env; at != nullptr; at = at->parent) {
    const auto index = indexIn(*at->body, symbol);
    if (index == kNotFound) continue;
    if (at->body->decls[index].kind == DeclKind::Kind) return kindOf({at, index});
    if (at->body->decls[index].kind == DeclKind::Unread) return &kUnreadKind;
  }
  return preludeKind(name);
}

const Kind* Evaluator::kindOf(const Found& found) {
  Decl& decl = found.decl();
  if (decl.builtKind != nullptr) return decl.builtKind;
  // Members may refer to the kind itself: its address stands before its members are known.
  Kind* kind = lasting().make<Kind>();
  kind->name = symbols_.text(decl.name);
  decl.builtKind = kind;
  kindEnv_.emplace(kind, found.env);
  const KindLookup lookup = [this, env = found.env](std::string_view name) { return kindNamed(name, env); };
  if (const Kind* built = buildKind(*decl.statement, lasting(), symbols_, lookup, sink_)) *kind = *built;
  return kind;
}

std::vector<std::string_view> Evaluator::visibleNames(Env* env) const {
  std::vector<std::string_view> names;
  for (; env != nullptr; env = env->parent) {
    for (const Decl& decl : env->body->decls) {
      names.push_back(symbols_.text(decl.name));
      if (names.size() > 20000) return names;
    }
  }
  return names;
}

namespace {

/// Where a name is declared inside of a `for`, an `if` or a component among `items`.
struct Hidden {
  const Statement* around = nullptr;
  Span at;
};

Hidden hiddenIn(std::span<Statement* const> items, Symbol name, const Statement* around, unsigned depth) {
  constexpr unsigned kDeep = 16;   // who nests deeper is told less
  for (const Statement* s : items) {
    const bool named = s->kind == StatementKind::Let || s->kind == StatementKind::Param || s->kind == StatementKind::Component ||
                       s->kind == StatementKind::Kind;
    const bool thing = s->kind == StatementKind::Use || s->kind == StatementKind::External || s->kind == StatementKind::Object;
    if (around != nullptr && named && s->name.symbol == name) return {around, s->name.span};
    if (around != nullptr && thing && s->at == nullptr && s->value == nullptr && s->label != nullptr && s->label->kind == ExprKind::NameRef &&
        s->label->name == name) {
      return {around, s->label->span};
    }
    const bool inner = s->kind == StatementKind::For || s->kind == StatementKind::If || s->kind == StatementKind::Component;
    if (!inner || depth >= kDeep) continue;
    if (s->kind == StatementKind::For && (s->name.symbol == name || s->second.symbol == name)) return {s, s->name.span};
    if (const Hidden found = hiddenIn(s->body, name, s, depth + 1); found.around != nullptr) return found;
    if (s->kind != StatementKind::If) continue;
    const std::span<Statement* const> otherwise = s->otherwise;
    if (const Hidden found = hiddenIn(otherwise, name, s, depth + 1); found.around != nullptr) return found;
  }
  return {};
}

}  // namespace

/// Says of an unknown name that it lives in a `for`, an `if` or a component nearby.
bool Evaluator::sayHidden(Env* env, Symbol name, diag::Diagnostic& d) const {
  Hidden found;
  for (Env* at = env; at != nullptr && found.around == nullptr; at = at->parent) found = hiddenIn(at->body->items, name, nullptr, 0);
  if (found.around == nullptr) return false;
  const auto text = symbols_.text(name);
  switch (found.around->kind) {
    case StatementKind::For:
      d.help = fmt::format("it lives inside of the `for` only, once for each turn: move what uses it there, or make a list with `[for … in …: …]`");
      break;
    case StatementKind::Component:
      d.help = fmt::format("it lives inside of the component `{}`: `output {} = {}` there hands it out, and a use named `x` has it as `x.{}`",
                           symbols_.text(found.around->name.symbol), text, text, text);
      break;
    default:
      d.help = "it lives inside of the `if` only: move what uses it there, or decide by `if … then … else …` in a `let` outside";
      break;
  }
  d.related.push_back({found.at, fmt::format("`{}` is declared here", text)});
  return true;
}

namespace {

/// Values and roots of names that other languages have.
std::string_view foreignName(std::string_view text) {
  if (text == "True" || text == "yes" || text == "on") return "true";
  if (text == "False" || text == "no" || text == "off") return "false";
  if (text == "None" || text == "nil" || text == "undefined" || text == "NULL" || text == "Null") return "null";
  return {};
}

}  // namespace

Value Evaluator::unknownName(Env* env, Symbol name, Span span, const Type* expected) {
  const auto text = symbols_.text(name);
  const Type* words = types::enumOf(expected);
  auto names = visibleNames(env);
  if (words != nullptr) {
    auto candidates = names;
    candidates.insert(candidates.end(), words->words.begin(), words->words.end());
    const auto near = diag::nearest(text, candidates);
    auto d = diag::make<diag::Code::UnknownWord>(span, placeText(), text);
    d.help = fmt::format("it takes {}", types::wordList(*words));
    if (!near.empty()) d.fixes.push_back({fmt::format("write `{}`", near), {{span, std::string(near)}}});
    if (!near.empty()) d.help = fmt::format("did you mean `{}`? It takes {}", near, types::wordList(*words));
    return errorAt(std::move(d));
  }
  auto d = diag::make<diag::Code::UnknownName>(span, text);
  if (sayHidden(env, name, d)) return errorAt(std::move(d));
  const auto near = diag::nearest(text, names);
  if (const auto here = foreignName(text); !here.empty()) {
    suggest(d, here, span);
  } else if (text == "var" || text == "local" || text == "params" || text == "param") {
    d.help = "parameters and `let`s are used by their names alone";
  } else if (!near.empty()) {
    d.help = fmt::format("did you mean `{}`?", near);
    d.fixes.push_back({fmt::format("write `{}`", near), {{span, std::string(near)}}});
    for (Env* at = env; at != nullptr; at = at->parent) {
      const auto index = indexIn(*at->body, symbols_.intern(near));
      if (index == kNotFound) continue;
      if (at->body->decls[index].span.known()) d.related.push_back({at->body->decls[index].span, fmt::format("`{}` is declared here", near)});
      break;
    }
  } else if (inText_) {
    d.help = fmt::format("a `${{{}}}` that is meant for a shell is written `\\${{{}}}`, or the text is r\"…\", which replaces nothing", text, text);
  } else if (types::takes(expected, TypeKind::String) || types::takes(expected, TypeKind::Name)) {
    d.help = fmt::format("a text stands in quotes: \"{}\"", text);
    d.fixes.push_back({"put it in quotes", {{span, fmt::format("\"{}\"", text)}}});
  }
  return errorAt(std::move(d));
}

}  // namespace mlstack::sema
