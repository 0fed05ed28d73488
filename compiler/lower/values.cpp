// Values as nodes, and the conversions that members name.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/duration.h"
#include "lower/lowering.h"

namespace mlstack::lower {

std::string_view Lowering::keep(std::string_view text) {
  if (text.empty()) return {};
  const auto hash = (reinterpret_cast<std::uintptr_t>(text.data()) >> 3) * 0x9e3779b97f4a7c15ull;
  const auto index = static_cast<std::uint16_t>((hash >> 32) % kept_.size());
  auto& slot = kept_[index];
  if (slot.from == text.data() && slot.length == text.size()) return {slot.to, slot.length};
  const auto copy = stack_.arena.copy(text);
  slot = {text.data(), static_cast<std::uint32_t>(text.size()), copy.data()};
  keptLately_.push_back(index);
  if (learning_) learning_->kept.push_back(slot);
  return copy;
}

Symbol Lowering::symbolOf(std::string_view stable) {
  const auto hash = (reinterpret_cast<std::uintptr_t>(stable.data()) >> 3) * 0x9e3779b97f4a7c15ull;
  const auto index = static_cast<std::uint16_t>((hash >> 32) % named_.size());
  auto& slot = named_[index];
  if (slot.from != stable.data() || slot.length != stable.size()) {
    namedLately_.push_back(index);
    slot = {stable.data(), static_cast<std::uint32_t>(stable.size()), symbols_.intern(stable)};
  }
  return slot.symbol;
}

std::string_view Lowering::asLabel(std::string_view text) {
  if (text.size() <= 63 && text.find('.') == std::string_view::npos) return text;
  unsteady();
  return stack_.arena.copy(labelOf(text));
}

std::string_view Lowering::nameOf(const Instance& instance) const {
  return symbols_.text(instance.name ? instance.name : instance.label);
}

Symbol Lowering::nameSpaceFor(const Instance& instance) {
  if (const auto* stated = instance.field("namespace"); stated != nullptr && stated->value.kind == ValueKind::String) {
    return symbolOf(stated->value.text());
  }
  return program_.nameSpace;
}

Node* Lowering::nodeOf(const Value& value, Span span, const sema::Type* type) {
  const bool raw = type != nullptr && type->kind == sema::TypeKind::Raw;
  const bool list = type != nullptr && type->kind == sema::TypeKind::List;
  auto* made = nodeOf(value, span, raw);
  if (made == nullptr || !list || made->kind == ir::NodeKind::List) return made;
  auto* wrapped = builder_.list(span);
  ir::Builder::append(*wrapped, made);
  return wrapped;
}

Node* Lowering::nodeOf(const Value& value, Span span, bool raw) {
  Node* made = nullptr;
  switch (value.kind) {
    case ValueKind::Error: case ValueKind::Unknown: case ValueKind::Parts: case ValueKind::Cluster: return nullptr;
    case ValueKind::Null: made = builder_.null(span); break;
    case ValueKind::Bool: made = builder_.boolean(value.boolean, span); break;
    case ValueKind::Int: made = builder_.integer(value.integer, span); break;
    case ValueKind::Float: made = builder_.real(value.real, span); break;
    case ValueKind::String:
      made = textNode(value.text(), span);
      if (value.flag) made->flags |= ir::FlagBlock;
      break;
    case ValueKind::Suffixed: made = textNode(value.text(), span); break;
    case ValueKind::Quantity: made = builder_.copyString(value.quantity->text(), span); break;
    case ValueKind::Duration: made = builder_.copyString(base::Duration{value.integer}.text(), span); break;
    case ValueKind::Range: {
      made = builder_.list(span);
      const auto end = value.flag ? value.high : value.high + 1;
      for (auto i = value.integer; i < end; ++i) ir::Builder::append(*made, builder_.integer(i, span));
      break;
    }
    case ValueKind::List:
      made = builder_.list(span);
      for (const auto& element : value.list()) {
        if (auto* child = nodeOf(element.value, element.span.known() ? element.span : span, raw)) ir::Builder::append(*made, child);
      }
      break;
    case ValueKind::Map:
      made = builder_.map(span);
      for (const auto& entry : value.map()) {
        if (entry.value.kind == ValueKind::Null && !raw) continue;
        auto* child = nodeOf(entry.value, entry.span.known() ? entry.span : span, raw);
        if (child != nullptr) ir::Builder::add(*made, entry.key, child);
      }
      break;
    case ValueKind::Ref: made = symbolNode(nameOf(*value.instance), span); break;
    case ValueKind::KeyOf: made = textNode(value.second(), span); break;
    case ValueKind::Fragment: {
      made = builder_.map(span);
      Frame frame;
      lowerInstance(*value.instance, *made, frame);
      break;
    }
  }
  if (raw) made->flags |= ir::FlagRaw;
  return made;
}

Node* Lowering::textOf(const Value& value, Span span) {
  switch (value.kind) {
    case ValueKind::Bool: return builder_.string(value.boolean ? "true" : "false", span);
    case ValueKind::Int: return builder_.copyString(fmt::format_int(value.integer).c_str(), span);
    case ValueKind::Float: {
      const bool whole = value.real == std::floor(value.real) && std::fabs(value.real) < 1e15;
      return builder_.copyString(whole ? fmt::format("{:.0f}", value.real) : fmt::format("{}", value.real), span);
    }
    case ValueKind::String: case ValueKind::Suffixed: case ValueKind::Quantity: case ValueKind::Duration: case ValueKind::Ref:
      return nodeOf(value, span, false);
    case ValueKind::Error: case ValueKind::Unknown: case ValueKind::Null: case ValueKind::Range: case ValueKind::List:
    case ValueKind::Map: case ValueKind::KeyOf: case ValueKind::Fragment: case ValueKind::Cluster: case ValueKind::Parts:
      return nullptr;
  }
  return nullptr;
}

/// Puts `child` under `key`: maps join, lists grow, anything else takes the place of what was there.
void Lowering::set(Node& map, Symbol key, Node* child) {
  auto* old = ir::find(&map, key);
  if (old == nullptr) return ir::Builder::add(map, key, child);
  if (old->kind != child->kind || !old->isContainer()) {
    lately_ = {};   // what is replaced may be on the way there
    return ir::Builder::set(map, key, child);
  }
  auto* at = child->length == 0 ? nullptr : child->last->next;
  for (std::uint32_t i = 0; i < child->length; ++i) {
    auto* next = at->next;
    if (old->kind == ir::NodeKind::List) {
      ir::Builder::append(*old, at);
    } else {
      set(*old, at->key, at);
    }
    at = next;
  }
}

void Lowering::put(Node& map, Symbol key, Node* child, Span keySpan) {
  if (const auto* old = ir::find(&map, key)) sayClash(*old, *child, symbols_.text(key), keySpan);
  set(map, key, child);
}

void Lowering::sayClash(const Node& old, const Node& made, std::string_view key, Span keySpan) {
  unsteady();
  if (((old.flags | made.flags) & (ir::FlagImplied | ir::FlagError)) != 0) return;
  if (old.kind == ir::NodeKind::Map && made.kind == ir::NodeKind::Map) {
    for (const auto& child : ir::Children(&made)) {
      if (const auto* other = ir::find(&old, child.key)) sayClash(*other, child, symbols_.text(child.key), child.span);
    }
    return;
  }
  if (old.kind == ir::NodeKind::List && made.kind == ir::NodeKind::List) return;   // they grow: `allows "pods" { resources = … }`
  if (ir::sameValue(old, made) || old.entrySpan() == keySpan) return;
  sink_.add(complain<diag::Code::DuplicateField>(keySpan, key)
                .note(old.entrySpan(), "first set here")
                .hint("both say what stands at one place of the object: leave one of them out"));
}

/// A command and a script, a selector and what it selects: two forms of one thing.
bool Lowering::saidOtherwise(const FieldValue& field, const MemberPlan& plan, const Instance& owner) {
  const auto& kind = plans_.of(*owner.kind);
  for (const auto* other = owner.fields; other != nullptr; other = other->next) {
    if (other == &field || !other->span.known() || !kind.owns(*other->member) || other->member == field.member) continue;
    const auto& steps = kind.of(*other->member).steps;
    if (steps.size() != plan.steps.size() || steps.empty() || steps.back().key != plan.steps.back().key) continue;
    if (!std::equal(steps.begin(), steps.end(), plan.steps.begin(), [](const auto& a, const auto& b) { return a.key == b.key; })) continue;
    sink_.add(complain<diag::Code::DuplicateField>(field.keySpan, symbols_.text(steps.back().key))
                  .note(other->keySpan, "first set here")
                  .hint(fmt::format("`{}` and `{}` are two ways to say it: leave one of them out", other->member->name, field.member->name)));
    return true;
  }
  return false;
}

/// `child` becomes the first; in a map its key is set already.
void Lowering::addFirst(Node& container, Node* child) {
  if (container.length == 0) return ir::Builder::append(container, child);
  child->next = container.last->next;
  container.last->next = child;
  ++container.length;
}

void Lowering::write(const FieldValue& field, const MemberPlan& plan, const Instance& owner, Node& node, Frame& frame, bool implied) {
  const auto& member = *plan.member;
  const auto& value = field.value;
  const auto steps = plan.steps;
  const auto span = field.span.known() ? field.span : owner.headSpan;
  const auto keySpan = field.keySpan.known() ? field.keySpan : span;
  const auto flags = static_cast<std::uint8_t>(implied ? ir::FlagImplied : 0);
  if (!implied && (member.via == Via::Script || member.via == Via::Selector) && saidOtherwise(field, plan, owner)) return;
  if (!implied) sameNamespace(field, owner);
  Node* made = nullptr;
  switch (member.via) {
    case Via::Facts: return;
    case Via::Self: return writeSelf(field, owner, node, frame);
    case Via::EnvValue: return writeEnv(field, node);
    case Via::Merge:
      if (auto* at = stepTo(node, steps, keySpan, flags, frame); at != nullptr && value.kind == ValueKind::Fragment) {
        lowerInstance(*value.instance, *at, frame);
      }
      return;
    case Via::Gpus:
      if (auto* limits = stepTo(node, steps, keySpan, flags, frame)) writeGpus(field, owner, *limits);
      return;
    case Via::RequestAndLimit: return writeReserve(field, steps, node, frame);
    case Via::Plain: made = nodeOf(value, span, member.type); break;
    case Via::Seconds:
      if (value.kind == ValueKind::Duration) made = builder_.integer(base::Duration{value.integer}.seconds(), span);
      break;
    case Via::Text: made = value.kind == ValueKind::Map ? textMap(value, span) : textOf(value, span); break;
    case Via::EnvFrom: made = envFrom(value, span); break;
    case Via::Script: made = scriptOf(value, span, owner.field("shell"), owner.field("args")); break;
    case Via::DataSource: case Via::ClaimRef: case Via::ObjectRef: made = reference(value, span, member.via); break;
    case Via::Selector: made = selectorOf(value, span); break;
    case Via::NamedRefs: made = namedRefs(value, span); break;
    case Via::Subjects: made = subjects(value, span); break;
    case Via::NodeSelector: made = nodeTerms(value, span); break;
  }
  if (made == nullptr || steps.empty()) return;
  // To Kubernetes' own objects an empty list or map says nothing, and components hand such defaults on. A custom
  // resource may want it.
  const bool empty = made->isContainer() && made->length == 0;
  if (empty && member.type != nullptr && member.type->kind != sema::TypeKind::Raw && plans_.of(*owner.kind).builtin) return;
  made->flags |= flags;
  // A raw member's name is no key of the object, which is what checks would take it for.
  if (!implied && (made->flags & ir::FlagRaw) == 0) made->setKeyAt(keySpan);
  auto* parent = above(node, plan, keySpan, flags, frame);
  if (parent == nullptr) return;
  if (steps.back().isList && made->kind != ir::NodeKind::List) {
    auto* list = builder_.listAt(*parent, steps.back().key, keySpan);
    if (list != nullptr) ir::Builder::append(*list, made);
    return;
  }
  // An object's own labels win over those that the stack puts on everything.
  if (steps.front().key == keys_.metadata) return set(*parent, steps.back().key, made);
  put(*parent, steps.back().key, made, keySpan);
}

/// Members without a place of their own that still say something about the object.
void Lowering::writeSelf(const FieldValue& field, const Instance& owner, Node& node, const Frame& frame) {
  if (owner.kind->role != KindRole::Service || field.member->name != "headless") return;
  if (field.value.kind != ValueKind::Bool || !field.value.boolean) return;
  const StepPlan spec[] = {{keys_.spec, false, {}}};
  if (auto* at = stepTo(node, spec, field.keySpan, 0, frame)) set(*at, keys_.clusterIP, builder_.string("None", field.span));
}

void Lowering::writeEnv(const FieldValue& field, Node& node) {
  const auto& value = field.value;
  const auto span = field.span;
  if (auto* text = textOf(value, span)) return set(node, keys_.value, text);
  if (value.kind == ValueKind::KeyOf) {
    const bool secret = value.instance->kind != nullptr ? value.instance->kind->role == KindRole::Secret
                                                        : splitApi(value.instance->api).kind == "Secret";
    auto* from = builder_.map(span);
    auto* selector = builder_.map(span);
    ir::Builder::add(*selector, keys_.name, symbolNode(nameOf(*value.instance), span));
    ir::Builder::add(*selector, keys_.key, textNode(value.second(), span));
    ir::Builder::add(*from, secret ? keys_.secretKeyRef : keys_.configMapKeyRef, selector);
    return set(node, keys_.valueFrom, from);
  }
  if (value.kind == ValueKind::Fragment && value.instance->kind->word == "env-source") {
    return set(node, keys_.valueFrom, nodeOf(value, span, false));
  }
  if (value.kind == ValueKind::Error || value.kind == ValueKind::Unknown || value.kind == ValueKind::Cluster) return;
  std::string_view what = "a range";
  if (value.kind == ValueKind::List) what = "a list";
  if (value.kind == ValueKind::Map) what = "a map";
  if (value.kind == ValueKind::Fragment) what = value.instance->kind->name;
  sink_.add(complain<diag::Code::EnvironmentShape>(span, what)
                .hint("join(list, \",\") or json(value) makes one text of it"));
}

Node* Lowering::envFrom(const Value& value, Span span) {
  auto* list = builder_.list(span);
  const auto add = [&](const Value& each, Span at) {
    if (each.kind != ValueKind::Ref) return;
    const bool secret = each.instance->kind != nullptr && each.instance->kind->role == KindRole::Secret;
    auto* name = builder_.map(at);
    ir::Builder::add(*name, keys_.name, symbolNode(nameOf(*each.instance), at));
    auto* entry = builder_.map(at);
    ir::Builder::add(*entry, secret ? keys_.secretRef : keys_.configMapRef, name);
    ir::Builder::append(*list, entry);
  };
  if (value.kind != ValueKind::List) add(value, span);
  else for (const auto& element : value.list()) add(element.value, element.span);
  return list;
}

namespace {

/// Whether the word after the script is its `$0`.
bool takesName(const Node& list) {
  const auto* first = list.last->next;
  if (list.length != 2 || first->kind != ir::NodeKind::String || list.last->kind != ir::NodeKind::String) return false;
  const auto shell = first->text().substr(first->text().rfind('/') + 1);
  const auto flags = list.last->text();
  return (shell == "sh" || shell == "bash" || shell == "ash" || shell == "dash") && flags.starts_with('-') && flags.ends_with('c');
}

bool says(const FieldValue* field) {
  return field != nullptr && field->value.kind != ValueKind::Null && (field->value.kind != ValueKind::List || field->value.length > 0);
}

}  // namespace

/// With arguments the shell's name stands in front of them: the first word after a script is its `$0`, not its `$1`.
Node* Lowering::scriptOf(const Value& value, Span span, const FieldValue* shell, const FieldValue* args) {
  auto* text = textOf(value, span);
  if (text == nullptr) return nullptr;
  auto* list = builder_.list(span);
  const auto imply = [&](const char* word) {
    auto* node = builder_.string(word, span);
    node->flags |= ir::FlagImplied;
    ir::Builder::append(*list, node);
  };
  if (shell != nullptr && shell->value.kind == ValueKind::List) {
    for (const auto& word : shell->value.list()) {
      if (auto* node = nodeOf(word.value, word.span, false)) ir::Builder::append(*list, node);
    }
  } else if (shell != nullptr && shell->value.kind == ValueKind::String) {
    ir::Builder::append(*list, nodeOf(shell->value, shell->span, false));
  }
  if (list->length == 0) imply("/bin/sh");
  if (list->length == 1) imply("-c");
  const auto name = says(args) && takesName(*list) ? list->last->next->text() : std::string_view();
  ir::Builder::append(*list, text);
  if (!name.empty()) {
    auto* node = builder_.string(name, span);
    node->flags |= ir::FlagImplied;
    ir::Builder::append(*list, node);
  }
  return list;
}

void Lowering::writeGpus(const FieldValue& field, const Instance& owner, Node& limits) {
  Symbol key = keys_.nvidiaGpu;
  if (const auto* resource = owner.field("gpu-resource"); resource != nullptr && resource->value.kind == ValueKind::String) {
    key = symbols_.intern(resource->value.text());
  }
  if (auto* text = textOf(field.value, field.span)) put(limits, key, text, field.keySpan);
}

/// `reserve { cpu = 4 }`: requests and limits alike. The target is the requests.
void Lowering::writeReserve(const FieldValue& field, std::span<const StepPlan> steps, Node& node, const Frame& frame) {
  if (field.value.kind == ValueKind::Map) {
    const StepPlan twin{keys_.limits, false, {}};
    for (const auto& step : {steps.back(), twin}) {
      auto* parent = stepTo(node, steps.first(steps.size() - 1), field.keySpan, 0, frame);
      if (parent != nullptr) put(*parent, step.key, nodeOf(field.value, field.span, false), field.keySpan);
    }
    return;
  }
  if (steps.size() < 2) return;
  for (const auto key : {keys_.requests, keys_.limits}) {
    auto* parent = stepTo(node, steps.first(steps.size() - 2), field.keySpan, 0, frame);
    auto* map = parent == nullptr ? nullptr : builder_.mapAt(*parent, key, field.keySpan);
    if (map != nullptr) put(*map, steps.back().key, nodeOf(field.value, field.span, false), field.keySpan);
  }
}

Node* Lowering::textMap(const Value& value, Span span) {
  auto* map = builder_.map(span);
  for (const auto& entry : value.map()) {
    if (entry.value.kind == ValueKind::Null) continue;
    if (auto* text = textOf(entry.value, entry.span)) {
      ir::Builder::add(*map, entry.key, text);
    } else if (entry.value.kind != ValueKind::Error && entry.value.kind != ValueKind::Unknown && entry.value.kind != ValueKind::Cluster) {
      sink_.add(complain<diag::Code::ConfigShape>(entry.span, symbols_.text(entry.key),
                                                  entry.value.kind == ValueKind::List ? "a list"
                                                  : entry.value.kind == ValueKind::Map ? "a map" : "no text")
                    .hint("yaml(value) or json(value) makes a text of it"));
    }
  }
  return map;
}

Node* Lowering::reference(const Value& value, Span span, Via via) {
  if (value.kind != ValueKind::Ref) return nodeOf(value, span, false);
  const auto& to = *value.instance;
  const auto [apiVersion, kind] = splitApi(to.kind != nullptr ? to.kind->api : to.api);
  auto* node = builder_.map(span);
  if (via == Via::DataSource) {
    const auto slash = apiVersion.rfind('/');
    if (slash != std::string_view::npos) ir::Builder::add(*node, keys_.apiGroup, textNode(apiVersion.substr(0, slash), span));
  } else {
    ir::Builder::add(*node, keys_.apiVersion, textNode(apiVersion, span));
  }
  ir::Builder::add(*node, keys_.kind, textNode(kind, span));
  ir::Builder::add(*node, keys_.name, symbolNode(nameOf(to), span));
  if (via == Via::ClaimRef) {
    // Without a namespace Kubernetes would never match the claim; the stack's default is the cluster's "default".
    const auto nameSpace = nameSpaceFor(to);
    ir::Builder::add(*node, keys_.nameSpace, textNode(nameSpace ? symbols_.text(nameSpace) : std::string_view("default"), span));
  }
  return node;
}

Node* Lowering::namedRefs(const Value& value, Span span) {
  auto* list = builder_.list(span);
  const auto add = [&](const Value& each, Span at) {
    auto* name = textOf(each, at);
    if (name == nullptr) return;
    auto* entry = builder_.map(at);
    ir::Builder::add(*entry, keys_.name, name);
    ir::Builder::append(*list, entry);
  };
  if (value.kind != ValueKind::List) add(value, span);
  else for (const auto& element : value.list()) add(element.value, element.span);
  return list;
}

Node* Lowering::subjects(const Value& value, Span span) {
  auto* list = builder_.list(span);
  const auto add = [&](const Value& each, Span at) {
    if (each.kind != ValueKind::Ref) return;
    auto* entry = builder_.map(at);
    ir::Builder::add(*entry, keys_.kind, textNode("ServiceAccount", at));
    ir::Builder::add(*entry, keys_.name, symbolNode(nameOf(*each.instance), at));
    const auto nameSpace = nameSpaceFor(*each.instance);
    ir::Builder::add(*entry, keys_.nameSpace, textNode(nameSpace ? symbols_.text(nameSpace) : std::string_view("default"), at));
    ir::Builder::append(*list, entry);
  };
  if (value.kind != ValueKind::List) add(value, span);
  else for (const auto& element : value.list()) add(element.value, element.span);
  return list;
}

Node* Lowering::nodeTerms(const Value& value, Span span) {
  if (value.kind != ValueKind::Map) return nullptr;
  auto* expressions = builder_.list(span);
  for (const auto& entry : value.map()) {
    auto* expression = builder_.map(entry.span);
    ir::Builder::add(*expression, keys_.key, symbolNode(symbols_.text(entry.key), entry.keySpan));
    ir::Builder::add(*expression, keys_.operator_, textNode("In", entry.span));
    static constexpr sema::Type kText{.kind = sema::TypeKind::String};
    static constexpr sema::Type kTexts{.kind = sema::TypeKind::List, .element = &kText};
    if (auto* values = nodeOf(entry.value, entry.span, &kTexts)) ir::Builder::add(*expression, keys_.values, values);
    ir::Builder::append(*expressions, expression);
  }
  auto* term = builder_.map(span);
  ir::Builder::add(*term, keys_.matchExpressions, expressions);
  auto* terms = builder_.list(span);
  ir::Builder::append(*terms, term);
  auto* node = builder_.map(span);
  ir::Builder::add(*node, keys_.nodeSelectorTerms, terms);
  return node;
}

}  // namespace mlstack::lower
