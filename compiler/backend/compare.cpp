#include "backend/compare.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "backend/compare_parts.h"

namespace mlstack::backend {

namespace {

using ir::Node;
using ir::NodeKind;

bool isPlainKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

template <std::size_t N>
bool isOneOf(std::string_view text, const std::array<std::string_view, N>& all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

/// Below these every byte counts.
constexpr std::array<std::string_view, 11> kFreeTexts{"labels", "annotations", "matchLabels", "nodeSelector", "env", "args",
                                                      "command", "parameters", "volumeAttributes", "stringData", "selector"};
/// Maps of quantities, also where no schema says so.
constexpr std::array<std::string_view, 7> kAmounts{"requests", "limits", "capacity", "hard", "overhead", "nominalQuota", "minAvailableResources"};
/// What only the server writes, at the top and in metadata.
constexpr std::array<std::string_view, 3> kServerTop{"apiVersion", "kind", "status"};
constexpr std::array<std::string_view, 11> kServerMetadata{"name", "namespace", "managedFields", "resourceVersion", "generation", "uid",
                                                           "creationTimestamp", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName"};

/// Where the walk stands beside the two values.
struct At {
  schema::TypeRef type{};
  const Node* ours = nullptr;       // FieldsV1 of what we own here
  bool covered = false;             // part of an atomic value: it counts as a whole
  Meaning meaning = Meaning::Field;
  std::string_view name{};          // the innermost field's
};

class Walk {
 public:
  Walk(const schema::Catalog& catalog, const base::SymbolTable& symbols, bool whole) : catalog_(catalog), symbols_(symbols), whole_(whole) {}

  Difference run(const Node& desired, const Node& live) {
    const auto text = [&](std::string_view key) {
      const auto* node = ir::findPath(&desired, key, symbols_);
      return node && node->kind == NodeKind::String ? node->text() : std::string_view{};
    };
    const auto* resource = catalog_.resource(text("apiVersion"), text("kind"));
    secret_ = text("kind") == "Secret" && text("apiVersion") == "v1";
    bytes_ = secret_ || (text("kind") == "ConfigMap" && text("apiVersion") == "v1");
    At at;
    if (resource) at.type = resource->type;
    if (!whole_) {
      owners_ = ownership(live, symbols_);
      for (const auto& owner : owners_)
        if (isOurs(owner)) at.ours = owner.fields;
      if (!at.ours) difference_.ownershipChanges = true;
    }
    at.covered = whole_;
    map(desired, live, at);
    return std::move(difference_);
  }

 private:
  static bool isOurs(const Ownership& owner) { return owner.manager == kFieldManager && owner.operation == "Apply" && owner.subresource.empty(); }

  // --- the way ---------------------------------------------------------------------------------

  /// Steps into a child for as long as it lives.
  class Into {
   public:
    Into(Walk& walk, std::string_view pathPart, std::string fields, Undo::At at) : walk_(walk), length_(walk.path_.size()) {
      walk.path_ += pathPart;
      walk.way_.push_back({std::move(fields), at});
    }
    ~Into() {
      walk_.path_.resize(length_);
      walk_.way_.pop_back();
    }
    Into(const Into&) = delete;
    Into& operator=(const Into&) = delete;

   private:
    Walk& walk_;
    std::size_t length_;
  };

  static std::string fieldPath(std::string_view key) { return isPlainKey(key) ? fmt::format(".{}", key) : fmt::format("[{}]", key); }

  bool isServers(std::string_view key) const {
    if (way_.empty()) return isOneOf(key, kServerTop);
    return way_.size() == 1 && way_.front().fields == "f:metadata" && isOneOf(key, kServerMetadata);
  }

  At field(const At& at, std::string_view key) const {
    At child;
    child.name = key;
    child.covered = at.covered;
    child.ours = at.covered ? nullptr : fieldsField(at.ours, key, symbols_);
    if (at.type) {
      const auto shape = catalog_.shape(at.type);
      if (shape == schema::Shape::Object) {
        if (const auto* info = catalog_.field(at.type, key)) child.type = info->type;
      } else if (shape == schema::Shape::Map) {
        child.type = catalog_.element(at.type);
      }
    }
    child.meaning = at.meaning;
    if (bytes_ && way_.empty() && (key == "binaryData" || (secret_ && key == "data"))) child.meaning = Meaning::Bytes;
    else if (way_.empty() && key == "data") child.meaning = Meaning::FreeText;
    else if (isOneOf(key, kFreeTexts)) child.meaning = Meaning::FreeText;
    else if (isOneOf(key, kAmounts)) child.meaning = Meaning::Amount;
    return child;
  }

  // --- values ----------------------------------------------------------------------------------

  void value(const Node& desired, const Node* live, At at) {
    if (!live || (live->kind == NodeKind::Null && desired.kind != NodeKind::Null)) return missing(desired, at);
    if (!at.covered && at.ours && isLeaf(*at.ours) && desired.isContainer() && desired.length) at.covered = true;
    if (desired.kind == NodeKind::Map && live->kind == NodeKind::Map) {
      if (desired.length == 0) must(at);
      return map(desired, *live, at);
    }
    if (desired.kind == NodeKind::List && live->kind == NodeKind::List) {
      if (desired.length == 0) must(at);
      return list(desired, *live, at);
    }
    if (desired.kind == NodeKind::Null) return;
    if (!desired.isContainer() && sameScalar(desired, *live, at.type ? catalog_.shape(at.type) : schema::Shape::Any, at.meaning, at.name)) return must(at);
    if (isEmptyValue(desired) && isEmptyValue(*live)) return must(at);
    change(&desired, live, desired.entrySpan());
  }

  /// Not in the live object. What we own all the same is something that the server drops when it is empty.
  void missing(const Node& desired, const At& at) {
    if (desired.kind == NodeKind::Null) return;
    // `emptyDir: {}` says something, where it was not applied before.
    const bool says = desired.kind == NodeKind::Map && !at.covered && !at.ours;
    if (isEmptyValue(desired) && !says) return must(at);
    if (isZeroValue(desired) && !says && (at.covered || at.ours)) return;
    change(&desired, nullptr, desired.entrySpan());
  }

  void must(const At& at) {
    if (!at.covered && !at.ours) difference_.ownershipChanges = true;
  }

  void map(const Node& desired, const Node& live, const At& at) {
    for (const auto& child : ir::Children(&desired)) {
      const auto key = symbols_.text(child.key);
      if (isServers(key)) continue;
      const auto below = field(at, key);
      const Into into(*this, fieldPath(key), fmt::format("f:{}", key), {child.key, 0});
      value(child, ir::find(&live, child.key), below);
    }
    if (at.covered) return extras(desired, live, at);
    for (const auto& owned : ir::Children(at.ours)) {
      const auto key = symbols_.text(owned.key);
      if (!key.starts_with("f:") || isServers(key.substr(2)) || childOf(desired, key.substr(2))) continue;
      const auto* there = childOf(live, key.substr(2));
      const Into into(*this, fieldPath(key.substr(2)), std::string(key), {there ? there->key : base::Symbol{}, 0});
      given(owned, there, field(at, key.substr(2)).type, desired);
    }
  }

  const Node* childOf(const Node& map, std::string_view key) const {
    if (map.kind != NodeKind::Map) return nullptr;
    for (const auto& child : ir::Children(&map))
      if (symbols_.text(child.key) == key) return &child;
    return nullptr;
  }

  /// What an atomic value, or a whole object, has more than was said.
  void extras(const Node& desired, const Node& live, const At& at) {
    for (const auto& child : ir::Children(&live)) {
      const auto key = symbols_.text(child.key);
      if (isServers(key) || ir::find(&desired, child.key)) continue;
      if (whole_ ? isEmptyValue(child) : (isDefaulted(key, child, symbols_) && !isFree(at))) continue;
      const Into into(*this, fieldPath(key), fmt::format("f:{}", key), {child.key, 0});
      change(nullptr, &child, desired.entrySpan());
    }
  }
  bool isFree(const At& at) const { return at.type && catalog_.shape(at.type) == schema::Shape::Map; }

  /// What we own and no longer say: `owned` is the field set there.
  void given(const Node& owned, const Node* live, schema::TypeRef type, const Node& parent) {
    if (!live) {
      difference_.ownershipChanges = true;
      return;
    }
    const bool others = std::any_of(owners_.begin(), owners_.end(), [&](const Ownership& owner) { return !isOurs(owner) && ownsBelow(owner.fields, way_, symbols_); });
    if (!others && (isLeaf(owned) || fieldsChild(&owned, ".", symbols_) || live->kind != NodeKind::Map || ownsAll(owned, *live)))
      return change(nullptr, live, parent.entrySpan());
    if (isLeaf(owned) || live->kind != NodeKind::Map) {
      difference_.ownershipChanges = true;
      return;
    }
    At at;
    at.type = type;
    for (const auto& child : ir::Children(&owned)) {
      const auto key = symbols_.text(child.key);
      if (key == ".") difference_.ownershipChanges = true;
      if (!key.starts_with("f:")) continue;
      const auto* there = childOf(*live, key.substr(2));
      const Into into(*this, fieldPath(key.substr(2)), std::string(key), {there ? there->key : base::Symbol{}, 0});
      given(child, there, field(at, key.substr(2)).type, parent);
    }
  }

  /// Whether everything in a live map is ours.
  bool ownsAll(const Node& owned, const Node& live) const {
    if (isLeaf(owned)) return true;
    if (live.kind != NodeKind::Map) return true;
    for (const auto& child : ir::Children(&live)) {
      const auto* below = fieldsField(&owned, symbols_.text(child.key), symbols_);
      if (!below || !ownsAll(*below, child)) return false;
    }
    return true;
  }

  // --- lists -----------------------------------------------------------------------------------

  struct ListForm {
    schema::ListType type = schema::ListType::Atomic;
    std::vector<std::string> keys;
  };

  ListForm formOf(const At& at) const {
    ListForm form;
    if (at.type && catalog_.shape(at.type) == schema::Shape::List) {
      form.type = catalog_.listType(at.type);
      for (const auto key : catalog_.listKeys(at.type)) form.keys.emplace_back(key);
      std::sort(form.keys.begin(), form.keys.end());
      return form;
    }
    if (at.type) return form;
    // No schema: what somebody owns in it tells.
    const auto look = [&](const Node* fields) {
      for (const auto& child : ir::Children(fields)) {
        const auto key = symbols_.text(child.key);
        if (key.starts_with("k:")) {
          form.type = schema::ListType::Map;
          form.keys = keysOfFields(*fields, symbols_);
        } else if (key.starts_with("v:")) {
          form.type = schema::ListType::Set;
        } else {
          continue;
        }
        return true;
      }
      return false;
    };
    if (look(at.ours)) return form;
    for (const auto& owner : owners_) {
      const Node* fields = owner.fields;
      for (const auto& element : way_) fields = fieldsChild(fields, element.fields, symbols_);
      if (look(fields)) return form;
    }
    return form;
  }

  void list(const Node& desired, const Node& live, const At& at) {
    const auto form = formOf(at);
    switch (form.type) {
      case schema::ListType::Map:
        if (!form.keys.empty()) return keyed(desired, live, at, form.keys);
        break;
      case schema::ListType::Set: return set(desired, live, at);
      case schema::ListType::Atomic: break;
    }
    must(at);
    atomic(desired, live, at);
  }

  At item(const At& at, const Node* ours) const {
    At child;
    child.name = at.name;
    child.covered = at.covered;
    child.ours = ours;
    child.meaning = at.meaning;
    if (at.type && catalog_.shape(at.type) == schema::Shape::List) child.type = catalog_.element(at.type);
    return child;
  }

  /// The `nth` item of that key.
  const Node* keyedItem(const Node& list, const std::string& wanted, const std::vector<std::string>& keys, std::size_t nth) const {
    for (const auto& one : ir::Children(&list))
      if (keyedText(one, keys, symbols_) == wanted && nth-- == 0) return &one;
    return nullptr;
  }

  void keyed(const Node& desired, const Node& live, const At& at, const std::vector<std::string>& keys) {
    std::vector<std::string> seen;
    std::uint32_t index = 0;
    auto inStep = ir::Children(&live).begin();
    std::uint32_t left = live.length;
    for (const auto& one : ir::Children(&desired)) {
      auto key = keyedText(one, keys, symbols_);
      const auto nth = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), key));
      // Nearly always the same order.
      const Node* twin = left > 0 && keyedText(*inStep, keys, symbols_) == key && nth == 0 ? &*inStep : keyedItem(live, key, keys, nth);
      if (left > 0) ++inStep, --left;
      seen.push_back(key);
      const auto* ours = at.covered ? nullptr : fieldsChild(at.ours, key, symbols_);
      const Into into(*this, keyedPath(one, keys, symbols_), std::move(key), {{}, index++});
      value(one, twin, item(at, ours));
    }
    for (const auto& one : ir::Children(&live)) {
      auto key = keyedText(one, keys, symbols_);
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
      const auto* ours = at.covered ? nullptr : fieldsChild(at.ours, key, symbols_);
      if (!ours && !at.covered) continue;
      const Into into(*this, keyedPath(one, keys, symbols_), std::move(key), {{}, Undo::kAppend});
      if (at.covered) change(nullptr, &one, desired.entrySpan());
      else given(*ours, &one, item(at, ours).type, desired);
    }
  }

  void set(const Node& desired, const Node& live, const At& at) {
    std::vector<std::string> seen;
    const auto has = [&](const Node& all, const std::string& wanted) -> const Node* {
      for (const auto& one : ir::Children(&all))
        if (valueText(one) == wanted) return &one;
      return nullptr;
    };
    std::uint32_t index = 0;
    for (const auto& one : ir::Children(&desired)) {
      auto key = valueText(one);
      seen.push_back(key);
      const auto* ours = at.covered ? nullptr : fieldsChild(at.ours, key, symbols_);
      const auto* twin = has(live, key);
      const Into into(*this, fmt::format("[{}]", flowText(one, symbols_)), std::move(key), {{}, index++});
      value(one, twin, item(at, ours));
    }
    for (const auto& one : ir::Children(&live)) {
      auto key = valueText(one);
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
      const auto* ours = at.covered ? nullptr : fieldsChild(at.ours, key, symbols_);
      if (!ours && !at.covered) continue;
      const Into into(*this, fmt::format("[{}]", flowText(one, symbols_)), std::move(key), {{}, Undo::kAppend});
      if (at.covered) change(nullptr, &one, desired.entrySpan());
      else given(*ours, &one, {}, desired);
    }
  }

  /// Pods get these from admission (DefaultTolerationSeconds).
  bool isAddedToleration(const Node& one) const {
    const auto* key = ir::findPath(&one, "key", symbols_);
    const auto* seconds = ir::findPath(&one, "tolerationSeconds", symbols_);
    return key && seconds && key->kind == NodeKind::String && seconds->kind == NodeKind::Int && seconds->integer == 300 &&
           (key->text() == "node.kubernetes.io/not-ready" || key->text() == "node.kubernetes.io/unreachable");
  }

  void atomic(const Node& desired, const Node& live, At at) {
    auto count = live.length;
    if (!whole_ && at.name == "tolerations") {
      std::vector<const Node*> items;
      for (const auto& one : ir::Children(&live)) items.push_back(&one);
      while (count > desired.length && isAddedToleration(*items[count - 1])) --count;
    }
    const bool maps = desired.length > 0 && desired.last->isContainer();
    if (count != desired.length || (!maps && !sameItems(desired, live, at))) return change(&desired, &live, desired.entrySpan());
    if (!maps) return;
    at.covered = true;
    std::uint32_t index = 0;
    auto other = ir::Children(&live).begin();
    for (const auto& one : ir::Children(&desired)) {
      const Into into(*this, fmt::format("[{}]", index), fmt::format("i:{}", index), {{}, index});
      value(one, &*other, item(at, nullptr));
      ++other;
      ++index;
    }
  }

  bool sameItems(const Node& desired, const Node& live, const At& at) const {
    const auto type = item(at, nullptr).type;
    const auto shape = type ? catalog_.shape(type) : schema::Shape::Any;
    auto other = ir::Children(&live).begin();
    for (const auto& one : ir::Children(&desired)) {
      if (one.isContainer() || !sameScalar(one, *other, shape, at.meaning, at.name)) return false;
      ++other;
    }
    return true;
  }

  // --- what is found ---------------------------------------------------------------------------

  bool isSecretValue() const {
    if (!secret_ || way_.empty()) return false;
    const auto& top = way_.front().fields;
    return top == "f:data" || top == "f:stringData" || (top == "f:metadata" && path_.find("last-applied") != std::string::npos);
  }

  std::string textOf(const Node* node) const {
    if (!node) return {};
    return isSecretValue() ? std::string("(secret)") : flowText(*node, symbols_);
  }

  void change(const Node* desired, const Node* live, base::Span span) {
    auto& row = difference_.changes.emplace_back();
    row.path = path_;
    row.before = textOf(live);
    row.after = textOf(desired);
    row.redacted = isSecretValue();
    row.span = span;
    if (whole_) return;
    auto& undo = difference_.undo.emplace_back();
    for (const auto& element : way_) undo.at.push_back(element.at);
    undo.live = live;
    if (desired && live) conflict(*desired, *live, span);
  }

  void conflict(const Node& desired, const Node& live, base::Span span) {
    for (const auto& owner : owners_) {
      if (isOurs(owner) || !owns(owner.fields, way_, symbols_)) continue;
      difference_.conflicts.push_back({path_, owner.manager, textOf(&live), textOf(&desired), span});
    }
  }

  const schema::Catalog& catalog_;
  const base::SymbolTable& symbols_;
  bool whole_;
  bool secret_ = false;
  bool bytes_ = false;
  std::vector<Ownership> owners_;
  std::vector<Element> way_;
  std::string path_;
  Difference difference_;
};

}  // namespace

Difference compare(const Node& desired, const Node& live, const schema::Catalog& catalog, const base::SymbolTable& symbols) {
  return Walk(catalog, symbols, false).run(desired, live);
}

std::vector<FieldChange> compareWhole(const Node& before, const Node& after, const schema::Catalog& catalog, const base::SymbolTable& symbols) {
  return std::move(Walk(catalog, symbols, true).run(after, before).changes);
}

Node* undone(const Node& desired, const std::vector<Undo>& undo, ir::Builder& builder) {
  auto* tree = builder.clone(desired);
  // Items of lists that go are taken out last: the numbers before them must hold.
  std::vector<std::pair<Node*, std::uint32_t>> gone;
  for (const auto& one : undo) {
    Node* at = tree;
    for (std::size_t i = 0; at && i + 1 < one.at.size(); ++i) {
      const auto& step = one.at[i];
      if (at->kind == NodeKind::Map) {
        auto* below = ir::find(at, step.key);
        at = below ? below : builder.mapAt(*at, step.key, {});
      } else {
        auto left = step.index;
        Node* next = nullptr;
        for (auto& item : ir::Children(at))
          if (left-- == 0) next = &item;
        at = next;
      }
    }
    if (!at || one.at.empty()) continue;
    const auto& last = one.at.back();
    if (at->kind == NodeKind::Map) {
      if (one.live) ir::Builder::set(*at, last.key, builder.clone(*one.live));
      else ir::Builder::remove(*at, last.key);
    } else if (at->kind == NodeKind::List && last.index == Undo::kAppend) {
      if (one.live) ir::Builder::append(*at, builder.clone(*one.live));
    } else if (at->kind == NodeKind::List) {
      gone.emplace_back(at, last.index);
      if (!one.live) continue;
      gone.pop_back();
      std::uint32_t index = 0;
      for (auto& item : ir::Children(at)) {
        if (index++ != last.index) continue;
        auto* next = item.next;
        const auto key = item.key;
        auto* copy = builder.clone(*one.live);
        item = *copy;
        item.next = next;
        item.key = key;
        break;
      }
    }
  }
  std::sort(gone.begin(), gone.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [list, index] : gone) {
    auto* previous = list->last;
    for (std::uint32_t i = 0; i < index; ++i) previous = previous->next;
    auto* item = previous->next;
    if (--list->length == 0) {
      list->last = nullptr;
    } else {
      previous->next = item->next;
      if (list->last == item) list->last = previous;
    }
  }
  return tree;
}

}  // namespace mlstack::backend
