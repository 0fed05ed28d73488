// Which labels pods carry, and selecting them.

#include "lower/lowering.h"

namespace mlstack::lower {

namespace {

const FieldValue* stated(const Instance& instance, std::string_view name) {
  const auto* field = instance.field(name);
  return field != nullptr && field->value.kind == ValueKind::Map && field->value.length != 0 ? field : nullptr;
}

bool isPod(const Instance& workload) { return workload.kind->podMetadata == "metadata"; }

}  // namespace

const std::vector<PodLabel>& Lowering::podLabels(const Instance& workload) {
  unsteady();   // labels are held against each other
  const auto found = podLabels_.find(&workload);
  if (found != podLabels_.end()) return found->second;
  return podLabels_.emplace(&workload, findPodLabels(workload)).first->second;
}

std::vector<PodLabel> Lowering::findPodLabels(const Instance& workload) {
  std::vector<PodLabel> labels;
  if (workload.kind == nullptr) return labels;
  const auto take = [&](const FieldValue& field) {
    for (const auto& entry : field.value.map()) {
      if (entry.value.kind == ValueKind::String) labels.push_back({entry.key, keep(entry.value.text()), entry.span});
    }
  };
  const auto name = asLabel(nameOf(workload));
  if (workload.kind->api == "batch/v1/Job") {
    labels.push_back({keys_.jobName, name, workload.headSpan});   // the job controller sets it
    return labels;
  }
  const bool selecting = workload.kind->find("select") != nullptr;
  if (selecting) {
    if (const auto* select = stated(workload, "select")) {
      take(*select);
      return labels;
    }
    if (workload.field("match") != nullptr || workload.external) return labels;
    PodLabel label{keys_.appName, name, workload.headSpan};
    if (const auto* own = stated(workload, "pod-labels")) {
      for (const auto& entry : own->value.map()) {
        if (entry.key == keys_.appName && entry.value.kind == ValueKind::String) label = {entry.key, keep(entry.value.text()), entry.span};
      }
    }
    labels.push_back(label);
    return labels;
  }
  if (const auto* own = stated(workload, isPod(workload) ? "labels" : "pod-labels")) {
    take(*own);
  } else if (!workload.external) {
    labels.push_back({keys_.appName, name, workload.headSpan});
    toLabel_.push_back(&workload);
  }
  return labels;
}

Node* Lowering::labelMap(const std::vector<PodLabel>& labels, Span span) {
  auto* map = builder_.map(span);
  for (const auto& label : labels) ir::Builder::add(*map, label.key, builder_.string(label.value, span));
  return map;
}

Node* Lowering::selectorOf(const Value& value, Span span) {
  if (value.kind != ValueKind::Ref) return nodeOf(value, span, false);
  const auto& workload = *value.instance;
  const auto& labels = podLabels(workload);
  if (labels.empty()) {
    sink_.add(complain<diag::Code::UnknownPodLabels>(span, nameOf(workload))
                  .note(workload.headSpan, "declared here")
                  .hint("state them: `select { app = \"…\" }`"));
    return nullptr;
  }
  return labelMap(labels, span);
}

/// A term that names no pods means those of the workload it stands in.
void Lowering::ownPods(Node& term, Frame& frame) {
  if (frame.resource == nullptr || ir::find(&term, keys_.labelSelector) != nullptr) return;
  const auto& labels = podLabels(*frame.resource);
  if (labels.empty()) return;
  auto* selector = builder_.mapAt(term, keys_.labelSelector, frame.resource->headSpan);
  selector->flags |= ir::FlagImplied;
  auto* map = labelMap(labels, frame.resource->headSpan);
  map->flags |= ir::FlagImplied;
  ir::Builder::add(*selector, keys_.matchLabels, map);
}

/// The pods of a workload that selects by labels carry these labels.
void Lowering::completeSelectors(const Instance& workload, const KindPlan& plan, Node& root, const Frame& frame) {
  if (plan.find("select") == nullptr) return;
  const auto& labels = podLabels(workload);
  if (labels.empty()) return;
  std::vector<StepPlan> steps;
  for (const auto key : plan.podMetadata) steps.push_back({key, false, {}});
  steps.push_back({keys_.labels, false, {}});
  auto* carried = stepTo(root, steps, workload.headSpan, ir::FlagImplied, frame);
  if (carried == nullptr) return;
  for (const auto& label : labels) {
    auto* found = ir::find(carried, label.key);
    if (found == nullptr) {
      auto* added = builder_.string(label.value, label.span);
      added->flags |= ir::FlagImplied;
      ir::Builder::add(*carried, label.key, added);
    } else if (found->kind == ir::NodeKind::String && found->text() != label.value) {
      sink_.add(complain<diag::Code::SelectsOtherPods>(label.span, nameOf(workload), symbols_.text(label.key), label.value, found->text())
                    .note(found->span, "its pods get this one")
                    .hint("leave the label out of `pod-labels`: it is added"));
    }
  }
}

/// Pods and cron jobs that were selected, but state no labels, get the one by which they were selected. They may be
/// older than the turn that selects them, and must not lead to what vanishes with it.
void Lowering::labelSelected() {
  ir::Builder lasting(stack_.arena);
  for (const auto* workload : toLabel_) {
    const auto id = ids_.find(workload);
    if (id == ids_.end() || workload->external) continue;
    auto& object = stack_.objects[id->second];
    auto& builder = id->second < turnBegin_ ? lasting : builder_;
    const auto& plan = plans_.of(*workload->kind);
    Node* at = object.root;
    for (const auto key : plan.podMetadata) {
      auto* above = at;
      at = ir::find(above, key);
      if (at != nullptr || above == nullptr) continue;
      at = builder.map(workload->headSpan);
      at->key = key;
      at->flags |= ir::FlagImplied;
      addFirst(*above, at);
    }
    auto* labels = at == nullptr ? nullptr : builder.mapAt(*at, keys_.labels, workload->headSpan);
    if (labels == nullptr || ir::find(labels, keys_.appName) != nullptr) continue;
    auto* label = builder.string(podLabels(*workload).front().value, workload->headSpan);
    label->flags |= ir::FlagImplied;
    ir::Builder::add(*labels, keys_.appName, label);
  }
}

}  // namespace mlstack::lower
