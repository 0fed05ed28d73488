#include <algorithm>
#include <array>
#include <bitset>
#include <utility>

#include <fmt/format.h>

#include "base/quantity.h"
#include "schema/kinds.h"
#include "schema/list_keys.h"
#include "schema/place.h"
#include "schema/structural.h"
#include "schema/values.h"

namespace mlstack::schema {

using diag::Code;
using ir::Children;
using ir::Node;
using ir::NodeKind;
using table::FieldRow;
using table::Index;
using table::TypeRow;

namespace {

constexpr std::size_t kMarkedFields = 512;   // larger objects look their required fields up one by one

/// What the schemas said to earlier questions of one run: objects of a kind ask the same again.
class Answers {
 public:
  explicit Answers(const table::Store& store) : store_(store) {}

  [[nodiscard]] const FieldRow* field(Index typeIndex, const TypeRow& type, base::Symbol key, std::string_view text) {
    const std::uint64_t wanted = (std::uint64_t{typeIndex} + 1) << 32 | key.id;
    auto& slot = fields_[(key.id * 0x9e3779b1u ^ typeIndex * 0x85ebca77u) >> 22];
    if (slot.wanted != wanted) slot = {wanted, store_.findField(type, text)};
    return slot.row;
  }

  /// The positions of the fields that a block of that type must have.
  [[nodiscard]] const std::vector<std::uint16_t>& required(Index typeIndex, const TypeRow& type, VersionSet target) {
    auto& slot = required_[(typeIndex * 0x9e3779b1u) >> 25];
    if (slot.wanted == typeIndex + 1u) return slot.at;
    slot.wanted = typeIndex + 1u;
    slot.at.clear();
    const std::span<const FieldRow> fields = store_.fields(type);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if ((fields[i].required & fields[i].versions & target) != 0) slot.at.push_back(static_cast<std::uint16_t>(i));
    }
    return slot.at;
  }

  /// The kinds of which there is nothing to say.
  [[nodiscard]] const table::ResourceRow** plainKind(base::Symbol apiVersion, base::Symbol kind) {
    auto& slot = kinds_[(kind.id * 0x9e3779b1u ^ apiVersion.id * 0x85ebca77u) >> 26];
    if (slot.apiVersion != apiVersion || slot.kind != kind) slot = {apiVersion, kind, nullptr};
    return &slot.row;
  }

 private:
  struct Field {
    std::uint64_t wanted = 0;
    const FieldRow* row = nullptr;
  };
  struct Required {
    std::uint32_t wanted = 0;
    std::vector<std::uint16_t> at;
  };
  struct Known {
    base::Symbol apiVersion;
    base::Symbol kind;
    const table::ResourceRow* row = nullptr;
  };

  const table::Store& store_;
  std::array<Field, 1024> fields_{};   // as the hash's upper ten bits
  std::array<Required, 128> required_{};
  std::array<Known, 64> kinds_{};
};

/// What the check of a pattern's first object said of all of them.
struct Verdict {
  enum class State : std::uint8_t { Open, Clean, EachAlone } state = State::Open;
  std::vector<const TypeRow*> types;   // of the scalars that vary; null: of any type
};

class ObjectCheck {
 public:
  ObjectCheck(const Catalog::Impl& catalog, Answers& answers, const ir::Object& object, const base::SymbolTable& symbols,
              const CheckOptions& options, diag::Sink& sink)
      : catalog_(catalog), store_(catalog.store), answers_(answers), object_(object), symbols_(symbols), sink_(sink),
        target_(options.version != 0 ? options.version : static_cast<VersionSet>(1u << (kLastMinor - kFirstMinor))),
        everything_(options.everything) {}

  void run() {
    if (!object_.apiVersion || !object_.kind) {
      const std::string_view missing = object_.kind ? "`apiVersion`" : "`kind`";
      return say(diag::make<Code::MissingField>(headSpan(), "this object", missing));
    }
    const bool raw = everything_ || hasRaw(*object_.root);
    const table::ResourceRow** known = answers_.plainKind(object_.apiVersion, object_.kind);
    const table::ResourceRow* row = *known;
    if (row == nullptr) {
      row = checkKind(catalog_, symbols_.text(object_.apiVersion), symbols_.text(object_.kind), apiSpan(), about(),
                      target_, sink_);
      if (row != nullptr && (row->deprecatedIn & target_) == 0) *known = row;
    }
    if (row == nullptr || !raw) return;
    Place root;
    root.type = row->type;
    value(*object_.root, root);
  }

  /// The same, for an object of a pattern: whether the others need their varying scalars checked alone.
  void runFirst(std::uint32_t varying, Verdict& verdict) {
    verdict.types.assign(varying, nullptr);
    verdict.state = Verdict::State::Clean;
    verdict_ = &verdict;
    run();
    verdict_ = nullptr;
    if (said_ || *answers_.plainKind(object_.apiVersion, object_.kind) == nullptr) verdict.state = Verdict::State::EachAlone;
  }

  /// Whether nothing is to be said of an object of a pattern without faults.
  [[nodiscard]] bool fits(const Verdict& verdict) {
    probing_ = true;
    for (std::size_t i = 0; i < verdict.types.size() && !said_; ++i) {
      if (verdict.types[i] != nullptr) scalar(*object_.varying[i], *verdict.types[i], {});
    }
    probing_ = false;
    return !std::exchange(said_, false);
  }

 private:
  /// The number of a scalar among those that vary; as many as there are when it is none of them.
  [[nodiscard]] std::size_t varyingNumber(const Node& node) const {
    const Node* const* const end = object_.varying + verdict_->types.size();
    return static_cast<std::size_t>(std::find(object_.varying, end, &node) - object_.varying);
  }

  /// Whether entries are the same is decided by keys that vary: no other object's list answers that.
  void noteKeys(const Node& list, const TypeRow& type) {
    const auto vary = [this](const Node* node) { return node != nullptr && varyingNumber(*node) < verdict_->types.size(); };
    for (const Node& entry : Children(&list)) {
      bool any = vary(&entry);
      for (const Index key : store_.list(type.keys, type.keyCount)) any = any || vary(member(&entry, store_.name(key), symbols_));
      if (any) verdict_->state = Verdict::State::EachAlone;
    }
  }

  [[nodiscard]] static bool hasRaw(const Node& node) {
    if ((node.flags & ir::FlagRaw) != 0) return true;
    for (const Node& child : Children(&node)) {
      if (hasRaw(child)) return true;
    }
    return false;
  }

  /// Of the API that is named: for a head `object "group/version/Kind" name` its text, in a manifest its apiVersion.
  [[nodiscard]] base::Span apiSpan() const {
    const base::Span head = headSpan();
    for (const Node& child : Children(object_.root)) {
      if (symbols_.text(child.key) != "apiVersion" || !child.span.known() || (child.flags & ir::FlagImplied) != 0) continue;
      const bool inHead = child.span.begin >= head.begin && child.span.end <= head.end;
      if (inHead || (child.knowsKey() && (child.flags & ir::FlagRaw) != 0)) return child.span;
    }
    return head;
  }
  [[nodiscard]] base::Span headSpan() const { return object_.span.known() ? object_.span : object_.root->span; }
  /// The key of a field that should not be there; the value when its key's place is not known.
  [[nodiscard]] base::Span keyOf(const Node& node, std::string_view key) const {
    return node.span.known() ? node.keySpan(key.size()) : headSpan();
  }
  [[nodiscard]] base::Span spanOf(const Node& node) const { return node.span.known() ? node.span : headSpan(); }
  [[nodiscard]] bool wanted(const Node& node) const { return everything_ || (node.flags & ir::FlagRaw) != 0; }
  void say(diag::Diagnostic&& said) {
    said_ = true;
    if (!probing_) sink_.add(std::move(said).about(about()));
  }
  [[nodiscard]] std::string about() const {
    return fmt::format("{}/{}", symbols_.text(object_.kind), symbols_.text(object_.name));
  }
  [[nodiscard]] std::string rootName() const {
    return fmt::format("`{}/{}`", symbols_.text(object_.apiVersion), symbols_.text(object_.kind));
  }

  void value(const Node& node, const Place& place) {
    const TypeRow& type = store_.type(place.type);
    switch (shapeOf(type)) {
      case Shape::Any: return;
      case Shape::Object: return node.kind == NodeKind::Map ? block(node, type, place) : wrongType(node, type, place);
      case Shape::Map: return node.kind == NodeKind::Map ? freeKeys(node, type, place) : wrongType(node, type, place);
      case Shape::List: return node.kind == NodeKind::List ? items(node, type, place) : wrongType(node, type, place);
      case Shape::Bool:
      case Shape::Int:
      case Shape::Float:
      case Shape::String:
      case Shape::Quantity:
      case Shape::IntOrString: break;
    }
    if (wanted(node)) scalar(node, type, place);
  }

  void block(const Node& node, const TypeRow& type, const Place& place) {
    const std::span<const FieldRow> fields = store_.fields(type);
    std::bitset<kMarkedFields> seen;
    bool touched = wanted(node);
    for (const Node& child : Children(&node)) {
      touched = touched || wanted(child);
      const std::string_view key = symbols_.text(child.key);
      const FieldRow* field = answers_.field(place.type, type, child.key, key);
      if (field == nullptr || (field->versions & target_) == 0) {
        if (wanted(child)) noField(node, child, key, field, type, place);
        continue;
      }
      if (child.kind == NodeKind::Null && (child.flags & ir::FlagError) == 0) {
        if (wanted(child)) nullField(child, key, *field, place);
        continue;
      }
      const auto at = static_cast<std::size_t>(field - fields.data());
      if (at < kMarkedFields) seen.set(at);
      if (place.up == nullptr && key == "status") {
        if (wanted(child)) say(diag::make<Code::StatusInSource>(spanOf(child)));
        continue;
      }
      if ((child.flags & ir::FlagError) != 0) continue;
      const Place below{.up = &place, .key = key, .type = field->type};
      value(child, below);
    }
    if (!touched) return;
    missingFields(node, type, fields, seen, place);
    bounds(node, type, place, node.length, "entries");
  }

  void missingFields(const Node& node, const TypeRow& type, std::span<const FieldRow> fields,
                     const std::bitset<kMarkedFields>& seen, const Place& place) {
    std::vector<std::string_view> missing;
    for (const std::size_t at : answers_.required(place.type, type, target_)) {
      const FieldRow& field = fields[at];
      const std::string_view name = store_.name(field.name);
      if (place.up == nullptr && name == "status") continue;   // the cluster's own
      if (at < kMarkedFields ? seen.test(at) : has(node, name)) continue;
      if (isDefaulted(place, name)) continue;
      missing.push_back(name);
    }
    if (missing.empty()) return;
    say(diag::make<Code::MissingField>(spanOf(node), subject(place, rootName()), quotedList(missing)));
  }

  /// Fields that older schemas call required and the API server fills in, or never asks for: SetDefaults_PodFailurePolicyOnPodConditionsPattern
  /// (batch/v1), SetDefaults_RoleBinding (rbac/v1); a priority of 0 is one; a StatefulSet's serviceName is not validated.
  [[nodiscard]] bool isDefaulted(const Place& place, std::string_view name) const {
    const auto kind = symbols_.text(object_.kind);
    if (name == "status") return pathText(place).find("onPodConditions") != std::string::npos;
    if (name == "apiGroup") return kind.ends_with("RoleBinding");
    if (name == "value") return kind == "PriorityClass";
    return name == "serviceName" && kind == "StatefulSet";
  }

  [[nodiscard]] bool has(const Node& map, std::string_view name) const {
    for (const Node& child : Children(&map)) {
      if ((child.kind != NodeKind::Null || (child.flags & ir::FlagError) != 0) && symbols_.text(child.key) == name) return true;
    }
    return false;
  }

  void noField(const Node& parent, const Node& child, std::string_view key, const FieldRow* other, const TypeRow& type, const Place& place) {
    if (other != nullptr) {
      const Place below{.up = &place, .key = key};
      say(diag::make<Code::FieldNotInTarget>(keyOf(child, key), pathText(below),
                                             availabilityText(other->versions, target_), versionText(target_))
              .hint("an API server of the target version refuses the field, or drops it without a word"));
      return;
    }
    if ((type.flags & table::KeepsUnknown) != 0) return;
    const FieldSuggestion near = suggestField(store_, place, key, target_);
    std::string hint;
    if (!near.elsewhere.empty()) hint = fmt::format("`{}` stands at {}", key, near.elsewhere);
    else if (!near.nearest.empty()) hint = fmt::format("did you mean `{}`?", near.nearest);
    else hint = fieldsHint(type);
    auto said = diag::make<Code::UnknownField>(keyOf(child, key), subject(place, rootName()), key).hint(std::move(hint));
    if (near.elsewhere.empty() && !near.nearest.empty() && !has(parent, near.nearest) && child.knowsKey() && (child.flags & ir::FlagRaw) != 0)
      said.fixes.push_back({fmt::format("write `{}`", near.nearest), {{child.keySpan(key.size()), std::string(near.nearest)}}});
    say(std::move(said));
  }

  [[nodiscard]] std::string fieldsHint(const TypeRow& type) const {
    std::vector<std::string_view> names;
    for (const FieldRow& field : store_.fields(type)) {
      if ((field.versions & target_) != 0) names.push_back(store_.name(field.name));
    }
    if (names.empty()) return "it has no fields at all";
    const bool all = names.size() <= 12;
    if (!all) names.resize(12);
    return fmt::format("its fields {} {}", all ? "are" : "begin with", quotedList(names));
  }

  /// Generators leave many of them; few ever matter.
  static diag::Diagnostic&& asNote(diag::Diagnostic&& d) {
    d.severity = diag::Severity::Note;
    return std::move(d);
  }

  void nullField(const Node& child, std::string_view key, const FieldRow& field, const Place& place) {
    const bool nullable = (store_.type(field.type).flags & table::Nullable) != 0;
    // Every generated manifest carries `creationTimestamp: null`.
    if (nullable || key == "creationTimestamp" || key == "status") return;
    const Place below{.up = &place, .key = key};
    const bool isBlock = shapeOf(store_.type(field.type)) == Shape::Object;
    say(asNote(diag::make<Code::NullField>(spanOf(child), pathText(below)))
            .hint(isBlock ? "an empty block sets it with its defaults" : "leave the line out, or give a value"));
  }

  void freeKeys(const Node& node, const TypeRow& type, const Place& place) {
    for (const Node& child : Children(&node)) {
      const Place below{.up = &place, .key = symbols_.text(child.key), .type = type.element};
      if (child.kind == NodeKind::Null) nullItem(child, below);
      else value(child, below);
    }
    if (wanted(node)) bounds(node, type, place, node.length, "entries");
  }

  void nullItem(const Node& child, const Place& place) {
    const TypeRow& type = store_.type(place.type);
    if (!wanted(child) || (child.flags & ir::FlagError) != 0 || shapeOf(type) == Shape::Any || (type.flags & table::Nullable) != 0) return;
    if ((type.flags & table::Custom) != 0) {
      say(diag::make<Code::NullNotAllowed>(spanOf(child), pathText(place), takesText(shapeOf(type))));
    } else {
      say(diag::make<Code::NullField>(spanOf(child), pathText(place))
              .hint(shapeOf(type) == Shape::String ? "write \"\" for an empty text" : "give a value"));
    }
  }

  void items(const Node& node, const TypeRow& type, const Place& place) {
    std::uint32_t index = 0;
    bool touched = wanted(node);
    for (const Node& child : Children(&node)) {
      const Place below{.up = &place, .index = index++, .isItem = true, .type = type.element};
      touched = touched || wanted(child);
      if (child.kind == NodeKind::Null) nullItem(child, below);
      else value(child, below);
    }
    if (!touched) return;
    bounds(node, type, place, node.length, "items");
    if (node.length < 2) return;
    if (verdict_ != nullptr && static_cast<ListType>(type.listType) != ListType::Atomic) noteKeys(node, type);
    for (const ListClash& clash : findClashes(node, store_, type, place.key, symbols_)) {
      auto said = clash.shadows ? diag::make<Code::ShadowedEntry>(spanOf(*clash.second), pathText(place), clash.what)
                                : diag::make<Code::DuplicateEntry>(spanOf(*clash.second), pathText(place), clash.what);
      if (clash.first->span.known()) said.related.push_back({clash.first->span, "the first one stands here"});
      say(std::move(said));
    }
  }

  void wrongType(const Node& node, const TypeRow& type, const Place& place) {
    if (!wanted(node)) return;
    const Shape shape = shapeOf(type);
    std::string hint;
    if (shape == Shape::String && !node.isContainer()) hint = "put it in quotes";
    else if (shape == Shape::List) hint = "write a list, also for one item: `[…]`";
    else if (node.kind == NodeKind::String && readsAs(node.text(), shape)) hint = "write it without quotes";
    const std::string path = place.up == nullptr ? "an object" : pathText(place);
    say(diag::make<Code::WrongFieldType>(spanOf(node), foundText(node), path, takesText(shape)).hint(std::move(hint)));
  }

  /// Whether a quoted text would be right without its quotes.
  [[nodiscard]] static bool readsAs(std::string_view text, Shape shape) {
    if (shape == Shape::Bool) return text == "true" || text == "false";
    if (shape != Shape::Int && shape != Shape::Float) return false;
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  }

  void scalar(const Node& node, const TypeRow& type, const Place& place) {
    if (verdict_ != nullptr) {
      if (const std::size_t number = varyingNumber(node); number < verdict_->types.size()) verdict_->types[number] = &type;
    }
    const Shape shape = shapeOf(type);
    const bool custom = (type.flags & table::Custom) != 0;
    const bool integral = node.kind == NodeKind::Int || (node.kind == NodeKind::Float && isIntegral(node.real));
    bool fits = false;
    switch (shape) {
      case Shape::Bool: fits = node.kind == NodeKind::Bool; break;
      case Shape::Int: fits = integral; break;
      case Shape::Float: fits = node.kind == NodeKind::Int || node.kind == NodeKind::Float; break;
      case Shape::String: fits = node.kind == NodeKind::String; break;
      case Shape::IntOrString: fits = integral || node.kind == NodeKind::String; break;
      case Shape::Quantity:
        fits = integral || node.kind == NodeKind::String || (!custom && node.kind == NodeKind::Float);
        break;
      case Shape::Any:
      case Shape::List:
      case Shape::Map:
      case Shape::Object: return;
    }
    if (!fits) return wrongScalar(node, type, place);
    if (shape == Shape::String) text(node, type, place);
    if (shape == Shape::Int || shape == Shape::Float) number(node, type, place);
    if (shape == Shape::Quantity && node.kind == NodeKind::String && !base::parseQuantity(node.text())) {
      say(diag::make<Code::QuantityText>(spanOf(node), node.text(), pathText(place))
              .hint("a number with k, M, G, T, Ki, Mi, Gi, Ti or m behind it, without a space: 512Mi, 2Gi, 500m"));
    }
  }

  void wrongScalar(const Node& node, const TypeRow& type, const Place& place) {
    if (shapeOf(type) != Shape::Quantity || node.kind != NodeKind::Float) return wrongType(node, type, place);
    // A CRD's integer-or-string refuses what the built-in kinds accept: cpu: 0.5
    say(diag::make<Code::WrongFieldType>(spanOf(node), foundText(node), pathText(place),
                                         "an integer or a string here, in a custom resource")
            .hint(fmt::format("write \"{}\"", node.real)));
  }

  [[nodiscard]] static bool isIntegral(double value) {
    return value >= -9e15 && value <= 9e15 && value == static_cast<double>(static_cast<std::int64_t>(value));
  }

  void text(const Node& node, const TypeRow& type, const Place& place) {
    const std::string_view written = node.text();
    if (type.enumCount != 0) enumerator(node, written, type, place);
    if ((type.flags & table::Base64) != 0 && !isBase64(written)) {
      const bool inSecret = place.up != nullptr && place.up->key == "data";
      say(diag::make<Code::NotBase64>(spanOf(node), pathText(place))
              .hint(inSecret ? "plain text goes into `stringData`" : ""));
    }
    if ((type.flags & table::DateTime) != 0 && !isTimestamp(written)) {
      say(diag::make<Code::NotATimestamp>(spanOf(node), written, pathText(place)));
    }
    if (type.limits == 0) return;
    std::size_t length = 0;
    for (char c : written) length += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    bounds(node, type, place, static_cast<std::int64_t>(length), "characters long");
    const Index pattern = store_.limits(type.limits).pattern;
    if (pattern != table::kNoName && !catalog_.matches(pattern, written)) {
      say(diag::make<Code::FieldPattern>(spanOf(node), written, store_.name(pattern), pathText(place)));
    }
  }

  void enumerator(const Node& node, std::string_view written, const TypeRow& type, const Place& place) {
    for (const Index known : store_.list(type.enums, type.enumCount)) {
      if (store_.name(known) == written) return;
    }
    if (written.empty() && (type.flags & table::Custom) == 0) return;   // Go reads "" as not set
    const std::vector<std::string_view> values = store_.texts(type.enums, type.enumCount);
    const std::string_view near = diag::nearest(written, values);
    std::string hint = near.empty() ? fmt::format("it takes {}", quotedList(values, "or"))
                                    : fmt::format("did you mean \"{}\"?", near);
    say(diag::make<Code::UnknownEnumerator>(spanOf(node), pathText(place), written).hint(std::move(hint)));
  }

  void number(const Node& node, const TypeRow& type, const Place& place) {
    const std::int64_t written = node.kind == NodeKind::Int ? node.integer : static_cast<std::int64_t>(node.real);
    if ((type.flags & table::Int32) != 0 && written != static_cast<std::int32_t>(written)) {
      say(diag::make<Code::NumberTooWide>(spanOf(node), written, pathText(place)));
      return;
    }
    bounds(node, type, place, written, "");
  }

  void bounds(const Node& node, const TypeRow& type, const Place& place, std::int64_t size, std::string_view unit) {
    if (type.limits == 0) return;
    const table::LimitRow& limit = store_.limits(type.limits);
    if (size >= limit.minimum && size <= limit.maximum) return;
    const bool low = size < limit.minimum;
    say(diag::make<Code::OutOfBounds>(spanOf(node), place.up == nullptr ? rootName() : pathText(place),
                                      unit.empty() ? std::to_string(size) : fmt::format("{} {}", size, unit),
                                      fmt::format("at {} {}", low ? "least" : "most", low ? limit.minimum : limit.maximum)));
  }

  const Catalog::Impl& catalog_;
  const table::Store& store_;
  Answers& answers_;
  const ir::Object& object_;
  const base::SymbolTable& symbols_;
  diag::Sink& sink_;
  VersionSet target_;
  bool everything_;
  bool said_ = false;
  bool probing_ = false;           // only whether there is anything to say
  Verdict* verdict_ = nullptr;     // to be filled
};

}  // namespace

void checkObject(const Catalog& catalog, const ir::Object& object, const base::SymbolTable& symbols,
                 const CheckOptions& options, diag::Sink& sink) {
  if (object.external || object.root == nullptr) return;
  Answers answers(catalog.impl().store);
  ObjectCheck(catalog.impl(), answers, object, symbols, options, sink).run();
}

void checkObjects(const Catalog& catalog, const ir::Stack& stack, const CheckOptions& options, diag::Sink& sink) {
  Answers answers(catalog.impl().store);
  std::vector<Verdict> verdicts(stack.patterns.size());
  for (const ir::Object& object : stack.objects) {
    if (object.external || object.root == nullptr) continue;
    ObjectCheck check(catalog.impl(), answers, object, *stack.symbols, options, sink);
    const auto pattern = ir::patternOf(stack, object);
    if (!pattern) {
      check.run();
      continue;
    }
    Verdict& verdict = verdicts[*pattern];
    if (verdict.state == Verdict::State::Open) check.runFirst(stack.patterns[*pattern].varying, verdict);
    else if (verdict.state == Verdict::State::EachAlone || !check.fits(verdict)) check.run();
  }
}

}  // namespace mlstack::schema
