// Where volumes are, and where the pods that use them may run.
// Kubernetes: https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "storage/binding.h"
#include "storage/class.h"
#include "storage/placement.h"
#include "storage/profiles.h"

namespace mlstack::storage {

namespace {

Placement podsPlacement(const Context& context, const Pods& pods) { return Placement::ofPod(context.keys, *context.stack.symbols, pods.spec); }

Placement topologiesOf(const Context& context, const ir::Object& storageClass) {
  return Placement::ofTopologies(context.keys, context.keys.at<"allowedTopologies">(storageClass.root));
}

/// Whether the class makes a volume for the claim before a pod is placed, somewhere that not every node reaches.
bool isPickedEarly(const Context& context, const State& state) {
  const auto* object = classOf(context.model, state);
  const auto& binding = context.model.bindingOf(state);
  if (!object || state.object->external || binding.volume != Binding::kNone || binding.classStatic || state.kind == StateKind::Ephemeral) return false;
  if (bindingModeOf(context.model, *object) != "Immediate") return false;
  const auto* facts = object->facts && !object->facts->topology.empty() ? object->facts : profileOf(provisionerOf(context.model, *object), context.keys.at<"parameters">(object->root), *context.stack.symbols);
  return facts && (facts->topology == "zone" || facts->topology == "node");
}

/// Whether whatever zone the class picks is one of these.
bool staysWithin(const Placement& topologies, const Condition& wanted) {
  const auto* zones = topologies.on(wanted.key);
  return zones && std::all_of(zones->values.begin(), zones->values.end(), [&](std::string_view zone) {
    return std::find(wanted.values.begin(), wanted.values.end(), zone) != wanted.values.end();
  });
}

void relateMode(diag::Diagnostic& d, const Context& context, const ir::Object& object) {
  const auto* mode = context.keys.at<"volumeBindingMode">(object.root);
  if (mode && mode->span.known()) d.related.push_back({mode->entrySpan(), "the class: it binds at once"});
  else d.related.push_back({object.span, "the class: without a volumeBindingMode it is Immediate"});
}

}  // namespace

/// MLS3045: the zone is chosen before the pod, which may run in some zones only.
void zonePickedEarly(Context& context, const State& state) {
  if (state.uses.empty() || !isPickedEarly(context, state)) return;
  const auto& object = *classOf(context.model, state);
  const auto topologies = topologiesOf(context, object);
  for (const auto& use : state.uses) {
    const auto placement = podsPlacement(context, *use.pods);
    const auto* wanted = placement.zone() ? placement.zone() : placement.on("kubernetes.io/hostname");
    if (!wanted || staysWithin(topologies, *wanted) || !topologies.meets(placement)) continue;
    auto d = diag::make<Code::ZonePickedEarly>(wanted->node->entrySpan(), context.nameOf(*use.pods->workload), valuesText(*wanted), claimName(context, state), context.nameOf(object));
    relateMode(d, context, object);
    d.help = "write `volumeBindingMode: WaitForFirstConsumer` in the class, or limit it by `allowedTopologies`";
    context.report(std::move(d), {state.object, use.pods->workload, &object});
    return;
  }
}

/// MLS3046: each claim gets a zone of its own, and a pod needs them in one. The claims that a set makes for one pod
/// are placed together (lib-volume zone choice by the set's name).
void twoZonesPicked(Context& context, const Pods& pods) {
  const State* first = nullptr;
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (!volume.state || !isPickedEarly(context, *volume.state)) continue;
    const auto& state = *volume.state;
    const auto& object = *classOf(context.model, state);
    const auto topologies = topologiesOf(context, object);
    if (const auto* zone = topologies.zone(); zone && zone->values.size() == 1) continue;
    if (!first) {
      first = &state;
      continue;
    }
    if (first == &state || (first->kind == StateKind::Template && state.kind == StateKind::Template)) continue;
    auto d = diag::make<Code::TwoZonesPicked>(volume.node->span, context.nameOf(*pods.workload), claimName(context, *first), claimName(context, state));
    relateMode(d, context, object);
    d.help = "write `volumeBindingMode: WaitForFirstConsumer` in the class";
    context.report(std::move(d), {pods.workload, first->object, state.object, &object});
    return;
  }
}

/// MLS3047: the class makes volumes in some places, and the pod runs in others.
/// pkg/scheduler/framework/plugins/volumebinding/binder.go#checkVolumeProvisions
void topologyExcludesPods(Context& context, const State& state) {
  const auto* object = classOf(context.model, state);
  const auto& binding = context.model.bindingOf(state);
  if (!object || state.uses.empty() || binding.volume != Binding::kNone || binding.classStatic) return;
  const auto topologies = topologiesOf(context, *object);
  if (topologies.isEverywhere()) return;
  for (const auto& use : state.uses) {
    const auto placement = podsPlacement(context, *use.pods);
    const auto conflict = topologies.conflictWith(placement);
    if (!conflict.here) continue;
    auto d = diag::make<Code::TopologyExcludesPods>(conflict.there->node->entrySpan(), context.nameOf(*use.pods->workload), valuesText(*conflict.there), context.nameOf(*object),
                                                    claimName(context, state), valuesText(*conflict.here));
    d.related.push_back({conflict.here->node->span, "where the class makes volumes"});
    context.report(std::move(d), {state.object, use.pods->workload, object});
    return;
  }
}

/// MLS3048: a volume never moves. volumebinding/binder.go#checkBoundClaims
void volumeElsewhere(Context& context, const State& state) {
  if (!state.volume || state.uses.empty()) return;
  const auto there = Placement::ofVolume(context.keys, context.keys.at<"spec">(state.volume->root));
  if (there.isEverywhere()) return;
  for (const auto& use : state.uses) {
    const auto placement = podsPlacement(context, *use.pods);
    const auto conflict = there.conflictWith(placement);
    if (!conflict.here) continue;
    auto d = diag::make<Code::VolumeElsewhere>(conflict.there->node->entrySpan(), context.nameOf(*use.pods->workload), valuesText(*conflict.there), context.nameOf(*state.volume),
                                               claimName(context, state), valuesText(*conflict.here));
    d.related.push_back({conflict.here->node->span, "the nodes that reach the volume"});
    d.help = "bring the data over by a snapshot or a copy, or the pods to the volume";
    context.report(std::move(d), {state.object, use.pods->workload, state.volume});
    return;
  }
}

/// MLS3060: a local volume is bound to its node; a claim that binds at once takes one before a pod is placed.
/// https://kubernetes.io/docs/concepts/storage/storage-classes/#local
void localBoundEarly(Context& context) {
  std::unordered_set<const ir::Object*> told;
  for (const auto& row : context.model.matching.volumes) {
    if (row.className.empty() || !context.keys.at<"local">(row.spec)) continue;
    const auto* object = context.model.find(nullptr, "StorageClass", row.className);
    if (!object || object->external || bindingModeOf(context.model, *object) != "Immediate" || !told.insert(object).second) continue;
    auto d = diag::make<Code::LocalBoundEarly>(object->span, context.nameOf(*object), context.nameOf(*row.object));
    relateMode(d, context, *object);
    d.help = "write `volumeBindingMode: WaitForFirstConsumer`";
    context.report(std::move(d), {object, row.object});
  }
}

/// MLS3061: two volumes of one pod that no node reaches both.
void volumesApart(Context& context, const Pods& pods) {
  const State* first = nullptr;
  Placement reached;
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (!volume.state || !volume.state->volume || volume.state->kind != StateKind::Claim) continue;
    const auto here = Placement::ofVolume(context.keys, context.keys.at<"spec">(volume.state->volume->root));
    if (here.isEverywhere()) continue;
    if (!first) {
      first = volume.state;
      reached = here;
      continue;
    }
    const auto conflict = here.conflictWith(reached);
    if (!conflict.here || first == volume.state) continue;
    auto d = diag::make<Code::VolumesApart>(volume.node->span, context.nameOf(*pods.workload), claimName(context, *first), valuesText(*conflict.there), claimName(context, *volume.state),
                                            valuesText(*conflict.here));
    d.related.push_back({conflict.there->node->span, "where the first volume is"});
    d.related.push_back({conflict.here->node->span, "where the second one is"});
    context.report(std::move(d), {pods.workload, first->object, volume.state->object});
    return;
  }
}

/// MLS3058: a label by which the driver does not place volumes.
void unknownTopologyKey(Context& context, const ir::Object& object) {
  const auto* facts = profileOf(provisionerOf(context.model, object));
  if (!facts || facts->topologyKeys.empty()) return;
  for (const auto& term : ir::Children(context.keys.at<"allowedTopologies">(object.root))) {
    for (const auto& expression : ir::Children(context.keys.at<"matchLabelExpressions">(&term))) {
      const auto* key = context.keys.at<"key">(&expression);
      if (!isText(key) || std::find(facts->topologyKeys.begin(), facts->topologyKeys.end(), key->text()) != facts->topologyKeys.end()) continue;
      auto d = diag::make<Code::UnknownTopologyKey>(key->span, context.nameOf(object), key->text(), facts->provisioner);
      d.help = fmt::format("it places volumes by {}", fmt::join(facts->topologyKeys, ", "));
      context.report(std::move(d), {&object});
    }
  }
}

}  // namespace mlstack::storage
