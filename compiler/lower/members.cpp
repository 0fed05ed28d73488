// The members of one instance, written into its node in the order in which the kind declares them.

#include <algorithm>
#include <utility>

#include "lower/lowering.h"

namespace mlstack::lower {

namespace {

bool isDefault(const FieldValue& field) { return !field.span.known() && !field.keySpan.known(); }

bool isNothing(const Value& value) {
  return value.kind == ValueKind::Null || value.kind == ValueKind::Error || value.kind == ValueKind::Unknown;
}

}  // namespace

void Lowering::gather(const Instance& instance, const KindPlan& plan) {
  const auto add = [this](Item item) { items_.push_back(item); };
  if (plan.label != nullptr && !plan.label->steps.empty() && !isNothing(instance.labelValue)) {
    auto* field = scratch_.make<FieldValue>();
    field->member = plan.label->member;
    field->value = instance.labelValue;
    field->keySpan = field->span = instance.labelSpan;
    add({plan.label->rank, plan.label, field, nullptr, false});
  }
  for (const auto* field = instance.fields; field != nullptr; field = field->next) {
    const auto* member = plan.owns(*field->member) ? &plan.of(*field->member) : plan.find(field->member->name);
    if (member == nullptr || isNothing(field->value)) continue;
    add({member->rank, member, field, nullptr, isDefault(*field)});
  }
  for (const auto* part = instance.parts; part != nullptr; part = part->next) {
    const MemberPlan* member = nullptr;
    if (part->member != nullptr) member = plan.owns(*part->member) ? &plan.of(*part->member) : plan.find(part->member->name);
    if (member == nullptr && part->kind != nullptr) member = plan.find(part->kind->name);
    if (member != nullptr) add({member->rank, member, nullptr, part, false});
  }
}

void Lowering::imply(const KindPlan& plan, std::string_view name, Value value, Span span) {
  const auto* member = plan.find(name);
  if (member == nullptr) return;
  auto* field = scratch_.make<FieldValue>();
  field->member = member->member;
  field->value = value;
  field->keySpan = field->span = span;
  items_.push_back({member->rank, member, field, nullptr, true});
}

/// Stable. Blocks are short and mostly in order already; a long one (a thousand variables) has few ranks.
void Lowering::sortByRank(std::size_t first) {
  const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto byRank = [](const Item& a, const Item& b) { return a.rank < b.rank; };
  if (items_.size() - first > 64) {
    if (!std::is_sorted(begin, items_.end(), byRank)) std::stable_sort(begin, items_.end(), byRank);
    return;
  }
  for (auto i = first + 1; i < items_.size(); ++i) {
    const Item item = items_[i];
    auto at = i;
    for (; at > first && items_[at - 1].rank > item.rank; --at) items_[at] = items_[at - 1];
    items_[at] = item;
  }
}

void Lowering::lowerInstance(const Instance& instance, Node& node, Frame& frame) {
  const auto& plan = plans_.of(*instance.kind);
  const auto first = items_.size();
  gather(instance, plan);
  gatherImplied(instance, plan, frame);
  const auto last = items_.size();
  sortByRank(first);
  for (auto i = first; i < last; ++i) {
    const Item item = items_[i];   // lowering a part grows the vector
    if (item.field != nullptr) {
      write(*item.field, *item.plan, instance, node, frame, item.implied);
    } else {
      lowerPart(item, instance, node, frame);
    }
  }
  items_.resize(first);
}

Node* Lowering::addElement(Node& list, Span span) {
  auto* element = builder_.map(span);
  ir::Builder::append(list, element);
  return element;
}

Node* Lowering::firstElement(Node& list, Symbol element, Span span, const Frame& frame) {
  for (auto& child : ir::Children(&list)) {
    const auto* key = ir::find(&child, element);
    if (key != nullptr && key->kind == ir::NodeKind::String && key->text() == frame.name) return &child;
    if (learning_ && key != nullptr && key->kind == ir::NodeKind::String) learning_->unlike.emplace_back(frame.id, key->text());
  }
  auto* made = builder_.map(span);
  // In front of what is there: the container named as the workload is the one that tools take by default.
  addFirst(list, made);
  auto* name = symbolNode(frame.name, span);   // that, or made in the stack's arena
  name->flags |= ir::FlagImplied;
  ir::Builder::add(*made, element, name);
  return made;
}

Node* Lowering::stepTo(Node& from, std::span<const StepPlan> steps, Span span, std::uint8_t flags, const Frame& frame) {
  Node* at = &from;
  for (const auto& step : steps) {
    const auto before = at->length;
    auto* next = step.isList ? builder_.listAt(*at, step.key, span) : builder_.mapAt(*at, step.key, span);
    if (next == nullptr) return nullptr;   // a raw value stands there: the schema's check tells
    if (at->length != before) {
      next->flags |= flags;
    } else if (flags == 0) {
      next->flags &= static_cast<std::uint8_t>(~ir::FlagImplied);   // what is stated stands in it
    }
    if (step.isList) next = step.element ? firstElement(*next, step.element, span, frame) : addElement(*next, span);
    at = next;
  }
  return at;
}

Node* Lowering::above(Node& from, const MemberPlan& plan, Span span, std::uint8_t flags, const Frame& frame) {
  if (plan.above != 0 && lately_.from == &from && lately_.above == plan.above && (lately_.flags == 0 || lately_.flags == flags)) return lately_.node;
  auto* node = stepTo(from, plan.steps.first(plan.steps.size() - 1), span, flags, frame);
  if (plan.above != 0 && node != nullptr) lately_ = {&from, plan.above, flags, node};
  return node;
}

void Lowering::lowerPart(const Item& item, const Instance& instance, Node& node, Frame& frame) {
  const auto& part = *item.part;
  if (part.kind == nullptr) return;
  const auto role = part.kind->role;
  const auto steps = item.plan->steps;
  if (role == KindRole::PodScratch || role == KindRole::Ephemeral) {
    auto* volume = builder_.map(part.span);
    lowerInstance(part, *volume, frame);
    completePart(part, *volume, frame);
    declareVolume(part, *volume);
    return;
  }
  if (role == KindRole::Mount || role == KindRole::ScratchMount) {
    if (steps.empty()) return;
    auto* container = above(node, *item.plan, part.headSpan, 0, frame);
    if (container == nullptr) return;
    if (role == KindRole::ScratchMount) return lowerScratch(part, *item.plan, *container, frame);
    return lowerMount(part, *item.plan, *container, frame);
  }
  if (instance.kind->role == KindRole::Account && part.kind->name == "account-rule") return;   // grants()
  if (part.kind->openEntries) {
    const auto* value = part.field("value");
    if (value != nullptr && value->value.kind == ValueKind::Null) return;   // `X = null`: not set
  }
  const auto span = part.headSpan.known() ? part.headSpan : part.span;
  auto* target = steps.empty() ? &node : stepTo(node, steps, span, 0, frame);
  if (target == nullptr) return;
  if (!steps.empty()) target->span = part.span;
  if (!part.kind->podSpec.empty()) return lowerPodPart(part, *target, frame);
  lowerInstance(part, *target, frame);
  completePart(part, *target, frame);
}

/// A part with pods of its own, as a group of workers: its volumes are its own too.
void Lowering::lowerPodPart(const Instance& part, Node& node, const Frame& outer) {
  Frame frame = outer;
  frame.name = part.label || part.name ? asLabel(nameOf(part)) : outer.name;
  frame.isWorkload = true;
  auto around = std::exchange(pod_, {});
  reserveVolumes(part);
  lowerInstance(part, node, frame);
  attachVolumes(node, plans_.of(*part.kind), part);
  pod_ = std::move(around);
  completePart(part, node, frame);
}

/// What an element of the API needs beside what the source has to say.
void Lowering::completePart(const Instance& part, Node& node, Frame& frame) {
  const auto name = part.kind->name;
  const auto span = part.headSpan;
  if (part.kind->role == KindRole::PodScratch) {
    if (ir::find(&node, keys_.emptyDir) == nullptr) ir::Builder::add(node, keys_.emptyDir, builder_.map(span));
  } else if (part.kind->role == KindRole::Ephemeral || part.kind->role == KindRole::ClaimTemplate) {
    if (!frame.external) checkClaim(part, part.kind->role == KindRole::Ephemeral ? "ephemeral claim" : "claim template");
  } else if (name == "spread" || name == "pod-term") {
    ownPods(node, frame);
  } else if (name == "weighed-pod-term") {
    if (auto* term = ir::find(&node, keys_.podAffinityTerm)) ownPods(*term, frame);
  } else if (name == "ingress-path") {
    completeBackend(part, node);
  } else if (frame.isWorkload && (name == "container" || name == "init" || name == "sidecar")) {
    if (ir::find(&node, keys_.image) == nullptr && part.overlays == nullptr) {
      sink_.add(complain<diag::Code::ContainerWithoutImage>(span, nameOf(part)));
    }
  }
  if (part.overlays != nullptr) overlay(part.overlays, node, typeOf(part));
}

/// A service with one port needs no second telling which one is meant.
void Lowering::completeBackend(const Instance& path, Node& node) {
  auto* backend = ir::find(&node, keys_.backend);
  auto* service = ir::find(backend, keys_.service);
  const auto* value = path.field("value");
  if (service == nullptr || ir::find(service, keys_.port) != nullptr || value == nullptr) return;
  if (value->value.kind != ValueKind::Ref) return;
  const Instance* only = nullptr;
  for (const auto* part = value->value.instance->parts; part != nullptr; part = part->next) {
    if (part->kind == nullptr || part->kind->name != "service-port") continue;
    if (only != nullptr) return;
    only = part;
  }
  const auto* number = only == nullptr ? nullptr : only->field("value");
  if (number == nullptr || number->value.kind != ValueKind::Int) return;
  auto* port = builder_.mapAt(*service, keys_.port, value->span);
  port->flags |= ir::FlagImplied;
  auto* chosen = builder_.integer(number->value.integer, value->span);
  chosen->flags |= ir::FlagImplied;
  ir::Builder::add(*port, keys_.number, chosen);
}

namespace {

Value textValue(std::string_view text) {
  Value value;
  value.kind = ValueKind::String;
  value.chars = text.data();
  value.length = static_cast<std::uint32_t>(text.size());
  return value;
}

}  // namespace

/// Values that follow from elsewhere, put among the stated ones so that they stand in their order.
void Lowering::gatherImplied(const Instance& instance, const KindPlan& plan, const Frame& frame) {
  const auto role = instance.kind->role;
  if (role == KindRole::Claim) {
    if (const auto* volume = instance.field("volume")) followVolume(instance, plan, *volume);
  } else if (role == KindRole::Workload) {
    if (&instance == frame.resource && !frame.external) implySelector(instance, plan);
  } else if (role == KindRole::Part && !frame.external) {
    implyForPart(instance, plan);
  }
}

/// What the API needs beside what the source has to say.
void Lowering::implyForPart(const Instance& part, const KindPlan& plan) {
  const auto name = part.kind->name;
  const auto has = [&part](std::string_view member) { return part.field(member) != nullptr; };
  if (name == "tolerate") {
    if (!has("operator") && !has("value")) imply(plan, "operator", textValue("Exists"), part.headSpan);
  } else if (name == "rule" || name == "account-rule") {
    if (!has("groups") && !has("urls")) imply(plan, "groups", groupsOf(part), part.headSpan);
  } else if (name == "failure-rule") {
    if (has("exit-codes") && !has("operator")) imply(plan, "operator", textValue("In"), part.headSpan);
  }
}

void Lowering::implySelector(const Instance& instance, const KindPlan& plan) {
  if (plan.find("select") == nullptr) return;
  const bool selects = instance.field("select") != nullptr || instance.field("match") != nullptr;
  const auto& labels = podLabels(instance);
  std::vector<sema::Entry> entries;
  for (const auto& label : labels) {
    entries.push_back({label.key, textValue(label.value), instance.headSpan, instance.headSpan});
  }
  if (entries.empty()) return;
  Value map;
  map.kind = ValueKind::Map;
  map.entries = scratch_.copy(entries).data();
  map.length = static_cast<std::uint32_t>(entries.size());
  if (!selects) imply(plan, "select", map, instance.headSpan);
  if (instance.field("pod-labels") == nullptr) imply(plan, "pod-labels", map, instance.headSpan);
}

}  // namespace mlstack::lower
