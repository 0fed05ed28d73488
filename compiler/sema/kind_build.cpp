#include "sema/kind_build.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/quantity.h"
#include "base/regex.h"

namespace mlstack::sema {

namespace {

using syntax::Expr;
using syntax::ExprKind;
using syntax::KindMember;
using syntax::TypeExpr;
using syntax::TypeExprKind;

template <class T>
struct Word {
  std::string_view text;
  T value;
};
template <class T>
Word(std::string_view, T) -> Word<T>;   // clang 14 wants it said

constexpr std::array kTypes{
    Word{"any", TypeKind::Any},           Word{"bool", TypeKind::Bool},         Word{"int", TypeKind::Int},
    Word{"float", TypeKind::Float},       Word{"string", TypeKind::String},     Word{"quantity", TypeKind::Quantity},
    Word{"duration", TypeKind::Duration}, Word{"path", TypeKind::Path},         Word{"image", TypeKind::Image},
    Word{"port", TypeKind::Port},         Word{"name", TypeKind::Name},         Word{"cron", TypeKind::Cron},
    Word{"list", TypeKind::List},         Word{"map", TypeKind::Map},           Word{"raw", TypeKind::Raw},
};

constexpr std::array kVias{
    Word{"plain", Via::Plain},
    Word{"merge", Via::Merge},
    Word{"seconds", Via::Seconds},
    Word{"text", Via::Text},
    Word{"env-value", Via::EnvValue},
    Word{"env-from", Via::EnvFrom},
    Word{"script", Via::Script},
    Word{"gpus", Via::Gpus},
    Word{"request-and-limit", Via::RequestAndLimit},
    Word{"data-source", Via::DataSource},
    Word{"claim-ref", Via::ClaimRef},
    Word{"selector", Via::Selector},
    Word{"object-ref", Via::ObjectRef},
    Word{"named-refs", Via::NamedRefs},
    Word{"node-selector", Via::NodeSelector},
    Word{"subjects", Via::Subjects},
    Word{"facts", Via::Facts},
    Word{"self", Via::Self},
};

constexpr std::array kRoles{
    Word{"plain", KindRole::Plain},
    Word{"class", KindRole::Class},
    Word{"volume", KindRole::Volume},
    Word{"claim", KindRole::Claim},
    Word{"snapshot-class", KindRole::SnapshotClass},
    Word{"snapshot", KindRole::Snapshot},
    Word{"workload", KindRole::Workload},
    Word{"config", KindRole::Config},
    Word{"secret", KindRole::Secret},
    Word{"namespace", KindRole::Namespace},
    Word{"service", KindRole::Service},
    Word{"account", KindRole::Account},
    Word{"part", KindRole::Part},
    Word{"mount", KindRole::Mount},
    Word{"scratch-mount", KindRole::ScratchMount},
    Word{"pod-scratch", KindRole::PodScratch},
    Word{"claim-template", KindRole::ClaimTemplate},
    Word{"ephemeral", KindRole::Ephemeral},
    Word{"source", KindRole::Source},
};

/// What functions make, by where it may stand. Lowering knows each of these places.
constexpr std::array<std::string_view, 7> kFragments{"volume-source", "pod-source",  "projection", "env-source",
                                                     "action",        "probe-action", "hook-action"};

template <class T, std::size_t N>
std::optional<T> wordOf(const std::array<Word<T>, N>& words, std::string_view text) {
  for (const auto& word : words) {
    if (word.text == text) return word.value;
  }
  return std::nullopt;
}

template <class T, std::size_t N>
std::vector<std::string_view> textsOf(const std::array<Word<T>, N>& words) {
  std::vector<std::string_view> out;
  for (const auto& word : words) out.push_back(word.text);
  return out;
}

std::string suggestion(std::string_view wrong, const std::vector<std::string_view>& known) {
  const auto found = diag::nearest(wrong, known);
  return found.empty() ? std::string() : fmt::format("did you mean `{}`?", found);
}

std::string dotted(std::span<const syntax::Name> path, const base::SymbolTable& symbols) {
  std::string out;
  for (const auto& name : path) {
    if (!out.empty()) out.push_back('.');
    out += symbols.text(name.symbol);
  }
  return out;
}

class Builder {
 public:
  Builder(base::Arena& arena, base::SymbolTable& symbols, const KindLookup& lookup, diag::Sink& sink)
      : arena_(arena), symbols_(symbols), lookup_(lookup), sink_(sink) {}

  const Kind* kind(const syntax::Statement& statement);
  const Type* type(const TypeExpr& expr);

 private:
  const Type* named(const TypeExpr& expr);
  const Type* container(const TypeExpr& expr, TypeKind kind);
  const Type* parts(const TypeExpr& expr);
  const Type* reference(const TypeExpr& expr, std::string_view name);
  const Type* record(const TypeExpr& expr);
  const Type* unionOf(const TypeExpr& expr);
  const Type* finish(Type made, const TypeExpr& expr);

  void attribute(const KindMember& member);
  void textAttribute(const KindMember& member, std::string_view& into);
  void flagAttribute(const KindMember& member, bool& into);
  void member(const KindMember& member);
  void plainMember(const KindMember& member, Member made);
  void partMember(const KindMember& member, Member made, bool many);
  void include(const KindMember& member);
  void includeKind(const Kind& included, std::span<const Step> prefix, base::Span span);
  void place(const Member& made, bool included);
  const Kind* kindArgument(const TypeExpr& expr);
  std::span<const Step> target(std::span<const syntax::TargetStep> steps);
  void freeze();
  void form(base::Span span, std::string what) {
    sink_.add(diag::make<diag::Code::KindForm>(span, std::move(what)));
  }
  std::string_view text(base::Symbol symbol) const { return symbols_.text(symbol); }

  base::Arena& arena_;
  base::SymbolTable& symbols_;
  const KindLookup& lookup_;
  diag::Sink& sink_;
  Kind* kind_ = nullptr;
  struct Placed {
    Member member;
    bool included = false;
  };
  std::vector<Placed> members_;
};

// --- types ---------------------------------------------------------------------------------------

const Type* Builder::finish(Type made, const TypeExpr& expr) {
  made.optional = expr.optional;
  return arena_.make<Type>(made);
}

const Type* Builder::type(const TypeExpr& expr) {
  switch (expr.kind) {
    case TypeExprKind::Error: return nullptr;
    case TypeExprKind::Named: return named(expr);
    case TypeExprKind::Enum: {
      std::vector<std::string_view> words;
      for (const auto& word : expr.words) words.push_back(text(word.symbol));
      return finish({.kind = TypeKind::Enum, .words = arena_.copy(words)}, expr);
    }
    case TypeExprKind::Record: return record(expr);
    case TypeExprKind::Union: return unionOf(expr);
  }
  return nullptr;
}

const Type* Builder::named(const TypeExpr& expr) {
  const auto name = dotted(expr.path, symbols_);
  if (name == "parts") return parts(expr);
  const auto kind = wordOf(kTypes, name);
  if (kind == TypeKind::List || kind == TypeKind::Map) return container(expr, *kind);
  if (!expr.arguments.empty()) {
    sink_.add(diag::make<diag::Code::TypeArguments>(expr.span, name, "no `<…>`"));
    return nullptr;
  }
  if (kind) return finish({.kind = *kind}, expr);
  return reference(expr, name);
}

const Type* Builder::reference(const TypeExpr& expr, std::string_view name) {
  const auto* found = lookup_(name);
  if (found == &kUnreadKind) return nullptr;
  if (found != nullptr) return finish({.kind = TypeKind::Ref, .word = found->name}, expr);
  if (const auto at = std::find(kFragments.begin(), kFragments.end(), name); at != kFragments.end()) {
    return finish({.kind = TypeKind::Fragment, .word = *at}, expr);
  }
  auto known = textsOf(kTypes);
  known.insert(known.end(), {"parts", "enum", "claim", "volume", "class", "config", "secret", "job", "pod"});
  sink_.add(diag::make<diag::Code::UnknownType>(expr.span, name).hint(suggestion(name, known)));
  return nullptr;
}

const Type* Builder::container(const TypeExpr& expr, TypeKind kind) {
  static constexpr Type kAny{};
  const Type* element = &kAny;
  if (expr.arguments.size() > 1) {
    sink_.add(diag::make<diag::Code::TypeArguments>(expr.span, kind == TypeKind::List ? "list" : "map",
                                                    "one type in `<…>`; a map's keys are strings"));
    return nullptr;
  }
  if (expr.arguments.size() == 1) element = type(*expr.arguments[0]);
  if (element == nullptr) return nullptr;
  return finish({.kind = kind, .element = element}, expr);
}

const Type* Builder::parts(const TypeExpr& expr) {
  std::vector<std::string_view> words;
  for (const auto* argument : expr.arguments) {
    if (const auto* kind = kindArgument(*argument)) words.push_back(kind->name);
  }
  if (expr.arguments.empty()) {
    sink_.add(diag::make<diag::Code::TypeArguments>(expr.span, "parts", "the kinds of lines it collects, as `parts<read, write>`"));
    return nullptr;
  }
  return finish({.kind = TypeKind::Parts, .words = arena_.copy(words)}, expr);
}

const Type* Builder::record(const TypeExpr& expr) {
  std::vector<RecordField> fields;
  for (const auto& field : expr.fields) {
    RecordField made{.name = text(field.name.symbol)};
    if (field.type != nullptr) made.type = type(*field.type);
    made.defaultValue = field.value;
    made.required = field.value == nullptr && (made.type == nullptr || !made.type->optional);
    fields.push_back(made);
  }
  return finish({.kind = TypeKind::Record, .fields = arena_.copy(fields)}, expr);
}

const Type* Builder::unionOf(const TypeExpr& expr) {
  std::vector<const Type*> alternatives;
  for (const auto* argument : expr.arguments) {
    const auto* made = type(*argument);
    if (made == nullptr) return nullptr;
    alternatives.push_back(made);
  }
  return finish({.kind = TypeKind::Union, .alternatives = arena_.copy(alternatives)}, expr);
}

// --- kinds ---------------------------------------------------------------------------------------

const Kind* Builder::kindArgument(const TypeExpr& expr) {
  if (expr.kind != TypeExprKind::Named) {
    if (expr.kind != TypeExprKind::Error) form(expr.span, "the name of a kind belongs here");
    return nullptr;
  }
  const auto name = dotted(expr.path, symbols_);
  const auto* found = lookup_(name);
  if (found == nullptr) sink_.add(diag::make<diag::Code::UnknownType>(expr.span, name));
  return found == &kUnreadKind ? nullptr : found;
}

std::span<const Step> Builder::target(std::span<const syntax::TargetStep> steps) {
  std::vector<Step> made;
  for (const auto& step : steps) {
    made.push_back({.key = text(step.name.symbol), .isList = step.isList,
                    .elementKey = step.key.symbol ? text(step.key.symbol) : std::string_view()});
  }
  return arena_.copy(made);
}

void Builder::textAttribute(const KindMember& member, std::string_view& into) {
  if (member.value->kind == ExprKind::String) {
    into = arena_.copy(member.value->text);
  } else if (member.value->kind == ExprKind::NameRef) {
    into = text(member.value->name);
  } else {
    form(member.value->span, fmt::format("`{}` is a name or a string", text(member.name.symbol)));
  }
}

void Builder::flagAttribute(const KindMember& member, bool& into) {
  if (member.value->kind == ExprKind::Bool) {
    into = member.value->flag;
  } else {
    form(member.value->span, fmt::format("`{}` is true or false", text(member.name.symbol)));
  }
}

void Builder::attribute(const KindMember& member) {
  const auto name = text(member.name.symbol);
  if (member.value == nullptr || member.value->kind == ExprKind::Error) {
    if (member.value == nullptr) form(member.name.span, fmt::format("`{}` lacks a type: write `{}: string -> spec.path`", name, name));
    return;
  }
  std::string_view value;
  if (name == "role") {
    textAttribute(member, value);
    if (const auto role = wordOf(kRoles, value)) {
      kind_->role = *role;
    } else if (!value.empty()) {
      sink_.add(diag::make<diag::Code::UnknownKindWord>(member.value->span, "role", value).hint(suggestion(value, textsOf(kRoles))));
    }
  } else if (name == "word") {
    textAttribute(member, kind_->word);
  } else if (name == "pod-spec") {
    textAttribute(member, kind_->podSpec);
  } else if (name == "pod-metadata") {
    textAttribute(member, kind_->podMetadata);
  } else if (name == "open") {
    flagAttribute(member, kind_->openEntries);
  } else if (name == "cluster") {
    flagAttribute(member, kind_->clusterScoped);
  } else {
    sink_.add(diag::make<diag::Code::UnknownKindWord>(member.name.span, "attribute", name)
                  .hint(fmt::format("a field has a type: `{}: string -> spec.path`", name)));
  }
}

void Builder::place(const Member& made, bool included) {
  for (auto& other : members_) {
    if (other.member.name != made.name) continue;
    if (included) return;                      // what the kind itself says, or an earlier include, wins
    if (other.included) {
      other = {made, false};
      return;
    }
    sink_.add(diag::make<diag::Code::DuplicateMember>(made.span, made.name, kind_->name)
                  .note(other.member.span, "first declared here"));
    return;
  }
  members_.push_back({made, included});
}

void Builder::includeKind(const Kind& included, std::span<const Step> prefix, base::Span span) {
  for (const auto index : included.order) {
    Member copy = included.members[index];
    if (kind_->clusterScoped && copy.name == "namespace" && copy.via == Via::Self) continue;
    if (!prefix.empty() && copy.via != Via::Facts && copy.via != Via::Self) {
      std::vector<Step> steps(prefix.begin(), prefix.end());
      steps.insert(steps.end(), copy.target.begin(), copy.target.end());
      copy.target = arena_.copy(steps);
    }
    if (span.known()) copy.span = span;
    place(copy, true);
  }
}

void Builder::include(const KindMember& member) {
  const auto& expr = *member.type;
  if (expr.arguments.size() != 1) {
    sink_.add(diag::make<diag::Code::TypeArguments>(expr.span, "include", "one kind in `<…>`"));
    return;
  }
  const auto* included = kindArgument(*expr.arguments[0]);
  if (included == nullptr) return;
  if (included == kind_ || included->members.empty()) {
    form(expr.span, fmt::format("`{}` cannot be included here: its own members need this kind, or it has none", included->name));
    return;
  }
  includeKind(*included, target(member.target), member.span);
}

void Builder::partMember(const KindMember& member, Member made, bool many) {
  const auto& expr = *member.type;
  if (expr.arguments.size() != 1) {
    sink_.add(diag::make<diag::Code::TypeArguments>(expr.span, many ? "parts" : "part", "one kind in `<…>`"));
    return;
  }
  const auto* part = kindArgument(*expr.arguments[0]);
  if (part == nullptr) return;
  if (member.value != nullptr) form(member.value->span, "a block has no default");
  made.part = part->name;
  made.cardinality = many ? Cardinality::Parts : Cardinality::Part;
  place(made, false);
}

void Builder::plainMember(const KindMember& member, Member made) {
  made.type = type(*member.type);
  if (made.type != nullptr) made.type = refineType(made.type, member.range, member.pattern, arena_, sink_);
  static constexpr Type kAny{};
  if (made.type == nullptr) made.type = &kAny;
  if (const auto* value = member.value; value != nullptr && value->kind != ExprKind::Error) {
    if (value->kind == ExprKind::NameRef && text(value->name) == "required") {
      made.required = true;
    } else {
      made.defaultValue = value;
    }
  }
  const bool placeless = made.via == Via::Facts || made.via == Via::Self;
  const bool reserved = made.name == "label" || made.name == "value" || made.name == "at";
  if (placeless && !made.target.empty()) {
    form(member.name.span, fmt::format("`via {}` has no place in the object: leave `-> …` out", text(member.via.symbol)));
  }
  // A kind without an object of its own may set its whole node (env, merge).
  if (!placeless && made.target.empty() && !reserved && !kind_->api.empty()) {
    form(member.name.span, fmt::format("`{}` says not where it goes: add `-> spec.path`", made.name));
  }
  place(made, false);
}

void Builder::member(const KindMember& member) {
  if (member.type == nullptr) {
    attribute(member);
    return;
  }
  if (member.type->kind == TypeExprKind::Error) {
    kind_->broken = true;   // it may be any member
    return;
  }
  Member made{.name = text(member.name.symbol), .doc = arena_.copy(member.doc), .span = member.name.span};
  if (member.via.symbol) {
    const auto name = text(member.via.symbol);
    if (const auto via = wordOf(kVias, name)) {
      made.via = *via;
    } else {
      sink_.add(diag::make<diag::Code::UnknownKindWord>(member.via.span, "conversion", name).hint(suggestion(name, textsOf(kVias))));
    }
  }
  made.target = target(member.target);
  const auto head = member.type->kind == TypeExprKind::Named ? dotted(member.type->path, symbols_) : std::string();
  if (head == "include") {
    include(member);
  } else if (head == "part" || head == "parts") {
    partMember(member, made, head == "parts");
  } else {
    plainMember(member, made);
  }
}

void Builder::freeze() {
  std::vector<std::uint16_t> sorted(members_.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = static_cast<std::uint16_t>(i);
  std::sort(sorted.begin(), sorted.end(), [this](auto a, auto b) { return members_[a].member.name < members_[b].member.name; });
  std::vector<Member> members;
  std::vector<std::uint16_t> order(members_.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    members.push_back(members_[sorted[i]].member);
    order[sorted[i]] = static_cast<std::uint16_t>(i);
  }
  kind_->members = arena_.copy(members);
  kind_->order = arena_.copy(order);
}

const Kind* Builder::kind(const syntax::Statement& statement) {
  kind_ = arena_.make<Kind>();
  kind_->name = text(statement.name.symbol);
  kind_->span = statement.name.span;
  kind_->doc = arena_.copy(statement.doc);
  if (statement.value != nullptr && statement.value->kind == ExprKind::String) kind_->api = arena_.copy(statement.value->text);
  // Attributes first: they decide how members are read.
  const auto errors = sink_.errorCount();
  for (const auto& each : statement.members) {
    if (each.type == nullptr) attribute(each);
  }
  kind_->broken = sink_.errorCount() != errors;   // what is no attribute was meant for a member
  if (kind_->api.empty() && kind_->role == KindRole::Plain) kind_->role = KindRole::Part;
  if (!kind_->api.empty()) {
    if (const auto* common = lookup_("object-common"); common != nullptr && !common->members.empty()) includeKind(*common, {}, {});
  }
  for (const auto& each : statement.members) {
    if (each.type != nullptr) member(each);
  }
  if (members_.size() > kMaxMembers) {
    form(statement.name.span, fmt::format("`{}` has {} members, its includes counted; {} is the most", kind_->name, members_.size(), kMaxMembers));
    members_.resize(kMaxMembers);
  }
  freeze();
  return kind_;
}

// --- refinements ---------------------------------------------------------------------------------

/// The number that a literal bound means for `kind`; quantities in bytes, durations in milliseconds.
std::optional<double> bound(const Expr& expr, TypeKind kind) {
  if (expr.kind == ExprKind::Unary && expr.op == syntax::Operator::Negate && expr.left != nullptr) {
    const auto inner = bound(*expr.left, kind);
    return inner ? std::optional(-*inner) : std::nullopt;
  }
  const bool quantity = kind == TypeKind::Quantity;
  const bool duration = kind == TypeKind::Duration;
  if (expr.kind == ExprKind::Int && !duration) return static_cast<double>(expr.integer);
  if (expr.kind == ExprKind::Float && !duration) return expr.real;
  if (expr.kind != ExprKind::Suffixed) return std::nullopt;
  if (quantity) {
    const auto parsed = base::parseQuantity(expr.text);
    return parsed ? std::optional(parsed->toDouble()) : std::nullopt;
  }
  if (duration) {
    const auto parsed = base::parseDuration(expr.text);
    return parsed ? std::optional(static_cast<double>(parsed->milliseconds)) : std::nullopt;
  }
  return std::nullopt;
}

bool hasNumbers(TypeKind kind) {
  return kind == TypeKind::Int || kind == TypeKind::Float || kind == TypeKind::Quantity || kind == TypeKind::Duration ||
         kind == TypeKind::Port;
}

bool hasText(TypeKind kind) {
  return kind == TypeKind::String || kind == TypeKind::Path || kind == TypeKind::Image || kind == TypeKind::Name;
}

const Type* withRange(const Type& type, const Expr& range, base::Arena& arena, diag::Sink& sink) {
  if (range.kind == ExprKind::Error) return &type;
  const bool below = range.kind == ExprKind::Binary && range.op == syntax::Operator::RangeBelow;
  const bool closed = range.kind == ExprKind::Binary && range.op == syntax::Operator::Range;
  if ((!below && !closed) || range.left == nullptr || range.right == nullptr) {
    sink.add(diag::make<diag::Code::Refinement>(range.span, "`in` takes a range of two numbers, such as `in 1..64`"));
    return &type;
  }
  if (!hasNumbers(type.kind)) {
    sink.add(diag::make<diag::Code::Refinement>(range.span, "a range refines numbers, quantities and durations only"));
    return &type;
  }
  const auto low = bound(*range.left, type.kind);
  const auto high = bound(*range.right, type.kind);
  if (!low || !high) {
    if (range.left->kind != ExprKind::Error && range.right->kind != ExprKind::Error) {
      sink.add(diag::make<diag::Code::Refinement>((low ? range.right : range.left)->span,
                                                  "the bounds of a range are written out, in the type's own unit"));
    }
    return &type;
  }
  auto* made = arena.make<Type>(type);
  made->hasLow = made->hasHigh = true;
  made->low = *low;
  made->high = below ? *high - 1 : *high;
  if (made->low > made->high) {
    sink.add(diag::make<diag::Code::Refinement>(range.span, "this range is empty: no value lies in it"));
  }
  return made;
}

}  // namespace

const Kind* buildKind(const syntax::Statement& statement, base::Arena& arena, base::SymbolTable& symbols,
                      const KindLookup& lookup, diag::Sink& sink) {
  return Builder(arena, symbols, lookup, sink).kind(statement);
}

const Type* buildType(const TypeExpr& expr, base::Arena& arena, base::SymbolTable& symbols, const KindLookup& lookup,
                      diag::Sink& sink) {
  return Builder(arena, symbols, lookup, sink).type(expr);
}

const Type* refineType(const Type* type, const Expr* range, const Expr* pattern, base::Arena& arena, diag::Sink& sink) {
  if (type == nullptr) return nullptr;
  if (range != nullptr) return withRange(*type, *range, arena, sink);
  if (pattern == nullptr || pattern->kind != ExprKind::String) return type;
  if (!hasText(type->kind)) {
    sink.add(diag::make<diag::Code::Refinement>(pattern->span, "`matches` refines texts only"));
    return type;
  }
  if (std::string error; !base::Regex::compile(pattern->text, error)) {
    sink.add(diag::make<diag::Code::Refinement>(pattern->span, fmt::format("this pattern cannot be used: {}", error)));
    return type;
  }
  auto* made = arena.make<Type>(*type);
  made->pattern = arena.copy(pattern->text);
  return made;
}

}  // namespace mlstack::sema
