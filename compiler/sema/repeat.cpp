// Turns of a loop that differ in texts only: which loops can have them, and making one.

#include <algorithm>
#include <array>

#include "sema/checks.h"
#include "sema/evaluator.h"
#include "sema/functions.h"

namespace mlstack::sema {

namespace {

/// Fields that lowering looks into, beside writing them where they belong.
constexpr std::array<std::string_view, 22> kLookedInto{"namespace", "class", "access", "size", "capacity", "mode", "volume", "value", "at", "label", "match",
                                                       "files", "file-mode", "optional", "volume-name", "port", "target", "selects", "shell", "resources", "gpu-resource",
                                                       "protect"};

bool isLookedInto(std::string_view name) { return std::find(kLookedInto.begin(), kLookedInto.end(), name) != kLookedInto.end(); }

bool isPlainRole(KindRole role) {
  switch (role) {
    case KindRole::Plain: case KindRole::Volume: case KindRole::Claim: case KindRole::Config: case KindRole::Service:
    case KindRole::Workload: case KindRole::Snapshot:
      return true;
    case KindRole::Class: case KindRole::SnapshotClass: case KindRole::Secret: case KindRole::Namespace: case KindRole::Account:
    case KindRole::Part: case KindRole::Mount: case KindRole::ScratchMount: case KindRole::PodScratch: case KindRole::ClaimTemplate:
    case KindRole::Ephemeral: case KindRole::Source:
      return false;
  }
  return false;
}

}  // namespace

/// Reads a loop's statements once.
class TurnReader {
 public:
  TurnReader(Evaluator& evaluator, const Body& body, Env* env, TurnPattern& into) : evaluator_(evaluator), body_(body), env_(env), into_(into) {}

  bool read() {
    for (const Statement* s : body_.items)
      if (!(s->kind == StatementKind::Let ? let(*s) : s->kind == StatementKind::Use && thing(*s))) return false;
    // A name that a thing's own block declares means another thing there; one that hides another is found by where it is asked.
    for (const Symbol name : used_) {
      if (std::find(inner_.begin(), inner_.end(), name) != inner_.end()) return false;
      if (declOf(name) != nullptr && evaluator_.find(env_, name)) return false;
    }
    return !into_.texts.empty();
  }

 private:
  [[nodiscard]] const Decl* declOf(Symbol name) const {
    const auto index = Evaluator::indexIn(body_, name);
    return index == TurnPattern::kNone ? nullptr : &body_.decls[index];
  }

  /// Nothing of the loop is named in it, so that it is the same in each turn.
  [[nodiscard]] bool isSteady(const Expr* e) const {
    if (e == nullptr) return true;
    switch (e->kind) {
      case ExprKind::Error: return false;
      case ExprKind::Null: case ExprKind::Bool: case ExprKind::Int: case ExprKind::Float: case ExprKind::Suffixed: case ExprKind::String: return true;
      case ExprKind::NameRef: return declOf(e->name) == nullptr;
      case ExprKind::Member: case ExprKind::Unary: return isSteady(e->left);
      case ExprKind::Index: case ExprKind::Binary: return isSteady(e->left) && isSteady(e->right);
      case ExprKind::Template: case ExprKind::List:
        return std::all_of(e->items.begin(), e->items.end(), [this](const Expr* item) { return item->kind != ExprKind::Spread && isSteady(item); });
      case ExprKind::Map:
        return std::all_of(e->entries.begin(), e->entries.end(), [this](const auto& entry) {
          return (entry.key != nullptr || !entry.path.empty()) && isSteady(entry.key) && isSteady(entry.value);
        });
      case ExprKind::Call: return std::all_of(e->arguments.begin(), e->arguments.end(), [this](const auto& argument) { return isSteady(argument.value); });
      case ExprKind::Conditional: case ExprKind::ForList: case ExprKind::ForMap: case ExprKind::Spread: return false;
    }
    return false;
  }

  /// A scalar that has no effect but itself: what a text may be made of.
  [[nodiscard]] bool isScalar(const Expr* e, unsigned depth = 0) {
    if (e == nullptr || depth > 32) return false;
    switch (e->kind) {
      case ExprKind::Int: case ExprKind::Float: case ExprKind::String: case ExprKind::Bool: return true;
      case ExprKind::NameRef: {
        used_.push_back(e->name);
        const Decl* decl = declOf(e->name);
        if (decl == nullptr) return true;   // the same in each turn
        return decl->kind == DeclKind::Variable || (decl->kind == DeclKind::Let && isScalar(decl->statement->value, depth + 1));
      }
      case ExprKind::Member: {
        if (e->left == nullptr || e->left->kind != ExprKind::NameRef) return false;
        used_.push_back(e->left->name);
        const Decl* decl = declOf(e->left->name);
        return decl == nullptr || decl->kind == DeclKind::Variable;
      }
      case ExprKind::Unary: return isScalar(e->left, depth + 1);
      case ExprKind::Binary:
        switch (e->op) {
          case syntax::Operator::Add: case syntax::Operator::Subtract: case syntax::Operator::Multiply: case syntax::Operator::Divide: case syntax::Operator::Remainder:
            return isScalar(e->left, depth + 1) && isScalar(e->right, depth + 1);
          case syntax::Operator::Or: case syntax::Operator::And: case syntax::Operator::Eq: case syntax::Operator::Ne: case syntax::Operator::Lt:
          case syntax::Operator::Le: case syntax::Operator::Gt: case syntax::Operator::Ge: case syntax::Operator::In: case syntax::Operator::Range:
          case syntax::Operator::RangeBelow: case syntax::Operator::Negate: case syntax::Operator::Not:
            return false;
        }
        return false;
      case ExprKind::Template: return std::all_of(e->items.begin(), e->items.end(), [&](const Expr* item) { return isScalar(item, depth + 1); });
      case ExprKind::Error: case ExprKind::Null: case ExprKind::Suffixed: case ExprKind::Index: case ExprKind::Call: case ExprKind::Conditional:
      case ExprKind::List: case ExprKind::Map: case ExprKind::ForList: case ExprKind::ForMap: case ExprKind::Spread:
        return false;
    }
    return false;
  }

  /// Two expressions of scalars that are the same in each turn.
  static bool isSame(const Expr* a, const Expr* b) {
    if (a == nullptr || b == nullptr || a->kind != b->kind || a->flag != b->flag) return false;
    switch (a->kind) {
      case ExprKind::String: case ExprKind::Int: case ExprKind::Float: return a->text == b->text;
      case ExprKind::NameRef: return a->name == b->name;
      case ExprKind::Member: return a->name == b->name && isSame(a->left, b->left);
      case ExprKind::Template: return std::equal(a->items.begin(), a->items.end(), b->items.begin(), b->items.end(), isSame);
      case ExprKind::Error: case ExprKind::Null: case ExprKind::Bool: case ExprKind::Suffixed: case ExprKind::Index: case ExprKind::Call:
      case ExprKind::Unary: case ExprKind::Binary: case ExprKind::Conditional: case ExprKind::List: case ExprKind::Map:
      case ExprKind::ForList: case ExprKind::ForMap: case ExprKind::Spread:
        return false;
    }
    return false;
  }

  void addText(TurnPattern::Text text) {
    text.number = TurnPattern::kNone;
    for (const auto& other : into_.texts) {
      const bool ofExpr = text.expr != nullptr && isSame(text.expr, other.expr);
      const bool ofSlot = text.expr == nullptr && other.expr == nullptr && other.slot == text.slot && other.key == text.key && other.from == text.from;
      if (ofSlot || (ofExpr && text.expr == other.expr)) return;
      if (ofExpr) text.number = other.number;
    }
    if (text.number == TurnPattern::kNone) text.number = into_.numbers++;
    into_.texts.push_back(text);
  }

  /// Whether a value is of a form that can be made again; `varies` when a variable of the loop leads to it.
  bool value(const Expr* e, bool& varies) {
    if (isSteady(e)) return true;
    switch (e->kind) {
      case ExprKind::NameRef: {
        const auto index = Evaluator::indexIn(body_, e->name);
        const Decl& decl = body_.decls[index];
        used_.push_back(e->name);
        if (decl.twin != 0) return false;
        if (decl.kind == DeclKind::Thing) return true;
        varies = true;
        if (decl.kind == DeclKind::Variable) addText({.from = TurnPattern::Text::From::Variable, .slot = index});
        return decl.kind == DeclKind::Variable || decl.kind == DeclKind::Let;
      }
      case ExprKind::Template:
        if (!isScalar(e)) return false;
        varies = true;
        addText({.from = TurnPattern::Text::From::Expression, .expr = e});
        return true;
      case ExprKind::Member:
        if (!isScalar(e)) return false;
        varies = true;
        addText({.from = TurnPattern::Text::From::Entry, .slot = Evaluator::indexIn(body_, e->left->name), .key = e->name});
        return true;
      case ExprKind::Index: {   // a key of a config
        if (e->left == nullptr || e->left->kind != ExprKind::NameRef || e->right == nullptr || e->right->kind != ExprKind::String) return false;
        used_.push_back(e->left->name);
        const Decl* decl = declOf(e->left->name);
        return decl != nullptr && decl->kind == DeclKind::Thing && decl->twin == 0;
      }
      case ExprKind::List:
        return std::all_of(e->items.begin(), e->items.end(), [&](const Expr* item) { return item->kind != ExprKind::Spread && value(item, varies); });
      case ExprKind::Map:
        return std::all_of(e->entries.begin(), e->entries.end(), [&](const auto& entry) {
          return (entry.key != nullptr ? entry.key->kind == ExprKind::String : entry.path.size() == 1) && value(entry.value, varies);
        });
      case ExprKind::Call: {
        if (e->left == nullptr || e->left->kind != ExprKind::NameRef) return false;
        const auto name = evaluator_.symbolText(e->left->name);
        if (functionNamed(name) != nullptr || evaluator_.sourceKind(name, env_) == nullptr) return false;
        return std::all_of(e->arguments.begin(), e->arguments.end(), [&](const auto& argument) { return value(argument.value, varies); });
      }
      case ExprKind::Error: case ExprKind::Null: case ExprKind::Bool: case ExprKind::Int: case ExprKind::Float: case ExprKind::Suffixed:
      case ExprKind::String: case ExprKind::Unary: case ExprKind::Binary: case ExprKind::Conditional: case ExprKind::ForList:
      case ExprKind::ForMap: case ExprKind::Spread:
        return false;
    }
    return false;
  }

  bool let(const Statement& s) {
    if (isSteady(s.value)) return s.value != nullptr;
    const auto index = Evaluator::indexIn(body_, s.name.symbol);
    if (index == TurnPattern::kNone || body_.decls[index].statement != &s) return false;
    if (s.value->kind == ExprKind::Template && isScalar(s.value)) {
      addText({.from = TurnPattern::Text::From::Let, .expr = s.value, .slot = index});
      return true;
    }
    bool varies = false;
    return value(s.value, varies);
  }

  bool thing(const Statement& s) {
    if (s.head.size() != 1 || s.label == nullptr || s.at != nullptr || s.value != nullptr || !s.hasBody) return false;
    if (s.label->kind != ExprKind::NameRef && s.label->kind != ExprKind::String) return false;
    const auto& info = evaluator_.infoOf(s, nullptr);
    if (info.kind == nullptr || info.component != nullptr || info.kind != preludeKind(evaluator_.symbolText(s.head[0].symbol))) return false;
    return isPlainRole(info.kind->role) && block(s.body, *info.kind, true);
  }

  bool block(std::span<Statement* const> items, const Kind& kind, bool ofThing) {
    for (const Statement* s : items) {
      if (s->head.size() != 1 || (s->kind != StatementKind::Field && s->kind != StatementKind::Use)) return false;
      const auto name = evaluator_.symbolText(s->head[0].symbol);
      const Member* member = kind.find(name);
      if (member == nullptr) return false;   // `with` as well
      const bool raw = member->type != nullptr && member->type->kind == TypeKind::Raw;
      bool varies = false;
      if (s->kind == StatementKind::Field) {
        if (s->value == nullptr || !value(s->value, varies)) return false;
        if (varies && (raw || !member->part.empty() || isLookedInto(name) || (name == "name" && !ofThing))) return false;
      } else if (member->part.empty()) {
        if (s->label != nullptr || s->value != nullptr || s->at != nullptr || !s->hasBody || !entries(s->body, varies)) return false;
        if (varies && (raw || isLookedInto(name))) return false;
      } else if (!part(*s, *member)) {
        return false;
      }
    }
    return true;
  }

  bool entries(std::span<Statement* const> items, bool& varies) {
    for (const Statement* s : items) {
      if (s->head.size() != 1 || s->kind != StatementKind::Field || s->value == nullptr || !value(s->value, varies)) return false;
    }
    return true;
  }

  bool part(const Statement& s, const Member& member) {
    const Kind* kind = evaluator_.partKind(member, s, env_);
    if (kind == nullptr || !kind->podSpec.empty()) return false;
    bool varies = false;
    if (kind->openEntries && s.label == nullptr && s.value == nullptr && s.hasBody) return entries(s.body, varies);
    for (const Expr* e : {static_cast<const Expr*>(s.label), static_cast<const Expr*>(s.value), static_cast<const Expr*>(s.at)})
      if (e != nullptr && !value(e, varies)) return false;
    if (s.label != nullptr && s.label->kind == ExprKind::NameRef && kind->role != KindRole::Mount) inner_.push_back(s.label->name);
    return !varies && (!s.hasBody || block(s.body, *kind, false));
  }

  Evaluator& evaluator_;
  const Body& body_;
  Env* env_;
  TurnPattern& into_;
  std::vector<Symbol> used_;
  std::vector<Symbol> inner_;   // declared by parts
};

bool Evaluator::mayRepeat(const Body& body, Env* env, TurnPattern& into) { return TurnReader(*this, body, env, into).read(); }

/// What `variable.key` is, or a variable itself; Null when it is no text.
Value Evaluator::boundText(const TurnPattern::Text& text, const Env& turn) const {
  const Value& value = turn.slots[text.slot].value;
  if (text.from == TurnPattern::Text::From::Variable) return value.kind == ValueKind::String ? value : Value{};
  if (value.kind != ValueKind::Map) return {};
  for (const Entry& entry : value.map())
    if (entry.key == text.key) return entry.value.kind == ValueKind::String ? entry.value : Value{};
  return {};
}

/// Notes what a text of the turn that is noted has become.
void Evaluator::noteText(const Expr& e, const Value& value) {
  for (auto& text : noting_->texts) {
    if (text.expr != &e) continue;
    // Made twice, it has two places, and which of them stands where is not told apart.
    if (text.value.kind != ValueKind::Null || value.kind != ValueKind::String || value.length == 0) noting_->sound = false;
    text.value = value;
    return;
  }
}

void Evaluator::noteHeld(const Value& value, const Type& type, const Expr* literal, bool taken, bool faulted) {
  const auto number = noting_->numberOf(value);
  if (number == TurnPattern::kNone) return;
  const bool looks = type.kind == TypeKind::Path || type.kind == TypeKind::Image || type.kind == TypeKind::Name || type.kind == TypeKind::Cron ||
                     type.kind == TypeKind::Port || type.kind == TypeKind::Enum || !type.pattern.empty();
  if (!looks) return;
  for (const auto& held : noting_->held) {
    if (held.number != number || held.type != &type) continue;
    if (held.taken != taken || held.faulted != faulted) noting_->sound = false;
    return;
  }
  noting_->held.push_back({number, &type, literal, taken, faulted});
}

void Evaluator::noteThing(const DeclaredInstance& instance, const ObjectTable::Key& key) {
  const FieldValue* name = instance.field("name");
  const auto number = name != nullptr && name->value.kind == ValueKind::String ? noting_->numberOf(name->value) : TurnPattern::kNone;
  if (number == TurnPattern::kNone) noting_->sound = false;
  noting_->things.push_back({key.api, key.nameSpace, number, instance.api, instance.headSpan});
}

void Evaluator::beginNotes(TurnPattern& pattern, const Env& turn) {
  pattern.clearNotes();
  noting_ = &pattern;
  for (auto& text : pattern.texts) {
    if (text.expr != nullptr) continue;
    text.value = boundText(text, turn);
    if (text.value.length == 0) pattern.sound = false;
  }
}

/// Of a turn that has run and is about to be handed over. `before` is what was spent when it began.
void Evaluator::endNotes(const std::uint64_t (&before)[3], bool whole) {
  TurnPattern& pattern = *noting_;
  noting_ = nullptr;
  std::uint64_t made = 0;
  for (const auto& text : pattern.texts) {
    if (text.value.kind != ValueKind::String) pattern.sound = false;
    if (text.expr != nullptr) made += text.value.length;
  }
  pattern.sound = pattern.sound && whole && pattern.things.size() == program_->resources.size();
  if (!pattern.sound) return;
  for (const auto& text : pattern.texts) program_->turnTexts.push_back({text.value.text(), text.number});
  pattern.steps = spent_[0] - before[0];
  pattern.elements = spent_[1] - before[1];
  pattern.otherText = spent_[2] - before[2] - made;
  pattern.ownText = made;
}

/// Makes turn `inner`, whose variables are bound, like the one that was noted. False, and nothing is made, when it must run.
bool Evaluator::repeatTurn(const TurnPattern& pattern, Env& inner) {
  // What is too much is said where it is: near the end of what may be spent, turns run.
  constexpr std::uint64_t kRoom = 64 * 1024;
  const auto ofText = static_cast<std::size_t>(Budget::Text);
  if (spent_[ofText] + 2 * pattern.ownText + pattern.otherText + kRoom > budgets_[ofText]) return false;
  const std::uint64_t before[3] = {spent_[0], spent_[1], spent_[2]};
  const bool quietly = failedQuietly_;
  ++quiet_;
  const bool made = makeTexts(pattern, inner);
  --quiet_;
  failedQuietly_ = quietly;
  std::uint64_t spent[3] = {before[0] + pattern.steps, before[1] + pattern.elements, before[2] + pattern.otherText};
  bool good = made && nameThings(pattern);
  for (const auto& text : pattern.texts)
    if (good && text.expr != nullptr) spent[2] += turnTexts_[text.number].size();
  for (std::size_t i = 0; i < 3; ++i) good = good && spent[i] <= budgets_[i];
  if (!good || !options_.repeat(turnTexts_)) {
    for (std::size_t i = 0; i < 3; ++i) spent_[i] = before[i];
    return false;
  }
  for (std::size_t i = 0; i < 3; ++i) spent_[i] = spent[i];
  for (std::size_t i = 0; i < pattern.things.size(); ++i) {
    const auto& thing = pattern.things[i];
    (void)objects_.insert({thing.api, thing.nameSpace, turnNames_[i].id}, nullptr, thing.head, turnNumber_);
  }
  program_->handedOver += static_cast<std::uint32_t>(pattern.things.size());
  return true;
}

bool Evaluator::makeTexts(const TurnPattern& pattern, Env& inner) {
  turnTexts_.assign(pattern.numbers, {});
  for (const auto& text : pattern.texts) {
    if (!turnTexts_[text.number].empty()) continue;   // made elsewhere
    Value value;
    switch (text.from) {
      case TurnPattern::Text::From::Variable: case TurnPattern::Text::From::Entry: value = boundText(text, inner); break;
      case TurnPattern::Text::From::Let: value = force({&inner, text.slot}, text.expr->span); break;
      case TurnPattern::Text::From::Expression: value = evalUnchecked(text.expr, &inner, nullptr); break;
    }
    if (value.kind != ValueKind::String || value.flag != text.value.flag || value.length == 0) return false;
    turnTexts_[text.number] = value.text();
  }
  for (const auto& held : pattern.held) {
    Value value;
    value.kind = ValueKind::String;
    value.chars = turnTexts_[held.number].data();
    value.length = static_cast<std::uint32_t>(turnTexts_[held.number].size());
    failedQuietly_ = false;
    if ((conform(value, held.type, {}, held.literal).kind == ValueKind::String) != held.taken || failedQuietly_ != held.faulted) return false;
  }
  return true;
}

/// Whether the things can have their names of this turn.
bool Evaluator::nameThings(const TurnPattern& pattern) {
  turnNames_.clear();
  for (const auto& thing : pattern.things) {
    const auto name = turnTexts_[thing.number];
    if (!checks::objectNameFault(thing.apiText, name).empty()) return false;
    Symbol symbol;
    for (std::size_t i = 0; i < turnNames_.size() && !symbol; ++i)
      if (pattern.things[i].number == thing.number) symbol = turnNames_[i];
    if (!symbol) symbol = symbols_.intern(name);
    if (objects_.has({thing.api, thing.nameSpace, symbol.id})) return false;
    for (std::size_t i = 0; i < turnNames_.size(); ++i) {
      const auto& other = pattern.things[i];
      if (turnNames_[i] == symbol && other.api == thing.api && other.nameSpace == thing.nameSpace) return false;
    }
    turnNames_.push_back(symbol);
  }
  return true;
}

}  // namespace mlstack::sema
